"""Corrections of lines that HiPay's API delivered wait for a person where a file of other origin brings them."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "settlement_files", sa.Column("held_lines", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "held_corrections",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("key", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("before", types.Json(), nullable=False),
        sa.Column("after", types.Json(), nullable=False),
        sa.Column("before_units", types.BigInt, nullable=True),
        sa.Column("after_units", types.BigInt, nullable=True),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("act", types.BigInt, nullable=True),
        sa.ForeignKeyConstraint(["file"], ["settlement_files.id"], name=op.f("fk_held_corrections_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_corrections")),
        sa.UniqueConstraint("file", "account", "key", name=op.f("uq_held_corrections_file_account_key")),
    )
    op.create_index("ix_held_corrections_account_key", "held_corrections", ["account", "key"])
    op.create_index(
        "ix_held_corrections_open",
        "held_corrections",
        ["file"],
        sqlite_where=sa.text("act IS NULL"),
        postgresql_where=sa.text("act IS NULL"),
    )
    op.create_table(
        "held_acts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("correction", types.BigInt, nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by", types.Text(), nullable=True),
        sa.Column("undo_reason", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["correction"], ["held_corrections.id"], name=op.f("fk_held_acts_correction")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_acts")),
    )
    op.create_index("ix_held_acts_correction", "held_acts", ["correction"])
    op.create_index(
        "uq_held_acts_correction",
        "held_acts",
        ["correction"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
