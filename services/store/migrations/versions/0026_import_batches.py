"""Files that a person imports together, and which files are of such a batch."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_import_batches_actor_id", "import_batches", "actor_id", "closed_at IS NULL"),
    ("ix_settlement_files_batch", "settlement_files", "batch", "batch IS NOT NULL"),
)


def upgrade() -> None:
    op.create_table(
        "import_batches",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("form_key", types.Text, nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("refused", types.Json, nullable=False),
        sa.Column("begun_at", types.Utc, nullable=False),
        sa.Column("closed_at", types.Utc),
        sa.Column("actor_kind", types.Text, nullable=False),
        sa.Column("actor_id", types.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batches")),
        sa.UniqueConstraint("actor_id", "form_key", name=op.f("uq_import_batches_actor_id_form_key")),
    )
    op.add_column("settlement_files", sa.Column("batch", types.BigInt))
    for name, table, column, condition in _INDEXES:
        where = sa.text(condition)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
