"""Rows that were set aside can be dealt with; which still stand in the way of a payout's proof is kept with the file."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_files = sa.table(
    "settlement_files",
    sa.column("id"),
    sa.column("aside_blocking"),
    *(sa.column(name, types.Json()) for name in ("aside", "aside_settlements", "aside_open")),
)
_NO_MONEY = ("preamble", "total", "header_again")


def upgrade() -> None:
    op.add_column(
        "settlement_files", sa.Column("aside_open", types.Json(), nullable=False, server_default="{}")
    )
    op.create_table(
        "aside_acts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("closed", types.Json(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by", types.Text(), nullable=True),
        sa.Column("undo_reason", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file"], ["settlement_files.id"], name=op.f("fk_aside_acts_file")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aside_acts")),
    )
    op.create_index(
        "uq_aside_acts_file_line",
        "aside_acts",
        ["file", "line"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    op.create_index("ix_aside_acts_file", "aside_acts", ["file"])
    _fill(op.get_bind())


def _fill(tx: sa.Connection) -> None:
    """How many rows stand in the way of each payout, as far as they were kept; one at least of each that is named."""
    for file in tx.execute(sa.select(_files).where(_files.c.aside_blocking > 0)).all():
        found = dict.fromkeys(file.aside_settlements, 0)
        for row in file.aside:
            if row["reason"] not in _NO_MONEY:
                name = row.get("settlement_id", "")
                found[name] = found.get(name, 0) + 1
        rest = file.aside_blocking - sum(found.values())
        for name in [name for name, count in found.items() if not count]:
            found[name], rest = 1, rest - 1
        if rest > 0:  # of which payouts, was not kept: of those that are named, or of any
            name = min(found, default="")
            found[name] = found.get(name, 0) + rest
        tx.execute(sa.update(_files).where(_files.c.id == file.id).values(aside_open=found))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
