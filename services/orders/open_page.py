"""A person presses the button of our own link: HiPay makes a page, or a recent page is used again.

The page's row is committed before HiPay is asked, and its URL before anybody is sent there, so a lost answer, a killed
process or a second press ends at one URL. The press that asks HiPay claims the row; a second press waits a moment for it,
and takes over an expired claim.

    PressRefused (OrderError)
    ├── LinkUnknown      no request has this token
    ├── LinkBusy         another press is asking HiPay
    └── LinkWornOut      too many pages were asked for within the hour, or no page number is left
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import ClassVar

from services import clock
from services.access import CUSTOMER, WORKER
from services.accounts.configuration import configuration
from services.desk import Desk
from services.errors import DeskError
from services.hipay import errors
from services.hipay.readings import CreatedPage, OrderRead
from services.orders.ask_page import (
    KnownOrder,
    ask_page,
    may_be_paid,
    write_created,
    write_fault,
    write_lost,
    write_taken,
)
from services.orders.bank_answers import record_read
from services.orders.errors import OrderError
from services.orders.pages import add_page, next_number, page_request
from services.orders.payment_link import LinkState, link_state
from services.orders.record import record
from services.orders.retry import PAGE_LIFE
from services.store import Connection
from services.store.order_states import EventKind, PageState
from services.store.orders import orders, steps
from services.store.orders.records import Order, Page, StoredEvent

SPARE = timedelta(minutes=2)  # a page that ends sooner is not handed out
CLAIM = timedelta(seconds=150)  # longer than the longest call
PAGES_AN_HOUR, TRIES_AN_HOUR = 6, 20
ATTEMPTS = 3  # HiPay takes no more payments than these on one page
PRESSES_APART = timedelta(seconds=20)  # two clicks are one person's
WAIT_SECONDS = 5.0


class PressRefused(OrderError):
    code: ClassVar[str] = "press_refused"


class LinkUnknown(PressRefused):
    code = "link_unknown"


class LinkBusy(PressRefused):
    code = "link_busy"


class LinkWornOut(PressRefused):
    code = "link_worn_out"


@dataclass(frozen=True)
class Pressed:
    """``url``: where the customer goes; None: the request is not open, and ``link_state`` says why."""

    link_state: LinkState
    url: str | None = None


@dataclass(frozen=True)
class _Claimed:
    """``until``: the end of this claim. A press that finds another end in the row has lost its claim."""

    order: Order
    page: Page
    until: datetime


def press(
    desk: Desk, token: str, *, asking: Event | None = None, wait: Callable[[float], None] = time.sleep
) -> Pressed:
    """Where a press leads. ``asking`` is set once this press, or the one before, waits for HiPay.

    Raises PressRefused, and the HiPayError because of which there is no page."""
    asking = asking or Event()
    give_up = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            found = _claim(desk, token)
        except LinkBusy:
            asking.set()
            if time.monotonic() > give_up:
                raise
            wait(0.2)
            continue
        if isinstance(found, Pressed):
            return found
        asking.set()
        done = _make(desk, found)
        if done is not None:
            return done


def _claim(desk: Desk, token: str) -> Pressed | _Claimed:
    """The open page, or the claimed row of the page to ask HiPay for. Raises PressRefused, NotAuthorised."""
    now = clock.now()
    with desk.store.write() as tx:
        order = orders.order_by_link_token(tx, token)
        if order is None:
            raise LinkUnknown
        stands = link_state(order, now)
        if stands != "open":
            return Pressed(stands)
        if order.account not in desk.settings.all_accounts or steps.paused(tx, order.account, "gateway"):
            raise errors.NotAuthorised(0)
        pages = orders.pages_of(tx, order.id)
        last = pages[-1] if pages else None
        if last is not None and last.state == "open" and _reusable(tx, order, last, now):
            _opened(tx, order, last, now)
            return Pressed(stands, last.url)
        requested = last is not None and last.state == "requested"
        if last is not None and requested and last.claimed_until is not None and last.claimed_until > now:
            raise LinkBusy
        tried = _since(tx, order, "link_page_requested", now - timedelta(hours=1))
        made = [page for page in pages if page.opened_at and page.opened_at > now - timedelta(hours=1)]
        if len(tried) >= TRIES_AN_HOUR or len(made) >= PAGES_AN_HOUR:
            raise LinkWornOut
        if last is None or not requested:
            number = next_number(tx, order, last.number if last else 0)
            if number is None:
                raise LinkWornOut
            add_page(tx, order, number=number)
            last = orders.pages_of(tx, order.id)[-1]
        until = now + CLAIM
        orders.change_page(tx, last.id, claimed_until=until)
        _opened(tx, order, last, now)
        record(
            tx, order.id, "link_page_requested", CUSTOMER, page=last.id, hipay_order_id=last.hipay_order_id
        )
        return _Claimed(order, last, until)


def _reusable(tx: Connection, order: Order, page: Page, now: datetime) -> bool:
    """Whether the page can still be paid for a while, with the order's own facts."""
    end = page.expires_at or now
    lasts = end > now + SPARE or end >= order.expires_at
    attempts = {
        event.data["reference"]
        for event in orders.events_of(tx, order.id)
        if event.kind == "payment" and event.page == page.id  # an unconfirmed payment may be made up
    }
    return bool(lasts and end > now and page.amount == order.amount and len(attempts) < ATTEMPTS)


