"""The tables of settlement lines and of the sums over them. A line is valid when its file is complete and no other line
has replaced it."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    UniqueConstraint,
)

from services.store.schema.base import metadata, partial
from services.store.schema.types import (
    BigInt,
    Text,
)

# The columns of a settlement file that are not amounts, as services.settlements.columns names them; the file's Account
# and Order are named differently from our own account and order.
LINE_TEXTS = (
    "file_account", "account_name", "date", "date_value", "invoice_reference", "settlement_id", "transaction_id",
    "file_order", "product_name", "invoiced", "settled", "original_currency", "currency", "operation",
    "settlement_currency", "original_settlement_id", "customer_id", "merchant_operation_id", "reporting_data_1",
    "reporting_data_2", "reporting_data_3", "reporting_data_4", "reporting_data_5", "collect_mode", "transfer",
    "operation_date", "operation_code", "kind", "lost",
)  # fmt: skip
LINE_AMOUNTS = (
    "original_amount_units", "amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units",
    "settled_amount_units",
)  # fmt: skip
# What parts the lines into groups, of each of which the totals know how many it has.
GROUP = ("account", "outcome", "operation_code", "settlement_currency")
settlement_lines = Table(
    "settlement_lines",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("identity", Text, nullable=False),  # a digest of its cells, and its number among equal lines
    Column("key", Text, nullable=False),  # what a correction leaves alone: a changed line has a known key
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),
    Column("line", Integer, nullable=False),
    # the file that corrects the line; its own file: the line is part of a held correction
    Column("replaced_by", BigInt),
    *(Column(name, Text, nullable=False, default="") for name in LINE_TEXTS),
    *(Column(name, BigInt) for name in LINE_AMOUNTS),
    # the outcome of the join: services.reconciliation.matching.match
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("keys", Text, nullable=False, default=""),
    Column("unknown_keys", Text, nullable=False, default=""),
    Column("candidates", Text, nullable=False, default=""),
    Column("nearest", BigInt, ForeignKey("orders.id")),
    Column("seen", Text, nullable=False, default=""),
    Column("expected", Text, nullable=False, default=""),
    Column("decision", BigInt),  # the valid one of line_decisions
    # its keys as loosely as they are ever compared: by these a new order finds the lines that it concerns
    Column("loose_reference", Text, nullable=False, default=""),
    Column("loose_order", Text, nullable=False, default=""),
    UniqueConstraint("account", "identity"),
    Index(None, "account", "key"),
    Index(None, "file", "id"),
    # a page of lines is merged from groups: services.store.settlements.line_pages
    Index("ix_settlement_lines_group_id", *GROUP, "id"),
    Index("ix_settlement_lines_group_amount", *GROUP, "settled_amount_units", "id"),
    Index("ix_settlement_lines_group_date", *GROUP, "date", "id"),
    Index(None, "account", "settlement_id", "id"),
    Index(None, "order", **partial('"order" IS NOT NULL')),
    Index(None, "replaced_by", **partial("replaced_by IS NOT NULL")),
    Index(None, "transaction_id", **partial("transaction_id <> ''")),
    Index(None, "loose_reference", **partial("loose_reference <> ''")),
    Index(None, "loose_order", **partial("loose_order <> ''")),
    Index(None, "merchant_operation_id", **partial("merchant_operation_id <> ''")),
)
# Sums over the valid lines and those of the file that is imported, updated in the transaction of every change of a line.
line_totals = Table(
    "line_totals",
    metadata,
    Column("file", BigInt, ForeignKey("settlement_files.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("settlement_id", Text, primary_key=True),
    Column("settlement_currency", Text, primary_key=True),
    Column(
        "kind", Text, primary_key=True
    ),  # of the operation; "twice": a person decided that these are counted twice
    Column("operation_code", Text, primary_key=True),
    Column("operation", Text, primary_key=True),  # its words where it has no code, else ""
    Column("outcome", Text, primary_key=True),
    Column("lines", Integer, nullable=False),  # never 0
    Column(
        "missing", Integer, nullable=False, server_default="0"
    ),  # of these, how many have no settled amount
    Column("settled_units", BigInt, nullable=False),
    Column("moved_units", BigInt, nullable=False),  # the sum without signs
    # the collection dates of the lines that are or were of this sum, "" for none
    Column("first_date", Text, nullable=False),
    Column("last_date", Text, nullable=False),
    Index(None, "account", "settlement_id"),
)
