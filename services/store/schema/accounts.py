"""The tables of an account's configuration, checks and pauses."""

from sqlalchemy import (
    Column,
    Table,
)

from services.store.schema.base import metadata, who
from services.store.schema.types import (
    Json,
    Text,
    Utc,
)

account_config = Table(
    "account_config",
    metadata,
    Column("account", Text, primary_key=True),
    Column("section", Text, primary_key=True),  # redirect_pages, email, payment_page, matching, options
    Column("language", Text, primary_key=True, default=""),  # "" is the default
    Column("data", Json, nullable=False),
    Column("updated_at", Utc, nullable=False),
    *who(),
)
account_checks = Table(
    "account_checks",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),  # ok, warning, failed, unknown
    Column("detail", Json, nullable=False),
    Column("checked_at", Utc, nullable=False),
    *who(),
)
account_pauses = Table(
    "account_pauses",
    metadata,
    Column("account", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # gateway, mail
    Column("reason", Text, nullable=False),  # the error code that paused it
    Column("since", Utc, nullable=False),
)
