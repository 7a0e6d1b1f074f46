"""Reconciliation beside the worker's own work: what has changed is taken in, and the process that imports is kept going."""

import logging
import os
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from services import clock, processes
from services.desk import Desk
from services.disk_space import NoRoom
from services.imports import lease, process
from services.imports.files import ImportDied, ImportStopped
from services.reconciliation.decisions import not_ours_rules
from services.reconciliation.matching import decided_lines, order_changes
from services.store import STORE_AWAY
from services.store.settlements import settlement_files

log = logging.getLogger(__name__)
_EVERY_SECONDS = 1.0
_AGAIN_SECONDS = 10.0  # after trouble
_PATIENCE_SECONDS = 15.0  # that the process gets to end its transaction
_LONGEST_PAUSE_SECONDS = 60.0  # before another process takes up what one has died of
_HELD_UP_SECONDS = 20.0  # the same where the store was away, or had no room
# The machine, or who runs it, ends a process so: that says nothing of the file.
_STOPS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_MOST_DEATHS = 6  # in a row: more than a file that it cannot bear is given


@contextmanager
def background(desk: Desk, stopping: threading.Event) -> Iterator[None]:
    """While the block runs, lines follow their orders and files are imported. ``stopping`` must be set before it ends."""
    lane = ("reconciliation", partial(_run, desk, stopping), stopping)
    thread = threading.Thread(target=desk.life.keep_going, args=lane, name="reconciliation", daemon=True)
    thread.start()
    try:
        yield
    finally:
        thread.join(2 * _PATIENCE_SECONDS)


def _run(desk: Desk, stopping: threading.Event) -> None:
    child = _Child(desk)
    try:
        while not stopping.is_set():
            try:
                child.look()
                busy = take_in(desk)
                desk.life.turn("reconciliation")
            except STORE_AWAY:  # the store itself says so
                stopping.wait(_AGAIN_SECONDS)
                continue
            except Exception:
                log.exception("reconciliation failed at something; it tries again")
                stopping.wait(_AGAIN_SECONDS)
                continue
            if not busy:
                stopping.wait(_EVERY_SECONDS)
    finally:
        child.stop()


def take_in(desk: Desk) -> bool:
    """Join what a change of orders, decisions or rules has left to be joined; whether there is more.

    What fails does not keep the others back: it is raised once they are done.
    """
    busy, trouble = False, None
    for work in (order_changes.catch_up, decided_lines.catch_up, not_ours_rules.catch_up):
        try:
            busy = work(desk) or busy
        except STORE_AWAY:
            raise
        except Exception as error:
            log.exception("something that has changed could not be joined; it is tried again")
            trouble = error
    if trouble is not None:
        raise trouble
    return busy


def work_off(desk: Desk) -> bool:
    """Do here and now all that waits; whether there was anything. For samples and tests."""
    owner = f"here:{os.getpid()}:{threading.get_ident()}"
    keep = desk.room.keep
    found = process.waiting(desk.store, keep) and process.work_off(
        desk.store, owner, desk.settings.all_accounts, keep=keep
    )
    while take_in(desk):
        found = True
    return found


def spawn(database: str, owner: str, accounts: Collection[str], keep: int = 0) -> subprocess.Popen[bytes]:
    """Begin the process that works off what waits in the database; it ends by itself, and at the latest with this one.

    ``accounts``: the keys of ours; ``keep``: bytes of the disks that it leaves free.
    """
    given = {
        "database": database,
        "owner": owner,
        "accounts": sorted(accounts),
        "memory": process.MEMORY_BYTES,
        "keep": keep,
        "offset": (clock.now() - datetime.now(UTC)).total_seconds(),
    }
    return processes.start_module("services.imports.process", given=given, ends_with_us=True)


class _Child:
    """The process, at most one from this worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process: subprocess.Popen[bytes] | None = None
        self._owner, self._began = "", clock.now()
        self._ended: int | None = None  # how the last one did, while what follows from it is not written
        self._looked_over = False  # since it has ended
        self._deaths, self._not_before = 0, 0.0

    def look(self) -> None:
        """Begin a process when there is work, and room for it, and none of ours runs; of one that died, free what it held."""
        if self._process is not None and self._process.poll() is not None:
            self._ended, self._process = self._process.returncode, None
            self._pause(self._ended)
        if self._ended is not None:
            self._bury(self._ended)
            self._ended = None
        store = self._desk.store
        idle = self._process is None and not process.waiting(store, self._desk.room.keep)
        at_work = self._process is not None or not lease.free(store)
        if not at_work and not self._looked_over:
            with store.write() as tx:
                settlement_files.let_rest(tx, ImportStopped.code)
            self._looked_over = True
        if (idle or at_work) and self._deaths < _MOST_DEATHS:
            self._desk.life.turn("imports")
        if not idle and not at_work and time.monotonic() >= self._not_before:
            self._start()

    def _pause(self, code: int) -> None:
        held_up = code in (process.AWAY, process.FULL)
        self._deaths = self._deaths + 1 if code and not held_up else 0
        pause = _HELD_UP_SECONDS if held_up else 0.0
        if self._deaths:
            log.warning("the process that imports payout files ended with %s", code)
            pause = min(_LONGEST_PAUSE_SECONDS, 2 ** min(self._deaths, 8) / 4)
        self._not_before = time.monotonic() + pause

    def _bury(self, code: int) -> None:
        """Write down what follows from how the process ended."""
        with self._desk.store.write() as tx:
            if code == process.AWAY:
                settlement_files.uncount(tx, self._began)
            elif code == process.FULL:
                settlement_files.hold_up(tx, self._began, NoRoom.code)
            elif code and -code not in _STOPS:
                settlement_files.give_up(tx, self._began, ImportDied.code, clock.now())
        lease.give_back(self._desk.store, self._owner)
        self._looked_over = False

    def _start(self) -> None:
        self._owner, self._began = f"{socket.gethostname()}:{uuid.uuid4().hex}", clock.now()
        settings = self._desk.settings
        self._process = spawn(settings.database, self._owner, settings.all_accounts, self._desk.room.keep)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
