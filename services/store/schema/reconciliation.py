"""The tables of reconciliation: the keys and positions of orders, what people decided of lines, and the rules of an account."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    false,
)

from services.store.schema.base import metadata, partial, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
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
# Each order's settlement: services.reconciliation.matching.order_status. Amounts in the order's currency, NULL over several.
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
    ),  # the valid one of order_acceptances, while the figures are those that were accepted
    Column(
        "open", Boolean, nullable=False, default=False, server_default=false()
    ),  # a person must look at it
    Index(None, "account", "status", "order"),
    Index(None, "account", "open", "order"),
    Index(None, "account", "open", "paid_at"),
    Index(None, "account", "amount_units", "currency"),
    Index(None, "account", "last_date", "order"),
)
# An open order that a person accepted as it is. Never changed but to be undone; it is valid for these figures alone.
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
    Column("line", BigInt, ForeignKey("payout_lines.id"), nullable=False, index=True),
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
# The orders among which a valid split divides a line.
line_shares = Table(
    "line_shares",
    metadata,
    Column("line", BigInt, ForeignKey("payout_lines.id"), primary_key=True),
    Column("order", BigInt, ForeignKey("orders.id"), primary_key=True, index=True),
    Column("units", BigInt, nullable=False),  # of the original amount, its sign too
)
line_comments = Table(
    "line_comments",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("line", BigInt, ForeignKey("payout_lines.id"), index=True),
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
    # how the account's files write a payout line: 1 what the merchant receives, -1 what leaves HiPay's balance, 0 unknown,
    # 2 contradictory: as many payouts show one as the other
    Column("payout_sign", Integer, nullable=False, default=0, server_default="0"),
)
