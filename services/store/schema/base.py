"""For every table: the metadata with its naming convention, the columns of the actor, indexes over some rows."""

from typing import Any

from sqlalchemy import Column, MetaData

from services.store.schema.types import Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def who() -> tuple[Column[str], Column[str]]:
    return Column("actor_kind", Text, nullable=False), Column("actor_id", Text, nullable=False)


def partial(condition: str) -> dict[str, Any]:
    """An index over some rows only: a query must repeat the condition to use it.

    The migrations make the index. SQLAlchemy would load both databases' dialects for a condition of its own (``sqlite_where``).
    """
    return {"info": {"where": condition}}
