"""Erasing a customer: which orders, and every place where their data stands. What belongs to money or decisions stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Row, and_, exists, func, or_, select, update

from services.store import decisions, order_keys
from services.store.orders import UNPAID, folded, masked
from services.store.schema import (
    alarms,
    batch_rows,
    batches,
    messages,
    notices,
    notifications,
    operations,
    orders,
    steps,
)

NOBODY = "—"  # stands for the name, in every language
_REFERENCES = tuple(f"reference_{n}" for n in range(1, 6))
_RUNNING = ("running", "paused")


@dataclass(frozen=True)
class Trace:
    """Where a customer's address stands: ``ended`` orders can be erased, ``alive`` ones not yet. ``rows``: of lists, as
    (batch, number). ``notifications``: ids of those that belong to no order."""

    ended: tuple[Row[Any], ...]
    alive: tuple[Row[Any], ...]
    rows: tuple[tuple[int, int], ...]
    rows_alive: int
    notifications: tuple[int, ...]


def _alive(now: datetime) -> Any:
    """An order that somebody may still pay or that has a message to send."""
    o = orders.c
    due = exists().where(steps.c.order == o.id, steps.c.kind != "read")
    return or_(and_(o.payment.in_(UNPAID), o.expires_at > now), o.payment.in_(("pending", "authorised")), due)


def trace(tx: Connection, address: str, now: datetime) -> Trace:
    """Everything that is kept under an address, whatever the case of its letters."""
    wanted = address.lower()
    theirs = select(orders).where(func.lower(orders.c.email) == wanted, orders.c.erased_at.is_(None))
    alive = list(tx.execute(theirs.where(_alive(now)).order_by(orders.c.id)))
    ended = list(tx.execute(theirs.where(~_alive(now)).order_by(orders.c.id)))
    query = select(batch_rows, batches.c.state.label("batch_state")).join(
        batches, batches.c.id == batch_rows.c.batch
    )
    found = [
        row for row in tx.execute(query.where(batch_rows.c.state != "created"))
        if str(row.data.get("email", "")).strip().lower() == wanted
    ]  # fmt: skip
    going = [row for row in found if row.state == "waiting" and row.batch_state in _RUNNING]
    rest = tuple((row.batch, row.number) for row in found if row not in going)
    loose = select(notifications.c.id, notifications.c.body).where(notifications.c.order.is_(None))
    spellings = {wanted.encode(), quote(wanted).encode(), quote(wanted, safe="").lower().encode()}
    bodies = tuple(row.id for row in tx.execute(loose) if any(text in row.body.lower() for text in spellings))
    return Trace(tuple(ended), tuple(alive), rest, len(going), bodies)


def ended_before(tx: Connection, account: str, cutoff: datetime, now: datetime, limit: int) -> list[Row[Any]]:
    """The account's payment requests that nothing has happened to since ``cutoff`` and that are not yet erased."""
    o = orders.c
    query = select(orders).where(
        o.account == account, o.channel != "imported", o.erased_at.is_(None), o.created_at < cutoff, o.expires_at < cutoff,
        or_(o.paid_at.is_(None), o.paid_at < cutoff), ~_alive(now),
    )  # fmt: skip
    return list(tx.execute(query.order_by(o.id).limit(limit)))


def messages_of(tx: Connection, ids: Sequence[int]) -> int:
    """How many messages these orders have."""
    return _count(tx, messages, messages.c.order.in_(ids))


def notifications_of(tx: Connection, ids: Sequence[int]) -> int:
    return _count(tx, notifications, notifications.c.order.in_(ids))


def erase_orders(tx: Connection, found: Iterable[Row[Any]], at: datetime) -> int:
    """Erase the customer from these orders and from all that hangs on them; how many orders."""
    count = 0
    for order in found:
        references = {name: masked(getattr(order, name)) for name in _REFERENCES}
        kept = [order.order_id, *references.values()]
        tx.execute(
            update(orders).where(orders.c.id == order.id).values(
                first_name="", last_name=NOBODY, email="", phone="", description="", copy_to="", failure_detail={},
                search=folded(" ".join(filter(None, kept))), erased_at=at, **references,
            )
        )  # fmt: skip
        tx.execute(
            update(messages).where(messages.c.order == order.id).values(recipient="", body=b"", answer="")
        )
        tx.execute(update(batch_rows).where(batch_rows.c.order == order.id).values(data={}))
        tx.execute(update(operations).where(operations.c.order == order.id).values(why="", failure_detail={}))
        tx.execute(update(notices).where(notices.c.order == order.id).values(detail={}))
        for alarm in tx.execute(select(alarms.c.id, alarms.c.detail).where(alarms.c.order == order.id)).all():
            tx.execute(update(alarms).where(alarms.c.id == alarm.id).values(detail=masked(alarm.detail)))
        empty_notifications(tx, notifications.c.order == order.id)
        decisions.erase_words(tx, order.id)
        order_keys.erase_addresses(tx, order.account, order.id)
        count += 1
    return count


def erase_rows(tx: Connection, found: Iterable[tuple[int, int]]) -> None:
    for batch, number in found:
        here = (batch_rows.c.batch == batch) & (batch_rows.c.number == number)
        tx.execute(update(batch_rows).where(here).values(data={}, problems={}))


def erase_notifications(tx: Connection, ids: Sequence[int]) -> None:
    empty_notifications(tx, notifications.c.id.in_(ids))


def erase_rest(tx: Connection, account: str, cutoff: datetime) -> None:
    """What belongs to no order: rows of old lists that were never sent, and notifications of unknown orders."""
    old = select(batches.c.id).where(batches.c.account == account, batches.c.created_at < cutoff, batches.c.state.notin_(_RUNNING))  # fmt: skip
    tx.execute(
        update(batch_rows).where(batch_rows.c.batch.in_(old), batch_rows.c.state != "created").values(data={}, problems={})
    )  # fmt: skip
    here = notifications.c
    empty_notifications(tx, and_(here.account == account, here.order.is_(None), here.received_at < cutoff))


def erase_again(tx: Connection) -> None:
    """HiPay names the customer in each notification: what came after an order was erased is emptied, too."""
    erased = select(orders.c.id).where(orders.c.erased_at.isnot(None))
    empty_notifications(tx, notifications.c.order.in_(erased))


def empty_notifications(tx: Connection, which: Any) -> None:
    """Those worked off keep what became of them and their identity, so that a replay is still known."""
    here = notifications.c
    tx.execute(
        update(notifications)
        .where(which, here.state != "stored", func.length(here.body) > 0)
        .values(body=b"")
    )


def _count(tx: Connection, table: Any, which: Any) -> int:
    return int(tx.scalar(select(func.count()).select_from(table).where(which)) or 0)
