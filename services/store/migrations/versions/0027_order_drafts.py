"""Orders that people typed and have not sent."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_drafts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
        sa.Column("form_key", types.Text, nullable=False),
        sa.Column("account", types.Text, nullable=False),
        sa.Column("channel", types.Text, nullable=False),
        sa.Column("data", types.Json, nullable=False),
        sa.Column("email", types.Text, nullable=False),
        sa.Column("order_id", types.Text, nullable=False),
        sa.Column("name_key", types.Text, nullable=False),
        sa.Column("saved_at", types.Utc, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_drafts")),
        sa.UniqueConstraint("actor_id", "form_key", name=op.f("uq_order_drafts_actor_id_form_key")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
