"""Orders, their pages, messages and events."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Connection, CursorResult, and_, func, insert, or_, select, update

from services.store.in_list import of_accounts
from services.store.locks import insert_new, writes
from services.store.masking import masked
from services.store.order_states import PAID, UNPAID, Badge, Channel, MessageKind
from services.store.orders.changes import MessageChanges, OrderChanges, PageChanges
from services.store.orders.new_rows import NewEvent, NewMessage, NewOrder, NewPage
from services.store.orders.records import Message, Order, Page, StoredEvent, each_of, first_of, from_row
from services.store.orders.searching import finds, searched
from services.store.schema.orders import events, messages, orders, pages
from services.store.version_guard import one_if_current

Accounts = Collection[str] | None  # ids of the accounts allowed; None: all


def add_order(tx: Connection, **values: Unpack[NewOrder]) -> int:
    """Insert an order; its ``search`` column is made here. Returns the row's id."""
    return _new_id(tx.execute(insert(orders).values(**{**values, "search": searched(values)})))


def _new_id(result: CursorResult[Any]) -> int:
    key = result.inserted_primary_key
    assert key is not None
    return int(key[0])


def order(tx: Connection, order_id: int) -> Order | None:
    """The order; in a writing transaction nobody else changes it, nor adds to its events, before the end."""
    query = select(orders).where(orders.c.id == order_id)
    return first_of(Order, tx.execute(query.with_for_update(key_share=True) if writes(tx) else query))


def orders_of(tx: Connection, ids: Collection[int]) -> dict[int, Order]:
    """These orders by id, locked as ``order`` does, in the order of their ids: two transactions never wait for each other."""
    query = select(orders).where(orders.c.id.in_(tuple(ids))).order_by(orders.c.id)
    found = tx.execute(query.with_for_update(key_share=True) if writes(tx) else query)
    return {row.id: from_row(Order, row) for row in found}


def lock(tx: Connection, order_id: int) -> None:
    """Let no other transaction write the order, its events or its steps before this one ends (SQLite: none writes)."""
    tx.execute(select(orders.c.id).where(orders.c.id == order_id).with_for_update(key_share=True))


def order_by_form_key(tx: Connection, form_key: str) -> Order | None:
    return first_of(Order, tx.execute(select(orders).where(orders.c.form_key == form_key)))


def order_by_business_id(tx: Connection, account: str, order_id: str) -> Order | None:
    query = select(orders).where(orders.c.account == account, orders.c.order_id == order_id)
    return first_of(Order, tx.execute(query))


def order_by_link_token(tx: Connection, token: str) -> Order | None:
    """The order of our own link; locked in a writing transaction, as ``order`` does."""
    query = select(orders).where(orders.c.link_token == token)
    return first_of(Order, tx.execute(query.with_for_update(key_share=True) if writes(tx) else query))


def change_order(tx: Connection, order_id: int, **values: Unpack[OrderChanges]) -> None:
    tx.execute(update(orders).where(orders.c.id == order_id).values(**values))


def write_state(tx: Connection, order_id: int, columns: Mapping[str, Any]) -> None:
    """Write the columns that the fold of the order's events has changed; those of the payment stay as they are where this
    program may not fold (``services.store.version_guard``)."""
    folds = orders.c.folds + one_if_current()
    tx.execute(update(orders).where(orders.c.id == order_id).values({**columns, "folds": folds}))


def change_facts(tx: Connection, order_id: int, **values: Unpack[OrderChanges]) -> None:
    """Change what the order is searched by, too."""
    here = update(orders).where(orders.c.id == order_id)
    tx.execute(here.values(**values))
    changed = order(tx, order_id)
    assert changed is not None
    tx.execute(here.values(search=searched(asdict(changed))))


def add_page(tx: Connection, **values: Unpack[NewPage]) -> int:
    return _new_id(tx.execute(insert(pages).values(**values)))


def change_page(tx: Connection, page_id: int, **values: Unpack[PageChanges]) -> None:
    tx.execute(update(pages).where(pages.c.id == page_id).values(**values))


def pages_of(tx: Connection, order_id: int) -> list[Page]:
    return each_of(Page, tx.execute(select(pages).where(pages.c.order == order_id).order_by(pages.c.number)))


