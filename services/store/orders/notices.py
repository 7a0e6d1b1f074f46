"""What people chose to be notified of, and the mails that do it: one row a fact, taken by lease (``services.store.lease``)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, or_, select

from services.store import lease, meta
from services.store.lease import Leased
from services.store.locks import insert_new
from services.store.orders.orders import badge_condition
from services.store.schema.orders import (
    events,
    notices,
    orders,
    user_notices,
    users,
)

_CURSOR = "notices:events"
# Ids are given before they are committed: a late one may stand behind the cursor.
_OVERLAP = 500


def chosen(tx: Connection, user_id: str) -> frozenset[str]:
    return frozenset(tx.scalars(select(user_notices.c.kind).where(user_notices.c.user_id == user_id)))


def choose(
    tx: Connection, user_id: str, added: Iterable[str], removed: Iterable[str], since: datetime
) -> None:
    for kind in sorted(added):
        insert_new(tx, user_notices, ("user_id", "kind"), user_id=user_id, kind=kind, since=since)
    here = user_notices.c.user_id == user_id
    tx.execute(delete(user_notices).where(here, user_notices.c.kind.in_(tuple(removed))))


def new_events(tx: Connection, kinds: tuple[str, ...]) -> tuple[list[Row[Any]], int]:
    """Events since the last look, of these kinds, of orders whose sender wants to be told anything: the event's id,
    order, kind, data, time; the order's account and capture; the sender as ``user_id``, the notice they chose as ``wanted``
    and since when. And the newest event's id, for ``seen``.
    """
    known = meta.text(tx, _CURSOR)
    newest = int(tx.scalar(select(func.max(events.c.id))) or 0)
    e, o, u = events.c, orders.c, user_notices.c
    query = (
        select(
            e.id,
            e.order,
            e.kind,
            e.data,
            e.at,
            o.account,
            o.capture,
            u.user_id,
            u.kind.label("wanted"),
            u.since,
        )
        .join(orders, o.id == e.order)
        .join(user_notices, and_(u.user_id == o.actor_id, o.actor_kind == "user"))
        .where(e.id > int(known or 0) - _OVERLAP, e.id <= newest, e.kind.in_(kinds), e.at >= u.since)
        .order_by(e.id)
    )
    return list(tx.execute(query)), newest


def first_collected(tx: Connection, order_ids: Iterable[int]) -> dict[int, int]:
    """Of each order the payment event that first told of money collected; none where there is none."""
    e, found = events.c, dict[int, int]()
    query = select(e.id, e.order, e.data).where(e.order.in_(tuple(order_ids)), e.kind == "payment")
    for row in tx.execute(query.order_by(e.id)):
        if row.data.get("captured"):
            found.setdefault(int(row.order), int(row.id))
    return found


def seen(tx: Connection, newest: int) -> None:
    meta.put_text(tx, _CURSOR, str(newest))


def ending(tx: Connection, kind: str, now: datetime, until: datetime) -> list[Row[Any]]:
    """Unpaid orders that can still be paid and end by ``until``, whose sender wants to be told of ``kind``."""
    o, u = orders.c, user_notices.c
    payable = or_(*(badge_condition(badge, now) for badge in ("open", "refused", "uncertain", "bounced")))
    query = (
        select(o.id, o.account, o.created_at, o.expires_at, o.link_token, u.user_id)
        .join(user_notices, and_(u.user_id == o.actor_id, o.actor_kind == "user", u.kind == kind))
        .where(o.expires_at > now, o.expires_at <= until, payable)
    )
    return list(tx.execute(query))


def add(tx: Connection, **values: Any) -> bool:
    """Queue a notice, once per ``identity``."""
    return insert_new(tx, notices, ("identity",), **values)


def known(tx: Connection, identities: Iterable[str]) -> frozenset[str]:
    query = select(notices.c.identity).where(notices.c.identity.in_(tuple(identities)))
    return frozenset(tx.scalars(query))


def take(tx: Connection, now: datetime, lasts: timedelta) -> Leased | None:
    """Lease the notice that has been due longest, or None."""
    n = notices.c
    due = and_(n.state == "queued", n.due_at <= now, lease.free(notices, now))
    return lease.take(tx, notices, due, (n.due_at, n.id), now=now, lease=lasts)


def write(tx: Connection, taken: Leased, **values: Any) -> bool:
    """Change the notice unless another worker has taken it since."""
    return lease.write(tx, notices, taken.row.id, taken.fence, **values)


def recipient(tx: Connection, user_id: str) -> Row[Any] | None:
    """The person, unless their account is closed."""
    return tx.execute(select(users).where(users.c.id == user_id, users.c.disabled.is_(False))).first()
