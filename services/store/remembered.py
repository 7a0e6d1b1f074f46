"""What was read is remembered until anything in the database changes, by whatever process.

A version names what has been committed: in SQLite ``PRAGMA data_version`` of a connection that never writes, in PostgreSQL the
snapshot's own text. It is read before the values that are stored under it: such a value may be newer than its version, never
older, and nobody who comes after the next commit gets that version again.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, text

T = TypeVar("T")
_MOST_VALUES = 512
_OPTION = "eterminal_reading"  # of a connection that only reads


class Memory:
    """The values of one version."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: Hashable = None
        self._values: dict[Hashable, Any] = {}

    def get(self, version: Hashable, key: Hashable) -> tuple[Any] | None:
        with self._lock:
            return self._values.get(key) if version == self._version else None

    def put(self, version: Hashable, key: Hashable, value: Any) -> None:
        with self._lock:
            if version != self._version or len(self._values) >= _MOST_VALUES:
                self._version, self._values = version, {}
            self._values[key] = (value,)


class FileVersion:
    """The version of a SQLite file. Any thread may ask."""

    def __init__(self, file: Path) -> None:
        self._file, self._lock = file, threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int, int] | None = None  # device and inode of the file, and our process

    def now(self) -> Hashable:
        """None where it cannot be read: then nothing is remembered."""
        with self._lock:
            try:
                found = self._file.stat()
                opened = (found.st_dev, found.st_ino, os.getpid())
                if self._connection is None or opened != self._opened:
                    self._connection, self._opened = None, None
                    self._connection = sqlite3.connect(
                        self._file, check_same_thread=False, isolation_level=None
                    )
                    self._opened = opened
                number = self._connection.execute("PRAGMA data_version").fetchone()[0]
            except (OSError, sqlite3.Error):
                return None
            # Each connection counts from its own beginning.
            return (id(self._connection), *opened, number)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None and self._opened and self._opened[2] == os.getpid():
                self._connection.close()
            self._connection = None


class Reading:
    """A transaction's memory and version. ``version``: of SQLite, read before the transaction began."""

    def __init__(self, memory: Memory, version: Hashable, *, sqlite: bool) -> None:
        self.memory, self._version, self._known = memory, version, sqlite

    def version(self, tx: Connection) -> Hashable:
        if not self._known:
            self._version, self._known = tx.scalar(text("SELECT pg_current_snapshot()::text")), True
        return self._version


def options(reading: Reading) -> dict[str, Any]:
    """The execution options of a connection whose transaction is this reading."""
    return {_OPTION: reading}


def remembered(tx: Connection, key: Hashable, read: Callable[[], T]) -> T:
    """What ``read`` returns, or has returned under this key since the database changed last; of a writing transaction always
    read. ``key`` names all that the value depends on, the accounts that the reader may see and the time included. Nobody
    changes the value."""
    reading: Reading | None = tx.get_execution_options().get(_OPTION)
    version = reading.version(tx) if reading else None
    if reading is None or version is None:
        return read()
    found = reading.memory.get(version, key)
    if found is None:
        found = (read(),)
        reading.memory.put(version, key, found[0])
    value: T = found[0]
    return value
