"""A database as a former version left it."""

import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, select, text
from sqlalchemy.engine import make_url

from services.desk import Desk
from services.imports.loading import rewrite
from services.imports.loading.lease import acquire, release
from services.store import line_rewrite
from services.store.engine import MIGRATIONS
from services.store.settlements.lines.stored_lines import StoredLine
from tests.support.stored_lines import every_line

_VERSION_GUARD = "0016"  # the migration that changed these
_PAYOUTS_BEFORE = "0021"  # and the one that wrote this


def as_the_first_version_left_it(desk: Desk, path: Path) -> None:
    """The desk's rows in the tables of the first migration alone, in a SQLite file at ``path``."""
    path.parent.mkdir(exist_ok=True)
    as_left_at(desk, f"sqlite:///{path}", "0001").dispose()


def as_left_at(desk: Desk, url: str, revision: str) -> Engine:
    """The desk's rows in the tables of this migration, in a new database of the same kind; to be changed further, disposed
    of, and opened."""
    ours, theirs = MetaData(), MetaData()
    ours.reflect(desk.store.engine)
    left = create_engine(make_url(url).set(drivername=desk.store.engine.url.drivername))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with left.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, revision)
        tx.exec_driver_sql("DELETE FROM meta")  # what migrations wrote comes with the desk's rows
    theirs.reflect(left)
    with desk.store.engine.connect() as source, left.begin() as target:
        if desk.store.sqlite:
            target.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in theirs.sorted_tables:
            if table.name == "alembic_version":
                continue
            if table.name == "settlement_lines":
                rows = [_former(line, table) for line in every_line(source)]
            else:
                shared = [ours.tables[table.name].c[column.name] for column in table.c]
                rows = [dict(row._mapping) for row in source.execute(select(*shared))]
            if rows:
                target.execute(table.insert(), rows)
        if not desk.store.sqlite:
            _count_on(target, theirs)
        if revision < _VERSION_GUARD:
            target.exec_driver_sql("DELETE FROM meta WHERE name IN ('reconciling', 'least_program')")
            target.exec_driver_sql("UPDATE notifications SET state = 'stored' WHERE state = 'received'")
        if revision < _PAYOUTS_BEFORE:
            target.exec_driver_sql("DELETE FROM meta WHERE name = 'payouts_before'")
    return left


def move_lines(desk: Desk) -> None:
    """Bring the lines of the former table into that of today, and do nothing else."""
    lease = acquire(desk.store, "test", (), threading.Event())
    assert lease is not None
    while True:
        with desk.store.read() as tx:
            found = line_rewrite.under_way(tx)
        if found is None:
            break
        rewrite.step(lease, found)
    release(desk.store, "test")


def _former(line: StoredLine, table: Table) -> dict[str, Any]:
    """The line as a row of the table that former versions had."""
    cells = {**asdict(line), "candidates": ", ".join(line.candidates), "expected": "\n".join(line.expected)}
    return {column.name: cells[column.name] for column in table.c}


def _count_on(target: Connection, tables: MetaData) -> None:
    """PostgreSQL gives the ids after those that are there."""
    for table in tables.sorted_tables:
        if (
            "id" in table.c
            and table.c.id.autoincrement
            and target.scalar(select(text("1")).select_from(table).limit(1))
        ):
            sequence = target.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": table.name})
            if sequence:
                target.execute(
                    text("SELECT setval(:name, (SELECT max(id) FROM " + table.name + "))"), {"name": sequence}
                )
