"""The join of every stored line with every order, as it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from services.access import Actor, Right, require
from services.desk import Desk
from services.orders.states import UNPAID
from services.reconciliation import book
from services.reconciliation.book import Book, MatchRules
from services.reconciliation.classify import classify
from services.reconciliation.match import match
from services.reconciliation.tie import tie
from services.settlements.totals import totals
from services.store import settlements as rows

Version = tuple[int, int, int, int]


@dataclass(frozen=True)
class Reconciliation:
    """``lines``: the stored lines with the columns of ``match.RESULT`` beside them, ours named ``joined_order``;
    ``orders``: as ``classify`` gives them; ``payouts``: as ``tie`` does; ``totals``: by operation."""

    lines: pd.DataFrame
    orders: pd.DataFrame
    payouts: pd.DataFrame
    totals: pd.DataFrame


def version(desk: Desk) -> Version:
    """Changes whenever the join may: the key to keep a result under."""
    with desk.store.read() as tx:
        return rows.version(tx)


def reconcile(desk: Desk, actor: Actor) -> Reconciliation:
    """Join everything. Raises NotAllowed."""
    accounts = tuple(desk.settings.all_accounts)
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        lines = rows.lines_frame(tx, accounts)
        ours = _book(
            rows.book_orders(tx, accounts), rows.book_pages(tx, accounts), rows.book_payments(tx, accounts)
        )
    found = match(lines, ours, MatchRules())
    joined = found.rename(columns={"order": "joined_order", "order_id": "joined_order_id"})
    return Reconciliation(
        pd.concat([lines, joined], axis=1), classify(lines, found, ours), tie(lines), totals(lines)
    )


def _book(
    orders: Iterable[Any], pages: list[dict[str, Any]], payments: Iterable[tuple[int, dict[str, Any]]]
) -> Book:
    transactions: set[tuple[int, str]] = set()
    operations: set[tuple[int, str]] = set()
    captures: dict[int, set[tuple[str, int]]] = {}
    for order, seen in payments:
        transactions.add((order, str(seen["reference"])))
        named = [*seen.get("operation_ids", ()), seen.get("operation_id")]
        operations.update((order, str(operation)) for operation in named if operation)
        if seen.get("captured"):
            captures.setdefault(order, set()).add((str(seen["reference"]), int(seen["captured"])))
    return Book(
        book.frame([_order(row, len(captures.get(row.id, ()))) for row in orders], book.ORDER_COLUMNS),
        book.frame(list(pages), book.PAGE_COLUMNS),
        book.frame(
            [{"order": order, "reference": text} for order, text in sorted(transactions)],
            book.TRANSACTION_COLUMNS,
        ),
        book.frame(
            [{"order": order, "operation_id": text} for order, text in sorted(operations)],
            book.OPERATION_COLUMNS,
        ),
    )


def _order(row: Any, captures: int) -> dict[str, Any]:
    return {
        "order": row.id, "account": row.account, "order_id": row.order_id,
        **{f"reference_{n}": getattr(row, f"reference_{n}") for n in range(1, 6)},
        "currency": row.currency, "amount_units": row.amount, "captured_units": row.captured,
        "refunded_units": row.refunded, "charged_back_units": row.charged_back, "captures": captures,
        "paid": row.payment not in UNPAID | {"pending", "authorised"}, "awaited": row.channel == "imported",
        "created_at": row.created_at.isoformat(),
    }  # fmt: skip
