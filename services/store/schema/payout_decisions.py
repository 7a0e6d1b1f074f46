"""The tables of what people wrote, accepted and asked of payouts and of their lines."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from services.store.schema.base import metadata, partial, who
from services.store.schema.types import BigInt, Json, Text, Utc

payout_comments = Table(
    "payout_comments",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("payout", BigInt, ForeignKey("payouts.id"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
)
# A difference of a payout that a person accepted. Never changed but to be undone; it is valid for these figures alone.
payout_acceptances = Table(
    "payout_acceptances",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("payout", BigInt, ForeignKey("payouts.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),  # services.store.payouts.acceptances.AcceptanceKind
    Column("figures", Json, nullable=False),  # services.store.payouts.acceptances.FIGURES
    Column("reference", Text, nullable=False),  # of a claim, as HiPay knows it
    Column("day", Integer, nullable=False),  # of a claim: YYYYMMDD, 0 for none
    Column("reason", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Index("uq_payout_acceptances_payout", "payout", unique=True, **partial("undone_at IS NULL")),
)
# What a person asked a colleague of a line or of a payout. It ends once: with an answer, which is a comment there, or withdrawn.
questions = Table(
    "questions",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("line", BigInt, ForeignKey("payout_lines.id"), index=True),
    Column("payout", BigInt, ForeignKey("payouts.id"), index=True),
    Column("asked", Text, ForeignKey("users.id"), nullable=False),
    Column("text", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
    Column("ended_at", Utc),
    Column("ended_by", Text),
    Column("answered", BigInt),  # the comment that answers it; None: not answered, or withdrawn
    Index("ix_questions_asked", "asked", **partial("ended_at IS NULL")),
    Index("ix_questions_account", "account", **partial("ended_at IS NULL")),
)
