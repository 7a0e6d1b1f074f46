"""The tables of reconciliation: payout files, their lines, what each line came to, and what people decided.

A file is received, waits, runs in a process of its own, and is complete: until that one column changes, nothing of its
lines is seen. Files run one at a time over the whole installation, so the lines of those that are not complete are the
ones from the lowest ``first_line_id`` of them on. A line *stands* when its file is complete and nothing replaced it.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
    false,
)

from services.store.schema.base import metadata, partial, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

settlement_files = Table(
    "settlement_files",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False, default=""),  # "" until it is received
    Column("size", BigInt, nullable=False, default=0),
    Column("source", Text, nullable=False),  # upload, folder, hipay
    Column("state", Text, nullable=False),  # receiving, waiting, running, complete, failed, cancelled
    Column("chosen", Json, nullable=False, default=dict),  # what a person chose of the reading
    Column("reading", Json, nullable=False, default=dict),  # how it was read
    Column("failure", Text, nullable=False, default=""),  # the error code for which it failed
    Column("failure_detail", Json, nullable=False, default=dict),
    # processes that took it up and did not say how it ended; once complete, that failed at its follow-up
    Column("tries", Integer, nullable=False, default=0),
    Column("lines_done", Integer, nullable=False, default=0),
    Column("bytes_done", BigInt, nullable=False, default=0),
    Column("first_line_id", BigInt),  # of its own lines; None while it has none
    Column("lines", Integer, nullable=False, default=0),
    Column("known_lines", Integer, nullable=False, default=0),
    Column("changed_lines", Integer, nullable=False, default=0),
    Column("held_lines", Integer, nullable=False, default=0, server_default="0"),  # that came to stand beside
    Column(
        "aside", Json, nullable=False, default=list
    ),  # the first thousand, those that may hold money before others
    Column("aside_blocking", Integer, nullable=False, default=0),  # how many rows may hold money
    Column(
        "aside_settlements", Json, nullable=False, default=list
    ),  # which payouts those may belong to; "" is any
    # the payout that a row names, "" for any → how many of its rows nobody has dealt with yet
    Column("aside_open", Json, nullable=False, default=dict, server_default="{}"),
    Column("settlements", Json, nullable=False, default=list),  # the payouts that it names
    Column("hipay_settlement", Text, nullable=False, default=""),  # the id it was fetched by
    # [[Account, ours or "", rows], …], most rows first: which of our accounts its lines are booked to
    Column("accounts", Json, nullable=False, default=list, server_default="[]"),
    # its lines are others than those that stand, however alike: a person has said so
    Column("others", Boolean, nullable=False, default=False, server_default=false()),
    Column(
        "follow_up", BigInt
    ),  # once complete: up to which of its lines others were joined again; None: all
    Column("uploaded_at", Utc, nullable=False),
    Column("finished_at", Utc),
    Column("alive_at", Utc, nullable=False),  # while it is received or runs: when it last came on
    *who(),
    Index(
        "uq_settlement_files_account_sha256",
        "account",
        "sha256",
        unique=True,
        **partial("state NOT IN ('receiving', 'failed', 'cancelled')"),
    ),
    Index(None, "state"),
    sqlite_autoincrement=True,  # an id is never given again
)

settlement_chunks = Table(
    "settlement_chunks",
    metadata,
    Column("file", BigInt, ForeignKey("settlement_files.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # zlib
)

# A row that could not be read, and that a person has dealt with. Never changed but to be undone.
aside_acts = Table(
    "aside_acts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False, index=True),
    Column("line", Integer, nullable=False),  # 0: all rows beyond those that are kept to be shown
    Column("closed", Json, nullable=False),  # what it took out of the file's aside_open
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Index("uq_aside_acts_file_line", "file", "line", unique=True, **partial("undone_at IS NULL")),
)

# A correction that a file of other origin would make of lines that HiPay's API delivered: it waits for a person. The lines
# in ``after`` stand beside and do not count: what such a line is replaced by is its own file.
held_corrections = Table(
    "held_corrections",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("key", Text, nullable=False),  # of all these lines
    Column("settlement_id", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("line", Integer, nullable=False),  # the first of ``after`` in the file
    Column("before", Json, nullable=False),  # ids of the lines that it would take the place of
    Column("after", Json, nullable=False),
    Column("before_units", BigInt),  # settled; None where an amount is not there
    Column("after_units", BigInt),
    Column("at", Utc, nullable=False),
    Column("act", BigInt),  # the one of held_acts that stands; None: nobody has decided
    UniqueConstraint("file", "account", "key"),
    Index(None, "account", "key"),
    Index("ix_held_corrections_open", "file", **partial("act IS NULL")),
)

# What was decided of a held correction: taken, dismissed. Never changed but to be undone.
held_acts = Table(
    "held_acts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("correction", BigInt, ForeignKey("held_corrections.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),  # "": a later delivery by HiPay has decided
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Index(None, "correction"),
    Index("uq_held_acts_correction", "correction", unique=True, **partial("undone_at IS NULL")),
)

# The columns of a settlement file that are not amounts, as services.settlements.columns names them; the file's Account
# and Order are told from our own account and order.
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
    Column("identity", Text, nullable=False),  # what the line says, and which of its equals it is
    Column("key", Text, nullable=False),  # what a correction leaves alone: a changed line has a known key
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),
    Column("line", Integer, nullable=False),
    # the file in which the line stands changed; its own: it stands beside, as a held correction
    Column("replaced_by", BigInt),
    *(Column(name, Text, nullable=False, default="") for name in LINE_TEXTS),
    *(Column(name, BigInt) for name in LINE_AMOUNTS),
    # what the join came to: services.reconciliation.matching.match
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("keys", Text, nullable=False, default=""),
    Column("unknown_keys", Text, nullable=False, default=""),
    Column("candidates", Text, nullable=False, default=""),
    Column("nearest", BigInt, ForeignKey("orders.id")),
    Column("seen", Text, nullable=False, default=""),
    Column("expected", Text, nullable=False, default=""),
    Column("decision", BigInt),  # the standing one of line_decisions
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

# Sums over standing lines and over those of the file that runs, kept in the transaction of every change of a line.
line_totals = Table(
    "line_totals",
    metadata,
    Column("file", BigInt, ForeignKey("settlement_files.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("settlement_id", Text, primary_key=True),
    Column("settlement_currency", Text, primary_key=True),
    Column(
        "kind", Text, primary_key=True
    ),  # of the operation; "twice": a person said that these are counted twice
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

# Every text by which an order is known. kind: order_id (its own and its pages'), reference_1 … reference_5,
# transaction, operation. loose: the text as loosely as it is ever compared.
order_keys = Table(
    "order_keys",
    metadata,
    Column("loose", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("text", Text, primary_key=True),
    Column("order", BigInt, ForeignKey("orders.id"), primary_key=True),
    Index(None, "order"),
    Index(None, "account", "kind"),
    sqlite_with_rowid=False,
)

# Where each order stands: services.reconciliation.matching.order_status. Amounts in the order's currency, NULL over several.
order_positions = Table(
    "order_positions",
    metadata,
    Column("order", BigInt, ForeignKey("orders.id"), primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("amount_units", BigInt, nullable=False),
    Column("captured_units", BigInt, nullable=False),
    Column("captures", Integer, nullable=False),  # how many captures make captured_units
    Column("gross_units", BigInt, nullable=False),
    Column("refunds_units", BigInt, nullable=False),
    Column("chargebacks_units", BigInt, nullable=False),
    Column("won_units", BigInt, nullable=False),
    Column("open_units", BigInt, nullable=False),
    Column("fees_units", BigInt),
    Column("vat_units", BigInt),
    Column("invoice_currency", Text, nullable=False),
    Column("net_units", BigInt),
    Column("settlement_currency", Text, nullable=False),
    Column("settlement_ids", Text, nullable=False),  # ", " between
    # collection dates, then those of the bank's transfers
    Column("first_date", Text, nullable=False),
    Column("last_date", Text, nullable=False),
    Column("first_transfer", Text, nullable=False, default="", server_default=""),
    Column("last_transfer", Text, nullable=False, default="", server_default=""),
    Column("lines", Integer, nullable=False),
    Column("paid_at", Utc),  # since when what is collected and not settled counts
    Column(
        "accepted", BigInt
    ),  # the one of order_acceptances that holds: what was accepted is as it was then
    Column(
        "open", Boolean, nullable=False, default=False, server_default=false()
    ),  # a person is to look at it
    Index(None, "account", "status", "order"),
    Index(None, "account", "open", "order"),
    Index(None, "account", "open", "paid_at"),
    Index(None, "account", "amount_units", "currency"),
    Index(None, "account", "last_date", "order"),
)

# An open order that a person accepted as it stands. Never changed but to be undone; it holds for these figures alone.
order_acceptances = Table(
    "order_acceptances",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("figures", Json, nullable=False),  # services.reconciliation.matching.order_status.FIGURES
    Column("reason", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Index("uq_order_acceptances_order", "order", unique=True, **partial("undone_at IS NULL")),
)

# What was decided of a line: match, split, unmatch, exclude, twice, not_ours by a person; reopened by a correction that
# left nothing to carry over. Never changed but to be undone.
line_decisions = Table(
    "line_decisions",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("line", BigInt, ForeignKey("settlement_lines.id"), nullable=False, index=True),
    Column("kind", Text, nullable=False),
    Column("shares", Json, nullable=False, default=list),  # [[order, units of the original amount], …]
    Column("reason", Text, nullable=False),
    Column("before", Json, nullable=False),  # the line's outcome, reason and order before it
    Column("group", Text, nullable=False, index=True),  # what was decided at once is undone at once
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Column("came_to", Json),  # the line's outcome, reason and order once it was undone and joined again
    Column("due", Boolean, nullable=False),  # taken or undone, and its line is not yet joined again
    Index(None, "due"),
    Index("uq_line_decisions_line", "line", unique=True, **partial("undone_at IS NULL")),
)

# The orders that a decision names: those among which it splits its line, and the line's order before it.
decision_orders = Table(
    "decision_orders",
    metadata,
    Column("order", BigInt, ForeignKey("orders.id"), primary_key=True),
    Column("decision", BigInt, ForeignKey("line_decisions.id"), primary_key=True),
)

# The orders among which a standing split divides a line.
line_shares = Table(
    "line_shares",
    metadata,
    Column("line", BigInt, ForeignKey("settlement_lines.id"), primary_key=True),
    Column("order", BigInt, ForeignKey("orders.id"), primary_key=True, index=True),
    Column("units", BigInt, nullable=False),  # of the original amount, its sign too
)

line_comments = Table(
    "line_comments",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("line", BigInt, ForeignKey("settlement_lines.id"), index=True),
    Column("order", BigInt, ForeignKey("orders.id"), index=True),
    Column("text", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
)

not_ours_rules = Table(
    "not_ours_rules",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False, index=True),
    Column("field", Text, nullable=False),  # a column of a file: services.settlements.columns
    Column("pattern", Text, nullable=False),  # equals, starts
    Column("text", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("at", Utc, nullable=False),
    *who(),
    Column("ended_at", Utc),
    Column("ended_by", Text),
    Column("end_reason", Text, nullable=False, default=""),
    Column(
        "joined_to", BigInt
    ),  # since it began or ended: up to which line all were joined again; None: done
)

account_matching = Table(
    "account_matching",
    metadata,
    Column("account", Text, primary_key=True),
    Column("reference", Integer, nullable=False, default=1),  # which of the five joins; 0: none
    Column("ignore", Json, nullable=False, default=list),  # case, blanks, dashes, zeros
    Column("reading", Json, nullable=False, default=dict),  # what was chosen of the reading of its files
    Column("file_accounts", Json, nullable=False, default=dict),  # the Account of a file → our account
    Column("version", BigInt, nullable=False, default=0),  # grows with every change of a line or a position
    Column("rejoin", BigInt),  # the rules have changed: up to which line all are joined again; None: done
    Column("rejoin_all", Boolean, nullable=False, default=False),  # and the loose keys are made anew
)
