"""Rows of a payout file, their import, and how they are stored and matched."""

from typing import Any

from sqlalchemy import select

from services.desk import Desk
from services.imports import file_accounts
from services.imports.issued_again.issue_answers import Answers
from services.store import schema
from services.store.schema.payout_lines import line_totals
from services.store.schema.reconciliation import order_positions
from tests.support import payouts
from tests.support.desk import person
from tests.support.payouts import NEWEST, import_file
from tests.support.stored_lines import every_line

HEAD = f"{payouts.HEAD};Product name"


def line(
    order: str,
    amount: str = "10.00",
    *,
    operation: str = "Sale",
    transaction: str | None = None,
    reference: str = "",
    currency: str = "EUR",
    product: str = "visa",
) -> str:
    """A row of a payout file."""
    transaction = f"T-{order}" if transaction is None else transaction
    return f"1;77;{transaction};{order};{amount};{currency};;;;;{operation};{amount};EUR;{reference};2026-11-20;{product}"


def import_lines(desk: Desk, *lines: str, account: str = "demo", answers: Answers = NEWEST) -> int:
    """Import a payout file with these rows; the id of the file."""
    raw, actor = "\r\n".join((HEAD, *lines, "")).encode(), person(desk, "finance")
    if account != "demo":  # one of several: the Account in these rows is assigned to it
        file_accounts.assign(desk, actor, "1", account)
    return import_file(desk, actor, account, "payout.csv", raw, answers=answers)


def stored(desk: Desk) -> dict[str, Any]:
    """Every line by its order in the file and operation: a Row with outcome, reason, order, decision, id."""
    with desk.store.read() as tx:
        return {f"{row.file_order} {row.operation}": row for row in every_line(tx)}


def outcomes(desk: Desk) -> dict[str, tuple[str, int | None]]:
    return {name: (row.outcome, row.order) for name, row in stored(desk).items()}


def line_id(desk: Desk, order: str, operation: str = "Sale") -> int:
    return int(stored(desk)[f"{order} {operation}"].id)


def payout_id(desk: Desk, settlement: str = "77", currency: str = "EUR") -> int:
    here = (
        schema.payouts.payouts.c.settlement_id == settlement,
        schema.payouts.payouts.c.currency == currency,
    )
    with desk.store.read() as tx:
        return int(tx.scalars(select(schema.payouts.payouts.c.id).where(*here)).one())


def position(desk: Desk, order: int) -> Any:
    with desk.store.read() as tx:
        return tx.execute(select(order_positions).where(order_positions.c.order == order)).one()


def orders_seen(desk: Desk) -> dict[int, tuple[int, str]]:
    """Every order as a person sees it now: what a match to one with another amount is told."""
    with desk.store.read() as tx:
        return {row.id: (row.amount, row.currency) for row in tx.execute(select(schema.orders.orders))}


def totals(desk: Desk) -> tuple[int, int]:
    """Lines and settled amount over all outcomes."""
    with desk.store.read() as tx:
        found = list(tx.execute(select(line_totals)))
    return sum(row.lines for row in found), sum(row.settled_units for row in found)
