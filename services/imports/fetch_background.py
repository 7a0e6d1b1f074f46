"""Fetching and the folder beside the worker's own work: a file of half a gigabyte must not hold up a payment link."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from services.desk import Desk
from services.imports import (
    announcements,
    fetch,
    fetch_schedule,
    folder,
)
from services.store import STORE_AWAY

_IDLE_SECONDS = 1.0
_SCHEDULE_SECONDS = 20.0
_PATIENCE_SECONDS = 10.0
_AGAIN_SECONDS = 10.0  # after trouble

log = logging.getLogger(__name__)


@contextmanager
def background(desk: Desk, stopping: threading.Event) -> Iterator[None]:
    """While the block runs, payouts come by themselves. ``stopping`` must be set before it ends."""
    threads = [
        threading.Thread(
            target=desk.life.keep_going,
            args=(name, partial(run, desk, stopping), stopping),
            name=name,
            daemon=True,
        )
        for name, run in (("payouts", _fetch), ("folder", folder.run))
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(_PATIENCE_SECONDS)


def work(desk: Desk, stopping: threading.Event | None = None) -> bool:
    """Work off notifications, and do one request; whether there was anything."""
    told = announcements.work_off(desk) > 0
    return fetch.run_next(desk, stopping) or told


def _fetch(desk: Desk, stopping: threading.Event) -> None:
    scheduled_at = 0.0
    while not stopping.is_set():
        try:
            if not scheduled_at or time.monotonic() - scheduled_at >= _SCHEDULE_SECONDS:
                scheduled_at = time.monotonic()
                fetch_schedule.request_due(desk)
            busy = work(desk, stopping)
            desk.life.turn("payouts")
        except STORE_AWAY:  # the store itself says so
            stopping.wait(_AGAIN_SECONDS)
            continue
        except Exception:
            log.exception("payouts could not be fetched; it is tried again")
            stopping.wait(_AGAIN_SECONDS)
            continue
        if not busy:
            stopping.wait(_IDLE_SECONDS)
