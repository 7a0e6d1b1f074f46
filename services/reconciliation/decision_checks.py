"""Whether a line can be decided, and for these orders."""

from collections.abc import Sequence
from typing import Any

from services.orders.errors import UnknownOrder
from services.reconciliation.decision_errors import (
    ConflictingDecision,
    CurrencyDiffers,
    DecisionUnknown,
    LineReplaced,
    LineUnknown,
    OrderElsewhere,
    OrderErased,
    TotalLine,
)
from services.reconciliation.shares import Share
from services.store import Row


def check_line(line: Row[Any] | None, seen: int | None, former: dict[int, Row[Any]], kind: str) -> None:
    """Raises DecisionRefused unless the line can be decided so, and is as it was shown: with the decision ``seen``."""
    if line is None or line.file_state != "complete":
        raise LineUnknown
    if line.replaced_by is not None:
        raise LineReplaced
    if line.kind == "control" and kind != "twice":
        raise TotalLine
    if line.decision == seen:
        return
    if line.decision is not None:
        other = former[line.decision]
        raise ConflictingDecision(other.who or "", other.at)
    gone = former.get(seen or 0)
    if gone is None or gone.undone_at is None:
        raise DecisionUnknown
    raise ConflictingDecision(gone.undoer or "", gone.undone_at)


def check_orders(line: Row[Any], plan: Sequence[Share], orders: dict[int, Row[Any]], confirmed: bool) -> None:
    """Raises DecisionRefused or UnknownOrder unless the line can go to these orders."""
    for order_id, _ in plan:
        order = orders.get(order_id)
        if order is None:
            raise UnknownOrder
        if order.account != line.account:
            raise OrderElsewhere(order.order_id)
        if order.erased_at is not None:
            raise OrderErased(order.order_id)
        if line.original_currency and order.currency != line.original_currency and not confirmed:
            raise CurrencyDiffers(line.original_currency, order.currency, order.order_id)
