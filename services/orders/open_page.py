"""A person presses the button of our own link: HiPay makes a page, or a recent page is used again.

The page's row is committed before HiPay is asked, and its URL before anybody is sent there, so a lost answer, a killed
process or a second press ends at one URL. The press that asks HiPay claims the row; a second press waits a moment for it,
and takes over an expired claim.

    OpenPageRefused (OrderError)
    ├── LinkUnknown      no request has this token
    ├── LinkBusy         another press is asking HiPay
    └── TooManyPages     too many pages were asked for within the hour, or no page number is left
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

SPARE = timedelta(minutes=2)  # a page that ends sooner is not used again
CLAIM = timedelta(seconds=150)  # longer than the longest call
PAGES_AN_HOUR, TRIES_AN_HOUR = 6, 20
ATTEMPTS = 3  # HiPay takes no more payments than these on one page
PRESSES_APART = timedelta(seconds=20)  # presses closer together are recorded as one
WAIT_SECONDS = 5.0


class OpenPageRefused(OrderError):
    code: ClassVar[str] = "press_refused"


class LinkUnknown(OpenPageRefused):
    code = "link_unknown"


class LinkBusy(OpenPageRefused):
    code = "link_busy"


class TooManyPages(OpenPageRefused):
    code = "link_worn_out"


@dataclass(frozen=True)
class Destination:
    """``url``: where the customer goes; None: the request is not open, and ``link_state`` says why."""

    link_state: LinkState
    url: str | None = None


@dataclass(frozen=True)
class _Claimed:
    """``until``: the end of this claim. A press that finds another end in the row has lost its claim."""

    order: Order
    page: Page
    until: datetime


def open_hipay_page(
    desk: Desk, token: str, *, asking: Event | None = None, wait: Callable[[float], None] = time.sleep
) -> Destination:
    """Where a press of the button leads. ``asking`` is set once this press, or the one before, waits for HiPay.

    Raises OpenPageRefused, and the HiPayError because of which there is no page."""
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
        if isinstance(found, Destination):
            return found
        asking.set()
        destination = _make(desk, found)
        if destination is not None:
            return destination


def _claim(desk: Desk, token: str) -> Destination | _Claimed:
    """The open page, or the claimed row of the page to ask HiPay for. Raises OpenPageRefused, NotAuthorised."""
    now = clock.now()
    with desk.store.write() as tx:
        order = orders.order_by_link_token(tx, token)
        if order is None:
            raise LinkUnknown
        state = link_state(order, now)
        if state != "open":
            return Destination(state)
        if order.account not in desk.settings.all_accounts or steps.paused(tx, order.account, "gateway"):
            raise errors.NotAuthorised(0)
        pages = orders.pages_of(tx, order.id)
        last = pages[-1] if pages else None
        if last is not None and last.state == "open" and _reusable(tx, order, last, now):
            _record_opened(tx, order, last, now)
            return Destination(state, last.url)
        requested = last is not None and last.state == "requested"
        if last is not None and requested and last.claimed_until is not None and last.claimed_until > now:
            raise LinkBusy
        tried = _since(tx, order, "link_page_requested", now - timedelta(hours=1))
        made = [page for page in pages if page.opened_at and page.opened_at > now - timedelta(hours=1)]
        if len(tried) >= TRIES_AN_HOUR or len(made) >= PAGES_AN_HOUR:
            raise TooManyPages
        if last is None or not requested:
            number = next_number(tx, order, last.number if last else 0)
            if number is None:
                raise TooManyPages
            add_page(tx, order, number=number)
            last = orders.pages_of(tx, order.id)[-1]
        until = now + CLAIM
        orders.change_page(tx, last.id, claimed_until=until)
        _record_opened(tx, order, last, now)
        record(
            tx, order.id, "link_page_requested", CUSTOMER, page=last.id, hipay_order_id=last.hipay_order_id
        )
        return _Claimed(order, last, until)


def _reusable(tx: Connection, order: Order, page: Page, now: datetime) -> bool:
    """Whether the page can still be paid for a while, with the order's amount."""
    end = page.expires_at or now
    lasts = end > now + SPARE or end >= order.expires_at
    attempts = {
        event.data["reference"]
        for event in orders.events_of(tx, order.id)
        if event.kind == "payment" and event.page == page.id  # an unconfirmed payment may be forged
    }
    return bool(lasts and end > now and page.amount == order.amount and len(attempts) < ATTEMPTS)


