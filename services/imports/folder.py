"""A watched folder: payout files that somebody, or HiPay's SFTP, puts there.

Each account's folder bears its key; where there is one account, files may lie in the folder itself. A file is taken once its
size and time no longer change, read where it lies, and moved when its import has ended: to ``done``, or to ``refused`` with
a text that says why. If it cannot be moved it is left. Each content is taken once, unless it was refused and is put into the
folder again. A name is only ever a name within its folder: links and special files are not opened.
"""

import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO

from services import clock
from services.desk import Desk
from services.disk_space import NoRoom
from services.error_messages import sentence, stored_sentence
from services.errors import DeskError
from services.heartbeats import still_working
from services.i18n import DASHBOARD_LANGUAGES, Translator, translator
from services.imports.errors import FileKnown, NoAccount, NotAFile, NotReadable
from services.imports.fetch import detail_of
from services.imports.ingest import ingest
from services.parsing import ParsingError
from services.settings.account import Account
from services.store import STORE_AWAY
from services.store.settlements import folder_files, settlement_files
from services.store.settlements.folder_files import FolderFile
from services.store.settlements.settlement_files import SettlementFile

DONE, REFUSED = "done", "refused"
STILL_SECONDS = 10.0
_LOOK_SECONDS = 5.0
_AGAIN_SECONDS = 30.0  # after trouble
_LEASE, _BEAT_SECONDS = timedelta(minutes=3), 15.0
_MOST = 1_000  # entries of a folder in one poll
# Names under which programs keep what is still coming.
_UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".crdownload", ".swp")
_PIECE = 1 << 20

log = logging.getLogger(__name__)
Words = Callable[[Translator], str]


@dataclass
class _Seen:
    """``signature``: inode, size and time; ``since``: since when it is so; ``left``: it could not be moved."""

    signature: tuple[int, int, int]
    since: float
    sha256: str = ""
    left: bool = False


@dataclass
class Watch:
    """The folder as one process has seen it so far; call ``poll`` again and again."""

    desk: Desk
    still: float = STILL_SECONDS
    _seen: dict[tuple[str, str], _Seen] = field(default_factory=dict)

    def poll(self) -> None:
        """Take what is ready, move what has ended; nothing while the disk has too little room. A file that fails does not stop the others."""
        root = self.desk.settings.settlements_folder
        if root is None or not self.desk.room.has():
            return
        accounts = self.desk.settings.all_accounts
        found: set[tuple[str, str]] = set()
        try:
            with _opened(str(root)) as place:
                alone = next(iter(accounts.values())) if len(accounts) == 1 else None
                found |= self._place("", place, alone)
                for account in accounts.values():
                    try:
                        with _opened(account.key, place) as inner:
                            found |= self._place(account.key, inner, account)
                    except OSError:  # no such folder, or a link
                        continue
        except OSError as error:
            log.warning("the watched folder cannot be read (%s)", error.strerror)
            return
        self._seen = {key: seen for key, seen in self._seen.items() if key in found}

    def _place(self, where: str, place: int, account: Account | None) -> set[tuple[str, str]]:
        """Process each file of one folder; the keys of all files in it."""
        found = set()
        for name, about in _files(place):
            key = (where, name)
            found.add(key)
            signature = (about.st_ino, about.st_size, about.st_mtime_ns)
            seen = self._seen.get(key)
            if seen is None or seen.signature != signature:
                self._seen[key] = _Seen(signature, time.monotonic())
                continue
            if seen.left or time.monotonic() - seen.since < self.still:
                continue
            try:
                self._one(place, name, about, account, seen)
            except OSError as error:
                log.warning("a file in the watched folder could not be dealt with (%s)", error.strerror)
        return found

    def _one(
        self, place: int, name: str, about: os.stat_result, account: Account | None, seen: _Seen
    ) -> None:
        if not stat.S_ISREG(about.st_mode):
            self._refuse(place, name, seen, NotAFile())
            return
        if account is None:
            self._refuse(place, name, seen, NoAccount(", ".join(self.desk.settings.all_accounts)))
            return
        try:
            with _content(place, name, seen.signature) as content:
                if content is None:  # another by now
                    return
                seen.sha256 = seen.sha256 or _hash(content)
                row = self._taken(account.key, name, content, seen)
        except NotReadable as error:
            self._refuse(place, name, seen, error)
            return
        if row is None or row.state == "taking":
            return  # another worker is at it
        with self.desk.store.read() as tx:
            files = settlement_files.of_ids(tx, row.files)
        content_and_files: tuple[FolderFile | SettlementFile, ...] = (row, *files)
        lost = next(
            (one for one in content_and_files if one.state in ("refused", "failed", "cancelled")), None
        )
        if lost is not None:
            code = lost.failure or "import_cancelled"
            if self._move(place, name, seen, REFUSED, partial(stored_sentence, code, lost.failure_detail)):
                with self.desk.store.write() as tx:
                    folder_files.change(tx, account.key, seen.sha256, state="put_aside")
        elif all(one.state == "complete" for one in files):
            known = partial(stored_sentence, FileKnown.code, {"name": row.name})
            self._move(place, name, seen, DONE, known if row.name != _clean(name) else None)

    def _taken(self, account: str, name: str, content: BinaryIO, seen: _Seen) -> FolderFile | None:
        """The state of this content; it is taken now if it never was, and no other worker has leased it."""
        now = clock.now()
        with self.desk.store.read() as tx:
            row = folder_files.found(tx, account, seen.sha256)
        held = row is not None and row.state == "taking" and row.leased_until and row.leased_until > now
        if row is not None and (held or row.state not in ("taking", "put_aside")):
            return row
        with self.desk.store.write() as tx:
            ours = folder_files.claim(
                tx,
                account,
                seen.sha256,
                name=_clean(name),
                size=seen.signature[1],
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
                    folder_files.change(tx, account, seen.sha256, leased_until=clock.now() + _LEASE)

        try:
            kept, _ = ingest(
                self.desk, account, _clean(name), content, seen.sha256, source="folder", beat=beat
            )
            values: dict[str, Any] = {"state": "taken", "files": kept}
        except NoRoom:
            log.warning("a file of the watched folder waits for room on the disk")
            return None  # until the lease is over
        except DeskError as error:
            if isinstance(error, ParsingError) and error.by_machine:
                log.warning("a file of the watched folder was not taken apart to its end: %s", error.code)
                return None  # until the lease is over
            log.warning("a file of the watched folder was refused: %s", error.code)
            values = {"state": "refused", "failure": error.code, "failure_detail": detail_of(error)}
        with self.desk.store.write() as tx:
            folder_files.change(tx, account, seen.sha256, leased_until=None, **values)
        with self.desk.store.read() as tx:
            return folder_files.found(tx, account, seen.sha256)

    def _refuse(self, place: int, name: str, seen: _Seen, error: DeskError) -> None:
        self._move(place, name, seen, REFUSED, lambda t: sentence(error, t))

    def _move(self, place: int, name: str, seen: _Seen, into: str, words: Words | None) -> bool:
        """Move it, beside a text where there are words; else leave it, for as long as it stays what it is. Whether it was
        moved."""
        try:
            now = os.stat(name, dir_fd=place, follow_symlinks=False)
            if (now.st_ino, now.st_size, now.st_mtime_ns) != seen.signature:
                return False
            _moved(place, name, into, words)
        except FileNotFoundError:
            return False  # another worker was quicker
        except OSError as error:
            seen.left = True
            log.warning("a file stays in the watched folder: it cannot be moved (%s)", error.strerror)
            return False
        return True


def run(desk: Desk, stopping: threading.Event) -> None:
    """Watch until ``stopping`` is set."""
    watch = Watch(desk)
    while not stopping.is_set():
        try:
            watch.poll()
            desk.heartbeats.beat("folder")
        except STORE_AWAY:  # the store itself says so
            stopping.wait(_AGAIN_SECONDS)
        except Exception:
            log.exception("the watched folder could not be worked off; it is tried again")
            stopping.wait(_AGAIN_SECONDS)
        stopping.wait(_LOOK_SECONDS)


@contextmanager
def _opened(path: str, beside: int | None = None) -> Iterator[int]:
    """A folder, held open so that it stays the same one; below the first no link is followed."""
    link = 0 if beside is None else os.O_NOFOLLOW
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | link, dir_fd=beside)
    try:
        yield number
    finally:
        os.close(number)


