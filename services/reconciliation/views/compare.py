"""Compares a payout line with an order, fact by fact."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from services.reconciliation.matching.key_texts import loosely
from services.reconciliation.matching.suggestions import loose_variants
from services.store.settlements.lines.stored_lines import StoredLine
from services.store.settlements.position_pages import PositionedOrder

# same: to the letter. near: but for case, blanks, dashes or leading zeros, or it is another page of the order. part: an
# amount below the order's. absent: one of the two says nothing.
Verdict = Literal["same", "near", "part", "differs", "absent"]


@dataclass(frozen=True)
class Compared:
    """One fact of both. ``fact``: reference, order_id, transaction, amount, currency or date; amounts are units of 1/10000
    in a text."""

    fact: str
    of_line: str
    of_order: str
    verdict: Verdict


def compare(
    line: StoredLine, order: PositionedOrder, transactions: Collection[str], reference: int
) -> tuple[Compared, ...]:
    """The facts of a line and of an order, compared.

    ``transactions``: HiPay's references known for the order; ``reference``: which of the five joins, 0 for none.
    """
    found = []
    if reference:
        of_line, of_order = (
            getattr(line, f"reporting_data_{reference}"),
            getattr(order, f"reference_{reference}"),
        )
        found.append(Compared("reference", of_line, of_order, _texts(of_line, of_order)))
    page = line.file_order in loose_variants(order.order_id)
    ids: Verdict = "near" if page else _texts(line.file_order, order.order_id)
    found.append(Compared("order_id", line.file_order, order.order_id, ids))
    known = (
        line.transaction_id if line.transaction_id in transactions else ", ".join(sorted(transactions)[:3])
    )
    found.append(Compared("transaction", line.transaction_id, known, _exact(line.transaction_id, known)))
    amount = line.original_amount_units
    found.append(
        Compared(
            "amount", "" if amount is None else str(amount), str(order.amount), _amounts(amount, order.amount)
        )
    )
    currency = line.original_currency
    found.append(Compared("currency", currency, order.currency, _exact(currency, order.currency)))
    return tuple(found)


def _texts(one: str, other: str) -> Verdict:
    exact = _exact(one, other)
    loose, other_loose = loosely([one, other])
    return "near" if exact == "differs" and loose and loose == other_loose else exact


def _exact(one: str, other: str) -> Verdict:
    if not one or not other:
        return "absent"
    return "same" if one == other else "differs"


def _amounts(units: int | None, ordered: int) -> Verdict:
    if units is None:
        return "absent"
    if abs(units) == ordered:
        return "same"
    return "part" if abs(units) < ordered else "differs"
