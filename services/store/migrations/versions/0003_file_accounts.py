"""A payout file says to which of our accounts its lines are booked; what each Account stands for is told once."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_lines = sa.table("settlement_lines", *map(sa.column, ("file", "file_account", "account")))
_files = sa.table(
    "settlement_files", sa.column("id"), sa.column("state"), sa.column("accounts", types.Json())
)
_matching = sa.table(
    "account_matching",
    sa.column("account"),
    sa.column("file_accounts", types.Json()),
    sa.column("reading", types.Json()),
    *map(sa.column, ("reference", "version", "rejoin_all")),
    sa.column("ignore", types.Json()),
)


def upgrade() -> None:
    op.add_column(
        "settlement_files", sa.Column("accounts", types.Json(), nullable=False, server_default="[]")
    )
    op.add_column(
        "settlement_files", sa.Column("others", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE folder_files SET state = 'put_aside' WHERE state = 'refused'")
    _fill(op.get_bind())


def _fill(tx: sa.Connection) -> None:
    """Each complete file's accounts from its lines. An Account that was always booked to the same is that one's."""
    line = _lines.c
    query = sa.select(line.file, line.file_account, line.account, sa.func.count().label("rows"))
    parts: dict[int, list[tuple[str, str, int]]] = {}
    booked: dict[str, set[str]] = {}
    for row in tx.execute(query.group_by(line.file, line.file_account, line.account)):
        parts.setdefault(row.file, []).append((row.file_account, row.account, row.rows))
        if row.file_account:
            booked.setdefault(row.file_account, set()).add(row.account)
    for file, found in parts.items():
        found.sort(key=lambda part: (-part[2], part[0]))
        of_file = sa.update(_files).where(_files.c.id == file, _files.c.state == "complete")
        tx.execute(of_file.values(accounts=found))
    told = {row.account: dict(row.file_accounts) for row in tx.execute(sa.select(_matching))}
    known = {cell for cells in told.values() for cell in cells}
    for cell, accounts in sorted(booked.items()):
        if cell in known or len(accounts) > 1:
            continue
        [account] = accounts
        if account not in told:
            tx.execute(
                sa.insert(_matching).values(
                    account=account,
                    reference=1,
                    ignore=[],
                    reading={},
                    file_accounts={},
                    version=0,
                    rejoin_all=False,
                )
            )
        told.setdefault(account, {})[cell] = account
        of_account = sa.update(_matching).where(_matching.c.account == account)
        tx.execute(of_account.values(file_accounts=told[account]))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
