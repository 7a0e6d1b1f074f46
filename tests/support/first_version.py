"""A database as the first version left it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, select

from services.desk import Desk
from services.store.engine import MIGRATIONS


def as_the_first_version_left_it(desk: Desk, path: Path) -> None:
    """The desk's rows in the tables of the first migration alone, in a SQLite file at ``path``."""
    path.parent.mkdir(exist_ok=True)
    ours, theirs = MetaData(), MetaData()
    ours.reflect(desk.store.engine)
    first = create_engine(f"sqlite:///{path}")
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with first.begin() as tx:
        config.attributes["connection"] = tx
        command.upgrade(config, "0001")
    theirs.reflect(first)
    with desk.store.engine.connect() as source, first.begin() as target:
        target.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for table in theirs.sorted_tables:
            if table.name == "alembic_version":
                continue
            shared = [ours.tables[table.name].c[column.name] for column in table.c]
            rows = [dict(row._mapping) for row in source.execute(select(*shared))]
            if rows:
                target.execute(table.insert(), rows)
    first.dispose()
