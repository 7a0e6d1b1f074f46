"""Customers' data goes after a set time, or on request. Amounts, ids, references and decisions stay.

RetentionError
├── MonthsRefused      more than ten years, or below nought
└── NothingToErase     nobody is known under this address, or all of it is still alive
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services import clock
from services.access import WORKER, Actor, Right, audit, require
from services.accounts.errors import AccountUnknown
from services.desk import Desk
from services.errors import DeskError
from services.mail.addresses import parse_address
from services.store import Connection
from services.store import accounts as configured
from services.store import retention as rows

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


@dataclass(frozen=True)
class Found:
    """What is kept of a customer. ``orders``, ``messages``, ``notifications`` and ``rows`` (of lists) can be erased now;
    ``alive``: order ids of requests that can still be paid or are being sent, and ``alive_until`` the last of their ends;
    ``rows_alive``: rows of a list that is still going out."""

    orders: tuple[str, ...]
    messages: int
    notifications: int
    rows: int
    alive: tuple[str, ...]
    alive_until: datetime | None
    rows_alive: int

    @property
    def anything(self) -> bool:
        return bool(self.orders or self.rows or self.notifications)


def months(desk: Desk, actor: Actor, account: str) -> int:
    """After how many months the account's customers are erased; 0: never."""
    _known(desk, account)
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE)
        return _months(tx, account)


def keep_for(desk: Desk, actor: Actor, account: str, wanted: int) -> None:
    """Erase the account's customers ``wanted`` months after their last order has ended; 0: never.

    Raises MonthsRefused, AccountUnknown, NotAllowed.
    """
    _known(desk, account)
    if not 0 <= wanted <= MOST_MONTHS:
        raise MonthsRefused(MOST_MONTHS)
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE)
        options = configured.sections(tx, account).get((OPTIONS, ""), {})
        if options.get(MONTHS, 0) == wanted:
            return
        configured.save_section(
            tx, account, OPTIONS, "", {**options, MONTHS: wanted}, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )  # fmt: skip
        audit.record(tx, actor, "retention_set", f"account:{account}", months=wanted)


def look(desk: Desk, actor: Actor, address: str) -> Found:
    """What is kept under an address. Raises AddressError, NotAllowed."""
    text, now = parse_address(address).text, clock.now()
    with desk.store.read() as tx:
        require(tx, actor, Right.CONFIGURE)
        return _found(tx, rows.trace(tx, text, now))


def erase(desk: Desk, actor: Actor, address: str) -> Found:
    """Erase what is kept under an address, but for what is still alive; what was erased.

    The audit entry says how much, never whose. Raises NothingToErase, AddressError, NotAllowed.
    """
    text, now = parse_address(address).text, clock.now()
    with desk.store.write() as tx:
        require(tx, actor, Right.CONFIGURE)
        theirs = rows.trace(tx, text, now)
        found = _found(tx, theirs)
        if not found.anything:
            raise NothingToErase
        rows.erase_orders(tx, theirs.ended, now)
        rows.erase_rows(tx, theirs.rows)
        rows.erase_notifications(tx, theirs.notifications)
        ids = [order.id for order in theirs.ended]
        audit.record(tx, actor, "customer_erased", f"user:{actor.id}", orders=ids, rows=found.rows)
    desk.store.shed()
    return found


def sweep(desk: Desk) -> None:
    """Erase what is past its time in every account that has one set."""
    now, erased = clock.now(), 0
    for account in desk.settings.all_accounts:
        with desk.store.read() as tx:
            kept = _months(tx, account)
        if kept:
            erased += _sweep(desk, account, now - kept * _MONTH, now)
    with desk.store.write() as tx:
        rows.erase_again(tx)
    if erased:
        desk.store.shed()


def _sweep(desk: Desk, account: str, cutoff: datetime, now: datetime) -> int:
    total = 0
    while True:
        with desk.store.write() as tx:
            done = rows.erase_orders(tx, rows.ended_before(tx, account, cutoff, now, _AT_ONCE), now)
            if done:
                audit.record(tx, WORKER, "customers_erased", f"account:{account}", count=done)
            if done < _AT_ONCE:
                rows.erase_rest(tx, account, cutoff)
        total += done
        if done < _AT_ONCE:
            return total


def _found(tx: Connection, theirs: rows.Trace) -> Found:
    ids = [order.id for order in theirs.ended]
    return Found(
        tuple(order.order_id for order in theirs.ended), rows.messages_of(tx, ids),
        rows.notifications_of(tx, ids) + len(theirs.notifications), len(theirs.rows),
        tuple(order.order_id for order in theirs.alive),
        max((order.expires_at for order in theirs.alive), default=None), theirs.rows_alive,
    )  # fmt: skip


def _months(tx: Connection, account: str) -> int:
    return int(configured.sections(tx, account).get((OPTIONS, ""), {}).get(MONTHS, 0))


def _known(desk: Desk, account: str) -> None:
    if account not in desk.settings.all_accounts:
        raise AccountUnknown(account)
