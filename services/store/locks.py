"""Transactions that run at the same moment: locks, and inserts of the same row. The same on either database.

On SQLite writers wait for each other from their first statement. PostgreSQL's do not: two of them can both find no row and
insert the same one.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Table, func, select

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite


def writes(tx: Connection) -> bool:
    """Whether it was opened by ``Store.write()``."""
    return bool(tx.get_execution_options().get("eterminal_write"))


def one_at_a_time(tx: Connection, what: str) -> None:
    """Let no other transaction pass this point for ``what`` before this one ends.

    Taken in one order everywhere, or two would wait for each other: the others first, rows next, ``audit`` last (``at_the_end``).
    """
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"eterminal:{what}", 0))))


def at_the_end(tx: Connection, write: Callable[[Connection], None]) -> None:
    """Call ``write`` right before a transaction that ``Store.write()`` opened commits."""
    tx.get_execution_options()["eterminal_last"].append(write)


def write_last(tx: Connection) -> None:
    for write in tx.get_execution_options()["eterminal_last"]:
        write(tx)


def insert_new(tx: Connection, table: Table, unique: tuple[str, ...], **values: Any) -> bool:
    """Insert the row unless one with the same ``unique`` columns is there or on its way; whether it was written."""
    statement = insert_or(tx, table).values(**values).on_conflict_do_nothing(index_elements=unique)
    # Asked for, rather than counted: of an INSERT, PostgreSQL's driver gives no count of rows.
    return tx.execute(statement.returning(*(table.c[name] for name in unique))).first() is not None


def put(tx: Connection, table: Table, key: Mapping[str, Any], **values: Any) -> None:
    """Insert the row, or change the one that has this key."""
    statement = insert_or(tx, table).values(**key, **values)
    tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=values))


def insert_or(tx: Connection, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT that takes an ON CONFLICT, which both databases write alike."""
    if tx.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)
