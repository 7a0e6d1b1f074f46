"""The worker's side of the process that makes exports: the worker starts it when one is due, and cleans up when it has ended."""

import logging
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from services import clock, processes
from services.desk import Desk
from services.disk_space import temporary_folder
from services.store import kept_exports

log = logging.getLogger(__name__)
_PREFIX = "eterminal-exports-"
_PATIENCE_SECONDS = 5.0
_PAUSE_SECONDS = 5.0  # after a process that did not end by itself


class ExportProcess:
    """The export process of this worker, at most one at a time."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._process: subprocess.Popen[bytes] | None = None
        self._owner, self._folder, self._not_before = "", Path(), 0.0
        _delete_abandoned()

    def poll(self) -> bool:
        """Start a process if an export is due and none runs; clean up after one that has ended. Always False: nothing is to
        be done at once."""
        if self._process is not None and (code := self._process.poll()) is not None:
            self._process = None
            if code:
                log.warning("the process that makes exports ended with %s", code)
                self._not_before = time.monotonic() + _PAUSE_SECONDS
            self._clean_up()
        if self._process is None and time.monotonic() >= self._not_before:
            with self._desk.store.read() as tx:
                due = kept_exports.due(tx, datetime.now(UTC))
            if due:
                self._start()
        return False

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
        self._clean_up()

    def _start(self) -> None:
        settings = self._desk.settings
        self._owner = uuid.uuid4().hex
        self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=temporary_folder()))
        given = {
            "database": settings.database,
            "owner": self._owner,
            "accounts": {
                key: {"name": account.name, "timezone": account.timezone}
                for key, account in settings.all_accounts.items()
            },
            "keep_free_mb": settings.keep_free_mb,
            "offset": (clock.now() - datetime.now(UTC)).total_seconds(),
        }
        self._process = processes.start_module(
            "services.exports.process",
            given=given,
            environment={"TMPDIR": str(self._folder)},
            ends_with_us=True,
        )

    def _clean_up(self) -> None:
        """Delete the process's temporary files, and let what it was making be taken again."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with self._desk.store.write() as tx:
            kept_exports.release(tx, self._owner)


def _delete_abandoned() -> None:
    """Delete the temporary files of workers that were killed: they may contain customers' data."""
    for folder in temporary_folder().glob(f"{_PREFIX}*-*"):
        worker = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError, ValueError):
            if folder.stat().st_uid == os.getuid() and not Path(f"/proc/{int(worker)}").exists():
                shutil.rmtree(folder, ignore_errors=True)
