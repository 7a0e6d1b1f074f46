"""The tables of alarms, and of notices to colleagues."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
)

from services.store.schema.base import metadata
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("kind", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),
    Column("detail", Json, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column(
        "owner", Text, ForeignKey("users.id")
    ),  # who took it; None: the order's sender, else whoever has the right
    Column("closed_at", Utc, index=True),
    Column("closed_by", Text),
    Column("closing_reason", Text),
)
user_notices = Table(
    "user_notices",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # what the person is notified of by mail: services.notices.facts
    Column("since", Utc, nullable=False),  # no notice of earlier events
)
notices = Table(
    "notices",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),  # one fact, one person, one mail
    Column("detail", Json, nullable=False),
    Column("message_id", Text, nullable=False, default=""),  # the same at every try
    Column("state", Text, nullable=False),  # queued, sent, failed, uncertain, dropped
    Column("answer", Text, nullable=False, default=""),
    Column("tries", Integer, nullable=False, default=0),
    Column("unknown", Integer, nullable=False, default=0),  # hand-overs whose outcome nobody knows
    Column("due_at", Utc, nullable=False),
    Column("leased_until", Utc),
    Column("fence", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Index(None, "state", "due_at"),
)
