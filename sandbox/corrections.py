"""A settlement issued again with one line corrected, as an acquirer does when a fee was wrong."""

from dataclasses import replace
from decimal import Decimal

from sandbox.money import exponent
from sandbox.settlements import FEES, Row, Settlement


def corrected(settlement: Settlement) -> Settlement:
    """The same with its first fee one smallest unit higher, and every total with it.

    Raises ValueError for one without a fee.
    """
    less = -Decimal(1).scaleb(-exponent(settlement.currency))
    rows = [dict(row) for row in settlement.rows]
    fee = next((row for row in rows if row["Operation"] in FEES), None)
    if fee is None:
        raise ValueError(f"settlement {settlement.id} has no fee to correct")
    _add(fee, less, "Amount (Excl. Tax)", "Amount (Incl. Tax)", "Original amount", "Settled amount")
    summary = {**settlement.summary, "fees": _number(settlement.summary["fees"]) + less}
    deferred = next((row for row in rows if row["Operation"] == "Deferred settlement"), None)
    if deferred is not None:  # the balance is still brought to zero
        _add(deferred, -less, "Amount (Excl. Tax)", "Amount (Incl. Tax)", "Original amount", "Settled amount")
        summary["deferred"] = _number(summary["deferred"]) - less
        return replace(settlement, rows=tuple(rows), summary=summary)
    wholes = [row for row in rows if row["Operation"] in {"Settlement", "Splitting settlement"}]
    parts = [row for row in rows if row["Operation"] == "Split settlement"]
    for row in (*wholes, *parts[-1:]):
        _add(row, less, "Original amount", "Settled amount")
    amount = settlement.amount + less
    summary["amount"] = amount
    return replace(settlement, amount=amount, rows=tuple(rows), summary=summary)


def _add(row: Row, change: Decimal, *columns: str) -> None:
    for column in columns:
        row[column] = _number(row[column]) + change


def _number(value: object) -> Decimal:
    return Decimal(str(value))