def _opened(tx: Connection, order: Order, page: Page, now: datetime) -> None:
    if not _since(tx, order, "opened", now - PRESSES_APART):
        record(tx, order.id, "opened", CUSTOMER, page=page.id)


def _since(tx: Connection, order: Order, kind: EventKind, since: datetime) -> list[StoredEvent]:
    return [event for event in orders.events_of(tx, order.id) if event.kind == kind and event.at > since]


def _make(desk: Desk, claimed: _Claimed) -> Pressed | None:
    """Ask HiPay for the claimed page. None: its order id is lost, and the loop takes the next one."""
    order, page = claimed.order, claimed.page
    try:
        with desk.store.read() as tx:
            config = configuration(tx, order.account)
            before = [one for one in orders.pages_of(tx, order.id) if one.url is not None]
        end = min(order.expires_at, clock.now() + PAGE_LIFE)
        request = page_request(desk, order, page, config, until=end)
        with desk.hipay(order.account) as client:
            # The page before may have been paid a moment ago, with no notification yet: nobody is led to pay twice.
            reads = [(one, client.read_order(one.hipay_order_id)) for one in before[-2:]]
            if _paid(desk, order, reads):
                return _release(desk, claimed)
            answer = ask_page(client, order, page, request)
            if isinstance(answer, CreatedPage):
                return _commit(desk, claimed, answer, end)
    except DeskError as error:
        _failed(desk, claimed, error)
        raise
    return _known(desk, claimed, answer)


def _paid(desk: Desk, order: Order, reads: list[tuple[Page, OrderRead | None]]) -> bool:
    if not any(read is not None and read.observations for _, read in reads):
        return False
    with desk.store.write() as tx:
        orders.lock(tx, order.id)
        for page, read in reads:
            for observation in read.observations if read else ():
                record_read(tx, desk, order.id, page.id, observation)
        orders.change_order(tx, order.id, checked_at=clock.now())
        found = orders.order(tx, order.id)
        assert found is not None
        return link_state(found, clock.now()) != "open"


def _release(desk: Desk, claimed: _Claimed) -> Pressed:
    with desk.store.write() as tx:
        order = orders.order(tx, claimed.order.id)
        assert order is not None
        if _holds(tx, claimed):
            orders.change_page(tx, claimed.page.id, claimed_until=None)
        return Pressed(link_state(order, clock.now()))


def _commit(desk: Desk, claimed: _Claimed, created: CreatedPage, end: datetime) -> Pressed | None:
    """Write the page's URL and when it is read. The request's state at this moment decides what becomes of the page."""
    now, page = clock.now(), claimed.page
    with desk.store.write() as tx:
        order = orders.order(tx, claimed.order.id)
        assert order is not None
        if not _holds(tx, claimed):
            return None  # another press took over: its page is the one
        stands = link_state(order, now)
        state: PageState = "withdrawn" if stands == "cancelled" else "open"
        if state == "open" and _facts(order) != _facts(claimed.order):
            state = "superseded"
        write_created(tx, order, page, created, state=state, expires_at=end)
    desk.wake.set()
    if state == "superseded":
        return None
    return Pressed(stands, created.forward_url if stands == "open" else None)


def _facts(order: Order) -> tuple[int, str]:
    return order.amount, order.description


def _holds(tx: Connection, claimed: _Claimed) -> bool:
    pages = orders.pages_of(tx, claimed.order.id)
    page = next(one for one in pages if one.id == claimed.page.id)
    return page.state in ("requested", "withdrawn", "superseded") and page.claimed_until == claimed.until


def _known(desk: Desk, claimed: _Claimed, known: KnownOrder) -> Pressed | None:
    """HiPay has this order id already. Where an earlier call made the page and its answer was lost, the next page takes the next id."""
    order, page, fate, read = claimed.order, claimed.page, known.fate, known.read
    if fate == "taken" and read is not None and read.observations and not may_be_paid(read, order):
        fate = "replace"  # every attempt on it was refused, and it has half an hour at the most
    if fate == "foreign":
        _failed(desk, claimed, known.error)
        raise known.error
    with desk.store.write() as tx:
        orders.lock(tx, order.id)
        if not _holds(tx, claimed):
            return None
        if fate == "replace":
            write_lost(tx, order, page)
            return None
        write_taken(tx, order, page)
    desk.wake.set()
    return Pressed("pending")


def _failed(desk: Desk, claimed: _Claimed, error: DeskError) -> None:
    """Release the claim for the next press; an error that no further try can correct is shown to the sender."""
    with desk.store.write() as tx:
        orders.lock(tx, claimed.order.id)
        if not _holds(tx, claimed):
            return
        order, page = claimed.order, claimed.page
        orders.change_page(tx, page.id, claimed_until=None)
        write_fault(tx, order, page, error)
        passing = getattr(error, "retry", False) or isinstance(error, errors.NotAuthorised)
        if not passing:
            orders.change_order(tx, order.id, failure=error.code, failure_detail=error.fields())
        record(
            tx,
            order.id,
            "link_page_retry" if passing else "page_failed",
            WORKER,
            page=page.id,
            error=error.code,
            fields=error.fields(),
        )
