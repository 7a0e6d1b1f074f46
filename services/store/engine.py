"""Opening the database: transactions, migrations that run once, refusals at start.

SQLite: write-ahead log, every commit on disk (``synchronous=FULL``), writers begin IMMEDIATE (deferred ones failed in
most of 800 concurrent writes) and wait up to 20 s for the lock, trying every few milliseconds: SQLite itself tries after
gaps of up to 100, while a busy worker begins again and again. PostgreSQL: READ COMMITTED, rows locked as they are taken.
Either way ``read()``, ``read_one_state()`` and ``write()`` are the only ways in.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

from sqlalchemy import Connection, Engine, event, inspect, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError

from services.errors import DeskError
from services.store import line_rewrite, meta
from services.store.databases import database_message, is_full, make_engine, sqlite_file
from services.store.locks import one_at_a_time, write_last, writes
from services.store.outages import Outages
from services.store.remembered import FileVersion, Memory, Reading, options

MIGRATIONS = Path(__file__).with_name("migrations")


_SNAPSHOT_SECONDS = 1.0
_POSTGRES_LIMIT = "54"  # program_limit_exceeded: a text too long for its index, for one


class StoreFull(OperationalError):
    """There is no room on the database's disk. Nothing of the transaction was stored; the same again may succeed later."""


RefusalReason = Literal["read_only", "mixed_worlds", "unreachable", "full", "unusable", "newer"]


class DatabaseRefused(DeskError):
    """The database cannot be used as it is."""

    code: ClassVar[str] = "database_refused"

    def __init__(self, reason: RefusalReason, detail: str = "") -> None:
        self.reason, self.detail = reason, detail
        super().__init__(f"{reason} {detail}".strip())


class _Thread(threading.local):
    """A thread's shared transaction. ``depth``: how many blocks read in it now; ``stale``: the next read begins another."""

    shares = False
    shared: Connection | None = None
    since = 0.0
    depth = 0
    stale = False


class Store:
    """The database. ``with store.read() as tx`` reads, ``with store.write() as tx`` changes and commits."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.sqlite = engine.dialect.name == "sqlite"
        self.outages = Outages()
        self._serves = False  # before that, ``open_store`` reports what is wrong
        self._memory, file = Memory(), sqlite_file(engine.url)
        self._file_version = FileVersion(file) if file else None
        self._thread = _Thread()
        event.listen(engine, "handle_error", self._failed)
        event.listen(engine, "commit", lambda tx: self.outages.answered(wrote=writes(tx)))

    def _failed(self, context: ExceptionContext) -> Exception | None:
        """The error to raise instead: StoreFull for a disk without room, DataError where another try would fail, too. Records
        an outage for every error after which another try may succeed."""
        known, original = context.sqlalchemy_exception, context.original_exception
        if not isinstance(known, OperationalError | InterfaceError):
            return None
        if str(getattr(original, "sqlstate", "")).startswith(
            _POSTGRES_LIMIT
        ):  # the same again would only repeat it
            return DataError(context.statement, None, original, hide_parameters=True)
        full = is_full(original)
        if self._serves:
            self.outages.met("full" if full else "away", type(original).__name__)
        return StoreFull(context.statement, None, original, hide_parameters=True) if full else None

    @property
    def file(self) -> Path | None:
        """SQLite's file."""
        return sqlite_file(self.engine.url)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; within ``snapshot`` the shared one."""
        mine = self._thread
        if not mine.shares:
            with self._connect() as connection, connection.begin():
                yield connection
            return
        if not mine.depth and (mine.stale or time.monotonic() - mine.since > _SNAPSHOT_SECONDS):
            self.end_snapshot()
        if mine.shared is None:
            mine.shared, mine.since = self._connect(), time.monotonic()
            mine.shared.begin()
        mine.depth += 1
        try:
            yield mine.shared
        except BaseException:
            mine.stale = True  # the database may have ended the transaction
            raise
        finally:
            mine.depth -= 1

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """While the block runs, what this thread reads is read in one transaction. A write of the thread ends it, and what is
        read after that sees the write; so does a second, so that who waits for a change sees it come."""
        mine = self._thread
        if mine.shares:
            yield
            return
        mine.shares = True
        try:
            yield
        finally:
            mine.shares = False
            self.end_snapshot()

    def end_snapshot(self) -> None:
        """End the shared transaction of this thread, if there is one: the next read begins another. Call it before anything
        outside the database is waited for."""
        mine = self._thread
        if mine.depth:
            mine.stale = True
            return
        shared, mine.shared, mine.stale = mine.shared, None, False
        if shared is not None:
            with shared, suppress(DBAPIError):  # the next read reports a database that is away
                shared.commit()

    def _connect(self) -> Connection:
        version = self._file_version.now() if self._file_version else None
        reading = Reading(self._memory, version, sqlite=self.sqlite)
        return self.engine.connect().execution_options(**options(reading))

    @contextmanager
    def read_one_state(self) -> Iterator[Connection]:
        """A transaction of its own that reads one state of the database, however many reads it makes and however long it lasts."""
        opened = self._connect()
        if not self.sqlite:  # SQLite reads so anyway
            opened = opened.execution_options(isolation_level="REPEATABLE READ")
        with opened as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back when it raises."""
        self.end_snapshot()
        opened = self.engine.connect().execution_options(eterminal_write=True, eterminal_last=[])
        with opened as connection, connection.begin():
            yield connection
            write_last(connection)

    def truncate_log(self) -> None:
        """Empty SQLite's write-ahead log, which still has pages as they were before an erasure. PostgreSQL vacuums and
        recycles its logs by itself."""
        if self.sqlite:
            raw = self.engine.raw_connection()
            try:
                raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                self.outages.met(
                    "full", type(error).__name__
                )  # the next to write empties it when there is room
            finally:
                raw.close()

    def serve(self) -> None:
        """It is open: an error after this is an outage."""
        self._serves = True

    def close(self) -> None:
        if self._file_version:
            self._file_version.close()
        self.engine.dispose()


