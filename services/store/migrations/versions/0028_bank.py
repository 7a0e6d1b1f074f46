"""The bank: its accounts, the files that were read, their statements and the entries of these."""

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def _text(name: str, *, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, types.Text, nullable=False, server_default=default)


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]


def _id(name: str = "id") -> sa.Column[int]:
    return sa.Column(name, types.BigInt, autoincrement=True, nullable=False)


def _of(name: str) -> sa.Column[int]:
    return sa.Column(name, types.BigInt, nullable=False)


def _at() -> list[sa.Column[object]]:
    return [sa.Column("at", types.Utc, nullable=False), _text("actor_kind"), _text("actor_id")]  # type: ignore[list-item]


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"))


def upgrade() -> None:
    op.create_table(
        "bank_accounts",
        _id(),
        *(_text(name) for name in ("identity", "written", "iban", "currency", "account")),
        *_at(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_accounts")),
        sa.UniqueConstraint("identity", "currency", name=op.f("uq_bank_accounts_identity_currency")),
    )
    op.create_table(
        "bank_files",
        _id(),
        *(_text(name) for name in ("account", "name", "sha256")),
        _of("size"),
        *(_text(name) for name in ("source", "format")),
        sa.Column("dropped_at", types.Utc),
        *_at(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_files")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bank_files_sha256")),
    )
    op.create_table(
        "bank_chunks",
        _of("file"),
        *_integers("number"),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _foreign("bank_chunks", "file", "bank_files"),
        sa.PrimaryKeyConstraint("file", "number", name=op.f("pk_bank_chunks")),
    )
    op.create_table(
        "bank_statements",
        _id(),
        _of("file"),
        _of("bank_account"),
        sa.Column("digest", types.Digest, nullable=False),
        *(_text(name) for name in ("format", "name", "sequence", "copy")),
        *_integers("first_day", "last_day"),
        sa.Column("opening_units", types.BigInt),
        sa.Column("closing_units", types.BigInt),
        _of("booked_units"),
        *_integers("booked", "not_booked"),
        sa.Column("rolls", sa.Boolean(), nullable=False),
        sa.Column("information", sa.Boolean(), nullable=False),
        sa.Column("findings", types.Json, nullable=False),
        _foreign("bank_statements", "file", "bank_files"),
        _foreign("bank_statements", "bank_account", "bank_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_statements")),
        sa.UniqueConstraint("bank_account", "digest", name=op.f("uq_bank_statements_bank_account_digest")),
    )
    op.create_index(op.f("ix_bank_statements_file"), "bank_statements", ["file"])
    op.create_table(
        "bank_entries",
        _id(),
        _of("bank_account"),
        sa.Column("digest", types.Digest, nullable=False),
        *_integers("occurrence"),
        _of("units"),
        *_integers("booking_day", "value_day"),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("hipays", sa.Boolean(), nullable=False, server_default=sa.false()),
        _text("reference", default=""),
        sa.Column("texts", types.Texts),
        _text("searched", default=""),
        _foreign("bank_entries", "bank_account", "bank_accounts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_entries")),
        sa.UniqueConstraint(
            "bank_account",
            "digest",
            "occurrence",
            name=op.f("uq_bank_entries_bank_account_digest_occurrence"),
        ),
    )
    op.create_index(
        op.f("ix_bank_entries_bank_account_booking_day"), "bank_entries", ["bank_account", "booking_day"]
    )
    op.create_index(op.f("ix_bank_entries_units"), "bank_entries", ["units"])
    hipays = sa.text("hipays")
    op.create_index(
        "ix_bank_entries_hipays",
        "bank_entries",
        ["booking_day"],
        sqlite_where=hipays,
        postgresql_where=hipays,
    )
    op.create_table(
        "bank_statement_entries",
        _of("statement"),
        _of("entry"),
        _foreign("bank_statement_entries", "statement", "bank_statements"),
        _foreign("bank_statement_entries", "entry", "bank_entries"),
        sa.PrimaryKeyConstraint("statement", "entry", name=op.f("pk_bank_statement_entries")),
    )
    op.create_index(op.f("ix_bank_statement_entries_entry"), "bank_statement_entries", ["entry"])


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
