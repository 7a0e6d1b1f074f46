"""Room on the disks that the product writes to, and the refusal where there is none.

    NoRoom (DeskError)
    └── RoomShort     there would be too little left for what must not stop

Imports, files that are received and exports leave ``keep_free`` bytes free: links, e-mails and notifications are stored all the same.
A PostgreSQL's disk is not seen from here; it says itself when it is full (StoreFull).
"""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from services import clock
from services.errors import DeskError
from services.store import Store, StoreFull

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
_PART = 10  # of a disk that holds temporary files only, no more than a tenth is kept free
_MB = 1 << 20


class NoRoom(DeskError):
    code: ClassVar[str] = "no_room"


class RoomShort(NoRoom):
    """``free`` and ``needed``: megabytes, of the disk that has too little; what is to be kept free is in both."""

    code = "no_room_short"

    def __init__(self, free: int, needed: int) -> None:
        self.free, self.needed = free, needed
        super().__init__(f"{free} MB are free and {needed} MB are needed")


@dataclass(frozen=True)
class Room:
    """``keep_free``: bytes that stay free, also on the disk of temporary files. ``database``: SQLite's folder."""

    keep_free: int
    database: Path | None

    @classmethod
    def of(cls, store: Store, keep_free: int) -> "Room":
        return cls(keep_free, store.file.absolute().parent if store.file else None)

    def require(self, *, database: int = 0, temporary: int = 0) -> None:
        """Raises RoomShort where so many bytes more would leave less than is to be kept. Costs a few microseconds."""
        needed: dict[int, list[int]] = {}  # of each device: free, to be kept, more
        for folder, more in ((self.database, database), (temporary_folder(), temporary)):
            try:
                device, about = os.stat(folder or "").st_dev, os.statvfs(folder or "")
            except OSError:  # there is none: nothing is written to it
                continue
            free, size = about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize
            keep = self.keep_free if folder == self.database else min(self.keep_free, size // _PART)
            there = needed.setdefault(device, [free, 0, 0])
            there[1:] = max(there[1], keep), there[2] + more
        for free, keep, more in needed.values():
            if free < keep + more:
                raise RoomShort(free // _MB, -(-(keep + more) // _MB))

    def has(self, *, database: int = 0, temporary: int = 0) -> bool:
        try:
            self.require(database=database, temporary=temporary)
        except RoomShort:
            return False
        return True


class Shortage:
    """Since when this process has measured too little room. It asks no database, which may be full."""

    def __init__(self, store: Store, keep_free: int) -> None:
        self._store, self._room = store, Room.of(store, keep_free)
        self._since: datetime | None = None

    def poll(self) -> "tuple[datetime, NoRoom] | None":
        """Since when, and the refusal; None while there is room. NoRoom itself: the database has refused a write."""
        found: NoRoom | None = NoRoom() if self._store.outages.full else None
        try:
            self._room.require()
        except RoomShort as short:
            found = short
        if found is None:
            self._since = None
            return None
        self._since = self._since or clock.now()
        return self._since, found


def temporary_folder() -> Path:
    """Where temporary files lie. It is set, since ``tempfile`` would choose another folder on a full disk, in the end the
    program's own."""
    if tempfile.tempdir is None:
        named = os.environ.get("TMPDIR", "")
        tempfile.tempdir = named if os.path.isdir(named) else "/tmp"  # noqa: S108 - the system's own default
    return Path(tempfile.tempdir)


def is_full(error: BaseException | None) -> bool:
    """Whether this is the error of a disk, a quota or a database without room."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error, StoreFull | NoRoom)


@contextmanager
def raising_no_room() -> Iterator[None]:
    """A disk that is full while the block runs is NoRoom."""
    try:
        yield
    except NoRoom:
        raise
    except (OSError, StoreFull) as error:
        if is_full(error):
            raise NoRoom from error
        raise
