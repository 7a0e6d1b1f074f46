"""What persons say of the columns of tables of orders is remembered."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "table_columns",
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("headings", types.Text(), nullable=False),
        sa.Column("columns", types.Json(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "kind", "headings", name=op.f("pk_table_columns")),
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