def open_store(url: str, *, demo: bool | None = None, long_work: bool = False) -> Store:
    """Open and migrate the database. ``demo``: whether it is the sandbox's or a real account's.

    ``long_work``: of a process that reads and writes at length, one connection stays open, with a large cache.

    Raises DatabaseRefused: read-only, unreachable, full, unusable (no right to make tables, no database at all), made by a
    newer version, or known to the other world.
    """
    try:
        store = Store(make_engine(url, long_work=long_work))
    except OSError as error:
        raise DatabaseRefused("unreachable", f"{error.strerror}: {error.filename}") from None
    try:
        _migrate(store)
        line_rewrite.guard(store.engine)
        _prove_writable(store)
        if demo is not None:
            _claim_world(store, "sandbox" if demo else "real")
        store.serve()
    except DBAPIError as error:
        store.close()
        message = database_message(error)
        if "readonly" in message or "read-only" in message:
            raise DatabaseRefused("read_only", message) from None
        if isinstance(error, StoreFull):
            raise DatabaseRefused("full", message) from None
        reason: RefusalReason = "unreachable" if isinstance(error, OperationalError) else "unusable"
        raise DatabaseRefused(reason, message) from None
    except BaseException:
        store.close()
        raise
    return store


def _migrate(store: Store) -> None:
    """Bring the tables up to date, inside one transaction that other processes wait for. Raises DatabaseRefused."""
    with store.read() as tx:
        if revision(tx) == newest_revision():
            return  # almost every time: to load Alembic for this costs more than to open the database
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with store.write() as tx:
        one_at_a_time(tx, "migration")
        config.attributes["connection"] = tx
        try:
            command.upgrade(config, "head")
        except CommandError as error:  # it has a migration that this version does not know
            raise DatabaseRefused("newer", str(error)) from None


def revision(tx: Connection) -> str | None:
    """The last migration that the database has had, as Alembic stores it; None of an empty one."""
    if not inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return found


@cache
def newest_revision() -> str:
    """The migration that this version of the program ends with: its file's name begins with its number."""
    return max(file.stem for file in (MIGRATIONS / "versions").glob("[0-9]*.py")).split("_")[0]


def _prove_writable(store: Store) -> None:
    """A read-only database would refuse at the first order: let it refuse now."""
    with store.write() as tx:
        meta.put_text(tx, "opened", "yes")


def _claim_world(store: Store, world: str) -> None:
    with store.write() as tx:
        known = meta.text_once(tx, "world", world)
        if known != world:
            raise DatabaseRefused("mixed_worlds", known)
