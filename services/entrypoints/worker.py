"""The worker: does what is due, each kind of work in a thread of its own, until it is stopped.

    steps           mails, pages, operations, reads of HiPay: services.orders.steps.lanes
    notifications   HiPay's notifications
    rounds          periodic work: services.entrypoints.periodic
    exports         the process that makes exports: services.exports.supervisor
    and             fetching payouts, the watched folder, reconciliation, imports: services.imports.background

Any number may run, in any number of processes. On SQLite one is enough: its writers wait for each other anyway.
"""

import logging
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

from services import logs, private_files, versions
from services.desk import Desk
from services.opening import desk_or_exit
from services.restore_guard import MarkerWatch
from services.store import STORE_AWAY, version_guard

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.5  # how long a step written by another process may wait
AGAIN_SECONDS = 5.0  # after trouble
LATER_SECONDS = 2.0  # after the start, when payout files and periodic work begin
STOPPING_SECONDS = 20.0  # that the steps in hand get to end


class Running:
    """A worker in a thread of this process, which begins ``after`` seconds."""

    def __init__(self, desk: Desk, after: float = 0.0) -> None:
        self._desk = desk
        self._stopping = threading.Event()
        self._thread = _thread(desk, self._stopping, after=after)
        self._thread.start()

    def stop(self, timeout: float = 10) -> None:
        """Let the steps in hand end, then stop."""
        self._stopping.set()
        self._desk.wake.set()
        self._thread.join(timeout)


def start(desk: Desk, *, after: float = 0.0) -> Running:
    return Running(desk, after)


def _thread(
    desk: Desk, stopping: threading.Event, *, apart: bool = False, after: float = 0.0
) -> threading.Thread:
    """Lanes begin again by themselves. A process in which they cannot begin ends, so that somebody notices."""

    def work() -> None:
        try:
            if not stopping.wait(after):
                run(desk, stopping, apart=apart)
        except BaseException:
            log.critical("the worker broke off, and ends this process", exc_info=True)
            os._exit(1)

    return threading.Thread(target=work, name="worker", daemon=True)


def run(desk: Desk, stopping: threading.Event, *, apart: bool = False) -> None:
    """Work until ``stopping`` is set. A database that is away for a while is waited for. ``apart``: see
    ``notifications.work_off``."""
    # Not above: what the lanes do is long to load, and a dashboard answers before its worker begins.
    from services.bulk import sending
    from services.orders import notifications
    from services.orders.steps.lanes import AT_ONCE, SENDING, Lanes

    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    lanes, watch = Lanes(desk, owner), MarkerWatch(desk.store, desk.settings)
    may_work, may_fold = threading.Event(), threading.Event()

    def send() -> bool:
        desk.wake.clear()
        if not watch.may_work():
            may_work.clear()
            desk.heartbeats.beat("steps")
            return False
        may_work.set()
        if version_guard.is_current(desk.store):
            may_fold.set()
        elif may_fold.is_set():
            may_fold.clear()
            log.warning(
                "a newer version has changed the database: this program sends links, and leaves the rest to it"
            )
        if not lanes.hang():
            desk.heartbeats.beat("steps")
        busy = lanes.begin_next(AT_ONCE if may_fold.is_set() else SENDING)
        return sending.work(desk) or busy

    def handle_notifications() -> bool:
        return may_work.is_set() and may_fold.is_set() and notifications.work_off(desk, apart=apart) > 0

    def run_rounds() -> None:
        from services.entrypoints.periodic import Rounds

        rounds = Rounds()

        def run_due() -> bool:
            if may_work.is_set() and may_fold.is_set():
                rounds.run_due(desk)
            return False

        _lane(desk, "rounds", stopping, run_due, stopping.wait)

    def handle_files() -> None:
        from services.imports import background

        with background.background(desk, stopping):
            stopping.wait()

    first = partial(_lane, desk, "notifications", stopping, handle_notifications, stopping.wait)
    threads = [
        threading.Thread(target=first, name="notifications", daemon=True),
        *(
            threading.Thread(target=_later, args=(desk, name, stopping, work), name=name, daemon=True)
            for name, work in (
                ("rounds", run_rounds),
                ("exports", partial(_make_exports, desk, stopping)),
                ("imports", handle_files),
            )
        ),
    ]
    for thread in threads:
        thread.start()
    try:
        _lane(desk, "work", stopping, send, desk.wake.wait)
    finally:
        ends_at = time.monotonic() + STOPPING_SECONDS
        lanes.wait(STOPPING_SECONDS)
        for thread in threads[:-1]:
            thread.join(max(0.0, ends_at - time.monotonic()))
        threads[-1].join()  # it waits for its own threads, each as long as it may take


def _make_exports(desk: Desk, stopping: threading.Event) -> None:
    from services.exports.supervisor import ExportProcess

    process = ExportProcess(desk)

    def poll() -> bool:
        return version_guard.is_current(desk.store) and process.poll()

    try:
        _lane(desk, "exports", stopping, poll, stopping.wait)
    finally:
        process.stop()


def _later(desk: Desk, name: str, stopping: threading.Event, work: Callable[[], None]) -> None:
    """Do ``work`` once links and screens have had their start: what it loads takes a second of the processor."""
    if not stopping.wait(LATER_SECONDS):
        desk.heartbeats.keep_going(name, work, stopping)


def _lane(
    desk: Desk,
    name: str,
    stopping: threading.Event,
    work: Callable[[], bool],
    pause: Callable[[float], object],
) -> None:
    """Do ``work`` again and again, with a pause where there was none to do."""

    def loop() -> None:
        while not stopping.is_set():
            try:
                busy = work()
                desk.heartbeats.beat(name)
            except STORE_AWAY:  # the store itself logs it, once for all threads
                stopping.wait(AGAIN_SECONDS)
                continue
            except Exception:
                log.exception("the worker failed at %s; it tries again", name)
                stopping.wait(AGAIN_SECONDS)
                continue
            if not busy:
                pause(IDLE_SECONDS)

    desk.heartbeats.keep_going(name, loop, stopping)


def main() -> None:
    """``python -m services.worker``: a worker process of its own, which ends its steps and exits 0 at SIGTERM."""
    private_files.set_umask()
    desk = desk_or_exit()
    logs.set_up(desk.settings)
    versions.log_warnings(desk.store)
    stopping = threading.Event()
    # Not in this thread: a signal's handler runs here, and would wait for ever for an event that this thread is looking at.
    thread = _thread(desk, stopping, apart=not desk.store.sqlite)

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        desk.wake.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    thread.start()
    thread.join()
