"""A message says whether it is a reminder, and who has asked for it."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MESSAGES = sa.table("messages", sa.column("reminder"), sa.column("form_key"))


def upgrade() -> None:
    op.add_column("messages", sa.Column("reminder", types.Text(), nullable=False, server_default=""))
    op.execute(
        _MESSAGES.update().where(_MESSAGES.c.form_key.like("reminder:%")).values(reminder="by_schedule")
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
