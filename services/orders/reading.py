"""The step that asks HiPay how a payment stands: what confirms a notification, and the net where none comes."""

from datetime import timedelta

from services import clock
from services.access import WORKER
from services.accounts.pauses import pause
from services.desk import Desk
from services.errors import DeskError
from services.hipay import errors as hipay
from services.orders.observe import observe
from services.orders.pace import PAUSED_GAP, backoff, next_read
from services.store import Connection
from services.store import orders as rows
from services.store import steps as due
from services.store.steps import Step

REFUSED_GAP = timedelta(hours=1)


def schedule(tx: Connection, order_id: int, account: str) -> None:
    """Have the order read at once: a notification came, a customer came back, a person asked."""
    due.schedule(tx, order_id, "read", account, clock.now())


def run(desk: Desk, step: Step) -> None:
    """Read every page of the order that may have been paid, fold in what is seen, and set the next look."""
    with desk.store.write() as tx:
        due.hold(tx, step)
        if due.paused(tx, step.account, "gateway"):
            due.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        every = rows.pages_of(tx, step.order)
    pages = [page for page in every if page.state != "requested"] or every
    try:
        with desk.hipay(step.account) as client:
            reads = [(page, client.read_order(page.hipay_order_id)) for page in pages]
    except DeskError as error:
        gap = backoff(step.tries, first=20)
        with desk.store.write() as tx:
            due.hold(tx, step)
            if isinstance(error, hipay.NotAuthorised):
                gap = REFUSED_GAP
                if error.hipay_code == hipay.NotAuthorised.CREDENTIALS:  # else it may be of reading alone
                    pause(tx, step.account, "gateway", error.code)
            due.again(tx, step, clock.now() + gap)
        return
    with desk.store.write() as tx:
        due.hold(tx, step)
        for page, read in reads:
            for observation in read.observations if read else ():
                observe(tx, desk, step.order, page.id, observation, actor=WORKER)
        _set_next(tx, step)


def _set_next(tx: Connection, step: Step) -> None:
    now, order = clock.now(), rows.order(tx, step.order)
    assert order is not None
    rows.change_order(tx, step.order, checked_at=now)
    since = max(event.at for event in rows.events_of(tx, step.order))
    later = next_read(order.payment, min(since, now), order.expires_at, now)
    # A notification or a return that came while HiPay was asked may be newer than the answer: look again at once.
    later = due.finish(tx, step) or later
    if later:
        due.schedule(tx, step.order, "read", step.account, later)
