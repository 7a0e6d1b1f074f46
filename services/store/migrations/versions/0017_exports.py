"""Exports that people have asked for, and their content."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exports",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("kind", types.Text, nullable=False),
        sa.Column("form", types.Text, nullable=False),
        sa.Column("language", types.Text, nullable=False),
        sa.Column("chosen", types.Json, nullable=False),
        sa.Column("open_key", types.Text),
        sa.Column("state", types.Text, nullable=False),
        sa.Column("accounts", types.Json),
        sa.Column("rows_done", types.BigInt, nullable=False),
        sa.Column("rows_total", types.BigInt),
        sa.Column("size", types.BigInt, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("owner", types.Text, nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("leased_until", types.Utc),
        sa.Column("failure", types.Text, nullable=False),
        sa.Column("failure_detail", types.Json, nullable=False),
        sa.Column("created_at", types.Utc, nullable=False),
        sa.Column("finished_at", types.Utc),
        sa.Column("kept_until", types.Utc, nullable=False),
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
        sa.UniqueConstraint("open_key", name=op.f("uq_exports_open_key")),
    )
    op.create_index(op.f("ix_exports_actor_id_id"), "exports", ["actor_id", "id"])
    op.create_index(op.f("ix_exports_state_id"), "exports", ["state", "id"])
    op.create_table(
        "export_chunks",
        sa.Column("export", types.BigInt, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["export"], ["exports.id"], name=op.f("fk_export_chunks_export_exports")),
        sa.PrimaryKeyConstraint("export", "number", name=op.f("pk_export_chunks")),
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
