"""Erasing a customer: their orders, and every place that holds their data. What belongs to money or decisions stays.

Each place is searched by a key:
- orders: the address in small letters, the order id, or ``search`` and then the full name
- messages: the recipient in small letters
- rows of lists: ``email``, ``order_id`` and ``name_key`` (``batches.keys``)
- notifications: their order; those of no order, or of an order that had the address once, by the digest of the address
  (``notification_addresses``, written at receipt)
- lines of payout files: their cells that hold a reference or a customer's number
- decisions: the orders that they name (``decision_orders``)
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, exists, func, or_, select, update

from services.store.masking import masked
from services.store.order_states import UNDER_WAY, UNPAID
from services.store.orders.batches import keys
from services.store.orders.notifications import address_digest
from services.store.orders.records import Order, each_of
from services.store.orders.searching import finds, searched
from services.store.schema.orders import (
    alarms,
    batch_rows,
    batches,
    events,
    messages,
    notices,
    notification_addresses,
    notifications,
    operations,
    orders,
    pages,
    steps,
)
from services.store.schema.settlements import settlement_lines
from services.store.settlements import decisions, order_keys
from services.text.folding import name_keys, name_parts

NOBODY = "—"  # stands for the name, in every language
_REFERENCES = tuple(f"reference_{n}" for n in range(1, 6))
_RUNNING = ("running", "paused")
_MACHINERY = ("worker", "hipay", "system")
# Where a line of a payout file repeats what somebody gave as a reference, and where the join says what it saw of it.
_CELLS = ("customer_id", *(f"reporting_data_{n}" for n in range(1, 6)), "loose_reference")
_SHOWN = ("seen", "expected")
_NO_DATA: dict[str, Any] = {"data": {}, **keys({})}


@dataclass(frozen=True)
class Wanted:
    """Whose data: an e-mail ``address``, or, where that is empty, what a person without one is known by: an order id or the
    full ``name``. ``now``; ``watched``: what is pending or held is asked for as long as something has happened since."""

    now: datetime
    watched: datetime
    address: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where a customer's data is stored: ``ended`` orders can be erased, ``alive`` ones not yet. ``moved``: orders whose address
    it was once, and ``messages`` what went there. ``rows``: of lists, as (batch, number). ``notifications``: ids of those that
    belong to no order, or to one of ``moved``. ``lines`` of payout files that hold the address as it is."""

    ended: tuple[Order, ...]
    alive: tuple[Order, ...]
    moved: tuple[Order, ...]
    messages: tuple[int, ...]
    rows: tuple[tuple[int, int], ...]
    rows_alive: int
    notifications: tuple[int, ...]
    lines: tuple[int, ...]


def _alive(now: datetime, watched: datetime) -> Any:
    """An order that somebody may still pay, of whose payment HiPay is still asked, or that has something to be done."""
    o = orders.c
    due = exists().where(steps.c.order == o.id, steps.c.kind != "read")
    page = exists().where(pages.c.order == o.id, pages.c.url.is_not(None), pages.c.expires_at > now)
    payable = or_(page, and_(o.expires_at > now, o.availability != "cancelled"))
    lately = exists().where(events.c.order == o.id, events.c.at > watched)
    under_way = and_(o.payment.in_(UNDER_WAY), lately)
    return or_(and_(o.payment.in_(UNPAID), payable), under_way, due)


def trace(tx: Connection, wanted: Wanted) -> Trace:
    """Everything that is stored of a customer, whatever the case of the letters."""
    every = select(orders).where(_theirs(wanted), orders.c.erased_at.is_(None)).order_by(orders.c.id)
    theirs = each_of(Order, tx.execute(every))
    if not wanted.address:
        theirs = [order for order in theirs if _named(wanted.name, order)]
    ids = [order.id for order in theirs]
    living = set(
        tx.scalars(select(orders.c.id).where(orders.c.id.in_(ids), _alive(wanted.now, wanted.watched)))
    )
    alive, ended = (
        [one for one in theirs if one.id in living],
        [one for one in theirs if one.id not in living],
    )
    going, rest = _of_lists(tx, wanted)
    if not wanted.address:
        return Trace(
            ended=tuple(ended),
            alive=tuple(alive),
            moved=(),
            messages=(),
            rows=rest,
            rows_alive=going,
            notifications=(),
            lines=(),
        )
    m = messages.c
    sent_there = tx.execute(
        select(m.id, m.order).where(
            func.lower(m.recipient) == wanted.address,
            m.kind == "link",
            m.state.notin_(("queued", "sending")),
            m.order.notin_(ids),
        )
    ).all()
    former = sorted({row.order for row in sent_there})
    once = select(orders).where(orders.c.id.in_(former)).order_by(orders.c.id)
    moved = tuple(each_of(Order, tx.execute(once)))
    return Trace(
        ended=tuple(ended),
        alive=tuple(alive),
        moved=moved,
        messages=tuple(row.id for row in sent_there),
        rows=rest,
        rows_alive=going,
        notifications=_bodies(tx, wanted.address, former),
        lines=_lines_of(tx, wanted.address),
    )


