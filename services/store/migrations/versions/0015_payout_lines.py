"""Lines get a narrower table, in which what many of them have in common is a number."""

import json

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_DAYS = ("date_day", "date_value_day", "transfer_day", "operation_date_day")
_AMOUNTS = ("original_amount_units", "amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units")
_NAMING = ("line_decisions", "line_shares", "line_comments")  # tables that name lines
_META = sa.table("meta", sa.column("name"), sa.column("value"))
_FILES = sa.table("settlement_files", sa.column("id"), sa.column("last_line_id"))
_FORMER = sa.table("settlement_lines", sa.column("id"), sa.column("file"))


def upgrade() -> None:
    _create_codes()
    _create_lines()
    op.add_column("settlement_files", sa.Column("last_line_id", types.BigInt))
    last = sa.select(sa.func.max(_FORMER.c.id)).where(_FORMER.c.file == _FILES.c.id).scalar_subquery()
    op.execute(sa.update(_FILES).values(last_line_id=last))
    tx = op.get_bind()
    _name_new_lines(tx)
    lines = tx.scalar(sa.select(sa.func.count()).select_from(_FORMER))
    if not lines:
        op.drop_table("settlement_lines")
        return
    rewrite = {"state": "moving", "lines": lines, "moved": 0, "after": 0}  # services.store.line_rewrite
    tx.execute(sa.insert(_META).values(name="line_rewrite", value=json.dumps(rewrite)))
    for statement in _frozen(tx.dialect.name):
        tx.exec_driver_sql(statement)


def _frozen(dialect: str) -> list[str]:
    """Nobody changes a former line any more: not an older program either, which knows no other table."""
    refused = "the lines are in payout_lines"
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER settlement_lines_no_{what.lower()} BEFORE {what} ON settlement_lines "
            f"BEGIN SELECT RAISE(ABORT, '{refused}'); END"
            for what in ("INSERT", "UPDATE")
        ]
    return [
        "CREATE FUNCTION settlement_lines_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{refused}'; END $$",
        "CREATE TRIGGER settlement_lines_frozen BEFORE INSERT OR UPDATE ON settlement_lines "
        "EXECUTE FUNCTION settlement_lines_frozen()",
    ]


def _create_codes() -> None:
    op.create_table(
        "payouts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("settlement_id", types.Text(), nullable=False),
        sa.Column("currency", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_payouts"),
        sa.UniqueConstraint(
            "account", "settlement_id", "currency", name="uq_payouts_account_settlement_id_currency"
        ),
    )
    op.create_table(
        "line_groups",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("account", types.Text(), nullable=False),
        sa.Column("outcome", types.Text(), nullable=False),
        sa.Column("operation_code", types.Text(), nullable=False),
        sa.Column("kind", types.Text(), nullable=False),
        sa.Column("settlement_currency", types.Text(), nullable=False),
        sa.Column("bucket", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_line_groups"),
        sa.UniqueConstraint(
            "account",
            "outcome",
            "operation_code",
            "kind",
            "settlement_currency",
            name="uq_line_groups_group",
        ),
    )
    op.create_table(
        "line_reasons",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("keys", types.Text(), nullable=False),
        sa.Column("unknown_keys", types.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_line_reasons"),
        sa.UniqueConstraint(
            "reason", "keys", "unknown_keys", name="uq_line_reasons_reason_keys_unknown_keys"
        ),
    )
    op.create_table(
        "common_texts",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("digest", types.Digest(), nullable=False),
        sa.Column("texts", types.Texts(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_common_texts"),
        sa.UniqueConstraint("digest", name="uq_common_texts_digest"),
    )


def _create_lines() -> None:
    table = "payout_lines"
    op.create_table(
        table,
        sa.Column("id", types.BigInt, autoincrement=False, nullable=False),
        sa.Column("group", sa.Integer(), nullable=False),
        sa.Column("replaced_by", types.BigInt),
        sa.Column("withdrawn_by", types.BigInt),
        sa.Column("file", types.BigInt, nullable=False),
        sa.Column("payout", types.BigInt, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _DAYS),
        sa.Column("settled_amount_units", types.BigInt),
        sa.Column("order", types.BigInt),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("decision", types.BigInt),
        sa.Column("transaction_id", types.Text(), nullable=False),
        *(sa.Column(name, types.BigInt) for name in _AMOUNTS),
        sa.Column("common", types.BigInt, nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("identity", types.Digest(), nullable=False),
        sa.Column("key", types.Digest(), nullable=False),
        sa.Column("merchant_operation_id", types.Text(), nullable=False),
        sa.Column("loose_reference", types.Text(), nullable=False),
        sa.Column("loose_order", types.Text(), nullable=False),
        sa.Column("texts", types.Texts()),
        sa.Column("nearest", types.BigInt),
        sa.Column("candidates", types.Texts()),
        sa.Column("expected", types.Texts()),
        sa.Column("seen", types.Text()),
        *(
            sa.ForeignKeyConstraint([column], [f"{of}.id"], name=f"fk_{table}_{column}")
            for column, of in (
                ("group", "line_groups"),
                ("file", "settlement_files"),
                ("payout", "payouts"),
                ("order", "orders"),
                ("reason", "line_reasons"),
                ("common", "common_texts"),
                ("nearest", "orders"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint("payout", "identity", name=f"uq_{table}_payout_identity"),
    )
    op.create_index(f"ix_{table}_payout_key", table, ["payout", "key"])
    op.create_index(f"ix_{table}_group_id", table, ["group", "id"])
    op.create_index(f"ix_{table}_group_amount", table, ["group", "settled_amount_units", "id"])
    op.create_index(f"ix_{table}_group_date", table, ["group", "date_day", "id"])
    texts = ("transaction_id", "loose_reference", "loose_order", "merchant_operation_id")
    filled = {"order": '"order" IS NOT NULL', "nearest": "nearest IS NOT NULL"}
    filled["replaced_by"] = "replaced_by IS NOT NULL"
    for name, condition in {**filled, **{text: f"{text} <> ''" for text in texts}}.items():
        some = sa.text(condition)
        op.create_index(f"ix_{table}_{name}", table, [name], sqlite_where=some, postgresql_where=some)


def _name_new_lines(tx: sa.Connection) -> None:
    """Let what people decided and wrote name lines of the new table, which have the ids of the former one.

    No row is checked now, since its line may not be there yet: only one that is written from now on.
    """
    if tx.dialect.name == "postgresql":
        for table in _NAMING:
            op.drop_constraint(f"fk_{table}_line", table, type_="foreignkey")
            op.create_foreign_key(
                f"fk_{table}_line", table, "payout_lines", ["line"], ["id"], postgresql_not_valid=True
            )
        return
    # SQLite changes a foreign key by making the table anew, which would check every row; the other way is described under
    # "Making Other Kinds Of Table Schema Changes" in https://sqlite.org/lang_altertable.html
    version = int(tx.exec_driver_sql("PRAGMA schema_version").scalar_one())
    tx.exec_driver_sql("PRAGMA writable_schema=ON")
    for table in _NAMING:
        tx.exec_driver_sql(
            "UPDATE sqlite_master SET sql = replace(sql, 'REFERENCES settlement_lines', 'REFERENCES payout_lines')"
            " WHERE type = 'table' AND name = ?",
            (table,),
        )
    tx.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    tx.exec_driver_sql("PRAGMA writable_schema=RESET")


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
