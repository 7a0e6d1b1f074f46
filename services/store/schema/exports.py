"""The tables of exports that people have asked for. A row and its content are deleted after a day."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table

from services.store.schema.base import metadata, who
from services.store.schema.types import BigInt, Json, Text, Utc

# A worker takes one at a time, by lease. Its content is seen once the state is ready.
exports = Table(
    "exports",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),  # history, lines, orders, payouts
    Column("form", Text, nullable=False),  # csv, xlsx
    Column("language", Text, nullable=False),
    Column("chosen", Json, nullable=False),  # filter and sort
    Column("open_key", Text, unique=True),  # of one that is not ended: the same asked again finds this row
    Column("state", Text, nullable=False),  # waiting, running, ready, failed
    Column("accounts", Json),  # those that the person had the right on when it was made; null: all
    Column("rows_done", BigInt, nullable=False, default=0),
    Column("rows_total", BigInt),  # null where only the export itself finds out
    Column("size", BigInt, nullable=False, default=0),
    Column("tries", Integer, nullable=False, default=0),
    Column("owner", Text, nullable=False, default=""),  # the process that makes it
    Column("fence", Integer, nullable=False, default=0),
    Column("leased_until", Utc),
    Column("failure", Text, nullable=False, default=""),  # the error code for which it failed
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("kept_until", Utc, nullable=False),
    *who(),
    Index(None, "actor_id", "id"),
    Index(None, "state", "id"),
)

export_chunks = Table(
    "export_chunks",
    metadata,
    Column("export", BigInt, ForeignKey("exports.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # zlib
)
