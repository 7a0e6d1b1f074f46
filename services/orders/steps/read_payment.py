"""The step that reads a payment from HiPay: it confirms notifications, and finds payments whose notification never came."""

from datetime import datetime, timedelta

from services import clock
from services.access import WORKER
from services.accounts.pauses import pause
from services.desk import Desk
from services.errors import DeskError
from services.hipay import errors
from services.hipay.readings import OrderRead
from services.orders.bank_answers import record_read
from services.orders.retry import (
    PAGE_LIFE,
    PAUSED_GAP,
    backoff,
    next_read,
)
from services.orders.steps.lease import renewed
from services.orders.steps.reminder_checks import resume
from services.orders.unconfirmed import answered, awaited
from services.store import Connection, alarms
from services.store.alarms import StoredAlarm
from services.store.orders import orders, steps
from services.store.orders.records import Page
from services.store.orders.steps import Step

REFUSED_GAP = timedelta(hours=1)
LATE, NEWEST = timedelta(hours=2), 3


def run(desk: Desk, step: Step) -> None:
    """Read every page of the order that may have been paid, record what HiPay shows, and schedule the next read."""
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        if steps.paused(tx, step.account, "gateway", reads=True):
            steps.again(tx, step, clock.now() + PAUSED_GAP, counts=False)
            return
        pages = _worth_reading(tx, step.order)
    reads: list[tuple[Page, OrderRead | None]] = []
    try:
        with desk.hipay(step.account) as client:
            for page in pages:
                step = renewed(desk, step)
                reads.append((page, client.read_order(page.hipay_order_id)))
    except DeskError as error:
        gap = backoff(step.tries, first=20)
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            if isinstance(error, errors.NotAuthorised):
                gap = REFUSED_GAP
                if error.hipay_code == errors.NotAuthorised.CREDENTIALS:  # else HiPay may refuse reads alone
                    pause(tx, step.account, "gateway", error.code)
                else:
                    _open_refusal(tx, step.account, error)
            steps.again(tx, step, clock.now() + gap)
        return
    with desk.store.write() as tx:
        steps.lock_step(tx, step)
        shown = set[str]()
        for page, read in reads:
            for observation in read.observations if read else ():
                if record_read(tx, desk, step.order, page.id, observation) != "quarantined":
                    shown.add(observation.reference)
        answered(tx, step.order, [page.id for page, _ in reads], shown)
        _set_next(tx, step, asked=bool(reads))
        if reads:
            resume(tx, step.order, step.account)
            for one in _refusals(tx, step.account):
                alarms.close_alarms(tx, one.identity, at=clock.now(), by=WORKER.id, reason=alarms.RESOLVED)
    desk.wake.set()


def stop(tx: Connection, step: Step, code: str) -> None:
    """Read the payment once a day from now on, and open an alarm."""
    alarms.open_alarm(
        tx,
        identity=f"payment_not_read:{step.order}",
        account=step.account,
        order=step.order,
        kind="payment_not_read",
        detail={"code": code},
        opened_at=clock.now(),
    )
    steps.again(tx, step, clock.now() + timedelta(days=1))


def _refusals(tx: Connection, account: str) -> list[StoredAlarm]:
    return [
        one for one in alarms.open_of_kinds(tx, ("payments_not_read",)).values() if one.account == account
    ]


def _open_refusal(tx: Connection, account: str, error: errors.NotAuthorised) -> None:
    """Open the alarm that HiPay refuses reads of this account: until somebody corrects that, none of its payments is confirmed."""
    if not _refusals(tx, account):
        now = clock.now()
        alarms.open_alarm(
            tx,
            identity=f"payments_not_read:{account}:{now.isoformat()}",
            account=account,
            order=None,
            kind="payments_not_read",
            detail={"code": error.hipay_code} if error.hipay_code else {},
            opened_at=now,
        )


def _worth_reading(tx: Connection, order_id: int) -> list[Page]:
    """The pages that may have been paid.

    Our own link may have made many, of half an hour each: of those, the ones that ended lately, the newest, and all on
    which somebody has tried to pay.
    """
    every = orders.pages_of(tx, order_id)
    tried = {
        event.page for event in orders.events_of(tx, order_id) if event.kind in ("payment", "payment_told")
    }
    known = [page for page in every if page.state != "requested" or page.id in tried] or every
    since = clock.now() - LATE
    return [
        page
        for page in known
        if page.id in tried
        or page in known[-NEWEST:]
        or (page.expires_at is not None and page.expires_at > since)
    ]


def _set_next(tx: Connection, step: Step, *, asked: bool) -> None:
    # Without a page there is nothing to read: nobody has opened the own link yet, and making a page schedules a read.
    later = _next(tx, step) if asked else None
    # A notification or a return that came while HiPay was asked may be newer than the answer: read again at once.
    later = steps.finish(tx, step) or later
    if later:
        steps.schedule(tx, step.order, "read", step.account, later)


def _next(tx: Connection, step: Step) -> datetime | None:
    now, order = clock.now(), orders.order(tx, step.order)
    assert order is not None
    orders.change_order(tx, step.order, checked_at=now)
    # With our own link only a page that was made or asked for can be paid, and each lives half an hour.
    ends = [page.expires_at or page.created_at + PAGE_LIFE for page in orders.pages_of(tx, step.order)]
    end = max(ends) if order.link_token else order.expires_at
    since = max(event.at for event in orders.events_of(tx, step.order))
    return next_read(order.payment, min(since, now), end, now, awaited=awaited(tx, step.order))
