"""HiPay's notifications: stored as soon as their signature is verified, processed later, each once.

received → applied     recorded as unconfirmed, and a read of the order is scheduled: only what that read shows counts
         → repeated     the same facts were recorded before
         → quarantined  the amount, currency, account, test flag or mark is not the order's: an alarm, never a payment
         → ignored      a status that HiPay has added since: nothing is changed
         → unmatched    no page of ours has this order id
         → unreadable   not a payment notification
         → failed       a fault of ours: an alarm; the next read of the order still finds the payment
"""

import logging
import time
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import Any

from services import clock
from services.desk import Desk
from services.hipay.errors import BadNotification
from services.hipay.notifications import identity, parse, stripped
from services.hipay.observations import Observation
from services.hipay.statuses import Effect, status
from services.orders.reads import request_reads
from services.orders.record import record_unconfirmed
from services.store import STORE_AWAY, Connection, alarms
from services.store.orders import notifications, orders
from services.store.orders.notifications import Processed
from services.store.orders.records import Page, StoredNotification

_CONTENT_TYPE_MAX = 200
REST_SECONDS = 0.1
LIMIT, AT_ONCE = 50, 25  # read at once; in one transaction

log = logging.getLogger(__name__)
_Matched = tuple[int, Page, Observation]  # the notification's id, its page, what it reports


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
    return notifications.store(
        tx,
        account=account,
        identity=identity(raw),
        content_type=content_type[:_CONTENT_TYPE_MAX],
        body=stripped(raw, content_type),
        received_at=clock.now(),
    )


def work_off(desk: Desk, *, apart: bool = False) -> int:
    """Process stored notifications, oldest first. Returns how many were claimed. Raises one of STORE_AWAY.

    If the process is killed, unfinished ones stay received. Any number of workers may call it at once. Each notification has
    a transaction of its own and then a pause as long as that took, so that a burst leaves time to this process's screens and
    to the public application, which stores the next ones. ``apart``: this process has no screens, and PostgreSQL's writers
    do not wait for each other, so many share a transaction, without a pause.
    """
    many = AT_ONCE if apart else 1
    with desk.store.read() as tx:
        waiting = notifications.waiting(tx, LIMIT)
    taken, rest = 0, 0.0
    for first in range(0, len(waiting), many):
        time.sleep(rest)
        begun = time.monotonic()
        taken += _work(desk, waiting[first : first + many])
        rest = 0.0 if apart else min(time.monotonic() - begun, REST_SECONDS)
    return taken


def _work(desk: Desk, ids: Sequence[int]) -> int:
    """Process these in one transaction; when that fails, each in one of its own."""
    try:
        with desk.store.write() as tx:
            claimed = notifications.claim(tx, ids)
            _apply(tx, desk, claimed)
            return len(claimed)
    except STORE_AWAY:
        raise
    except Exception as error:  # noqa: BLE001 one notification that fails must not stop those after it
        if len(ids) > 1:
            return sum(_work(desk, [one]) for one in ids)
        name = type(error).__name__
        log.error("notification %d could not be processed: %s", ids[0], name)
        return _give_up(desk, ids[0], name)


def _apply(tx: Connection, desk: Desk, claimed: Iterable[StoredNotification]) -> None:
    results, seen = list[Processed](), list[tuple[StoredNotification, Observation]]()
    for row in claimed:
        try:
            seen.append((row, parse(row.body, row.content_type).observation()))
        except BadNotification as error:
            results.append(
                Processed(row.id, "unreadable", None, {"problem": error.problem, "field": error.field})
            )
    pages = orders.pages_by_hipay_order_id(tx, [(row.account, one.order_id) for row, one in seen])
    matched = dict[int, list[_Matched]]()  # by order, oldest first
    for row, one in seen:
        page = pages.get((row.account, one.order_id))
        if page is None:
            results.append(Processed(row.id, "unmatched", None, _facts(one)))
        elif status(one.status).effect is Effect.UNKNOWN:
            results.append(Processed(row.id, "ignored", page.order, _facts(one)))
        else:
            matched.setdefault(page.order, []).append((row.id, page, one))
    for one_each in zip_longest(*matched.values()):  # at most one notification of each order at a time
        results += _record(tx, desk, [one for one in one_each if one is not None])
    notifications.finish(tx, results, clock.now())


def _record(tx: Connection, desk: Desk, matched: Sequence[_Matched]) -> list[Processed]:
    """Record notifications of different orders, and schedule a read of each order."""
    outcomes = record_unconfirmed(tx, desk, [(page, seen) for _, page, seen in matched])
    found = list(zip(matched, outcomes, strict=True))
    request_reads(
        tx, [(page.order, page.account) for (_, page, _), outcome in found if outcome != "quarantined"]
    )
    return [Processed(one, outcome, page.order, _facts(seen)) for (one, page, seen), outcome in found]


def _facts(seen: Observation) -> dict[str, Any]:
    return {"reference": seen.reference, "status": seen.status}


def _give_up(desk: Desk, notification_id: int, error: str) -> int:
    with desk.store.write() as tx:
        for row in notifications.claim(tx, [notification_id]):
            now = clock.now()
            notifications.finish(tx, [Processed(row.id, "failed", None, {"error": error})], now)
            alarms.open_alarm(
                tx,
                identity=f"notification:{row.id}",
                account=row.account,
                order=None,
                kind="notification_failed",
                detail={"notification": row.id, "error": error},
                opened_at=now,
            )
            return 1
    return 0
