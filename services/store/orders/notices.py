"""What people chose to be notified of, and the mails that do it: one row a fact, taken by lease (``services.store.lease``)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Unpack

from sqlalchemy import Connection, and_, delete, func, or_, select

from services.store import lease, meta
from services.store.locks import insert_new
from services.store.order_states import Capture, EventKind, NoticeKind, NoticeState
from services.store.orders.changes import NoticeChanges
from services.store.orders.new_rows import NewNotice
from services.store.orders.orders import badge_condition
from services.store.orders.records import each_of, first_of
from services.store.schema.alarms import notices, user_notices
from services.store.schema.orders import events, orders
from services.store.schema.people import users

_CURSOR = "notices:events"
# Ids are given before they are committed: a late one may be lower than the cursor.
_OVERLAP = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEvent:
    """An event of an order whose sender chose to be notified. ``wanted``: the kind of notice that they chose."""

    id: int
    order: int
    kind: EventKind
    data: dict[str, Any]
    account: str
    capture: Capture
    user_id: str
    wanted: NoticeKind


@dataclass(frozen=True, kw_only=True, slots=True)
class EndingOrder:
    """An unpaid order that ends soon, and its sender."""

    id: int
    account: str
    created_at: datetime
    expires_at: datetime
    link_token: str | None
    user_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DueNotice:
    """A leased notice. ``tries`` and ``unknown`` (hand-overs whose outcome nobody knows) as they were before the lease."""

    id: int
    user_id: str
    order: int
    account: str
    kind: NoticeKind
    detail: dict[str, Any]
    message_id: str
    tries: int
    unknown: int
    created_at: datetime
    fence: int


@dataclass(frozen=True, slots=True)
class Recipient:
    email: str
    language: str


def chosen(tx: Connection, user_id: str) -> frozenset[str]:
    return frozenset(tx.scalars(select(user_notices.c.kind).where(user_notices.c.user_id == user_id)))


def choose(
    tx: Connection, user_id: str, added: Iterable[str], removed: Iterable[str], since: datetime
) -> None:
    for kind in sorted(added):
        insert_new(tx, user_notices, ("user_id", "kind"), user_id=user_id, kind=kind, since=since)
    here = user_notices.c.user_id == user_id
    tx.execute(delete(user_notices).where(here, user_notices.c.kind.in_(tuple(removed))))


def new_events(tx: Connection, kinds: tuple[EventKind, ...]) -> tuple[list[NewEvent], int]:
    """Events of these kinds since the last round, of orders whose sender chose a notice before the event; once for each kind
    of notice that they chose. And the newest event's id, for ``seen``.
    """
    known = meta.text(tx, _CURSOR)
    newest = int(tx.scalar(select(func.max(events.c.id))) or 0)
    e, o, u = events.c, orders.c, user_notices.c
    query = (
        select(e.id, e.order, e.kind, e.data, o.account, o.capture, u.user_id, u.kind.label("wanted"))
        .join(orders, o.id == e.order)
        .join(user_notices, and_(u.user_id == o.actor_id, o.actor_kind == "user"))
        .where(e.id > int(known or 0) - _OVERLAP, e.id <= newest, e.kind.in_(kinds), e.at >= u.since)
        .order_by(e.id)
    )
    return each_of(NewEvent, tx.execute(query)), newest


def first_collected(tx: Connection, order_ids: Iterable[int]) -> dict[int, int]:
    """Of each order the first payment event that shows money collected; an order without one is left out."""
    e, found = events.c, dict[int, int]()
    query = select(e.id, e.order, e.data).where(e.order.in_(tuple(order_ids)), e.kind == "payment")
    for row in tx.execute(query.order_by(e.id)):
        if row.data.get("captured"):
            found.setdefault(int(row.order), int(row.id))
    return found


def seen(tx: Connection, newest: int) -> None:
    meta.put_text(tx, _CURSOR, str(newest))


def ending(tx: Connection, kind: NoticeKind, now: datetime, until: datetime) -> list[EndingOrder]:
    """Unpaid orders that can still be paid and end by ``until``, whose sender chose notices of this kind."""
    o, u = orders.c, user_notices.c
    payable = or_(*(badge_condition(badge, now) for badge in ("open", "refused", "uncertain", "bounced")))
    query = (
        select(o.id, o.account, o.created_at, o.expires_at, o.link_token, u.user_id)
        .join(user_notices, and_(u.user_id == o.actor_id, o.actor_kind == "user", u.kind == kind))
        .where(o.expires_at > now, o.expires_at <= until, payable)
    )
    return each_of(EndingOrder, tx.execute(query))


def add(tx: Connection, **values: Unpack[NewNotice]) -> bool:
    """Queue a notice, once per ``identity``."""
    queued: NoticeState = "queued"
    return insert_new(tx, notices, ("identity",), state=queued, **values)


def known(tx: Connection, identities: Iterable[str]) -> frozenset[str]:
    query = select(notices.c.identity).where(notices.c.identity.in_(tuple(identities)))
    return frozenset(tx.scalars(query))


def take(tx: Connection, now: datetime, lasts: timedelta) -> DueNotice | None:
    """Lease the notice that has been due longest, or None."""
    n = notices.c
    due = and_(n.state == "queued", n.due_at <= now, lease.free(notices, now))
    taken = lease.take(tx, notices, due, (n.due_at, n.id), now=now, lease=lasts)
    if taken is None:
        return None
    row = taken.row
    return DueNotice(
        id=row.id,
        user_id=row.user_id,
        order=row.order,
        account=row.account,
        kind=row.kind,
        detail=row.detail,
        message_id=row.message_id,
        tries=row.tries,
        unknown=row.unknown,
        created_at=row.created_at,
        fence=taken.fence,
    )


def write(tx: Connection, notice: DueNotice, **values: Unpack[NoticeChanges]) -> bool:
    """Change the notice unless another worker has taken it since."""
    return lease.write(tx, notices, notice.id, notice.fence, **values)


def recipient(tx: Connection, user_id: str) -> Recipient | None:
    """The person, unless their account is closed."""
    u = users.c
    query = select(u.email, u.language).where(u.id == user_id, u.disabled.is_(False))
    return first_of(Recipient, tx.execute(query))
