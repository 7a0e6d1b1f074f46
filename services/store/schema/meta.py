"""One value by name: what this installation is and has done."""

from sqlalchemy import (
    Column,
    Table,
)

from services.store.schema.base import metadata
from services.store.schema.types import (
    Text,
)

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