def _record_opened(tx: Connection, order: Order, page: Page, now: datetime) -> None:
    if not _since(tx, order, "opened", now - PRESSES_APART):
        record(tx, order.id, "opened", CUSTOMER, page=page.id)


def _since(tx: Connection, order: Order, kind: EventKind, since: datetime) -> list[StoredEvent]:
    return [event for event in orders.events_of(tx, order.id) if event.kind == kind and event.at > since]


def _make(desk: Desk, claimed: _Claimed) -> Destination | None:
    """Ask HiPay for the claimed page. None: its order id is lost, and the loop takes the next one."""
    order, page = claimed.order, claimed.page
    try:
        with desk.store.read() as tx:
            config = configuration(tx, order.account)
            before = [one for one in orders.pages_of(tx, order.id) if one.url is not None]
        end = min(order.expires_at, clock.now() + PAGE_LIFE)
        request = page_request(desk, order, page, config, until=end)
        with desk.hipay(order.account) as client:
            # An earlier page may have been paid a moment ago, with no notification yet: nobody is led to pay twice.
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


def _release(desk: Desk, claimed: _Claimed) -> Destination:
    """Give the claim up, because an earlier page was paid."""
    with desk.store.write() as tx:
        order = orders.order(tx, claimed.order.id)
        assert order is not None
        if _holds_claim(tx, claimed):
            orders.change_page(tx, claimed.page.id, claimed_until=None)
        return Destination(link_state(order, clock.now()))


def _commit(desk: Desk, claimed: _Claimed, created: CreatedPage, end: datetime) -> Destination | None:
    """Write the page's URL, in the state that fits the request now; None where another page must be made."""
    now, page = clock.now(), claimed.page
    with desk.store.write() as tx:
        order = orders.order(tx, claimed.order.id)
        assert order is not None
        if not _holds_claim(tx, claimed):
            return None  # another press took over, and its page is used
        request = link_state(order, now)
        state: PageState = "withdrawn" if request == "cancelled" else "open"
        if state == "open" and _facts(order) != _facts(claimed.order):
            state = "superseded"
        write_created(tx, order, page, created, state=state, expires_at=end)
    desk.wake.set()
    if state == "superseded":
        return None
    return Destination(request, created.forward_url if request == "open" else None)


def _facts(order: Order) -> tuple[int, str]:
    return order.amount, order.description


def _holds_claim(tx: Connection, claimed: _Claimed) -> bool:
    """Whether the page's row still has this press's claim."""
    pages = orders.pages_of(tx, claimed.order.id)
    page = next(one for one in pages if one.id == claimed.page.id)
    return page.state in ("requested", "withdrawn", "superseded") and page.claimed_until == claimed.until


def _known(desk: Desk, claimed: _Claimed, known: KnownOrder) -> Destination | None:
    """HiPay has this order id already. Where an earlier call made the page and its answer was lost, the next page takes the next id."""
    order, page, finding, read = claimed.order, claimed.page, known.finding, known.read
    if finding == "taken" and read is not None and read.observations and not may_be_paid(read, order):
        finding = "replace"  # every attempt on it was refused, and it lives half an hour at the most
    if finding == "foreign":
        _failed(desk, claimed, known.error)
        raise known.error
    with desk.store.write() as tx:
        orders.lock(tx, order.id)
        if not _holds_claim(tx, claimed):
            return None
        if finding == "replace":
            write_lost(tx, order, page)
            return None
        write_taken(tx, order, page)
    desk.wake.set()
    return Destination("pending")


def _failed(desk: Desk, claimed: _Claimed, error: DeskError) -> None:
    """Release the claim for the next press; show the sender an error that no further try can correct."""
    with desk.store.write() as tx:
        orders.lock(tx, claimed.order.id)
        if not _holds_claim(tx, claimed):
            return
        order, page = claimed.order, claimed.page
        orders.change_page(tx, page.id, claimed_until=None)
        write_fault(tx, order, page, error)
        temporary = getattr(error, "retry", False) or isinstance(error, errors.NotAuthorised)
        if not temporary:
            orders.change_order(tx, order.id, failure=error.code, failure_detail=error.fields())
        record(
            tx,
            order.id,
            "link_page_retry" if temporary else "page_failed",
            WORKER,
            page=page.id,
            error=error.code,
            fields=error.fields(),
        )
