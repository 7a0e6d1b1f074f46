"""Comments on payouts, accepted differences, and questions to colleagues."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payout_comments",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("payout", types.BigInt, nullable=False),
        sa.Column("text", types.Text, nullable=False),
        sa.Column("form_key", types.Text, nullable=False),
        sa.Column("at", types.Utc, nullable=False),
        *_who(),
        sa.ForeignKeyConstraint(["payout"], ["payouts.id"], name=op.f("fk_payout_comments_payout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_comments")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payout_comments_form_key")),
    )
    op.create_index("ix_payout_comments_payout", "payout_comments", ["payout"])
    op.create_table(
        "payout_acceptances",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("payout", types.BigInt, nullable=False),
        sa.Column("kind", types.Text, nullable=False),
        sa.Column("figures", types.Json, nullable=False),
        sa.Column("reference", types.Text, nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("reason", types.Text, nullable=False),
        sa.Column("form_key", types.Text, nullable=False),
        sa.Column("at", types.Utc, nullable=False),
        *_who(),
        sa.Column("undone_at", types.Utc),
        sa.Column("undone_by", types.Text),
        sa.Column("undo_reason", types.Text, nullable=False),
        sa.ForeignKeyConstraint(["payout"], ["payouts.id"], name=op.f("fk_payout_acceptances_payout")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_acceptances")),
        sa.UniqueConstraint("form_key", name=op.f("uq_payout_acceptances_form_key")),
    )
    op.create_index("ix_payout_acceptances_payout", "payout_acceptances", ["payout"])
    valid = sa.text("undone_at IS NULL")
    op.create_index(
        "uq_payout_acceptances_payout",
        "payout_acceptances",
        ["payout"],
        unique=True,
        sqlite_where=valid,
        postgresql_where=valid,
    )
    op.create_table(
        "questions",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text, nullable=False),
        sa.Column("line", types.BigInt),
        sa.Column("payout", types.BigInt),
        sa.Column("asked", types.Text, nullable=False),
        sa.Column("text", types.Text, nullable=False),
        sa.Column("form_key", types.Text, nullable=False),
        sa.Column("at", types.Utc, nullable=False),
        *_who(),
        sa.Column("ended_at", types.Utc),
        sa.Column("ended_by", types.Text),
        sa.Column("answered", types.BigInt),
        sa.ForeignKeyConstraint(["line"], ["payout_lines.id"], name=op.f("fk_questions_line")),
        sa.ForeignKeyConstraint(["payout"], ["payouts.id"], name=op.f("fk_questions_payout")),
        sa.ForeignKeyConstraint(["asked"], ["users.id"], name=op.f("fk_questions_asked")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("form_key", name=op.f("uq_questions_form_key")),
    )
    op.create_index("ix_questions_line", "questions", ["line"])
    op.create_index("ix_questions_payout", "questions", ["payout"])
    open_ones = sa.text("ended_at IS NULL")
    for name in ("asked", "account"):
        op.create_index(
            f"ix_questions_{name}", "questions", [name], sqlite_where=open_ones, postgresql_where=open_ones
        )


def _who() -> tuple[sa.Column[str], sa.Column[str]]:
    return (
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
