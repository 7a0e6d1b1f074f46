"""Start a preview, and poll for its result: a Preview, or why there is none.

A small file is compared with the stored lines at once; a large one by a process of its own with bounded memory, so that it
does not slow down the screens of others. Either way a child reads the file (`UntrustedFile`).
"""

import logging
import os
import pickle
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from services import parsing, processes
from services.access import Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.disk_space import NoRoom, raising_no_room
from services.errors import DeskError
from services.imports.errors import ImportTooHeavy
from services.imports.previews.preview import Preview, preview
from services.imports.reading import Undecided
from services.imports.scratch import Folder
from services.parsing import ParsingDied
from services.settlements.codes import EvidenceChoice
from services.settlements.dialect import Chosen
from services.settlements.errors import DoubtfulColumns, MissingColumns, SwallowedRows
from services.settlements.untrusted_file import UntrustedFile

log = logging.getLogger(__name__)
NO_ROOM = os.EX_CANTCREAT  # exit code of a process that could not write its answer
AT_ONCE = 4 << 20  # bytes of the largest file that is previewed without a process
MEMORY_BYTES = 2 << 30  # of addresses, beyond those of the process before it reads the file
_SLOTS = threading.BoundedSemaphore(2)  # processes of this kind


@dataclass(frozen=True, kw_only=True)
class PreviewRefused:
    """Why a file cannot be read: the error's code and fields, and the questions that a person must answer.

    ``account``: by whose rules it was read, "" if that is not known. ``header``: if columns are missing or in doubt, each name
    in the file and the column that it is read as; ``doubts`` as in DoubtfulColumns.
    """

    code: str
    fields: Mapping[str, str]
    questions: tuple[EvidenceChoice, ...] = ()
    account: str = ""
    header: tuple[tuple[str, str | None], ...] = ()
    doubts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()


@dataclass(kw_only=True)
class PreviewJob:
    """A preview that runs in a process, or waits for one; ``poll`` asks for its result."""

    request: dict[str, Any]
    folder: Folder = field(default_factory=lambda: Folder("preview-"))
    began: float = field(default_factory=time.monotonic)
    process: subprocess.Popen[bytes] | None = None
    result: Preview | PreviewRefused | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)  # two runs of one screen may poll

    @property
    def answer(self) -> Path:
        return self.folder.path / "answer"

    @property
    def part(self) -> float:
        """How much is read, from 0 to 1."""
        try:
            return min(1.0, float((self.folder.path / "done").read_text() or 0))
        except (OSError, ValueError):
            return 0.0

    def __del__(self) -> None:
        self.stop()

    def stop(self) -> None:
        """Kill the process: nobody waits for its result any more."""
        with self.lock:
            if self.process is not None:
                if self.process.poll() is None:
                    self.process.kill()
                    self.process.wait()
                self.process = None
                _SLOTS.release()


def begin(
    desk: Desk, actor: Actor, account: str, given: UntrustedFile, chosen: Chosen | None
) -> Preview | PreviewRefused | PreviewJob:
    """Preview a file, at once or in a process. ``chosen`` None: as is remembered for its account. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.RECONCILE, account)
        allowed = allowed_accounts(tx, actor, Right.RECONCILE)
    try:
        with raising_no_room():
            return _begin(desk, account, given, chosen, allowed)
    except DeskError as refusal:
        return refused(refusal)


def _begin(
    desk: Desk, account: str, given: UntrustedFile, chosen: Chosen | None, allowed: frozenset[str] | None
) -> Preview | PreviewJob:
    if given.size > AT_ONCE:
        request = {
            "database": desk.settings.database,
            "accounts": sorted(desk.settings.all_accounts),
            "account": account,
            "allowed": None if allowed is None else sorted(allowed),
            "file": str(given.file),
            "sheets": str(given.folder),
            "chosen": asdict(chosen) if chosen else {},
            "memory": MEMORY_BYTES,
        }
        job = PreviewJob(request=request)
        poll(job)
        return job
    return preview(desk.store, desk.settings.all_accounts, account, given, chosen, allowed=allowed)


def refused(refusal: DeskError) -> PreviewRefused:
    if isinstance(refusal, Undecided):
        return PreviewRefused(
            code=refusal.code, fields=refusal.fields(), questions=refusal.questions, account=refusal.account
        )
    if isinstance(refusal, SwallowedRows):
        return PreviewRefused(code=refusal.code, fields=refusal.fields(), questions=("quotes",))
    header = refusal.header if isinstance(refusal, MissingColumns | DoubtfulColumns) else ()
    doubts = refusal.doubts if isinstance(refusal, DoubtfulColumns) else ()
    return PreviewRefused(code=refusal.code, fields=refusal.fields(), header=header, doubts=doubts)


def poll(job: PreviewJob) -> Preview | PreviewRefused | None:
    """The result; None while the preview runs or waits."""
    with job.lock:
        if job.result is None:
            if job.process is None:
                _start(job)
            elif job.process.poll() is not None:
                job.result = _answer(job)
                job.stop()
        return job.result


def _start(job: PreviewJob) -> None:
    if not _SLOTS.acquire(blocking=False):
        return
    job.process = processes.start_module(
        "services.imports.previews.preview_child",
        given={**job.request, "folder": str(job.folder.path)},
        environment=parsing.ONE_THREAD,
    )


def _answer(job: PreviewJob) -> Preview | PreviewRefused:
    try:
        with job.answer.open("rb") as stream:
            found: Preview | PreviewRefused = pickle.load(stream)  # noqa: S301 (our own process wrote it into our own folder)
            return found
    except (OSError, EOFError, pickle.UnpicklingError):
        assert job.process is not None
        code = job.process.returncode
        if code == NO_ROOM:
            return refused(NoRoom())
        log.warning("the process that previews a payout file ended with %s", code)
        return refused(ImportTooHeavy() if code == -signal.SIGABRT else ParsingDied.of(code))