def _files(place: int) -> list[tuple[str, os.stat_result]]:
    """What lies in a folder and is no folder, hidden or still coming; links as links."""
    found = []
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_UNFINISHED):
                continue
            try:
                if not entry.is_dir(follow_symlinks=False):
                    found.append((entry.name, entry.stat(follow_symlinks=False)))
            except OSError:
                continue  # gone meanwhile
            if len(found) >= _MOST:
                break
    return sorted(found, key=lambda one: one[0])


@contextmanager
def _content(place: int, name: str, signature: tuple[int, int, int]) -> Iterator[BinaryIO | None]:
    """The open file, None when it is no longer the one that was looked at. Never waits for a pipe.

    Raises NotReadable.
    """
    try:
        number = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    except PermissionError:
        raise NotReadable from None
    except FileNotFoundError:  # another worker was quicker
        yield None
        return
    with os.fdopen(number, "rb") as content:
        about = os.fstat(number)
        same = stat.S_ISREG(about.st_mode) and (about.st_ino, about.st_size, about.st_mtime_ns) == signature
        yield content if same else None


def _hash(content: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := content.read(_PIECE):
        digest.update(piece)
        still_working()
    return digest.hexdigest()


def _moved(place: int, name: str, into: str, words: Words | None) -> None:
    # Whoever may see the folder may see what became of the file: who that is was decided there, not by us.
    seen_by = stat.S_IMODE(os.fstat(place).st_mode) & 0o777
    made = False
    with suppress(FileExistsError):
        os.mkdir(into, dir_fd=place)
        made = True
    with _opened(into, place) as there:
        if made:
            os.fchmod(there, seen_by)
        taken = set(os.listdir(there))
        stem, dot, ending = name.rpartition(".")
        free = (
            f"{stem or ending} ({number}){dot if stem else ''}{ending if stem else ''}"
            for number in range(2, 10_000)
        )
        target = name
        while target in taken or f"{target}.txt" in taken:
            target = next(free)
        os.rename(name, target, src_dir_fd=place, dst_dir_fd=there)
        if words is None:
            return
        text = "\n\n".join(words(translator(language)) for language in DASHBOARD_LANGUAGES) + "\n"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(f"{target}.txt", flags, 0o644, dir_fd=there), "w", encoding="utf-8") as note:
            os.fchmod(note.fileno(), 0o600 | seen_by & 0o044)
            note.write(text)


def _clean(name: str) -> str:
    """The name as text that any database and screen can show."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text)[:200]
