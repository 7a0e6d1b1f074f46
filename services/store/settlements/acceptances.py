"""Acceptances: open orders that a person accepts as they are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.store.in_list import among
from services.store.order_states import ActorKind
from services.store.people_names import with_undoer
from services.store.schema.reconciliation import order_acceptances

_one = order_acceptances.c


@dataclass(frozen=True, slots=True)
class ValidAcceptance:
    """``figures``: those of the position that the person saw."""

    id: int
    figures: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAcceptance:
    """``who`` and ``undoer``: names, "" where there is none. ``undone_at`` None: nobody has undone it."""

    id: int
    reason: str
    at: datetime
    who: str
    undone_at: datetime | None
    undone_by: str | None
    undoer: str
    undo_reason: str


def valid(tx: Connection, orders: Iterable[int]) -> dict[int, ValidAcceptance]:
    """By order, the acceptance that nobody has undone; it applies while the order's figures are the same."""
    query = select(_one.order, _one.id, _one.figures)
    query = query.where(among(tx, _one.order, orders), _one.undone_at.is_(None))
    return {row.order: ValidAcceptance(row.id, row.figures) for row in tx.execute(query)}


def has_form_key(tx: Connection, form_key: str) -> bool:
    """Whether an acceptance was already written from this form."""
    return tx.execute(select(_one.id).where(_one.form_key == form_key)).first() is not None


def of_order(tx: Connection, order: int) -> list[StoredAcceptance]:
    """All acceptances of an order, oldest first."""
    query = select(*(_one[name] for name in ("id", "reason", "at", "undone_at", "undone_by", "undo_reason")))
    query = with_undoer(query.where(_one.order == order), order_acceptances)
    return [StoredAcceptance(**row._asdict()) for row in tx.execute(query.order_by(_one.id))]


def add(
    tx: Connection,
    *,
    order: int,
    figures: Mapping[str, Any],
    reason: str,
    form_key: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> int:
    """Write an acceptance; its id. An order has one valid acceptance."""
    statement = insert(order_acceptances).values(
        order=order,
        figures=dict(figures),
        reason=reason,
        form_key=form_key,
        at=at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )
    return int(tx.execute(statement.returning(_one.id)).scalar_one())


def undo(tx: Connection, order: int, *, at: datetime, by: str, reason: str) -> int | None:
    """Undo the valid acceptance of an order; its id, None where there is none."""
    here = update(order_acceptances).where(_one.order == order, _one.undone_at.is_(None))
    return tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason).returning(_one.id)).scalar()
