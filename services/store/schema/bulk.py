"""The tables of many requests from one file, and of what recurs in orders."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from services.store.schema.base import metadata, partial, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

batches = Table(
    "batches",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),  # of the file
    Column("form_key", Text, nullable=False, unique=True),  # made when the preview was drawn
    Column("state", Text, nullable=False),  # running, paused, done, cancelled
    Column("reason", Text, nullable=False, default=""),  # the error code for which it waits or paused itself
    Column("per_minute", Integer, nullable=False),
    Column("days", Integer, nullable=False),  # validity of a row that names no end
    Column("rows", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    *who(),
    Column("sender_name", Text, nullable=False),
    Index(None, "state", "next_at"),
)
batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch", BigInt, ForeignKey("batches.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),  # its line in the file
    Column("state", Text, nullable=False),  # waiting, created, refused
    Column("data", Json, nullable=False),  # the draft; {} once the order has it
    Column("order", BigInt, ForeignKey("orders.id"), index=True),
    Column("problems", Json, nullable=False, default=dict),  # field → [code, values]
    # by these a customer's rows are found: of ``data``, "" once it is empty
    Column("email", Text, nullable=False, default="", server_default=""),  # in small letters
    Column("order_id", Text, nullable=False, default="", server_default=""),
    Column("name_key", Text, nullable=False, default="", server_default=""),  # services.text.folding.name_key
    Index(None, "batch", "state", "number"),
    Index(None, "email", **partial("email <> ''")),
    Index(None, "order_id", **partial("order_id <> ''")),
    Index(None, "name_key", **partial("name_key <> ''")),
)
order_templates = Table(
    "order_templates",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data", Json, nullable=False),  # what recurs of an order: never a customer
    Column("created_at", Utc, nullable=False),
    *who(),
    UniqueConstraint("account", "name"),
)
# Orders that a person typed and has not sent, for a day.
order_drafts = Table(
    "order_drafts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    *who(),
    Column("form_key", Text, nullable=False),  # of the form; the order that it becomes has the same
    Column("account", Text, nullable=False),
    Column("channel", Text, nullable=False),  # link, phone
    Column("data", Json, nullable=False),  # field → text as typed
    # by these a customer's drafts are found, as rows of lists are
    Column("email", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("name_key", Text, nullable=False),
    Column("saved_at", Utc, nullable=False),
    UniqueConstraint("actor_id", "form_key"),
    sqlite_autoincrement=True,  # an id is never given again
)
# The columns that a person chose for a table of orders, for all tables with the same set of headings.
table_columns = Table(
    "table_columns",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # requests, expected
    Column("headings", Text, primary_key=True),  # SHA-256 of the set
    Column("columns", Json, nullable=False),  # what is meant → its heading, "" for none
    Column("at", Utc, nullable=False),
    *who(),
)
