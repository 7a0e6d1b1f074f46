"""A payout is a row with its figures; the sums over lines get what these are worked out from.

Nothing is computed here, where a database may have millions of lines: each payout is behind until the worker has filled the new sums
from the lines (the document ``line_measures``: up to which line they count, and up to which they must) and worked it out.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_META = sa.table("meta", sa.column("name"), sa.column("value"))
_FILES = sa.table("settlement_files", sa.column("last_line_id"))
_TOTALS = sa.table(
    "line_totals", sa.column("account"), sa.column("settlement_id"), sa.column("settlement_currency")
)
_PAYOUTS = sa.table(
    "payouts",
    *map(sa.column, ("account", "settlement_id", "currency", "version")),
)
_UNITS = (
    "gross_units", "refunds_units", "chargebacks_units", "won_units", "fees_units", "vat_units",
    "reserve_captured_units", "reserve_released_units", "adjustments_units", "deferred_units", "other_units",
    "net_units", "apart_units",
)  # fmt: skip
_NUMBERS = (
    "lines", "open_lines", "other_lines", "missing", "rows_without_amount", "rows_not_read", "corrections_waiting",
    "twice", "files", "first_day", "last_day", "transfer_day", "value_day",
)  # fmt: skip


def upgrade() -> None:
    _add(
        "payouts",
        sa.Column("version", types.BigInt, nullable=False, server_default="0"),
        sa.Column("worked_version", types.BigInt, nullable=False, server_default="-1"),
        *(sa.Column(name, types.BigInt, nullable=False, server_default="0") for name in _UNITS),
        sa.Column("announced_units", types.BigInt),
        sa.Column("announced_by", types.Text(), nullable=False, server_default=""),
        sa.Column("parts_units", types.BigInt),
        sa.Column("carried_units", types.BigInt),
        sa.Column("sign", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("hipay_units", types.BigInt),
        sa.Column("hipay_currency", types.Text(), nullable=False, server_default=""),
        *(sa.Column(name, sa.Integer(), nullable=False, server_default="0") for name in _NUMBERS),
        sa.Column("state", types.Text(), nullable=False, server_default=""),
        sa.Column("carried_to", types.BigInt),
    )
    behind = sa.text("version <> worked_version")
    op.create_index("ix_payouts_behind", "payouts", ["id"], sqlite_where=behind, postgresql_where=behind)
    op.create_table(
        "counted_twice",
        sa.Column("payout", types.BigInt, nullable=False),
        sa.Column("transaction_id", types.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["payout"], ["payouts.id"], name="fk_counted_twice_payout"),
        sa.PrimaryKeyConstraint("payout", "transaction_id", name="pk_counted_twice"),
    )
    op.create_index("ix_counted_twice_transaction_id", "counted_twice", ["transaction_id"])
    _add(
        "line_totals",
        sa.Column("tax_units", types.BigInt, nullable=False, server_default="0"),
        sa.Column("unsettled_lines", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("unsettled_units", types.BigInt, nullable=False, server_default="0"),
        sa.Column("last_transfer", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("last_value", sa.Integer(), nullable=False, server_default="0"),
    )
    _add(
        "hipay_settlements",
        sa.Column("iban", types.Text(), nullable=False, server_default=""),
        sa.Column("bic", types.Text(), nullable=False, server_default=""),
    )
    _add("account_matching", sa.Column("payout_sign", sa.Integer(), nullable=False, server_default="0"))
    _begin(op.get_bind())


def _add(table: str, *columns: sa.Column[Any]) -> None:
    for column in columns:
        op.add_column(table, column)


def _begin(tx: sa.Connection) -> None:
    total, payout = _TOTALS.c, _PAYOUTS.c
    of = (total.account, total.settlement_id, total.settlement_currency)
    there = sa.exists().where(
        payout.account == total.account,
        payout.settlement_id == total.settlement_id,
        payout.currency == total.settlement_currency,
    )
    names = ["account", "settlement_id", "currency"]
    tx.execute(sa.insert(_PAYOUTS).from_select(names, sa.select(*of).where(~there).distinct()))
    tx.execute(sa.update(_PAYOUTS).values(version=1))
    # an older program imports and decides without letting a version grow
    tx.execute(sa.update(_META).where(_META.c.name == "least_program").values(value="19"))
    last = tx.scalar(sa.select(sa.func.max(_FILES.c.last_line_id)))
    if last:
        document = json.dumps({"after": 0, "until": last}, sort_keys=True)
        tx.execute(sa.insert(_META).values(name="line_measures", value=document))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
