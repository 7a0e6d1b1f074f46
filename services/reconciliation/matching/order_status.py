"""The position of each order after the join: how much of the captured amount is settled, refunded and charged back.

An order is compared with Original amount and currency; fees and VAT use the tax columns; what reaches the merchant is
Settled amount in the settlement's currency (HiPay's description of its settlement files).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.reconciliation.matching.lookup import Coded, Columns, Flags, Ints, array, flags, strings
from services.store.settlements.outcomes import OPEN_STATUSES as OPEN_STATUSES
from services.store.settlements.outcomes import STATUSES as STATUSES
from services.store.settlements.outcomes import Status

ORDER_COLUMNS: dict[str, str] = {
    "order": "int64",  # our id of the order
    "account": "str",  # the key of our account
    "currency": "str",
    "amount_units": "int64",
    "captured_units": "int64",
    "captures": "int64",  # how many captures make captured_units
    "paid": "bool",
    "awaited": "bool",  # from the shop's own list: whether and what was captured is not known
}
LINE_COLUMNS: dict[str, str] = {
    "ours": "int64",  # our id of the order that the line is matched to; a split line has one row for each of its orders
    "id": "int64",
    "kind": "str",
    "transaction_id": "str",
    "settlement_id": "str",
    "date": "str",
    "transfer": "str",
    "original_currency": "str",
    "currency": "str",
    "settlement_currency": "str",
    "original_amount_units": "Int64",
    "amount_excl_tax_units": "Int64",
    "tax_amount_units": "Int64",
    "settled_amount_units": "Int64",
}
_KINDS = {
    "sale": "gross_units",
    "refund": "refunds_units",
    "chargeback": "chargebacks_units",
    "chargeback_refund": "won_units",
}
# The columns of classify(), one row for each order.
POSITION = (
    "order", "account", "status", "currency", "amount_units", "captured_units", "captures", "gross_units",
    "refunds_units", "chargebacks_units", "won_units", "open_units", "fees_units", "vat_units", "invoice_currency",
    "net_units", "settlement_currency", "settlement_ids", "first_date", "last_date", "first_transfer", "last_transfer",
    "lines",
)  # fmt: skip
# The figures that a person accepts of an open order: if one of them changes, the order is open again.
FIGURES = (
    "status", "captured_units", "gross_units", "refunds_units", "chargebacks_units", "won_units", "open_units",
    "settlement_currency",
)  # fmt: skip


def classify(lines: Columns, orders: Columns) -> dict[str, pa.Array]:
    """By the names of POSITION, an array with an element for each of `orders` (ORDER_COLUMNS), in their order, from the lines
    matched to them (LINE_COLUMNS).

    `status` (one of STATUSES), `gross_units` (sales), `refunds_units`, `chargebacks_units`, `won_units` (positive, in the
    order's currency), `open_units` (captured and in no line), `fees_units` and `vat_units` (positive, without tax and the
    tax), `invoice_currency`, `net_units` (settled, all lines), `settlement_currency`, `settlement_ids` (", " between),
    `first_date`, `last_date` (collection, ISO), `first_transfer`, `last_transfer` (the bank's), `lines`. A sum over several
    currencies is null, its currency lists them; so is one of which a part is not known: of a fee without its tax,
    `fees_units` has what was settled, and `vat_units` is null.
    """
    its, own = _Lines(lines, _integers(orders["order"]).values), strings(orders["currency"])
    original, settled = its.units("original_amount_units"), its.units("settled_amount_units")
    foreign = flags(pc.not_equal(its.texts("original_currency"), own.take(pa.array(its.at))))
    sums = {
        column: (-1 if name in ("refund", "chargeback") else 1)
        * its.summed(original.values, its.kinds.among((name,)) & ~foreign)
        for name, column in _KINDS.items()
    }
    # The payment of an awaited order is not known: its first sale shows that it was paid, and its sales should add up to it.
    awaited = np.asarray(orders["awaited"], dtype=bool)
    amount, captured = _integers(orders["amount_units"]).values, _integers(orders["captured_units"]).values
    captured = np.where(awaited & (sums["gross_units"] > 0), amount, captured)

    fee, every = its.kinds.among(("fee",)), np.ones(len(its.at), dtype=bool)
    bare_currency = pc.equal(its.texts("currency"), "")
    invoiced = pc.if_else(bare_currency, its.texts("settlement_currency"), its.texts("currency"))
    alike = flags(pc.equal(invoiced, its.texts("settlement_currency")))
    invoice_currency = its.listed(Coded(invoiced), fee)
    settlement_currency = its.listed(Coded(its.texts("settlement_currency")), every)
    mixed = _several(invoice_currency)
    fees, vat = (
        its.known_sum(_Units(-part.values, part.known), fee, mixed) for part in _fees(its, settled, alike)
    )
    dates = {
        f"{edge}_{column}": texts
        for column in ("date", "transfer")
        for edge, texts in zip(("first", "last"), its.edges(Coded(its.texts(column))), strict=True)
    }
    facts = _Facts(
        amount=amount,
        captured=captured,
        captures=_integers(orders["captures"]).values,
        awaited=awaited,
        paid=np.asarray(orders["paid"], dtype=bool),
        **sums,
    )
    result = {
        "order": pa.array(its.orders),
        "account": strings(orders["account"]),
        "status": _status(its, facts, original, settled, foreign),
        "currency": own,
        "amount_units": pa.array(amount),
        "captured_units": pa.array(captured),
        "captures": pa.array(facts.captures),
        **{name: pa.array(units) for name, units in sums.items()},
        "open_units": pa.array(np.maximum(captured - sums["gross_units"], 0)),
        "fees_units": fees,
        "vat_units": vat,
        "invoice_currency": strings(invoice_currency),
        "net_units": its.known_sum(settled, every, _several(settlement_currency)),
        "settlement_currency": strings(settlement_currency),
        "settlement_ids": strings(its.listed(Coded(its.texts("settlement_id")), every)),
        **dates,
        "lines": pa.array(np.bincount(its.at, minlength=its.count)),
    }
    return {name: result[name] for name in POSITION}


@dataclass(frozen=True)
class _Units:
    """Amounts in 1/10000, 0 where one is not ``known``."""

    values: Ints
    known: Flags


@dataclass(frozen=True, kw_only=True)
class _Facts:
    """By order: the amounts and counts that decide its status."""

    amount: Ints
    captured: Ints
    captures: Ints
    awaited: Flags
    paid: Flags
    gross_units: Ints
    refunds_units: Ints
    chargebacks_units: Ints
    won_units: Ints


def _integers(column: Any) -> _Units:
    cells = array(column, pa.int64())
    return _Units(cells.fill_null(0).to_numpy(zero_copy_only=False), flags(cells.is_valid()))


class _Lines:
    """The lines of some orders. ``at``: the place of each line's order among these."""

    def __init__(self, lines: Columns, orders: Ints) -> None:
        self.orders, self.count = orders, len(orders)
        by, ours = np.argsort(orders, kind="stable"), _integers(lines["ours"]).values
        place = np.minimum(np.searchsorted(orders[by], ours), max(self.count - 1, 0))
        known = orders[by][place] == ours if self.count else np.zeros(len(ours), dtype=bool)
        self._lines, self._known = lines, None if known.all() else pa.array(known)
        self.at: Ints = by[place[known]]
        self.kinds = Coded(self.texts("kind"))

    def texts(self, name: str) -> pa.Array:
        cells = strings(self._lines[name])
        return cells if self._known is None else cells.filter(self._known)

    def units(self, name: str) -> _Units:
        cells = array(self._lines[name], pa.int64())
        return _integers(cells if self._known is None else cells.filter(self._known))

    def summed(self, units: Ints, which: Flags) -> Ints:
        """Exact sums by order (bincount's weights would be floats)."""
        sums = np.zeros(self.count, np.int64)
        np.add.at(sums, self.at[which], units[which])
        return sums

    def any(self, which: Flags) -> Flags:
        """Which orders have such a line."""
        found: Flags = np.bincount(self.at[which], minlength=self.count) > 0
        return found

    def known_sum(self, units: _Units, which: Flags, mixed: Flags) -> pa.Array:
        """Sums by order, null where one of their parts is not known, or where they are ``mixed``."""
        return pa.array(
            self.summed(units.values, which & units.known), mask=mixed | self.any(which & ~units.known)
        )

    def listed(self, cells: Coded, which: Flags) -> list[str]:
        """The different texts of each order, sorted, with ", " between."""
        rank, texts = _ranked(cells)
        rank, at = rank[which], self.at[which]
        pairs = np.unique(at[rank >= 0] * len(texts) + rank[rank >= 0])
        found: list[list[str]] = [[] for _ in range(self.count)]
        for place, one in zip(
            (pairs // max(len(texts), 1)).tolist(), (pairs % max(len(texts), 1)).tolist(), strict=True
        ):
            found[place].append(texts[one])
        return [", ".join(some) for some in found]

    def edges(self, cells: Coded) -> tuple[pa.Array, pa.Array]:
        """The first and the last text of each order, "" for none."""
        rank, texts = _ranked(cells)
        dated = rank >= 0
        first, last = np.full(self.count, len(texts)), np.full(self.count, -1)
        np.minimum.at(first, self.at[dated], rank[dated])
        np.maximum.at(last, self.at[dated], rank[dated])
        names = strings([*texts, ""])  # the blank one is also the last but none
        return names.take(pa.array(first)), names.take(pa.array(np.where(last < 0, len(texts), last)))


def _ranked(cells: Coded) -> tuple[Ints, list[str]]:
    """The rank of each text among the different ones, which are sorted; -1 for a blank one."""
    texts = sorted({text for text in cells.texts if text})
    place = {text: rank for rank, text in enumerate(texts)}
    ranks = np.array([place.get(text, -1) for text in cells.texts] or [-1], dtype=np.int64)
    return ranks[cells.codes], texts


def _several(listed: list[str]) -> Flags:
    return np.array([", " in text for text in listed], dtype=bool)


def _fees(its: _Lines, settled: _Units, alike: Flags) -> tuple[_Units, _Units]:
    """Without tax, and the tax. ``alike``: lines settled in the currency of their invoice, in which one of the two follows
    from the other and what was settled."""
    without, tax = its.units("amount_excl_tax_units"), its.units("tax_amount_units")
    follows = alike & settled.known
    return (
        _Units(np.where(without.known, without.values, settled.values - tax.values), without.known | follows),
        _Units(
            np.where(tax.known, tax.values, settled.values - without.values),
            tax.known | (without.known & follows),
        ),
    )


def _status(its: _Lines, facts: _Facts, original: _Units, settled: _Units, foreign: Flags) -> pa.Array:
    counts, sale = its.kinds.among(_KINDS), its.kinds.among(("sale",))
    # Neither an amount nor a currency: that says nothing of the currency.
    named = flags(pc.not_equal(its.texts("original_currency"), ""))
    worth = np.where(original.known, original.values != 0, named)
    gross, captured = facts.gross_units, facts.captured
    base = np.maximum(gross, captured)  # what is in no line yet was not given back by a refund of the rest
    paid = facts.paid | (captured > 0)
    sales = np.bincount(its.at[sale], minlength=its.count)
    refunds, awaited = facts.refunds_units, facts.awaited
    # the first that is true decides
    tests: tuple[tuple[Status, Flags], ...] = (
        ("wrong_currency", its.any(counts & foreign & worth)),
        ("paid_twice", _paid_twice(its, facts, original, sale & (sales > 1)[its.at])),
        ("settled_not_paid", (gross > 0) & ~paid),
        ("amount_missing", its.any(counts & ~(original.known & settled.known))),
        ("charged_back", facts.chargebacks_units > facts.won_units),
        ("chargeback_won", facts.chargebacks_units > 0),
        ("refunded", (refunds > 0) & (refunds >= base)),
        ("refunded_in_part", refunds > 0),
        ("settled_over", gross > captured),
        ("settled_under", (gross > 0) & (gross < captured) & (sales >= facts.captures) & ~awaited),
        ("settled_in_part", (gross > 0) & (gross < captured)),
        ("settled_in_full", (gross > 0) & (gross == captured)),
        ("paid_not_settled", paid),
        ("awaited", awaited),
    )
    codes = np.select([which for _, which in tests], list(range(len(tests))), default=len(tests))
    return strings([*(status for status, _ in tests), "not_due"]).take(pa.array(codes))


def _paid_twice(its: _Lines, facts: _Facts, original: _Units, several: Flags) -> Flags:
    """Whether two transactions have each the order's whole amount. ``several``: the sales of orders that have more than one."""
    places = np.flatnonzero(several)
    if not len(places):
        return np.zeros(its.count, dtype=bool)
    transactions = its.texts("transaction_id").take(pa.array(places)).to_pylist()
    sums: dict[tuple[int, str | int], int] = {}
    for place, transaction in zip(places.tolist(), transactions, strict=True):
        # A sale without a transaction reference is a transaction of its own.
        key = (int(its.at[place]), transaction or place)
        sums[key] = sums.get(key, 0) + int(original.values[place])
    whole = [order for (order, _), units in sums.items() if units >= facts.amount[order]]
    return np.bincount(np.array(whole, dtype=np.int64), minlength=its.count) >= 2
