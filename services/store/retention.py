"""Where a customer's data is stored, and which orders are past their time. ``services.store.erasure`` erases it.

Each place is searched by a key:
- orders: the address in small letters, the order id, or ``search`` and then the full name
- messages: the recipient in small letters
- rows of lists and drafts: ``email``, ``order_id`` and ``name_key`` (``batches.keys``)
- notifications: their order; those of no order, or of an order that had the address once, by the digest of the address
  (``notification_addresses``, written at receipt)
- lines of payout files: their cells with a reference or a customer's number
- decisions: the orders that they name (``decision_orders``)
- held corrections: the account and key that they share with their lines
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, func, or_, select, type_coerce
from sqlalchemy import Text as Plain

from services.store.order_states import UNDER_WAY, UNPAID
from services.store.orders.notifications import address_digest
from services.store.orders.records import Order, each_of
from services.store.orders.searching import finds
from services.store.schema.bulk import batch_rows, batches, order_drafts
from services.store.schema.orders import (
    events,
    messages,
    notification_addresses,
    notifications,
    orders,
    pages,
    steps,
)
from services.store.schema.payout_lines import LINE_TEXTS, payout_lines
from services.text.folding import name_keys, name_parts

OPEN_BATCHES = ("running", "paused")
# The cells of a line that may repeat a reference that somebody typed.
LINE_CELLS = ("customer_id", *(f"reporting_data_{n}" for n in range(1, 6)), "loose_reference")


@dataclass(frozen=True)
class Customer:
    """Whose data is searched: an e-mail ``address``, or, where that is empty, what a person without one is known by: an order id or the
    full ``name``. ``now``; ``watched``: an order with a payment under way is read as long as it has an event since then."""

    now: datetime
    watched: datetime
    address: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """Where a customer's data is stored: ``ended`` orders can be erased, ``alive`` ones not yet. ``moved``: orders whose address
    it was once, and ``messages`` what went there. ``rows``: of lists, as (batch, number). ``drafts``: orders not sent. ``notifications``: ids of those that
    belong to no order, or to one of ``moved``. ``lines`` of payout files with the address in a cell."""

    ended: tuple[Order, ...]
    alive: tuple[Order, ...]
    moved: tuple[Order, ...]
    messages: tuple[int, ...]
    rows: tuple[tuple[int, int], ...]
    rows_alive: int
    drafts: tuple[int, ...]
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


def trace(tx: Connection, wanted: Customer) -> Trace:
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
    drafts = tuple(tx.scalars(select(order_drafts.c.id).where(_keyed(order_drafts.c, wanted))))
    if not wanted.address:
        return Trace(
            ended=tuple(ended),
            alive=tuple(alive),
            moved=(),
            messages=(),
            rows=rest,
            rows_alive=going,
            drafts=drafts,
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
        drafts=drafts,
        notifications=_bodies(tx, wanted.address, former),
        lines=_lines_of(tx, wanted.address),
    )


def _theirs(wanted: Customer) -> Any:
    o = orders.c
    if wanted.address:
        return func.lower(o.email) == wanted.address
    return or_(o.order_id == wanted.name, and_(*finds(wanted.name)))


def _named(text: str, order: Order) -> bool:
    """Whether an order has this order id, or is of the person with this full name."""
    return text == order.order_id or name_parts(text, order.first_name, order.last_name)


def _of_lists(tx: Connection, wanted: Customer) -> tuple[int, tuple[tuple[int, int], ...]]:
    """Rows of lists that made no order: how many wait in one that is being sent, and which can be erased."""
    row = batch_rows.c
    query = (
        select(row.batch, row.number, row.state, batches.c.state.label("batch_state"))
        .join(batches, batches.c.id == row.batch)
        .where(row.state != "created", _keyed(row, wanted))
        .order_by(row.batch, row.number)
    )
    found = tx.execute(query).all()
    going = [one for one in found if one.state == "waiting" and one.batch_state in OPEN_BATCHES]
    return len(going), tuple((one.batch, one.number) for one in found if one not in going)


def _keyed(row: Any, wanted: Customer) -> Any:
    """A row of a list, or a draft, of the customer."""
    if wanted.address:
        return and_(row.email == wanted.address, row.email != "")
    named = and_(row.name_key.in_(name_keys(wanted.name)), row.name_key != "")
    return or_(and_(row.order_id == wanted.name, row.order_id != ""), named)


def _bodies(tx: Connection, address: str, former: Sequence[int]) -> tuple[int, ...]:
    """Notifications with the address in their body, of no order or of these."""
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
    line = payout_lines.c
    written = json.dumps(address, ensure_ascii=False)[1:-1]  # as a list of texts has it
    may = or_(
        func.lower(type_coerce(line.texts, Plain)).contains(written, autoescape=True),
        func.lower(line.loose_reference) == address,
    )
    places = [LINE_TEXTS.index(name) for name in LINE_CELLS if name in LINE_TEXTS]
    return tuple(
        row.id
        for row in tx.execute(select(line.id, line.texts, line.loose_reference).where(may).order_by(line.id))
        if address
        in (
            row.loose_reference.lower(),
            *(row.texts[place].lower() for place in places if place < len(row.texts)),
        )
    )


def ended_before(
    tx: Connection, account: str, cutoff: datetime, now: datetime, watched: datetime, limit: int
) -> list[Order]:
    """The account's payment requests that nothing has happened to since ``cutoff`` and that are not yet erased; ``watched``:
    see ``Customer``. One that was called off has ended, whatever its end would have been."""
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


def _count(tx: Connection, table: Any, which: Any) -> int:
    return int(tx.scalar(select(func.count()).select_from(table).where(which)) or 0)
