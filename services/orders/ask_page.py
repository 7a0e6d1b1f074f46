"""Ask HiPay for the page of an order, and write its answer: shared by the page step and our own link.

HiPay refuses an order id that it has already. A read of that order then shows whose page it is: ours, made by a call whose
answer was lost; ours, and somebody is paying on it; or another's. Each caller checks its own guard before it writes:
``steps/create_page`` the step's fence, ``open_page`` the page's claim.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal

from services import clock
from services.access import WORKER
from services.accounts.pauses import pause
from services.errors import DeskError
from services.hipay import errors
from services.hipay.client import HiPay
from services.hipay.fields import PageRequest
from services.hipay.readings import CreatedPage, OrderRead
from services.orders.record import alarm, record
from services.orders.states import UNPAID, Event, fold
from services.store import Connection
from services.store.order_states import EventKind, PageState
from services.store.orders import orders, steps
from services.store.orders.records import Order, Page

Finding = Literal["replace", "taken", "foreign"]
IdInUse = errors.DuplicateOrder | errors.PageOver
FIRST_READ = timedelta(seconds=20)  # from the page's opening to the first read of its payment
_NOT_COMPLETED = (3010005, 3010007, 3010008)  # expired or voided: nobody can pay on that page any more


@dataclass(frozen=True)
class KnownOrder:
    """HiPay has the page's order id already. ``error``: its refusal; ``read``: the order as HiPay has it, None where the
    read does not know it; ``finding``: see ``finding_of``."""

    error: IdInUse
    read: OrderRead | None
    finding: Finding


def ask_page(
    client: HiPay,
    order: Order,
    page: Page,
    request: PageRequest,
    *,
    before_read: Callable[[], object] | None = None,
) -> CreatedPage | KnownOrder:
    """HiPay's new page; or, where HiPay has its order id already, what a read of that order shows.

    ``before_read`` is called between the two calls, so that a lease can be renewed. Raises HiPayError of either call.
    """
    try:
        return client.create_page(request)
    except (errors.DuplicateOrder, errors.PageOver) as error:
        known = error
    if before_read is not None:
        before_read()
    read = client.read_order(page.hipay_order_id)
    return KnownOrder(known, read, finding_of(read, order, page, known))


def finding_of(read: OrderRead | None, order: Order, page: Page, error: IdInUse) -> Finding:
    """Whose page it is whose order id HiPay has already.

    - replace: the read does not know it, so nobody has tried to pay: the page is ours, made by a call whose answer was
      lost. Nobody has its URL, and the next page takes the id's ``-2``. The same for a page of ours that has ended without
      an attempt that reserved money.
    - taken: ours, and somebody has begun to pay on a page whose URL we never received.
    - foreign: another order's; or HiPay calls it completed, and a completed one is never followed by another page.
    """
    ended = isinstance(error, errors.PageOver)
    replaceable = not ended or error.hipay_code in _NOT_COMPLETED
    if read is None:
        return "replace" if replaceable else "foreign"
    if not _ours(read, order, page):
        return "foreign"
    return "replace" if ended and replaceable and not may_be_paid(read, order) else "taken"


def _ours(read: OrderRead, order: Order, page: Page) -> bool:
    return (read.amount_units, read.currency, read.mark) == (page.amount, page.currency, order.mark)


def may_be_paid(read: OrderRead, order: Order) -> bool:
    """Whether an attempt has reserved or collected money, or still can."""
    seen = [
        Event("payment", clock.now(), {**asdict(one), "at": str(one.at or ""), "source": "read"})
        for one in read.observations
    ]
    return fold(order.channel, order.amount, seen).payment not in UNPAID


def write_created(
    tx: Connection, order: Order, page: Page, created: CreatedPage, *, state: PageState, expires_at: datetime
) -> None:
    """Write the page's URL, and schedule the first read of its payment. ``state``: open, or the state that the request gave it since."""
    now = clock.now()
    orders.change_page(
        tx,
        page.id,
        state=state,
        url=created.forward_url,
        mid=created.mid or "",
        opened_at=now,
        expires_at=expires_at,
        claimed_until=None,
    )
    orders.change_order(tx, order.id, failure="", failure_detail={})
    event: EventKind = "page_opened" if state == "open" else "link_page_late"
    record(tx, order.id, event, WORKER, page=page.id, hipay_order_id=page.hipay_order_id)
    steps.schedule(tx, order.id, "read", order.account, now + FIRST_READ)


def write_lost(tx: Connection, order: Order, page: Page) -> None:
    """Give the page up: nobody has its URL, and another page may follow."""
    orders.change_page(tx, page.id, state="lost", claimed_until=None)
    record(tx, order.id, "page_lost", WORKER, page=page.id, hipay_order_id=page.hipay_order_id)


def write_taken(tx: Connection, order: Order, page: Page) -> None:
    """Somebody pays on a page whose URL we never received: read its payment, send nothing, open an alarm."""
    orders.change_page(tx, page.id, claimed_until=None)
    record(tx, order.id, "page_taken", WORKER, page=page.id, hipay_order_id=page.hipay_order_id)
    steps.schedule(tx, order.id, "read", order.account, clock.now())
    alarm(tx, order, f"page_taken:{page.id}", "page_taken")


def write_fault(tx: Connection, order: Order, page: Page, error: DeskError) -> None:
    """Pause the account whose credentials HiPay refuses; open an alarm for a page at another address than HiPay's."""
    if isinstance(error, errors.NotAuthorised):
        pause(tx, order.account, "gateway", error.code)
    if isinstance(error, errors.UntrustedUrl):
        alarm(tx, order, f"untrusted_url:{page.id}", "untrusted_url", host=error.host)