def _theirs(wanted: Wanted) -> Any:
    o = orders.c
    if wanted.address:
        return func.lower(o.email) == wanted.address
    return or_(o.order_id == wanted.name, and_(*finds(wanted.name)))


def _named(text: str, order: Order) -> bool:
    """Whether an order has this order id, or is of the person with this full name."""
    return text == order.order_id or name_parts(text, order.first_name, order.last_name)


def _of_lists(tx: Connection, wanted: Wanted) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Rows of lists that made no order: how many wait in one that is being sent, and which can be erased."""
    row = batch_rows.c
    if wanted.address:
        theirs = and_(row.email == wanted.address, row.email != "")
    else:
        named = and_(row.name_key.in_(name_keys(wanted.name)), row.name_key != "")
        theirs = or_(and_(row.order_id == wanted.name, row.order_id != ""), named)
    query = (
        select(row.batch, row.number, row.state, batches.c.state.label("batch_state"))
        .join(batches, batches.c.id == row.batch)
        .where(row.state != "created", theirs)
        .order_by(row.batch, row.number)
    )
    found = tx.execute(query).all()
    going = [one for one in found if one.state == "waiting" and one.batch_state in _RUNNING]
    return len(going), tuple((one.batch, one.number) for one in found if one not in going)


def _bodies(tx: Connection, address: str, former: Sequence[int]) -> tuple[int, ...]:
    """Notifications that hold the address, of no order or of these."""
    here, key = notifications.c, notification_addresses.c
    query = (
        select(here.id)
        .join(notification_addresses, key.notification == here.id)
        .where(key.digest == address_digest(address), or_(here.order.is_(None), here.order.in_(former)))
        .order_by(here.id)
    )
    return tuple(tx.scalars(query))


def _lines_of(tx: Connection, address: str) -> tuple[int, ...]:
    """Lines of payout files one of whose cells is the address: somebody gave it as a reference or as a customer's number."""
    line = settlement_lines.c
    cells = or_(*(func.lower(line[name]) == address for name in _CELLS))
    return tuple(tx.scalars(select(line.id).where(cells)))


def ended_before(
    tx: Connection, account: str, cutoff: datetime, now: datetime, watched: datetime, limit: int
) -> list[Order]:
    """The account's payment requests that nothing has happened to since ``cutoff`` and that are not yet erased; ``watched``:
    see ``Wanted``. One that was called off has ended, whatever its end would have been."""
    o = orders.c
    over = or_(o.expires_at < cutoff, o.availability == "cancelled")
    query = select(orders).where(
        o.account == account,
        o.channel != "imported",
        o.erased_at.is_(None),
        o.created_at < cutoff,
        over,
        or_(o.paid_at.is_(None), o.paid_at < cutoff),
        ~_alive(now, watched),
        ~exists().where(events.c.order == o.id, events.c.kind == "link_cancelled", events.c.at >= cutoff),
    )
    return each_of(Order, tx.execute(query.order_by(o.id).limit(limit)))


def messages_of(tx: Connection, ids: Sequence[int]) -> int:
    """How many messages these orders have."""
    return _count(tx, messages, messages.c.order.in_(ids))


def notifications_of(tx: Connection, ids: Sequence[int]) -> int:
    return _count(tx, notifications, notifications.c.order.in_(ids))


