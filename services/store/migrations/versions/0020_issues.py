"""Issues of a payout: what each file names and corrects, what a person said, and the withdrawn lines that were taken back.

A program before this migration counts withdrawn lines: it imports and decides no more.
"""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_META = sa.table("meta", sa.column("name"), sa.column("value"))


def upgrade() -> None:
    op.create_index(
        "ix_payout_lines_withdrawn_by",
        "payout_lines",
        ["withdrawn_by"],
        sqlite_where=sa.text("withdrawn_by IS NOT NULL"),
        postgresql_where=sa.text("withdrawn_by IS NOT NULL"),
    )
    op.add_column(
        "settlement_files", sa.Column("withdrawn_lines", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column("settlement_files", sa.Column("answers", types.Json, nullable=False, server_default="{}"))
    op.create_table(
        "payout_issues",
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("account", types.Text, nullable=False),
        sa.Column("settlement_id", types.Text, nullable=False),
        sa.Column("issue", types.BigInt, nullable=False),
        sa.Column("known", types.Json, nullable=False),
        sa.Column("exact", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("newest", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file"], ["settlement_files.id"], name=op.f("fk_payout_issues_file_settlement_files")
        ),
        sa.PrimaryKeyConstraint("file", "account", "settlement_id", name=op.f("pk_payout_issues")),
    )
    op.create_index(
        op.f("ix_payout_issues_account_settlement_id"), "payout_issues", ["account", "settlement_id"]
    )
    op.create_table(
        "corrected_lines",
        sa.Column("before", types.BigInt, nullable=False),
        sa.Column("after", types.BigInt, nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["before"], ["payout_lines.id"], name=op.f("fk_corrected_lines_before_payout_lines")
        ),
        sa.ForeignKeyConstraint(
            ["after"], ["payout_lines.id"], name=op.f("fk_corrected_lines_after_payout_lines")
        ),
        sa.ForeignKeyConstraint(
            ["file"], ["settlement_files.id"], name=op.f("fk_corrected_lines_file_settlement_files")
        ),
        sa.PrimaryKeyConstraint("before", "after", name=op.f("pk_corrected_lines")),
    )
    op.create_index(op.f("ix_corrected_lines_after"), "corrected_lines", ["after"])
    op.create_index(op.f("ix_corrected_lines_file"), "corrected_lines", ["file"])
    op.create_table(
        "withdrawn_acts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("line", types.BigInt, nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("reason", types.Text, nullable=False),
        sa.Column("at", types.Utc, nullable=False),
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
        sa.Column("undone_at", types.Utc),
        sa.Column("undone_by", types.Text),
        sa.Column("undo_reason", types.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["file"], ["settlement_files.id"], name=op.f("fk_withdrawn_acts_file_settlement_files")
        ),
        sa.ForeignKeyConstraint(
            ["line"], ["payout_lines.id"], name=op.f("fk_withdrawn_acts_line_payout_lines")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawn_acts")),
    )
    op.create_index(op.f("ix_withdrawn_acts_file"), "withdrawn_acts", ["file"])
    op.create_index(
        "uq_withdrawn_acts_line",
        "withdrawn_acts",
        ["line"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.get_bind().execute(
        sa.update(_META).where(_META.c.name == "least_program").values(value=str(int(revision)))
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