def pages_by_hipay_order_id(
    tx: Connection, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Page]:
    """The pages by account and HiPay's order id; one that is not ours is left out."""
    query = select(pages).where(pages.c.hipay_order_id.in_({order_id for _, order_id in wanted}))
    found = {(row.account, row.hipay_order_id): from_row(Page, row) for row in tx.execute(query)}
    return {key: found[key] for key in wanted if key in found}


def page_by_hipay_order_id(tx: Connection, account: str, hipay_order_id: str) -> Page | None:
    query = select(pages).where(pages.c.account == account, pages.c.hipay_order_id == hipay_order_id)
    return first_of(Page, tx.execute(query))


def page_by_token(tx: Connection, token: str) -> Page | None:
    return first_of(Page, tx.execute(select(pages).where(pages.c.token == token)))


def add_message(tx: Connection, **values: Unpack[NewMessage]) -> int:
    """Insert a message; its ``number`` among the order's of its kind is given here, under the order's lock."""
    lock(tx, values["order"])
    same = (messages.c.order == values["order"]) & (messages.c.kind == values["kind"])
    last = tx.scalar(select(func.max(messages.c.number)).where(same)) or 0
    return _new_id(tx.execute(insert(messages).values(number=last + 1, **values)))


def change_message(tx: Connection, message_id: int, **values: Unpack[MessageChanges]) -> None:
    tx.execute(update(messages).where(messages.c.id == message_id).values(**values))


def messages_of(tx: Connection, order_id: int) -> list[Message]:
    return each_of(
        Message, tx.execute(select(messages).where(messages.c.order == order_id).order_by(messages.c.id))
    )


def message_by_form_key(tx: Connection, form_key: str) -> Message | None:
    return first_of(Message, tx.execute(select(messages).where(messages.c.form_key == form_key)))


def messages_by_message_id(tx: Connection, message_ids: Collection[str]) -> dict[str, Message]:
    """Those of these Message-IDs that are ours."""
    found = tx.execute(select(messages).where(messages.c.message_id.in_(tuple(message_ids))))
    return {row.message_id: from_row(Message, row) for row in found}


def message(tx: Connection, order_id: int, kind: MessageKind) -> Message | None:
    """The newest message of a kind (link, copy) of an order."""
    query = select(messages).where(messages.c.order == order_id, messages.c.kind == kind)
    return first_of(Message, tx.execute(query.order_by(messages.c.id.desc())))


def add_event(tx: Connection, *, identity: str | None = None, **values: Unpack[NewEvent]) -> bool:
    """Append an event. An ``identity`` that is there already is an outside fact reported twice: False, nothing written.

    An event can never be changed, so no address is written into one: a customer can be erased.
    """
    row = {**values, "data": masked(values["data"])}
    if identity is None:
        tx.execute(insert(events).values(row))
        return True
    return insert_new(tx, events, ("identity",), identity=identity, **row)


def add_events(tx: Connection, several: Collection[dict[str, Any]]) -> None:
    """Append events whose identities are known to be new, under the locks of their orders."""
    if several:
        tx.execute(insert(events), [{**values, "data": masked(values["data"])} for values in several])


def event_by_identity(tx: Connection, identity: str) -> StoredEvent | None:
    return first_of(StoredEvent, tx.execute(select(events).where(events.c.identity == identity)))


def events_of(tx: Connection, order_id: int) -> list[StoredEvent]:
    return each_of(
        StoredEvent, tx.execute(select(events).where(events.c.order == order_id).order_by(events.c.id))
    )


def events_of_each(tx: Connection, order_ids: Collection[int]) -> dict[int, list[StoredEvent]]:
    """``events_of`` for each of these orders."""
    found: dict[int, list[StoredEvent]] = {order_id: [] for order_id in order_ids}
    for row in tx.execute(select(events).where(events.c.order.in_(tuple(found))).order_by(events.c.id)):
        found[row.order].append(from_row(StoredEvent, row))
    return found


