"""A watched folder: payout files that somebody, or HiPay's SFTP, puts there.

Each account has a folder that is named by its key; if there is one account, files may also be in the folder itself. A file is
received once its size and time no longer change. It is read in its place, and moved when its import has ended: to ``done``,
or to ``refused`` with a text that gives the reason. A file that cannot be moved is left. Each content is received once,
unless it was refused and is put into the folder again. A name is only a name within its folder: links and special files are
not opened.
"""

import logging
import os
import stat
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import BinaryIO

from services import clock
from services.desk import Desk
from services.disk_space import NoRoom
from services.error_messages import sentence, stored_sentence
from services.errors import DeskError
from services.heartbeats import still_working
from services.i18n import DASHBOARD_LANGUAGES, Translator, translator
from services.imports.errors import FileKnown, NoAccount, NotAFile, NotReadable
from services.imports.received.fetch import detail_of
from services.imports.received.folder_io import (
    Signature,
    list_files,
    move,
    open_file,
    open_folder,
    printable,
    sha256_of,
)
from services.imports.received.ingest import ingest
from services.parsing import ParsingError
from services.settings.account import Account
from services.store import STORE_AWAY
from services.store.settlements.files import folder_files, settlement_files
from services.store.settlements.files.folder_files import FolderFile
from services.store.settlements.files.settlement_files import SettlementFile

DONE, REFUSED = "done", "refused"
STILL_SECONDS = 10.0
_POLL_SECONDS = 5.0
_AGAIN_SECONDS = 30.0  # after a failure
_LEASE, _BEAT_SECONDS = timedelta(minutes=3), 15.0

log = logging.getLogger(__name__)
Words = Callable[[Translator], str]


@dataclass
class _WatchedFile:
    """``signature``: inode, size and time; ``since``: since when they are so; ``left``: the file could not be moved."""

    signature: Signature
    since: float
    sha256: str = ""
    left: bool = False


