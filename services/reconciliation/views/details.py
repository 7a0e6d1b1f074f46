"""One line or one order of the reconciliation with all that screens show of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.access import ALL_ACCOUNTS, Actor, Right, allowed_accounts, require
from services.access.payout_files import covers
from services.accounts.settlement_delay import days_to_settle
from services.desk import Desk
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions.errors import LineUnknown
from services.reconciliation.views.related_orders import HINTS, RelatedOrder, related_orders
from services.store.settlements import position_pages, reconciliation_views
from services.store.settlements.files import held_corrections
from services.store.settlements.files.held_corrections import UndecidedCorrection
from services.store.settlements.lines.stored_lines import LineOfFile, ShownLine
from services.store.settlements.outcomes import OPEN
from services.store.settlements.position_pages import PositionedOrder

_RELATED = 200  # lines of one order that are shown


@dataclass(frozen=True, kw_only=True)
class LineDetail:
    """``line``: its columns with ``order_id``, ``nearest_id``, ``file_name``. ``former``: the lines of older files that it corrects.
    ``readings``: how each of these files was read. ``held``: corrections of it, or that it is of, which wait."""

    line: ShownLine
    related: tuple[RelatedOrder, ...]
    former: tuple[LineOfFile, ...]
    readings: dict[int, dict[str, Any]]
    held: tuple[UndecidedCorrection, ...] = ()


@dataclass(frozen=True)
class OrderDetail:
    """``order``: its columns and those of its position, which are None before it has one. ``near``: open lines that come near
    it; ``late_on``: from when what is missing of it is late, None where nothing is."""

    order: PositionedOrder
    lines: tuple[LineOfFile, ...]
    near: tuple[ShownLine, ...] = ()
    late_on: datetime | None = None


def line(desk: Desk, actor: Actor, line_id: int) -> LineDetail:
    """One line with its order, the orders of its parts, or those that it may belong to. Raises LineUnknown, NotAllowed."""
    with desk.store.read() as tx:
        found = reconciliation_views.lines(tx, [line_id]).get(line_id)
        require(tx, actor, Right.SEE_SETTLEMENTS, found.account if found else ALL_ACCOUNTS)
        if found is None or found.file_state != "complete" or found.account not in desk.settings.all_accounts:
            raise LineUnknown
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        found = without_hidden_order(found, allowed)
        former = tuple(reconciliation_views.former_lines(tx, found))
        readings = reconciliation_views.readings(tx, {found.file, *(one.file for one in former)})
        held = [one for one in held_corrections.of_line(tx, found) if line_id in (*one.before, *one.after)]
        return LineDetail(
            line=found,
            related=related_orders(tx, found),
            former=former,
            readings=readings,
            held=tuple(held),
        )


# In place of a nearest order that the reader may not see.
HIDDEN_ORDER: dict[str, Any] = {
    "nearest_id": "…",
    "nearest_account": None,
    "nearest_amount": None,
    "nearest_currency": None,
    "expected": (),
}


def without_hidden_order(line: ShownLine, allowed: frozenset[str] | None) -> ShownLine:
    """The line without its nearest order, where that is of an account that the actor may not see."""
    if allowed is None or line.nearest_account is None or line.nearest_account in allowed:
        return line
    return replace(line, nearest=None, **HIDDEN_ORDER)


def order(desk: Desk, actor: Actor, order_id: int) -> OrderDetail:
    """One order with its lines, oldest first, at most 200. Raises UnknownOrder, NotAllowed."""
    with desk.store.read() as tx:
        found = position_pages.position(tx, order_id)
        require(tx, actor, Right.SEE_SETTLEMENTS, found.account if found else ALL_ACCOUNTS)
        if found is None or found.account not in desk.settings.all_accounts:
            raise UnknownOrder
        near = (
            reconciliation_views.lines_near(tx, order_id, OPEN, HINTS)
            if found.open or found.open_units
            else []
        )
        late_on = None
        if found.open_units and found.settled_since is not None:
            late_on = found.settled_since + timedelta(days=days_to_settle(tx, found.account))
        return OrderDetail(
            found, tuple(reconciliation_views.lines_of_order(tx, order_id, _RELATED)), tuple(near), late_on
        )


def names(
    desk: Desk, actor: Actor, *, files: Sequence[int], order: int | None
) -> tuple[tuple[str, ...], str]:
    """The names of files, and an order's id; "" for one that is not there or that the actor may not see.

    Raises NotAllowed.
    """
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        by_id = {file.id: file for file in reconciliation_views.of_ids(tx, files)} if files else {}
        of_order = position_pages.position(tx, order) if order is not None else None
    return (
        tuple(by_id[one].name if one in by_id and covers(allowed, by_id[one]) else "" for one in files),
        of_order.order_id if of_order and (allowed is None or of_order.account in allowed) else "",
    )
