"""The worker's side of the import process: the worker starts it when there is work, and records how it ended."""

import logging
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Collection
from datetime import UTC, datetime

from services import clock, parsing, processes
from services.desk import Desk
from services.disk_space import NoRoom
from services.imports.errors import ImportDied, ImportStopped
from services.imports.loading import lease, process
from services.store.settlements.files import import_tries

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 15.0  # in which the process can end its transaction
_LONGEST_PAUSE_SECONDS = 60.0  # before the next process retries the work over which the last one died
_HELD_UP_SECONDS = 20.0  # before the next process, if the store was away or the disk had no room
_HUNG = 1  # as which the end of a process is recorded that hung: its file may have caused it
# Signals that the machine or its operator sends: then the file did not cause the end.
_STOPS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_HUNG_SECONDS = 180.0  # without its lease, which it takes at its start and renews in each transaction
_MOST_DEATHS = 6  # in a row: several files may each kill the process before the lane counts as failed


def spawn(
    database: str, owner: str, accounts: Collection[str], keep_free: int = 0
) -> subprocess.Popen[bytes]:
    """Start the process that does the waiting imports and rejoins. It ends by itself, at the latest with this process.

    ``accounts``: the keys of the configured accounts; ``keep_free``: bytes of the disks that it leaves free.
    """
    given = {
        "database": database,
        "owner": owner,
        "accounts": sorted(accounts),
        "memory": process.MEMORY_BYTES,
        "keep_free": keep_free,
        "offset": (clock.now() - datetime.now(UTC)).total_seconds(),
    }
    return processes.start_module(
        "services.imports.loading.spawned", given=given, environment=parsing.ONE_THREAD, ends_with_us=True
    )


class ImportProcess:
    """The import process of this worker, at most one at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process: subprocess.Popen[bytes] | None = None
        self._owner, self._began = "", clock.now()
        self._ended: int | None = None  # exit code of the last process, until its end is recorded
        self._marked_stopped = False  # since the last process ended
        self._deaths, self._not_before = 0, 0.0
        self._held_at = 0.0  # when the process that runs was last seen with its lease, or started

    def poll(self) -> None:
        """Start a process if there is work and room for it, and none runs; release the lease of one that died, and kill one
        that hangs."""
        if self._process is not None and (code := self._exit_code(self._process)) is not None:
            self._ended, self._process = code, None
            self._pause(code)
        if self._ended is not None:
            self._record_end(self._ended)
            self._ended = None
        store = self._desk.store
        idle = self._process is None and not process.waiting(store, self._desk.room.keep_free)
        at_work = self._process is not None or not lease.is_free(store)
        if not at_work and not self._marked_stopped:
            with store.write() as tx:
                import_tries.mark_stopped(tx, ImportStopped.code)
            self._marked_stopped = True
        if (idle or at_work) and self._deaths < _MOST_DEATHS:
            self._desk.heartbeats.beat("imports")
        if not idle and not at_work and time.monotonic() >= self._not_before:
            self._start()

    def _exit_code(self, running: subprocess.Popen[bytes]) -> int | None:
        if (code := running.poll()) is not None:
            return code
        if lease.is_held_by(self._desk.store, self._owner):
            self._held_at = time.monotonic()
        if time.monotonic() - self._held_at < _HUNG_SECONDS:
            return None
        # CPython 3.11 may loop for ever, deaf to SIGTERM, when memory runs out while an exception is raised.
        running.kill()
        running.wait()
        return _HUNG

    def _pause(self, code: int) -> None:
        held_up = code in (process.AWAY, process.FULL)
        self._deaths = self._deaths + 1 if code and not held_up else 0
        pause = _HELD_UP_SECONDS if held_up else 0.0
        if self._deaths:
            log.warning("the process that imports payout files ended with %s", code)
            pause = min(_LONGEST_PAUSE_SECONDS, 2 ** min(self._deaths, 8) / 4)
        self._not_before = time.monotonic() + pause

    def _record_end(self, code: int) -> None:
        """Record at its file how the process ended, and release its lease."""
        with self._desk.store.write() as tx:
            if code == process.AWAY:
                import_tries.uncount_try(tx, self._began)
            elif code == process.FULL:
                import_tries.wait_for(tx, self._began, NoRoom.code)
            elif code and -code not in _STOPS:
                import_tries.fail_after_last_try(tx, self._began, ImportDied.code, clock.now())
        lease.release(self._desk.store, self._owner)
        self._marked_stopped = False

    def _start(self) -> None:
        self._owner, self._began = f"{socket.gethostname()}:{uuid.uuid4().hex}", clock.now()
        self._held_at = time.monotonic()
        settings = self._desk.settings
        self._process = spawn(
            settings.database, self._owner, settings.all_accounts, self._desk.room.keep_free
        )

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
