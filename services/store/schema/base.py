"""What every table stands on: one set of metadata with its naming, and the columns that say who."""

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
