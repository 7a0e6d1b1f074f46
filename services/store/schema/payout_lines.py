"""The tables of the lines of payouts, and of the sums over them. A line is valid when its file is complete, no other line
has replaced it, and nothing has withdrawn it.

What many lines have in common is stored once, and a line has its number: its payout, its group, the reason of its outcome,
and the texts that repeat in a file. ``services.store.settlements.lines.line_codes`` gives the numbers.
"""

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
    Digest,
    Text,
    Texts,
)

# Cells of a settlement file that a line shares with many others, in the order of common_texts.texts; the file's Account is
# named differently from our own account. A name may be added at the end: a shorter list has "" there.
COMMON_TEXTS = (
    "file_account", "account_name", "product_name", "invoiced", "settled", "original_currency", "currency", "operation",
    "collect_mode",
)  # fmt: skip
# The other cells that no query looks at, in the order of payout_lines.texts, those that are filled most often first; "" at
# the end of the list is left out. ``…_rest``: what a date has behind its day (a time, a zone), or the whole of a cell that
# is no date.
LINE_TEXTS = (
    "customer_id", "reporting_data_2", "reporting_data_1", "file_order", "invoice_reference", "reporting_data_3",
    "reporting_data_5", "reporting_data_4", "original_settlement_id", "lost", "date_rest", "date_value_rest",
    "transfer_rest", "operation_date_rest",
)  # fmt: skip
LINE_DAYS = (
    "date",
    "date_value",
    "transfer",
    "operation_date",
)  # of a file; as <name>_day: YYYYMMDD, 0 for none
LINE_AMOUNTS = (
    "original_amount_units", "amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units",
    "settled_amount_units",
)  # fmt: skip
GROUP = ("account", "outcome", "operation_code", "kind", "settlement_currency")  # what identifies a group
# What parts the lines into groups: a page of lines is merged from groups.
line_groups = Table(
    "line_groups",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("operation_code", Text, nullable=False),  # "" of an operation that is not known
    Column("kind", Text, nullable=False),  # of the operation
    Column("settlement_currency", Text, nullable=False),
    Column("bucket", Text, nullable=False),  # services.settlements.settlement_operations.Bucket
    UniqueConstraint(*GROUP, name="uq_line_groups_group"),
)
line_reasons = Table(
    "line_reasons",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reason", Text, nullable=False),
    Column("keys", Text, nullable=False),  # that name the order, or found one; blanks between
    Column("unknown_keys", Text, nullable=False),  # that found none
    UniqueConstraint("reason", "keys", "unknown_keys"),
)
common_texts = Table(
    "common_texts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("digest", Digest, nullable=False, unique=True),  # of the texts: 16 bytes of BLAKE2b
    Column("texts", Texts, nullable=False),  # COMMON_TEXTS
)
payout_lines = Table(
    "payout_lines",
    metadata,
    # given by services.store.settlements.lines.settlement_lines.add, never by the database: those of a file follow each other
    Column("id", BigInt, primary_key=True, autoincrement=False),
    Column("group", Integer, ForeignKey("line_groups.id"), nullable=False),
    # the file that corrects the line; its own file: the line is part of a held correction
    Column("replaced_by", BigInt),
    Column("withdrawn_by", BigInt),  # the file whose issue of the payout no longer has the line
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),
    Column("payout", BigInt, ForeignKey("payouts.id"), nullable=False),
    *(Column(f"{name}_day", Integer, nullable=False) for name in LINE_DAYS),
    Column("settled_amount_units", BigInt),
    # the outcome of the join: services.reconciliation.matching.match
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("reason", Integer, ForeignKey("line_reasons.id"), nullable=False),
    Column("decision", BigInt),  # the valid one of line_decisions
    Column("transaction_id", Text, nullable=False),
    *(Column(name, BigInt) for name in LINE_AMOUNTS[:-1]),
    Column("common", BigInt, ForeignKey("common_texts.id"), nullable=False),
    Column("line", Integer, nullable=False),  # its number in the file
    # 16 bytes of BLAKE2b. A close hashes it, too: it is made of the cells as they were read, and no erasure changes it.
    Column("identity", Digest, nullable=False),  # of its cells, and of its number among equal lines
    Column(
        "key", Digest, nullable=False
    ),  # of what a correction leaves alone: a changed line has a known key
    Column("merchant_operation_id", Text, nullable=False),
    # its keys as loosely as they are ever compared: by these a new order finds the lines that it concerns
    Column("loose_reference", Text, nullable=False),
    Column("loose_order", Text, nullable=False),
    Column("texts", Texts),  # LINE_TEXTS
    Column("nearest", BigInt, ForeignKey("orders.id")),
    Column("candidates", Texts),
    Column("expected", Texts),
    Column("seen", Text),
    # Identity and key are those of one payout only: an import changes few pages of these indexes, however many lines there are.
    UniqueConstraint("payout", "identity"),
    Index(None, "payout", "key"),
    # a page of lines is merged from groups: services.store.settlements.lines.line_pages
    Index("ix_payout_lines_group_id", "group", "id"),
    Index("ix_payout_lines_group_amount", "group", "settled_amount_units", "id"),
    Index("ix_payout_lines_group_date", "group", "date_day", "id"),
    Index(None, "order", **partial('"order" IS NOT NULL')),
    Index(None, "nearest", **partial("nearest IS NOT NULL")),
    Index(None, "replaced_by", **partial("replaced_by IS NOT NULL")),
    Index(None, "withdrawn_by", **partial("withdrawn_by IS NOT NULL")),
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
    # of fees: the tax that is a part of settled_units
    Column("tax_units", BigInt, nullable=False, server_default="0"),
    Column("unsettled_lines", Integer, nullable=False, server_default="0"),  # whose Settled is 0
    Column("unsettled_units", BigInt, nullable=False, server_default="0"),
    # the latest days of the lines that are or were of this sum, YYYYMMDD, 0 for none
    Column("last_transfer", Integer, nullable=False, server_default="0"),
    Column("last_value", Integer, nullable=False, server_default="0"),
    Index(None, "account", "settlement_id"),
)
