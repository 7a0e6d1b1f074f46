"""Reconciliation beside the worker's own work: what has changed is taken in, and the process that imports is kept going."""

import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

from services import clock, processes
from services.desk import Desk
from services.reconciliation import catching_up, due, not_ours, process, turns
from services.settings import ROOT
from services.store import STORE_AWAY, settlement_files

log = logging.getLogger(__name__)
_EVERY_SECONDS = 1.0
_AGAIN_SECONDS = 10.0  # after trouble
_PATIENCE_SECONDS = 15.0  # that the process gets to end its transaction
_LONGEST_PAUSE_SECONDS = 60.0  # before another process takes up what one has died of
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
    for work in (catching_up.catch_up, due.catch_up, not_ours.catch_up):
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
    found = process.waiting(desk.store) and process.work_off(desk.store, owner, desk.settings.all_accounts)
    while take_in(desk):
        found = True
    return found


def spawn(database: str, owner: str, accounts: Collection[str]) -> subprocess.Popen[bytes]:
    """Begin the process that works off what waits in the database; it ends by itself, and at the latest with this one.

    ``accounts``: the keys of ours.
    """
    given = {
        "database": database, "owner": owner, "accounts": sorted(accounts), "memory": process.MEMORY_BYTES,
        "offset": (clock.now() - datetime.now(UTC)).total_seconds(),
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "services.reconciliation.process"], cwd=ROOT, stdin=subprocess.PIPE, env={},
        start_new_session=True, preexec_fn=processes.dying_with(os.getpid()),  # noqa: PLW1509 (two system calls)
    )  # fmt: skip
    assert child.stdin is not None
    with child.stdin as pipe:
        pipe.write(json.dumps(given).encode())
    return child


class _Child:
    """The process, at most one from this worker."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = ""
        self._deaths, self._not_before = 0, 0.0

    def look(self) -> None:
        """Begin a process when there is work and none of ours runs; of one that died, free what it held."""
        if self._process is not None and self._process.poll() is not None:
            code = self._process.returncode
            if code == process.AWAY:  # the store was, not the file's fault
                with self._desk.store.write() as tx:
                    settlement_files.uncount(tx)
            self._deaths = self._deaths + 1 if code else 0
            if self._deaths:
                log.warning("the process that imports payout files ended with %s", code)
                self._not_before = time.monotonic() + min(
                    _LONGEST_PAUSE_SECONDS, 2 ** min(self._deaths, 8) / 4
                )
            turns.give_back(self._desk.store, self._owner)
            self._process = None
        idle = self._process is None and not process.waiting(self._desk.store)
        at_work = not idle and not turns.free(self._desk.store)
        if (idle or at_work) and self._deaths < _MOST_DEATHS:
            self._desk.life.turn("imports")
        if self._process is None and not idle and not at_work and time.monotonic() >= self._not_before:
            self._start()

    def _start(self) -> None:
        self._owner = f"{socket.gethostname()}:{uuid.uuid4().hex}"
        self._process = spawn(self._desk.settings.database, self._owner, self._desk.settings.all_accounts)

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
