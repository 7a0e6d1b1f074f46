"""The tables of people, their roles and sessions, and the audit."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Table,
    UniqueConstraint,
)

from services.store.schema.base import metadata, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text, nullable=False, default=""),
    Column("name", Text, nullable=False, default=""),
    Column("language", Text, nullable=False, default=""),  # of the screens; "" until the person has chosen
    Column("created_at", Utc, nullable=False),
    Column("signed_in_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    UniqueConstraint("issuer", "subject"),
)
user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column(
        "source", Text, primary_key=True
    ),  # claim: by the identity provider at the last sign-in; table: on the screen People
    Column("account", Text, primary_key=True, default="", server_default=""),  # "" for all accounts
    Column("granted_at", Utc, nullable=False),
    Column("granted_by", Text, nullable=False),
)
sessions = Table(
    "sessions",
    metadata,
    Column(
        "id", Text, primary_key=True
    ),  # SHA-256 over the provider's token: its cookie, shown again, finds this row
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column(
        "ends_at", Utc, nullable=False
    ),  # moves on with use, up to the absolute limit; a sign-out moves it back
)
audit = Table(
    "audit",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    *who(),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # "order:12", "account:shop": ids, never personal data
    Column("detail", Json, nullable=False),
    Column("hash", Text, nullable=False, unique=True),  # over this row and the hash before it
)
