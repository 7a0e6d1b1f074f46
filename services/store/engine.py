"""Opening the database: transactions that wait their turn, migrations that run once, refusals at start.

SQLite: write-ahead log, every commit on disk (``synchronous=FULL``), writers begin IMMEDIATE (deferred ones failed in
most of 800 concurrent writes) and wait up to 20 s for their turn, looking every few milliseconds: SQLite itself looks after
gaps of up to 100, while a busy worker begins again and again. PostgreSQL: READ COMMITTED, rows locked as they are taken.
Either way ``read()`` and ``write()`` are the only two ways in.
"""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg import Connection as PostgresConnection
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.pool import NullPool, QueuePool

from services.errors import DeskError
from services.store import meta
from services.store.locks import one_at_a_time, write_last, writes
from services.store.outages import Outages

MIGRATIONS = Path(__file__).with_name("migrations")
# The write-ahead log of SQLite before 3.51.3 can, rarely, lose a commit at a checkpoint; these two carry the repair.
_SQLITE_SAFE = (3, 51, 3)
_SQLITE_PATCHED = {(3, 50, 7), (3, 44, 6)}
_WAIT_SECONDS = 20.0

# Parameters are names and addresses: an error's text, which is logged, must not hold them.
_COMMON: dict[str, Any] = {"hide_parameters": True}

# SQLite says FULL where the system says ENOSPC, and IOERR where a quota or a limit of the process is reached.
_SQLITE_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_POSTGRES_LIMIT = "54"  # program_limit_exceeded: a text too long for its index, for one
_POSTGRES_FULL = {"53100", "53400"}  # disk_full; configuration_limit_exceeded: of temporary files

# Every line of a payout file goes to some place in each of a dozen indexes: those pages are not read again each time.
_LONG_WORK_CACHE_KIB = 160 << 10


class StoreFull(OperationalError):
    """There is no room on the database's disk. Nothing of the transaction was stored; the same again may succeed later."""


class DatabaseRefused(DeskError):
    """The database cannot be used as it is; ``reason`` is read_only, mixed_worlds, unreachable, full, unusable or newer."""

    code: ClassVar[str] = "database_refused"

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason} {detail}".strip())


class Store:
    """The database. ``with store.read() as tx`` to look, ``with store.write() as tx`` to change and commit."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.outages = Outages()
        self._serves = False  # before, whoever opens it says what is wrong
        self._kept_open: Connection | None = None
        event.listen(engine, "handle_error", self._failed)
        event.listen(engine, "commit", lambda tx: self.outages.answered(wrote=writes(tx)))

    def _failed(self, context: ExceptionContext) -> Exception | None:
        """Names a disk without room and what no waiting ends, and has every error after which the store may be back told once."""
        known, said = context.sqlalchemy_exception, context.original_exception
        if not isinstance(known, OperationalError | InterfaceError):
            return None
        if str(getattr(said, "sqlstate", "")).startswith(
            _POSTGRES_LIMIT
        ):  # the same again would only repeat it
            return DataError(context.statement, None, said, hide_parameters=True)
        full = _is_full(said)
        if self._serves:
            self.outages.met("full" if full else "away", type(said).__name__)
        return StoreFull(context.statement, None, said, hide_parameters=True) if full else None

    @property
    def file(self) -> Path | None:
        """SQLite's file."""
        return _sqlite_file(self.engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        opened = self.engine.connect().execution_options(eterminal_write=True, eterminal_last=[])
        with opened as connection, connection.begin():
            yield connection
            write_last(connection)

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which still holds pages as they were before an erasure. PostgreSQL's vacuum
        and its recycling of logs come by themselves."""
        if self.sqlite:
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                if not _is_full(error):
                    raise
                self.outages.met(
                    "full", type(error).__name__
                )  # the next to write empties it when there is room
            finally:
                raw.close()

    def serve(self) -> None:
        """It is open. Whoever closes a SQLite file last empties its log, and waits for the disk twice: while one is open,
        nobody does."""
        self._serves = True
        if self.sqlite and isinstance(self.engine.pool, NullPool):
            self._kept_open = self.engine.connect()

    def close(self) -> None:
        if self._kept_open is not None:
            self._kept_open.close()
        self.engine.dispose()


def open_store(url: str, *, demo: bool | None = None, long_work: bool = False) -> Store:
    """Open and migrate the database. ``demo`` says which world it serves: the sandbox's or a real account's.

    ``long_work``: of a process that reads and writes at length, one connection is kept, with a large cache.

    Raises DatabaseRefused: read-only, unreachable, full, unusable (no right to make tables, no database at all), made by a
    newer version, or known to the other world.
    """
    try:
        store = Store(_engine(url, long_work=long_work))
    except OSError as error:
        raise DatabaseRefused("unreachable", f"{error.strerror}: {error.filename}") from None
    try:
        _migrate(store)
        _prove_writable(store)
        if demo is not None:
            _claim_world(store, "sandbox" if demo else "real")
        store.serve()
    except DBAPIError as error:
        store.close()
        said = _database_message(error)
        if "readonly" in said or "read-only" in said:
            raise DatabaseRefused("read_only", said) from None
        if isinstance(error, StoreFull):
            raise DatabaseRefused("full", said) from None
        reason = "unreachable" if isinstance(error, OperationalError) else "unusable"
        raise DatabaseRefused(reason, said) from None
    except BaseException:
        store.close()
        raise
    return store


def _is_full(error: BaseException) -> bool:
    """Whether the database says that its disk has no room."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", None) in _SQLITE_FULL
    return getattr(error, "sqlstate", None) in _POSTGRES_FULL


