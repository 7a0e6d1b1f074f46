"""Open orders that a person accepts as they stand."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from services.store.in_list import among
from services.store.schema.orders import users
from services.store.schema.settlements import order_acceptances

_one = order_acceptances.c
_undoers = users.alias("undoers")


def standing(tx: Connection, orders: Iterable[int]) -> dict[int, Row[Any]]:
    """By order, the acceptance that nobody has undone; whether it holds is told by its figures."""
    query = select(order_acceptances).where(among(tx, _one.order, orders), _one.undone_at.is_(None))
    return {row.order: row for row in tx.execute(query)}


def by_form_key(tx: Connection, form_key: str) -> Row[Any] | None:
    return tx.execute(select(order_acceptances).where(_one.form_key == form_key)).first()


def of_order(tx: Connection, order: int) -> list[Row[Any]]:
    """All of an order, oldest first, with the names of who accepted and who undid."""
    query = (
        select(order_acceptances, users.c.name.label("who"), _undoers.c.name.label("undoer"))
        .outerjoin(users, and_(users.c.id == _one.actor_id, _one.actor_kind == "user"))
        .outerjoin(_undoers, _undoers.c.id == _one.undone_by)
        .where(_one.order == order)
    )
    return list(tx.execute(query.order_by(_one.id)))


def add(tx: Connection, **values: Any) -> int:
    """Write an acceptance; its id. An order has one that stands."""
    found = tx.execute(insert(order_acceptances).values(**values).returning(_one.id)).scalar_one()
    return int(found)


def undo(tx: Connection, order: int, *, at: datetime, by: str, reason: str) -> int | None:
    """The standing one of an order stands no longer; its id, None where there is none."""
    here = update(order_acceptances).where(_one.order == order, _one.undone_at.is_(None))
    return tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason).returning(_one.id)).scalar()


def erase_words(tx: Connection, order: int) -> None:
    """Empty why an order was accepted: it may name the customer."""
    tx.execute(update(order_acceptances).where(_one.order == order).values(reason="", undo_reason=""))
