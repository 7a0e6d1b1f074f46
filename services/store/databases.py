"""How SQLite and PostgreSQL are connected to, and which of their errors mean a full disk."""

import random
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from services.store.locks import writes
from services.store.program import PROGRAM

if TYPE_CHECKING:
    from psycopg import Connection as PostgresConnection  # loaded where the database is PostgreSQL only

# The write-ahead log of SQLite before 3.51.3 can, rarely, lose a commit at a checkpoint; these two carry the repair.
_SQLITE_SAFE = (3, 51, 3)
_SQLITE_PATCHED = {(3, 50, 7), (3, 44, 6)}
_WAIT_SECONDS = 20.0
# Parameters are names and addresses: an error's text, which is logged, must not contain them.
_COMMON: dict[str, Any] = {"hide_parameters": True}
# SQLite's error is FULL for the system's ENOSPC, and IOERR for a quota or a limit of the process.
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_POSTGRES_FULL = {"53100", "53400"}  # disk_full; configuration_limit_exceeded: of temporary files
# Every line of a payout file goes to some place in each of a dozen indexes: those pages are not read again each time.
_LONG_WORK_CACHE_KIB = 160 << 10


def is_full(error: BaseException) -> bool:
    """Whether this is the database's error for a disk without room."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL
    return getattr(error, "sqlstate", None) in _POSTGRES_FULL


def database_message(error: DBAPIError) -> str:
    """The driver's own words on one line, each once: it may have tried several addresses of a host."""
    lines = [" ".join(line.split()) for line in str(error.orig).splitlines()]
    return "; ".join(dict.fromkeys(line.rstrip(".") for line in lines if line))


def sqlite_warning() -> str | None:
    """The version of SQLite when its write-ahead log has the reset fault, else None."""
    version = sqlite3.sqlite_version_info
    safe = version >= _SQLITE_SAFE or version in _SQLITE_PATCHED
    return None if safe else sqlite3.sqlite_version


def make_engine(url: str, *, long_work: bool = False) -> Engine:
    parsed = make_url(url)
    return (
        _sqlite(parsed, long_work=long_work) if parsed.get_backend_name() == "sqlite" else _postgres(parsed)
    )


def _postgres(url: URL) -> Engine:
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    # What is read after a lock must be what the lock's last holder has committed. A server that went without a word (a
    # failover, a cable) is noticed within a minute, not after the two hours of TCP's own patience.
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=15,
        isolation_level="READ COMMITTED",
        **_COMMON,
        connect_args={
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 60_000,
            "application_name": "e-terminal-desk",
            **url.query,
        },
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: "PostgresConnection[Any]", _record: object) -> None:
        # The same the other way round: a client that is gone must not retain its locks. Nothing of ours waits within a
        # transaction for anything but the database.
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
        connection.execute(f"SET eterminal.program = '{PROGRAM}'")
        connection.commit()

    return engine


def _sqlite(url: URL, *, long_work: bool) -> Engine:
    if file := sqlite_file(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    # A connection that is opened anew reads the whole schema before its first query: five times the cost of a short
    # transaction. One more than the pool keeps is closed afterwards, and nobody waits for one.
    kept = 1 if long_work else 5
    engine = create_engine(
        url,
        connect_args={"timeout": _WAIT_SECONDS},
        poolclass=QueuePool,
        pool_size=kept,
        max_overflow=-1,
        pool_use_lifo=True,
        **_COMMON,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        record.info["file"] = _identity(file)
        connection.isolation_level = None  # we begin transactions ourselves
        connection.create_function("eterminal_program", 0, lambda: PROGRAM)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(
            "PRAGMA secure_delete=ON"
        )  # what is erased is gone from the file, not only from the tables
        if long_work:
            connection.execute(f"PRAGMA cache_size=-{_LONG_WORK_CACHE_KIB}")

    @event.listens_for(engine, "checkout")
    def _same_file(_connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Whoever puts another file in the database's place must not have the next writes go into the former one."""
        if record.info["file"] != _identity(file):
            raise DisconnectionError

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if writes(connection):
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def sqlite_file(url: URL) -> Path | None:
    """The file that the URL names; none of another database, of memory, and of a URI (file:…), which names one that is there."""
    name = url.database if url.get_backend_name() == "sqlite" else None
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)


def _identity(file: Path | None) -> tuple[int, int] | None:
    """The device and inode of the file; None of one that is not there, and of a database in memory."""
    try:
        found = file.stat() if file else None
    except FileNotFoundError:
        return None
    return found and (found.st_dev, found.st_ino)


def _begin_immediate(connection: Connection) -> None:
    """BEGIN IMMEDIATE as soon as no other writer is at work. Raises OperationalError after ``_WAIT_SECONDS``."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("PRAGMA busy_timeout=0")
    limit = time.monotonic() + _WAIT_SECONDS
    try:
        while True:
            try:
                raw.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > limit:
                    break
            time.sleep(random.uniform(0.001, 0.005))  # noqa: S311 - no secret
    finally:
        raw.execute(f"PRAGMA busy_timeout={_WAIT_SECONDS * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # SQLAlchemy wraps its error as every other