def _database_message(error: DBAPIError) -> str:
    """The driver's own words on one line, each once: it may have tried several addresses of a host."""
    lines = [" ".join(line.split()) for line in str(error.orig).splitlines()]
    return "; ".join(dict.fromkeys(line.rstrip(".") for line in lines if line))


def sqlite_warning() -> str | None:
    """The version of SQLite when its write-ahead log has the reset fault, else None."""
    version = sqlite3.sqlite_version_info
    safe = version >= _SQLITE_SAFE or version in _SQLITE_PATCHED
    return None if safe else sqlite3.sqlite_version


def _engine(url: str, *, long_work: bool = False) -> Engine:
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
    def _prepare(connection: PostgresConnection[Any], _record: object) -> None:
        # The same the other way round: a client that is gone must not keep its locks. Nothing of ours waits within a
        # transaction for anything but the database.
        connection.execute("SET idle_in_transaction_session_timeout = '60s'")
        connection.commit()

    return engine


def _sqlite(url: URL, *, long_work: bool) -> Engine:
    if file := _sqlite_file(url):
        file.parent.mkdir(parents=True, exist_ok=True)
    # A connection per call: every run of a screen is a thread of its own, and opening a file costs 0.1 ms.
    pool: dict[str, Any] = {"poolclass": NullPool}
    if long_work:
        pool = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": 4}
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS}, **pool, **_COMMON)

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(
            "PRAGMA secure_delete=ON"
        )  # what is erased is gone from the file, not only from the tables
        if long_work:
            connection.execute(f"PRAGMA cache_size=-{_LONG_WORK_CACHE_KIB}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if writes(connection):
            _begin_immediate(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _sqlite_file(url: URL) -> Path | None:
    """The file that the URL names; none of another database, of memory, and of a URI (file:…), which names one that is there."""
    name = url.database if url.get_backend_name() == "sqlite" else None
    return None if not name or name == ":memory:" or name.startswith("file:") else Path(name)


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
    connection.exec_driver_sql("BEGIN IMMEDIATE")  # what it raises is said as every other error of the store


def _migrate(store: Store) -> None:
    """Bring the tables up to date, inside one transaction that other processes wait for. Raises DatabaseRefused."""
    with store.read() as tx:
        if MigrationContext.configure(tx).get_current_revision() == newest_revision():
            return  # almost every time: to load all migrations for this costs more than to open the database
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as tx:
        one_at_a_time(tx, "migration")
        config.attributes["connection"] = tx
        try:
            command.upgrade(config, "head")
        except CommandError as error:  # it has a migration that this version does not know
            raise DatabaseRefused("newer", str(error)) from None


@cache
def newest_revision() -> str | None:
    """The migration that this version of the program ends with."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _prove_writable(store: Store) -> None:
    """A database that only looks would refuse at the first order: let it refuse now."""
    with store.write() as tx:
        meta.put_text(tx, "opened", "yes")


def _claim_world(store: Store, world: str) -> None:
    with store.write() as tx:
        known = meta.text_once(tx, "world", world)
        if known != world:
            raise DatabaseRefused("mixed_worlds", known)
