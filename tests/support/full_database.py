"""A database without room, truly refused by the database itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event, text

from services.desk import Desk
from services.store.schema.base import metadata


@contextmanager
def no_room(desk: Desk, pages: int = 0) -> Iterator[None]:
    """While the block runs the database grows by no more than ``pages``: SQLite's own limit; on PostgreSQL every insert
    is refused with its error 53100 (disk_full)."""
    engine = desk.store.engine
    if not desk.store.sqlite:
        with _triggers(desk):
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.execute("VACUUM")  # pages that migrations have freed are room, too
    with desk.store.read() as tx:
        most = tx.scalar(text("PRAGMA page_count")) + pages

    def limited(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={most}")  # type: ignore[attr-defined]

    event.listen(engine, "connect", limited)
    engine.dispose()
    try:
        yield
    finally:
        event.remove(engine, "connect", limited)
        engine.dispose()


@contextmanager
def _triggers(desk: Desk) -> Iterator[None]:
    with desk.store.write() as tx:
        tx.execute(
            text(
                "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"
            )
        )
        for table in metadata.tables:
            tx.execute(text(f'CREATE TRIGGER no_room BEFORE INSERT ON "{table}" EXECUTE FUNCTION no_room()'))
    try:
        yield
    finally:
        with desk.store.write() as tx:
            tx.execute(text("DROP FUNCTION no_room() CASCADE"))
