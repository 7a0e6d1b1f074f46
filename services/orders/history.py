"""The payment requests as people see them: the list, one order with its timeline, and sending tried again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services import clock
from services.access import WORKER, Actor, Right, allowed_accounts, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.errors import DeskError
from services.orders import event_data, states
from services.orders.allowed import allowed_order, allowed_request
from services.orders.errors import NothingToRetry
from services.orders.payment_link import address
from services.orders.reads import request_read
from services.orders.record import record
from services.orders.transactions import Unconfirmed
from services.settlements.settlement_operations import ORDER_KINDS
from services.store import Connection, access, alarms, line_rewrite
from services.store.alarms import StoredAlarm
from services.store.order_states import Badge, StepKind
from services.store.orders import maintenance_operations, orders, steps
from services.store.orders.orders import Filter as Filter
from services.store.orders.records import Message, Order, Page, StoredEvent
from services.store.remembered import remembered
from services.store.settlements import reconciliation_views
from services.store.settlements.lines.stored_lines import LineOfFile

PAGE_SIZE = 25
PAYOUT_LINES = 200  # of one order that are shown


@dataclass(frozen=True)
class Listing:
    """One page of the list. ``total`` counts every order that the filter selects."""

    orders: tuple[Order, ...]
    total: int
    page: int
    now: datetime

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // PAGE_SIZE))


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One order with its events, oldest first.

    ``waiting``: when each step is due; ``people``: the name of each person who did something, by actor id; ``whys``: each
    maintenance operation's reason, by its row.
    """

    order: Order
    badge: Badge
    pages: tuple[Page, ...]
    messages: tuple[Message, ...]
    events: tuple[StoredEvent, ...]
    alarms: tuple[StoredAlarm, ...]
    waiting: dict[StepKind, datetime]
    now: datetime
    address: str | None  # our own link, else HiPay's
    people: Mapping[str, str]
    whys: Mapping[int, str]
    unconfirmed: tuple[Unconfirmed, ...] = ()  # reported by notifications and not shown by a read
    settled: tuple[LineOfFile, ...] = ()  # its payout lines but the fees, with file_name and file_finished_at
    no_lines: DeskError | None = None  # why these cannot be read now

    @property
    def url(self) -> str | None:
        """The link's address while it can be opened."""
        live = self.order.expires_at > self.now and self.order.availability not in ("requested", "cancelled")
        return self.address if live else None

    @property
    def unanswered(self) -> timedelta | None:
        """How long HiPay has been asked for the page without an answer; None while it is not asked."""
        last = next((event for event in reversed(self.events) if event.kind.startswith("page_")), None)
        asked = last is not None and (last.kind, last.actor_kind) == ("page_requested", WORKER.kind)
        return self.now - last.at if last is not None and asked and "page" in self.waiting else None

    @property
    def can_retry(self) -> bool:
        return retryable(self.order)


def badge(order: Order, now: datetime) -> Badge:
    """The word of ``states.BADGES`` that sums the order up at this moment."""
    return states.badge(order.delivery, order.availability, order.payment, order.expires_at, now)


def retryable(order: Order) -> bool:
    """Whether sending stopped before the customer got the link, and nothing has been paid."""
    stopped = order.availability == "failed" or order.delivery in ("failed", "uncertain")
    stopped = stopped and order.availability != "cancelled"
    return bool(stopped and order.payment in states.UNPAID and order.expires_at > clock.now())


def find(desk: Desk, actor: Actor, chosen: Filter, page: int = 1) -> Listing:
    """One page of the payment requests, newest first. A page past the end is the last one."""
    now = clock.now()
    with desk.store.read() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        # Only a badge depends on the time.
        second = now.replace(microsecond=0) if chosen.badges else None
        key = ("requests", chosen, accounts, page, second)
        found = remembered(tx, key, lambda: _find(tx, chosen, accounts, second or now, page))
    return Listing(*found, now)


