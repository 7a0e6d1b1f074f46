"""The position of each order after the join: how much of the captured amount is settled, refunded and charged back.

An order is compared with Original amount and currency; fees and VAT use the tax columns; what reaches the merchant is
Settled amount in the settlement's currency (HiPay's description of its settlement files).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from services.reconciliation.matching.lookup import Flags, Ints
from services.store.settlements.outcomes import OPEN_STATUSES as OPEN_STATUSES
from services.store.settlements.outcomes import STATUSES as STATUSES
from services.store.settlements.outcomes import Status

Texts = NDArray[np.object_]

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


def frame(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame of exactly these columns and types, also when there is no row."""
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in columns.items()}
    )


def classify(lines: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """One row for each of `orders` (ORDER_COLUMNS), in their order, from the lines matched to them (LINE_COLUMNS).

    Columns POSITION: `status` (one of STATUSES), `gross_units` (sales), `refunds_units`, `chargebacks_units`,
    `won_units` (positive, in the order's currency), `open_units` (captured and in no line), `fees_units` and `vat_units`
    (positive, without tax and the tax), `invoice_currency`, `net_units` (settled, all lines), `settlement_currency`,
    `settlement_ids` (", " between), `first_date`, `last_date` (collection, ISO), `first_transfer`, `last_transfer` (the
    bank's), `lines`. A sum over several currencies is NA, its currency lists them; so is one of which a part is not known:
    of a fee without its tax, `fees_units` has what was settled, and `vat_units` is NA.
    """
    orders = orders.set_index("order")
    place = orders.index.get_indexer(pd.Index(lines["ours"]))
    lines = lines[place >= 0].assign(place=place[place >= 0])
    at, count = lines["place"].to_numpy(), len(orders)
    kind = lines["kind"].to_numpy(dtype=object)
    units = {
        name: lines[name].to_numpy(dtype="int64", na_value=0)
        for name in LINE_COLUMNS
        if name.endswith("_units")
    }
    result = orders[["account", "currency", "amount_units", "captured_units", "captures"]].copy()

    own_currency = result["currency"].to_numpy(dtype=object)[at]
    foreign = lines["original_currency"].to_numpy(dtype=object) != own_currency
    for name, column in _KINDS.items():
        sign = -1 if name in ("refund", "chargeback") else 1
        result[column] = sign * _summed(at, units["original_amount_units"], (kind == name) & ~foreign, count)
    # The payment of an awaited order is not known: its first sale shows that it was paid, and its sales should add up to it.
    begun = orders["awaited"] & (result["gross_units"] > 0)
    result["captured_units"] = result["captured_units"].mask(begun, result["amount_units"])

    fee = kind == "fee"
    currency, settled = (
        lines["currency"].to_numpy(dtype=object),
        lines["settlement_currency"].to_numpy(dtype=object),
    )
    without, tax = _fees(lines, units, (currency == "") | (currency == settled))
    result["invoice_currency"] = _listed(at[fee], np.where(currency == "", settled, currency)[fee], count)
    mixed = _several(result["invoice_currency"])
    for column, (amounts, known) in (("fees_units", without), ("vat_units", tax)):
        result[column] = _known_sum(at, -amounts, known, fee, count, result.index).mask(mixed)
    result["settlement_currency"] = _listed(at, settled, count)
    mixed = _several(result["settlement_currency"])
    known = lines["settled_amount_units"].notna().to_numpy(dtype=bool)
    every = np.ones(len(at), bool)
    net = _known_sum(at, units["settled_amount_units"], known, every, count, result.index)
    result["net_units"] = net.mask(mixed)
    result["settlement_ids"] = _listed(at, lines["settlement_id"].to_numpy(dtype=object), count)
    for first, last, column in (
        ("first_date", "last_date", "date"),
        ("first_transfer", "last_transfer", "transfer"),
    ):
        result[first], result[last] = _dates(lines, column, count)
    result["lines"] = np.bincount(at, minlength=count)
    result["open_units"] = (result["captured_units"] - result["gross_units"]).clip(lower=0)
    result["status"] = _status(result, lines, orders, foreign)
    return result.reset_index()[list(POSITION)]


def _fees(lines: pd.DataFrame, units: Mapping[str, Ints], alike: Flags) -> tuple[tuple[Ints, Flags], ...]:
    """Without tax, and the tax, each with whether it is known. ``alike``: lines settled in the currency of their invoice, in
    which one of the two follows from the other and what was settled."""
    bare, taxed, paid = (
        lines[name].notna().to_numpy(dtype=bool)
        for name in ("amount_excl_tax_units", "tax_amount_units", "settled_amount_units")
    )
    settled, without, tax = (
        units[name] for name in ("settled_amount_units", "amount_excl_tax_units", "tax_amount_units")
    )
    follows = alike & paid
    return (
        (np.where(bare, without, settled - tax), bare | follows),
        (np.where(taxed, tax, settled - without), taxed | (bare & follows)),
    )


def _known_sum(
    at: Ints, units: Ints, known: Flags, which: Flags, count: int, index: "pd.Index[Any]"
) -> "pd.Series[Any]":
    """Sums by place, NA where one of their parts is not known."""
    unknown = np.bincount(at[which & ~known], minlength=count) > 0
    return pd.Series(_summed(at, units, which & known, count), index, dtype="Int64").mask(
        pd.Series(unknown, index)
    )


def _status(
    result: pd.DataFrame, lines: pd.DataFrame, orders: pd.DataFrame, foreign: Flags
) -> "pd.Series[str]":
    count, sale = len(result), (lines["kind"] == "sale").to_numpy()
    at = lines["place"].to_numpy()
    counts = lines["kind"].isin(_KINDS).to_numpy()
    bare = lines["original_amount_units"].isna().to_numpy(dtype=bool)
    # Neither an amount nor a currency: that says nothing of the currency.
    worth = np.where(
        bare,
        lines["original_currency"] != "",
        (lines["original_amount_units"].fillna(0) != 0).to_numpy(dtype=bool),
    )
    other = np.bincount(at[counts & foreign & worth], minlength=count) > 0
    bare = bare | lines["settled_amount_units"].isna().to_numpy(dtype=bool)
    missing = np.bincount(at[counts & bare], minlength=count) > 0
    gross, captured = result["gross_units"], result["captured_units"]
    base = np.maximum(gross, captured)  # what is in no line yet was not given back by a refund of the rest
    paid = orders["paid"] | (captured > 0)
    lost = result["chargebacks_units"] - result["won_units"]
    sales = np.bincount(at[sale], minlength=count)
    # the first that is true decides
    tests: tuple[tuple[Status, Any], ...] = (
        ("wrong_currency", other),
        ("paid_twice", _paid_twice(result, lines[sale], sales)),
        ("settled_not_paid", (gross > 0) & ~paid),
        ("amount_missing", missing),
        ("charged_back", lost > 0),
        ("chargeback_won", result["chargebacks_units"] > 0),
        ("refunded", (result["refunds_units"] > 0) & (result["refunds_units"] >= base)),
        ("refunded_in_part", result["refunds_units"] > 0),
        ("settled_over", gross > captured),
        (
            "settled_under",
            (gross > 0) & (gross < captured) & (sales >= orders["captures"]) & ~orders["awaited"],
        ),
        ("settled_in_part", (gross > 0) & (gross < captured)),
        ("settled_in_full", (gross > 0) & (gross == captured)),
        ("paid_not_settled", paid),
        ("awaited", orders["awaited"]),
    )
    conditions = [np.asarray(condition, dtype=bool) for _, condition in tests]
    found = np.select(conditions, [status for status, _ in tests], default="not_due")
    return pd.Series(found.astype(object), index=result.index, dtype="str")


def _paid_twice(result: pd.DataFrame, sales: pd.DataFrame, count: Ints) -> Flags:
    """Whether two transactions have each the order's whole amount."""
    several = sales[count[sales["place"].to_numpy()] > 1]
    # A sale without a transaction reference is a transaction of its own.
    single = several["transaction_id"].where(
        several["transaction_id"] != "", "line " + several["id"].astype("str")
    )
    sums = several.groupby(["place", single])["original_amount_units"].sum().reset_index("place")
    whole = sums["original_amount_units"] >= result["amount_units"].to_numpy()[sums["place"]]
    return np.bincount(sums.loc[whole.to_numpy(dtype=bool), "place"], minlength=len(result)) >= 2


def _summed(at: Ints, units: Ints, which: Flags, count: int) -> Ints:
    """Exact sums by place (bincount's weights would be floats)."""
    sums = np.zeros(count, np.int64)
    np.add.at(sums, at[which], units[which])
    return sums


def _listed(at: Ints, texts: Texts, count: int) -> Texts:
    """The different texts of each place, sorted, with ", " between."""
    found = np.full(count, "", dtype=object)
    pairs = pd.DataFrame({"at": at, "text": texts}).drop_duplicates()
    pairs = pairs[pairs["text"] != ""]
    single = ~pairs["at"].duplicated(keep=False)
    found[pairs.loc[single, "at"]] = pairs.loc[single, "text"]
    several = pairs[~single].sort_values(["at", "text"]).groupby("at")["text"].agg(", ".join)
    found[several.index.to_numpy()] = several
    return found


def _several(listed: "pd.Series[str]") -> "pd.Series[bool]":
    return listed.astype("str").str.contains(", ", regex=False)


def _dates(lines: pd.DataFrame, column: str, count: int) -> tuple[Texts, Texts]:
    dated = lines.loc[lines[column] != "", ["place", column]].sort_values(column, kind="stable")
    first, last = np.full(count, "", dtype=object), np.full(count, "", dtype=object)
    last[dated["place"]] = dated[column]
    first[dated["place"][::-1]] = dated[column][::-1]
    return first, last
