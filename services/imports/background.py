"""The worker's threads for payout files: fetching, the watched folder, and reconciliation with the import process.

They run beside the worker's own loop, so that a file of half a gigabyte does not delay a payment link.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from services import clock
from services.desk import Desk
from services.imports.loading import process
from services.imports.loading.supervisor import PATIENCE_SECONDS, ImportProcess
from services.imports.received import (
    announcements,
    fetch,
    fetch_schedule,
    folder,
)
from services.payouts import work_out
from services.reconciliation.decisions import not_ours_rules
from services.reconciliation.matching import decided_lines, order_changes
from services.store import STORE_AWAY, line_rewrite, version_guard
from services.store.orders import steps

log = logging.getLogger(__name__)
_IDLE_SECONDS = 1.0
_POSTPONED_SECONDS = (
    5.0  # at most, that lines wait while links leave: to rejoin takes the processor from those
)
_PAYOUT_STEPS = 10  # at once: then other changes come first
_SCHEDULE_SECONDS = 20.0
_AGAIN_SECONDS = 10.0  # after a failure
_FETCH_PATIENCE_SECONDS = 10.0


@contextmanager
def background(desk: Desk, stopping: threading.Event) -> Iterator[None]:
    """While the block runs, payout files are fetched and imported, and lines follow their orders. ``stopping`` must be set
    before the block ends."""
    lanes = (
        ("reconciliation", _reconcile, 2 * PATIENCE_SECONDS),
        ("payouts", _fetch, _FETCH_PATIENCE_SECONDS),
        ("folder", folder.run, _FETCH_PATIENCE_SECONDS),
    )
    threads = [
        threading.Thread(
            target=desk.heartbeats.keep_going,
            args=(name, partial(run, desk, stopping), stopping),
            name=name,
            daemon=True,
        )
        for name, run, _ in lanes
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread, (_, _, patience) in zip(threads, lanes, strict=True):
            thread.join(patience)


def _reconcile(desk: Desk, stopping: threading.Event) -> None:
    imports, caught_up, busy = ImportProcess(desk), 0.0, False
    try:
        while not stopping.is_set():
            try:
                if not version_guard.is_current(desk.store):
                    busy = False
                else:
                    imports.poll()
                    if busy or time.monotonic() - caught_up >= _POSTPONED_SECONDS or not _sending(desk):
                        busy, caught_up = catch_up(desk), time.monotonic()
                desk.heartbeats.beat("reconciliation")
            except STORE_AWAY:  # the store logs this itself
                stopping.wait(_AGAIN_SECONDS)
                continue
            except Exception:
                log.exception("reconciliation failed; it is tried again")
                stopping.wait(_AGAIN_SECONDS)
                continue
            if not busy:
                stopping.wait(_IDLE_SECONDS)
    finally:
        imports.stop()


def _sending(desk: Desk) -> bool:
    with desk.store.read() as tx:
        return steps.under_way(tx, clock.now())


def catch_up(desk: Desk) -> bool:
    """Rejoin the lines that changed orders, decisions or rules concern; whether there is more to do.

    If one kind of change fails, the others are still done, and then its error is raised.
    """
    with desk.store.read() as tx:
        if line_rewrite.under_way(tx):  # they are rejoined when it is over
            return False
    busy, failure = False, None
    for work in (order_changes.catch_up, decided_lines.catch_up, not_ours_rules.catch_up, _work_out):
        try:
            busy = work(desk) or busy
        except STORE_AWAY:
            raise
        except Exception as error:
            log.exception("the lines of a change could not be rejoined; it is tried again")
            failure = error
    if failure is not None:
        raise failure
    return busy


def _work_out(desk: Desk) -> bool:
    return work_out.catch_up(desk.store, _PAYOUT_STEPS)


def work_off(desk: Desk) -> bool:
    """Do all waiting imports and rejoins in this thread; whether there were any. The demo and tests use it."""
    owner = f"here:{os.getpid()}:{threading.get_ident()}"
    keep_free = desk.room.keep_free
    found = process.waiting(desk.store, keep_free) and process.work_off(
        desk.store, owner, desk.settings.all_accounts, keep_free=keep_free
    )
    while catch_up(desk):
        found = True
    return found


def fetch_next(desk: Desk, stopping: threading.Event | None = None) -> bool:
    """Process stored finance notifications, then run one fetch request; whether there was anything."""
    announced = announcements.work_off(desk) > 0
    return fetch.run_next(desk, stopping) or announced


def _fetch(desk: Desk, stopping: threading.Event) -> None:
    scheduled_at = 0.0
    while not stopping.is_set():
        try:
            if not scheduled_at or time.monotonic() - scheduled_at >= _SCHEDULE_SECONDS:
                scheduled_at = time.monotonic()
                fetch_schedule.request_due(desk)
            busy = fetch_next(desk, stopping)
            desk.heartbeats.beat("payouts")
        except STORE_AWAY:  # the store logs this itself
            stopping.wait(_AGAIN_SECONDS)
            continue
        except Exception:
            log.exception("payouts could not be fetched; it is tried again")
            stopping.wait(_AGAIN_SECONDS)
            continue
        if not busy:
            stopping.wait(_IDLE_SECONDS)