def _find(
    tx: Connection, chosen: Filter, accounts: frozenset[str] | None, now: datetime, page: int
) -> tuple[tuple[Order, ...], int, int]:
    """The page's orders, how many there are in all, and the page."""
    total = orders.count_orders(tx, chosen, accounts, now=now)
    page = max(1, min(page, -(-total // PAGE_SIZE) or 1))
    skipped = (page - 1) * PAGE_SIZE
    found = orders.find_orders(tx, chosen, accounts, now=now, limit=PAGE_SIZE, offset=skipped)
    return tuple(found), total, page


def detail(desk: Desk, actor: Actor, order_id: int) -> Detail:
    """One order. Raises UnknownOrder, NotAllowed."""
    now = clock.now()
    with desk.store.read() as tx:
        order = allowed_request(tx, actor, Right.SEE_ORDERS, order_id)
        pages, events = tuple(orders.pages_of(tx, order_id)), tuple(orders.events_of(tx, order_id))
        raised = tuple(alarms.alarms_of(tx, order_id))
        acting = {e.actor_id for e in events if e.actor_kind == "user"} | {
            a.closed_by for a in raised if a.closed_by
        }
        users = (access.user(tx, actor_id) for actor_id in acting)
        no_lines = line_rewrite.obstacle(tx)
        settled = () if no_lines else reconciliation_views.lines_of_order(tx, order_id, PAYOUT_LINES)
        return Detail(
            order=order,
            badge=badge(order, now),
            pages=pages,
            messages=tuple(orders.messages_of(tx, order_id)),
            events=events,
            alarms=raised,
            waiting=steps.steps_of(tx, order_id),
            now=now,
            address=address(desk, order, pages[-1] if pages else None),
            people={user.id: user.name for user in users if user},
            whys={
                asked.id: asked.why for asked in maintenance_operations.of_order(tx, order_id) if asked.why
            },
            unconfirmed=event_data.transaction_log(events).unconfirmed(),
            settled=tuple(line for line in settled if line.kind in ORDER_KINDS),
            no_lines=no_lines,
        )


def senders(desk: Desk, actor: Actor) -> list[tuple[str, str]]:
    """Who has sent payment requests of the accounts that the actor may see: (actor id, name)."""
    with desk.store.read() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        return remembered(tx, ("senders", accounts), lambda: orders.senders(tx, accounts))


def check_now(desk: Desk, actor: Actor, order_ids: Iterable[int]) -> None:
    """Schedule a read of these orders at once. Raises NotAllowed when one is of an account without the right."""
    with desk.store.write() as tx:
        allowed_accounts(tx, actor, Right.SEE_ORDERS)
        for order_id in sorted(order_ids):  # locks are taken in one order
            order = orders.order(tx, order_id)
            if order is None:
                continue
            require(tx, actor, Right.SEE_ORDERS, order.account)
            if order.availability not in ("requested", "none"):
                request_read(tx, order.id, order.account)
    desk.wake.set()


def retry(desk: Desk, actor: Actor, order_id: int) -> None:
    """Try again where sending stopped: the page under the same order id, or the same message.

    Raises NothingToRetry when sending did not stop, something was paid or the order has expired; AccountUnknown, UnknownOrder, NotAllowed.
    """
    now = clock.now()
    with desk.store.write() as tx:
        order = allowed_order(tx, actor, Right.SEND, order_id)
        require_account(desk, order.account)
        if not retryable(order):
            raise NothingToRetry
        kind: StepKind = "page" if order.availability == "failed" else "mail"
        if kind == "mail":
            message = orders.message(tx, order_id, "link")
            assert message is not None
            orders.change_message(tx, message.id, state="queued", tries=0)
        orders.change_order(tx, order_id, failure="", failure_detail={})
        record(tx, order_id, "page_requested" if kind == "page" else "mail_queued", actor, by_hand=True)
        steps.schedule(tx, order_id, kind, order.account, now)
        audit.record(tx, actor, "sending_retried", f"order:{order_id}", step=kind)
    desk.wake.set()