@dataclass
class Watch:
    """The folder as this process has observed it so far; ``poll`` must be called again and again."""

    desk: Desk
    still: float = STILL_SECONDS
    _watched: dict[tuple[str, str], _WatchedFile] = field(default_factory=dict)

    def poll(self) -> None:
        """Receive the files that are ready, and move those whose import has ended; do nothing while the disk has too little room. A
        file that fails does not stop the others."""
        root = self.desk.settings.settlements_folder
        if root is None or not self.desk.room.has():
            return
        accounts = self.desk.settings.all_accounts
        found: set[tuple[str, str]] = set()
        try:
            with open_folder(str(root)) as place:
                alone = next(iter(accounts.values())) if len(accounts) == 1 else None
                found |= self._process_folder("", place, alone)
                for account in accounts.values():
                    try:
                        with open_folder(account.key, place) as inner:
                            found |= self._process_folder(account.key, inner, account)
                    except OSError:  # no such folder, or a link
                        continue
        except OSError as error:
            log.warning("the watched folder cannot be read (%s)", error.strerror)
            return
        self._watched = {key: watched for key, watched in self._watched.items() if key in found}

    def _process_folder(self, where: str, place: int, account: Account | None) -> set[tuple[str, str]]:
        """Process each file of one folder; the keys of all files in it."""
        found = set()
        for name, about in list_files(place):
            key = (where, name)
            found.add(key)
            signature = (about.st_ino, about.st_size, about.st_mtime_ns)
            watched = self._watched.get(key)
            if watched is None or watched.signature != signature:
                self._watched[key] = _WatchedFile(signature, time.monotonic())
                continue
            if watched.left or time.monotonic() - watched.since < self.still:
                continue
            try:
                self._process_file(place, name, about, account, watched)
            except OSError as error:
                log.warning("a file in the watched folder could not be processed (%s)", error.strerror)
        return found

    def _process_file(
        self, place: int, name: str, about: os.stat_result, account: Account | None, watched: _WatchedFile
    ) -> None:
        if not stat.S_ISREG(about.st_mode):
            self._refuse(place, name, watched, NotAFile())
            return
        if account is None:
            self._refuse(place, name, watched, NoAccount(", ".join(self.desk.settings.all_accounts)))
            return
        try:
            with open_file(place, name, watched.signature) as content:
                if content is None:  # another file by now
                    return
                watched.sha256 = watched.sha256 or sha256_of(content)
                row = self._receive(account.key, name, content, watched)
        except NotReadable as error:
            self._refuse(place, name, watched, error)
            return
        if row is None or row.state == "taking":
            return  # another worker is receiving it
        with self.desk.store.read() as tx:
            files = settlement_files.of_ids(tx, row.files)
        content_and_files: tuple[FolderFile | SettlementFile, ...] = (row, *files)
        lost = next(
            (one for one in content_and_files if one.state in ("refused", "failed", "cancelled")), None
        )
        if lost is not None:
            code = lost.failure or "import_cancelled"
            if self._move(place, name, watched, REFUSED, partial(stored_sentence, code, lost.failure_detail)):
                with self.desk.store.write() as tx:
                    folder_files.set_put_aside(tx, account.key, watched.sha256)
        elif all(one.state == "complete" for one in files):
            known = partial(stored_sentence, FileKnown.code, {"name": row.name})
            self._move(place, name, watched, DONE, known if row.name != printable(name) else None)

    def _receive(
        self, account: str, name: str, content: BinaryIO, watched: _WatchedFile
    ) -> FolderFile | None:
        """The state of this content; it is received now if it never was, and no other worker has leased it."""
        now = clock.now()
        with self.desk.store.read() as tx:
            row = folder_files.found(tx, account, watched.sha256)
        leased = row is not None and row.state == "taking" and row.leased_until and row.leased_until > now
        if row is not None and (leased or row.state not in ("taking", "put_aside")):
            return row
        with self.desk.store.write() as tx:
            ours = folder_files.claim(
                tx,
                account,
                watched.sha256,
                name=printable(name),
                size=watched.signature[1],
                now=now,
                until=now + _LEASE,
            )
        if not ours:
            return None
        beaten_at = time.monotonic()

        def beat() -> None:
            nonlocal beaten_at
            if time.monotonic() - beaten_at >= _BEAT_SECONDS:
                beaten_at = time.monotonic()
                still_working()
                with self.desk.store.write() as tx:
                    folder_files.renew_lease(tx, account, watched.sha256, clock.now() + _LEASE)

        failure: DeskError | None = None
        files: list[int] = []
        try:
            files, _ = ingest(
                self.desk, account, printable(name), content, watched.sha256, source="folder", beat=beat
            )
        except NoRoom:
            log.warning("a file of the watched folder waits for room on the disk")
            return None  # until the lease is over
        except DeskError as error:
            if isinstance(error, ParsingError) and error.by_machine:
                log.warning("a file of the watched folder was not read to its end: %s", error.code)
                return None  # until the lease is over
            log.warning("a file of the watched folder was refused: %s", error.code)
            failure = error
        with self.desk.store.write() as tx:
            if failure is None:
                folder_files.set_taken(tx, account, watched.sha256, files)
            else:
                folder_files.set_refused(tx, account, watched.sha256, failure.code, detail_of(failure))
        with self.desk.store.read() as tx:
            return folder_files.found(tx, account, watched.sha256)

    def _refuse(self, place: int, name: str, watched: _WatchedFile, error: DeskError) -> None:
        self._move(place, name, watched, REFUSED, lambda t: sentence(error, t))

    def _move(self, place: int, name: str, watched: _WatchedFile, into: str, words: Words | None) -> bool:
        """Move the file, with a text beside it if there are ``words``; whether it was moved. One that cannot be moved is left
        until it changes."""
        try:
            now = os.stat(name, dir_fd=place, follow_symlinks=False)
            if (now.st_ino, now.st_size, now.st_mtime_ns) != watched.signature:
                return False
            move(place, name, into, None if words is None else _in_all_languages(words))
        except FileNotFoundError:
            return False  # another worker has moved it
        except OSError as error:
            watched.left = True
            log.warning("a file stays in the watched folder: it cannot be moved (%s)", error.strerror)
            return False
        return True


def _in_all_languages(words: Words) -> str:
    return "\n\n".join(words(translator(language)) for language in DASHBOARD_LANGUAGES) + "\n"


def run(desk: Desk, stopping: threading.Event) -> None:
    """Watch until ``stopping`` is set."""
    watch = Watch(desk)
    while not stopping.is_set():
        try:
            watch.poll()
            desk.heartbeats.beat("folder")
        except STORE_AWAY:  # the store logs this itself
            stopping.wait(_AGAIN_SECONDS)
        except Exception:
            log.exception("the watched folder could not be processed; it is tried again")
            stopping.wait(_AGAIN_SECONDS)
        stopping.wait(_POLL_SECONDS)
