"""A person accepts an open order as it is, with a reason, and may undo that.

An acceptance applies while the order's figures are those that the person saw (``positions.figures``): then the order is not
in the open list. With other figures it does not apply; only an undo ends it.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, ClassVar

from services import clock
from services.access import ALL_ACCOUNTS, Actor, Right, audit, require
from services.desk import Desk
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import (
    AlreadyUndone,
    ConflictingDecision,
    DecisionRefused,
)
from services.reconciliation.matching import positions
from services.store import Connection, version_guard
from services.store.settlements import acceptances, position_pages
from services.store.settlements.positions import bump_version


class OrderNotOpen(DecisionRefused):
    code: ClassVar[str] = "acceptance_not_open"


class FiguresChanged(DecisionRefused):
    """The order's figures are not those that were shown."""

    code = "acceptance_figures_changed"


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """``applies``: the order's figures are still those that were accepted. ``undone_at`` None: nobody has undone it."""

    reason: str
    at: datetime
    who: str
    applies: bool
    undone_at: datetime | None
    undoer: str
    undo_reason: str


def accept(desk: Desk, actor: Actor, order: int, shown: dict[str, Any], reason: str, form_key: str) -> None:
    """Accept the order as it is, once for each ``form_key``. ``shown``: its figures as the person saw them.

    Raises UnknownOrder, OrderNotOpen, FiguresChanged, ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        now = _lock_position(tx, actor, order)
        if acceptances.has_form_key(tx, form_key):
            return
        if not now["open"]:
            raise OrderNotOpen
        if positions.figures(now) != shown:
            raise FiguresChanged
        acceptances.undo(tx, order, at=clock.now(), by=actor.id, reason=reason_text)  # of other figures
        acceptances.add(
            tx,
            order=order,
            figures=shown,
            reason=reason_text,
            form_key=form_key,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        positions.refresh(tx, [order])
        # a person's text may name somebody: the acceptance stores it, the audit does not
        audit.record(tx, actor, "order.accepted", f"order:{order}", status=now["status"])


def undo(desk: Desk, actor: Actor, order: int, reason: str, *, shown: int | None = None) -> None:
    """The order is open again, if its figures are. ``shown``: the acceptance that the person saw.

    Raises UnknownOrder, AlreadyUndone, ConflictingDecision (it was accepted anew since), ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        _lock_position(tx, actor, order)
        valid = acceptances.valid(tx, [order]).get(order)
        if shown is not None and valid is not None and valid.id != shown:
            by = next(row for row in acceptances.of_order(tx, order) if row.id == valid.id)
            raise ConflictingDecision(by.who, by.at)
        if acceptances.undo(tx, order, at=clock.now(), by=actor.id, reason=reason_text) is None:
            last = next(reversed(acceptances.of_order(tx, order)), None)
            if last is None or (last.undone_by, last.undo_reason) != (actor.id, reason_text):
                raise AlreadyUndone(last.undoer if last else "", (last and last.undone_at) or clock.now())
            return
        positions.refresh(tx, [order])
        audit.record(tx, actor, "order.acceptance_undone", f"order:{order}")


def of_order(desk: Desk, actor: Actor, order: int) -> tuple[Acceptance, ...]:
    """Every acceptance of the order, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        found = position_pages.position(tx, order)
        require(tx, actor, Right.SEE_SETTLEMENTS, found.account if found else ALL_ACCOUNTS)
        applying = found.accepted if found is not None else None
        return tuple(
            Acceptance(
                reason=row.reason,
                at=row.at,
                who=row.who,
                applies=row.id == applying,
                undone_at=row.undone_at,
                undoer=row.undoer,
                undo_reason=row.undo_reason,
            )
            for row in acceptances.of_order(tx, order)
        )


def _lock_position(tx: Connection, actor: Actor, order: int) -> dict[str, Any]:
    """The order's position, which nobody else changes before this transaction ends. Raises NotAllowed, UnknownOrder."""
    version_guard.require_current(tx)
    found = position_pages.position(tx, order)
    require(tx, actor, Right.RECONCILE, found.account if found else ALL_ACCOUNTS)
    if found is None or not found.status:
        raise UnknownOrder
    bump_version(tx, found.account)
    locked = position_pages.position(tx, order)
    assert locked is not None
    return asdict(locked)
