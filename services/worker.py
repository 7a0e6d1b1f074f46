"""The worker: runs what is due, one step at a time and one look at HiPay beside it, until it is told to stop.

Any number may run, in any number of processes. On SQLite one is the right number: writers take turns anyway.
"""

import logging
import os
import signal
import socket
import threading
from functools import partial
from types import FrameType

from services import logs, notifications, versions
from services.batches import sending
from services.desk import Desk
from services.orders import steps
from services.payouts.background import background
from services.reconciliation import background as reconciliation
from services.restored import Watch
from services.rounds import Rounds
from services.startup import desk_or_exit

log = logging.getLogger(__name__)
IDLE_SECONDS = 0.5  # how long a step written by another process may wait


class Running:
    """A worker in a thread of this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=run, args=(desk, self._stopping), name="worker", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10) -> None:
        """Let the step in hand end, then stop."""
        self._stopping.set()
        self._desk.wake.set()
        self._thread.join(timeout)


def start(desk: Desk) -> Running:
    return Running(desk)


def run(desk: Desk, stopping: threading.Event) -> None:
    """Work until ``stopping`` is set. A database that is away for a while is waited for."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"
    with background(desk, stopping), reconciliation.background(desk, stopping):
        may_read = threading.Event()
        reads = threading.Thread(
            target=desk.life.keep_going, args=("reads", partial(_read, desk, stopping, may_read, owner), stopping),
            name="reads", daemon=True,
        )  # fmt: skip
        reads.start()
        try:
            desk.life.keep_going("work", partial(_work, desk, stopping, may_read, owner), stopping)
        finally:
            reads.join(20)


def _read(desk: Desk, stopping: threading.Event, may_read: threading.Event, owner: str) -> None:
    """Look at HiPay beside the rest: a slow answer there holds up no link that somebody waits for."""
    while not stopping.is_set():
        try:
            busy = may_read.is_set() and steps.run_next(desk, f"{owner}:reads", reads=True)
            desk.life.turn("reads")
        except Exception:
            log.exception("the worker could not reach the store; it tries again")
            stopping.wait(5)
            continue
        if not busy:
            stopping.wait(IDLE_SECONDS)


def _work(desk: Desk, stopping: threading.Event, may_read: threading.Event, owner: str) -> None:
    rounds, watch = Rounds(), Watch(desk.store, desk.settings)
    while not stopping.is_set():
        desk.wake.clear()
        try:
            if not watch.may_work():
                may_read.clear()
                desk.life.turn("work")
                stopping.wait(1)
                continue
            may_read.set()
            busy = notifications.work_off(desk) > 0
            busy = sending.work(desk) or busy
            busy = steps.run_next(desk, owner, reads=False) or busy
            rounds.run_due(desk)
            desk.life.turn("work")
        except Exception:
            log.exception("the worker could not reach the store; it tries again")
            stopping.wait(5)
            continue
        if not busy:
            desk.wake.wait(IDLE_SECONDS)


def drain(desk: Desk, most: int = 10_000) -> int:
    """Run everything that is due now, in this thread; how many steps were run. For samples and tests."""
    done = 0
    while done < most:
        notifications.work_off(desk)
        busy = sending.work(desk)
        if (
            not steps.run_next(desk, f"drain:{os.getpid()}")
            and not busy
            and not reconciliation.work_off(desk)
        ):
            return done
        done += 1
    return done


def main() -> None:
    """``python -m services.worker``: a worker process of its own, which ends its step and exits 0 at SIGTERM."""
    desk = desk_or_exit()
    logs.set_up(desk.settings)
    versions.say(desk.store)
    stopping = threading.Event()

    def _stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()
        desk.wake.set()

    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    run(desk, stopping)


if __name__ == "__main__":
    main()
