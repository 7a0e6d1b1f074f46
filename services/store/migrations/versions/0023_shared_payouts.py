"""Which payouts a file shares transactions with, and indexes over the files that are not followed up, or have rows set aside."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_settlement_files_follow_up", "follow_up", "follow_up IS NOT NULL"),
    ("ix_settlement_files_aside_open", "id", "aside_open <> '{}'"),
)


def upgrade() -> None:
    shared = sa.Column("shared_payouts", types.Json, nullable=False, server_default="[]")
    op.add_column("settlement_files", shared)
    for name, column, condition in _INDEXES:
        where = sa.text(condition)
        op.create_index(name, "settlement_files", [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