def erase_orders(tx: Connection, found: Iterable[Order], at: datetime) -> int:
    """Erase the customer from these orders and from all that hangs on them; how many orders."""
    count = 0
    for order in found:
        references = {name: masked(getattr(order, name)) for name in _REFERENCES}
        search = searched({"order_id": order.order_id, **references})
        tx.execute(
            update(orders)
            .where(orders.c.id == order.id)
            .values(
                first_name="",
                last_name=NOBODY,
                email="",
                phone="",
                description="",
                copy_to="",
                failure_detail={},
                search=search,
                erased_at=at,
                **references,
            )
        )
        tx.execute(
            update(messages).where(messages.c.order == order.id).values(recipient="", body=b"", answer="")
        )
        tx.execute(update(batch_rows).where(batch_rows.c.order == order.id).values(**_NO_DATA))
        tx.execute(update(operations).where(operations.c.order == order.id).values(why="", failure_detail={}))
        tx.execute(update(notices).where(notices.c.order == order.id).values(detail={}))
        _erase_alarms(tx, order.id)
        empty_notifications(tx, notifications.c.order == order.id)
        decisions.erase_words(tx, order.id)
        order_keys.erase_addresses(tx, order.account, order.id)
        erase_lines(
            tx, tx.scalars(select(settlement_lines.c.id).where(settlement_lines.c.order == order.id)).all()
        )
        count += 1
    return count


def _erase_alarms(tx: Connection, order: int) -> None:
    """An alarm stays, without addresses; why a person closed it is in their own words, and may name the customer."""
    for alarm in tx.execute(select(alarms).where(alarms.c.order == order)).all():
        by_hand = alarm.closing_reason and alarm.closed_by not in _MACHINERY
        values = {"closing_reason": NOBODY} if by_hand else {}
        tx.execute(
            update(alarms).where(alarms.c.id == alarm.id).values(detail=masked(alarm.detail), **values)
        )


def erase_lines(tx: Connection, ids: Iterable[int]) -> None:
    """Empty the cells of these lines that hold an e-mail address. Their amounts, ids and what they came to stay."""
    line, cells, every = settlement_lines.c, (*_CELLS, *_SHOWN), list(ids)
    for some in (every[start : start + 500] for start in range(0, len(every), 500)):
        for row in tx.execute(
            select(line.id, *(line[name] for name in cells)).where(line.id.in_(some))
        ).all():
            texts = {name: getattr(row, name) for name in cells}
            gone = {
                name: "" if name in _CELLS else masked(text)
                for name, text in texts.items()
                if masked(text) != text
            }
            if gone:
                tx.execute(update(settlement_lines).where(line.id == row.id).values(**gone))


def erase_messages(tx: Connection, ids: Iterable[int]) -> None:
    """Empty messages that went to an address which is the order's no more."""
    gone = {"recipient": "", "body": b"", "answer": ""}
    tx.execute(update(messages).where(messages.c.id.in_(tuple(ids))).values(**gone))


def erase_rows(tx: Connection, found: Iterable[tuple[int, int]]) -> None:
    for batch, number in found:
        here = (batch_rows.c.batch == batch) & (batch_rows.c.number == number)
        tx.execute(update(batch_rows).where(here).values(problems={}, **_NO_DATA))


def erase_notifications(tx: Connection, ids: Sequence[int]) -> None:
    empty_notifications(tx, notifications.c.id.in_(ids))


def erase_rest(tx: Connection, account: str, cutoff: datetime) -> None:
    """What belongs to no order: rows of old lists that were never sent, and notifications of unknown orders."""
    old = select(batches.c.id).where(
        batches.c.account == account, batches.c.created_at < cutoff, batches.c.state.notin_(_RUNNING)
    )
    tx.execute(
        update(batch_rows)
        .where(batch_rows.c.batch.in_(old), batch_rows.c.state != "created")
        .values(problems={}, **_NO_DATA)
    )
    here = notifications.c
    empty_notifications(tx, and_(here.account == account, here.order.is_(None), here.received_at < cutoff))


def erase_again(tx: Connection) -> None:
    """HiPay names the customer in each notification: what came after an order was erased is emptied, too."""
    erased = select(orders.c.id).where(orders.c.erased_at.isnot(None))
    empty_notifications(tx, notifications.c.order.in_(erased))


def empty_notifications(tx: Connection, which: Any) -> None:
    """Those worked off keep what became of them and their identity, so that a replay is still known."""
    here = notifications.c
    these = and_(which, here.state != "stored", func.length(here.body) > 0)
    emptied = notification_addresses.c.notification.in_(select(here.id).where(these))
    tx.execute(delete(notification_addresses).where(emptied))
    tx.execute(update(notifications).where(these).values(body=b""))


def _count(tx: Connection, table: Any, which: Any) -> int:
    return int(tx.scalar(select(func.count()).select_from(table).where(which)) or 0)
