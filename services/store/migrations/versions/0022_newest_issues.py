"""How many of a file's lines are of an older issue; and what people said afterwards of which issue is the newest."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "settlement_files", sa.Column("older_lines", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "issue_acts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("account", types.Text, nullable=False),
        sa.Column("settlement_id", types.Text, nullable=False),
        sa.Column("reason", types.Text, nullable=False),
        sa.Column("at", types.Utc, nullable=False),
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
        sa.ForeignKeyConstraint(
            ["file"], ["settlement_files.id"], name=op.f("fk_issue_acts_file_settlement_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_acts")),
    )
    op.create_index(op.f("ix_issue_acts_account_settlement_id"), "issue_acts", ["account", "settlement_id"])


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