def times_opened(tx: Connection, order_ids: Collection[int]) -> dict[int, int]:
    """How often a person opened each of these orders' own links; one that nobody opened is left out."""
    query = select(events.c.order, func.count()).where(
        events.c.order.in_(tuple(order_ids)), events.c.kind == "opened"
    )
    return {int(order_id): int(count) for order_id, count in tx.execute(query.group_by(events.c.order))}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What a list of orders is narrowed to. ``badges`` are keys of ``services.orders.states.BADGES``."""

    text: str = ""
    badges: tuple[Badge, ...] = ()
    accounts: tuple[str, ...] = ()
    channels: tuple[Channel, ...] = ()
    sender: str = ""
    since: datetime | None = None
    until: datetime | None = None


def badge_condition(badge: Badge, now: datetime) -> ColumnElement[bool]:
    """The condition in SQL that ``services.orders.states.badge`` computes in Python; a test compares them."""
    o = orders.c
    unpaid, cancelled = o.payment.in_(UNPAID), o.availability == "cancelled"
    failed = and_(~cancelled, or_(o.availability.in_(("failed", "taken")), o.delivery == "failed"))
    expired = and_(unpaid, ~cancelled, ~failed, o.expires_at <= now)
    live = and_(unpaid, ~cancelled, ~failed, o.expires_at > now)
    refused = o.payment.in_(("refused", "cancelled"))
    conditions: dict[Badge, ColumnElement[bool]] = {
        "cancelled": and_(unpaid, cancelled),
        "failed": and_(unpaid, failed),
        "expired": expired,
        "refused": and_(live, refused),
        "uncertain": and_(live, ~refused, o.delivery == "uncertain"),
        "bounced": and_(live, ~refused, o.delivery == "bounced"),
        "open": and_(live, ~refused, o.availability == "open", o.delivery.in_(("none", "sent"))),
        "preparing": and_(
            live,
            ~refused,
            o.delivery.notin_(("uncertain", "bounced")),
            or_(o.availability != "open", o.delivery.notin_(("none", "sent"))),
        ),
        "pending": o.payment == "pending",
        "unconfirmed": o.payment == "unconfirmed",
        "authorised": o.payment == "authorised",
        "paid": o.payment.in_(PAID),
        "refunded": o.payment.in_(("refunded", "partly_refunded")),
        "charged_back": o.payment == "charged_back",
    }
    return conditions[badge]


def _where(chosen: Filter, accounts: Accounts, now: datetime) -> list[ColumnElement[bool]]:
    o = orders.c
    clauses: list[ColumnElement[bool]] = [o.channel != "imported", of_accounts(o.account, accounts)]
    clauses += finds(chosen.text)
    if chosen.badges:
        clauses.append(or_(*(badge_condition(badge, now) for badge in chosen.badges)))
    if chosen.accounts:
        clauses.append(o.account.in_(chosen.accounts))
    if chosen.channels:
        clauses.append(o.channel.in_(chosen.channels))
    if chosen.sender:
        clauses.append(o.actor_id == chosen.sender)
    if chosen.since:
        clauses.append(o.created_at >= chosen.since)
    if chosen.until:
        clauses.append(o.created_at < chosen.until)
    return clauses


def find_orders(
    tx: Connection, chosen: Filter, accounts: Accounts, *, now: datetime, limit: int, offset: int = 0
) -> list[Order]:
    """One page of the list, newest first."""
    query = (
        select(orders)
        .where(*_where(chosen, accounts, now))
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
    )
    return each_of(Order, tx.execute(query.limit(limit).offset(offset)))


def each_order(tx: Connection, chosen: Filter, accounts: Accounts, *, now: datetime) -> Iterator[Order]:
    """Every order that the filter lets through, newest first, never more than some hundred of them in memory."""
    query = (
        select(orders)
        .where(*_where(chosen, accounts, now))
        .order_by(orders.c.created_at.desc(), orders.c.id.desc())
    )
    yield from (from_row(Order, row) for row in tx.execute(query.execution_options(yield_per=500)))


def count_orders(tx: Connection, chosen: Filter, accounts: Accounts, *, now: datetime) -> int:
    return int(tx.scalar(select(func.count()).select_from(orders).where(*_where(chosen, accounts, now))) or 0)


def senders(tx: Connection, accounts: Accounts) -> list[tuple[str, str]]:
    """Who has sent orders of these accounts: (actor id, name), by name."""
    sent = select(orders.c.actor_id, func.max(orders.c.sender_name)).where(
        orders.c.channel != "imported", of_accounts(orders.c.account, accounts)
    )
    query = sent.group_by(orders.c.actor_id)
    return sorted(((row[0], row[1]) for row in tx.execute(query)), key=lambda pair: pair[1].casefold())
