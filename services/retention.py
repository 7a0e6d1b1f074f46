"""Customers' data is erased after a set time, or on request. Amounts, ids, references and decisions stay.

RetentionError
├── MonthsRefused      more than ten years, or below nought
└── NothingToErase     nobody is found, or all that is found is still under way
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services import clock, exports
from services.access import ALL_ACCOUNTS, WORKER, Actor, Right, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.errors import DeskError
from services.heartbeats import still_working
from services.mail.addresses import parse_address
from services.orders.retry import UNDER_WAY
from services.orders.states import UNPAID
from services.store import Connection, accounts, erasure, line_rewrite, retention
from services.store.orders.records import Order

OPTIONS, MONTHS = "options", "retention_months"
MOST_MONTHS = 120
_MONTH = timedelta(days=30.4375)
_AT_ONCE = 100


class RetentionError(DeskError):
    code: ClassVar[str] = "retention"


class MonthsRefused(RetentionError):
    code = "retention_months"

    def __init__(self, most: int) -> None:
        self.most = most


class NothingToErase(RetentionError):
    code = "retention_nothing"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is stored of a customer. ``orders``, ``messages``, ``notifications`` and ``rows`` (of lists) and ``drafts`` can be erased now;
    ``alive``: order ids of requests that can still be paid or are being sent, and ``alive_until`` the last of their ends;
    ``moved``: of requests that were sent to the address once, and have another now; ``lines`` of payout files with it;
    ``rows_alive``: rows of a list that is still going out; ``by_name``: orders were found by a name that several may have."""

    orders: tuple[str, ...]
    messages: int
    notifications: int
    rows: int
    alive: tuple[str, ...]
    alive_until: datetime | None
    rows_alive: int
    moved: tuple[str, ...] = ()
    lines: int = 0
    drafts: int = 0
    by_name: bool = False

    @property
    def anything(self) -> bool:
        return bool(
            self.orders or self.rows or self.notifications or self.messages or self.lines or self.drafts
        )


def months(desk: Desk, actor: Actor, account: str) -> int:
    """After how many months the account's customers are erased; 0: never."""
    require_account(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        return _months(tx, account)


def save_months(desk: Desk, actor: Actor, account: str, wanted: int) -> None:
    """Erase the account's customers ``wanted`` months after their last order has ended; 0: never.

    Raises MonthsRefused, AccountUnknown, NotAllowed.
    """
    require_account(desk, account)
    if not 0 <= wanted <= MOST_MONTHS:
        raise MonthsRefused(MOST_MONTHS)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, account)
        options = accounts.sections(tx, account).get((OPTIONS, ""), {})
        if options.get(MONTHS, 0) == wanted:
            return
        accounts.save_section(
            tx,
            account,
            OPTIONS,
            "",
            {**options, MONTHS: wanted},
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        audit.record(tx, actor, "retention_set", f"account:{account}", months=wanted)


def find(desk: Desk, actor: Actor, whom: str) -> Found:
    """What is stored of a customer, found by their e-mail address; of a person without one, by an order id or the full name.

    A customer may be one of several accounts, and is erased in all: only who configures all of them may.

    Raises AddressError, NotAllowed.
    """
    wanted = _wanted(whom)
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE, ALL_ACCOUNTS)
        return _found(tx, retention.trace(tx, wanted), wanted)


def erase(desk: Desk, actor: Actor, whom: str) -> Found:
    """Erase what ``find`` finds, but for what is still under way; what was erased.

    The audit entry says how much, never whose. Raises NothingToErase, AddressError, NotAllowed.
    """
    wanted = _wanted(whom)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE, ALL_ACCOUNTS)
        theirs = retention.trace(tx, wanted)
        found = _found(tx, theirs, wanted)
        if not found.anything:
            raise NothingToErase
        erasure.erase_orders(tx, theirs.ended, wanted.now)
        erasure.erase_messages(tx, theirs.messages)
        erasure.erase_lines(tx, theirs.lines)
        erasure.erase_rows(tx, theirs.rows)
        erasure.erase_drafts(tx, theirs.drafts)
        erasure.erase_notifications(tx, theirs.notifications)
        exports.empty_all(tx)
        ids = [order.id for order in theirs.ended]
        audit.record(tx, actor, "customer_erased", f"user:{actor.id}", orders=ids, rows=found.rows)
    desk.store.truncate_log()
    return found


def sweep(desk: Desk) -> None:
    """Erase what is past its time in every account that has one set."""
    now, erased = clock.now(), 0
    with desk.store.read() as tx:
        if line_rewrite.obstacle(tx):
            return  # a customer is erased as a whole, lines included: tomorrow
    for account in desk.settings.all_accounts:
        with desk.store.read() as tx:
            months = _months(tx, account)
        if months:
            erased += _sweep(desk, account, now - months * _MONTH, now)
    with desk.store.write() as tx:
        erasure.erase_again(tx)
    if erased:
        desk.store.truncate_log()


def _sweep(desk: Desk, account: str, cutoff: datetime, now: datetime) -> int:
    total = 0
    while True:
        with desk.store.write() as tx:
            done = erasure.erase_orders(
                tx, retention.ended_before(tx, account, cutoff, now, now - UNDER_WAY, _AT_ONCE), now
            )
            if done:
                exports.empty_all(tx)
                audit.record(tx, WORKER, "customers_erased", f"account:{account}", count=done)
            if done < _AT_ONCE:
                erasure.erase_rest(tx, account, cutoff)
        total += done
        still_working()
        if done < _AT_ONCE:
            return total


def _wanted(whom: str) -> retention.Customer:
    """Raises AddressError for an empty text, and for an address that is none."""
    now, text = clock.now(), " ".join(whom.split())
    if text and "@" not in text:
        return retention.Customer(now, now - UNDER_WAY, name=text)
    return retention.Customer(now, now - UNDER_WAY, address=parse_address(whom).text.lower())


def _found(tx: Connection, theirs: retention.Trace, wanted: retention.Customer) -> Found:
    ids, every = [order.id for order in theirs.ended], (*theirs.ended, *theirs.alive)
    return Found(
        orders=tuple(order.order_id for order in theirs.ended),
        messages=retention.messages_of(tx, ids) + len(theirs.messages),
        notifications=retention.notifications_of(tx, ids) + len(theirs.notifications),
        rows=len(theirs.rows),
        alive=tuple(order.order_id for order in theirs.alive),
        alive_until=max(map(_until, theirs.alive), default=None),
        rows_alive=theirs.rows_alive,
        moved=tuple(order.order_id for order in theirs.moved),
        lines=len(theirs.lines),
        drafts=len(theirs.drafts),
        by_name=bool(wanted.name) and any(order.order_id != wanted.name for order in every),
    )


def _until(order: Order) -> datetime:
    """The latest time at which the order is over, as far as is known now."""
    over: datetime = order.expires_at
    return over if order.payment in UNPAID else max(over, (order.paid_at or order.created_at) + UNDER_WAY)


def _months(tx: Connection, account: str) -> int:
    return int(accounts.sections(tx, account).get((OPTIONS, ""), {}).get(MONTHS, 0))
