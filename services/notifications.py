"""HiPay's notifications: stored as soon as their signature is right, worked off later, each once.

stored → applied      it was told of, and a read of the order is due: only what that shows counts
       → repeated     nothing new: the same facts were seen before
       → quarantined  the amount, currency, account, test flag or mark is not the order's: an alarm, never a payment
       → ignored      a status that HiPay has added since: nothing is changed
       → unmatched    no page of ours has this order id
       → unreadable   no payment notification
       → failed       a fault of ours: an alarm; reading the order from HiPay still finds the truth
"""

import logging
import time
from typing import Any

from services import clock
from services.access import HIPAY
from services.desk import Desk
from services.hipay.errors import BadNotification
from services.hipay.notifications import identity, parse, stripped
from services.hipay.statuses import Effect, status
from services.orders import reading
from services.orders.observe import observe
from services.store import STORE_AWAY, Connection, Row
from services.store import notifications as rows
from services.store import orders as order_rows

_CONTENT_TYPE_MAX = 200
REST_SECONDS = 0.1

log = logging.getLogger(__name__)


def receive(desk: Desk, account: str, raw: bytes, content_type: str) -> bool:
    """Store a notification whose signature was verified over ``raw``, without its card data, and wake the worker.

    False when it was received before. Raises StoreError when it could not be stored: it must then be sent again.
    """
    with desk.store.write() as tx:
        new = receive_in(tx, account, raw, content_type)
    desk.wake.set()
    return new


def receive_in(tx: Connection, account: str, raw: bytes, content_type: str) -> bool:
    """``receive`` in the caller's transaction."""
    return rows.keep(
        tx, account=account, identity=identity(raw), content_type=content_type[:_CONTENT_TYPE_MAX],
        body=stripped(raw, content_type), received_at=clock.now(),
    )  # fmt: skip


def work_off(desk: Desk, limit: int = 50) -> int:
    """Work off stored notifications, oldest first, each in a transaction of its own; how many were taken.

    Killed in between, the one at hand stays stored. Any number of workers may call it at once. Raises one of STORE_AWAY.
    Between two it rests as long as the first took: a burst leaves the screens of this process, and who stores the next
    ones, their share.
    """
    with desk.store.read() as tx:
        waiting = rows.waiting(tx, limit)
    taken, rest = 0, 0.0
    for notification_id in waiting:
        time.sleep(rest)
        begun = time.monotonic()
        taken += _work_one(desk, notification_id)
        rest = min(time.monotonic() - begun, REST_SECONDS)
    return taken


def _work_one(desk: Desk, notification_id: int) -> bool:
    try:
        with desk.store.write() as tx:
            row = rows.claim(tx, notification_id)
            if row is not None:
                _apply(tx, desk, row)
            return row is not None
    except STORE_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 one notification that we cannot digest must not stop those behind it
        name = type(error).__name__
        log.error("notification %d could not be worked off: %s", notification_id, name)
        return _give_up(desk, notification_id, name)


def _apply(tx: Connection, desk: Desk, row: Row[Any]) -> None:
    now = clock.now()
    try:
        seen = parse(row.body, row.content_type).observation()
    except BadNotification as error:
        rows.finish(tx, row.id, "unreadable", at=now, problem=error.problem, field=error.field)
        return
    facts: dict[str, Any] = {"reference": seen.reference, "status": seen.status}
    page = order_rows.page_by_hipay_order_id(tx, row.account, seen.order_id)
    if page is None:
        rows.finish(tx, row.id, "unmatched", at=now, **facts)
        return
    if status(seen.status).effect is Effect.UNKNOWN:
        rows.finish(tx, row.id, "ignored", at=now, order=page.order, **facts)
        return
    outcome = observe(tx, desk, page.order, page.id, seen, actor=HIPAY)
    if outcome != "quarantined":
        reading.schedule(tx, page.order, row.account)
    rows.finish(tx, row.id, outcome, at=now, order=page.order, **facts)


def _give_up(desk: Desk, notification_id: int, error: str) -> bool:
    with desk.store.write() as tx:
        row = rows.claim(tx, notification_id)
        if row is None:
            return False
        now = clock.now()
        rows.finish(tx, row.id, "failed", at=now, error=error)
        order_rows.open_alarm(
            tx, identity=f"notification:{row.id}", account=row.account, order=None, kind="notification_failed",
            detail={"notification": row.id, "error": error}, opened_at=now,
        )  # fmt: skip
    return True
