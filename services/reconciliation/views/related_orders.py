"""The orders related to a payout line: its own, those of its parts, those that it may belong to."""

from dataclasses import dataclass
from typing import Literal

from services import money
from services.reconciliation.decisions import candidates
from services.reconciliation.matching.positions import divided
from services.reconciliation.views.compare import Compared, compare
from services.store import Connection
from services.store.settlements import matchable_orders, position_pages, reconciliation_views
from services.store.settlements.lines.settlement_lines import FOLLOWS
from services.store.settlements.lines.stored_lines import ShownLine
from services.store.settlements.position_pages import PositionedOrder

HINTS = 3  # orders of a line, and lines of an order, that only come near
_NAMED = 5
Role = Literal["matched", "part", "nearest", "named", "hint"]


@dataclass(frozen=True)
class RelatedOrder:
    """An order related to a line. ``role``: matched, part (of a split line), nearest, named (by one of its keys), or hint: only
    the line's amount, or one of its texts, fits."""

    order: PositionedOrder
    role: Role
    compared: tuple[Compared, ...]
    share: int | None = None  # units of the line, of a divided one


def related_orders(tx: Connection, line: ShownLine) -> tuple[RelatedOrder, ...]:
    """The orders related to a line, and what differs."""
    found = []
    for order, role, share in _roles(tx, line):
        row = position_pages.position(tx, order)
        if row is not None:
            transactions = reconciliation_views.transactions_of(tx, order)
            found.append(RelatedOrder(row, role, compare(line, row, transactions, line.reference), share))
    return tuple(found)


def _roles(tx: Connection, found: ShownLine) -> list[tuple[int, Role, int | None]]:
    if found.order is not None:
        return [(found.order, "matched", None)]
    shares = reconciliation_views.shares_of(tx, found)
    if shares:
        whole, step = found.original_amount_units, money.step(found.original_currency)
        parts: list[int | None] = [units for _, units in shares]
        if found.reason == FOLLOWS:
            weights = [units for _, units in shares]
            parts = [None] * len(shares) if whole is None else [*divided(whole, weights, step)]
        return [(order, "part", units) for (order, _), units in zip(shares, parts, strict=True)]
    if found.nearest is not None:
        return [(found.nearest, "nearest", None)]
    if found.candidates:
        named = matchable_orders.order_ids(tx, found.account, found.candidates)
        return [(order, "named", None) for order in named[:_NAMED]]
    if found.outcome != "unmatched" or not found.current:
        return []
    return [(order, "hint", None) for order in candidates.nearest(tx, found, HINTS)]
