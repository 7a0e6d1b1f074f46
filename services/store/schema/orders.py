"""The tables. Amounts are BIGINT of 1/10000, times are UTC, every row says who; `docs/architecture.md` draws an order's life.

An ``orders`` row is what is expected to be paid; each hosted page made for it is a ``pages`` row; what happened is a row
of ``events``, never changed; what is due next is a row of ``steps``. The state columns of ``orders`` are a fold of its
events, written in the same transaction, so that lists can be filtered and paged in SQL.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from services.store.schema import fetching, settlements
from services.store.schema.base import metadata, partial, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

__all__ = ["fetching", "metadata", "settlements"]  # all tables are there once this module is

meta = Table("meta", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("issuer", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text, nullable=False, default=""),
    Column("name", Text, nullable=False, default=""),
    Column("language", Text, nullable=False, default=""),  # of the screens; "" until the person has chosen
    Column("created_at", Utc, nullable=False),
    Column("signed_in_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("disabled", Boolean, nullable=False, default=False),
    UniqueConstraint("issuer", "subject"),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("source", Text, primary_key=True),  # claim: as the identity provider last said; table: given here
    Column("account", Text, primary_key=True, default="", server_default=""),  # "" for all accounts
    Column("granted_at", Utc, nullable=False),
    Column("granted_by", Text, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column(
        "id", Text, primary_key=True
    ),  # SHA-256 over the provider's token: its cookie, shown again, finds this row
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column(
        "ends_at", Utc, nullable=False
    ),  # moves on with use, up to the absolute limit; a sign-out moves it back
)

audit = Table(
    "audit",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("at", Utc, nullable=False),
    *who(),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),  # "order:12", "account:shop": ids, never personal data
    Column("detail", Json, nullable=False),
    Column("hash", Text, nullable=False, unique=True),  # over this row and the hash before it
)

account_config = Table(
    "account_config",
    metadata,
    Column("account", Text, primary_key=True),
    Column("section", Text, primary_key=True),  # redirect_pages, email, payment_page, matching, options
    Column("language", Text, primary_key=True, default=""),  # "" is the default
    Column("data", Json, nullable=False),
    Column("updated_at", Utc, nullable=False),
    *who(),
)

account_checks = Table(
    "account_checks",
    metadata,
    Column("account", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("status", Text, nullable=False),  # ok, warning, failed, unknown
    Column("detail", Json, nullable=False),
    Column("checked_at", Utc, nullable=False),
    *who(),
)

account_pauses = Table(
    "account_pauses",
    metadata,
    Column("account", Text, primary_key=True),
    Column("subject", Text, primary_key=True),  # gateway, mail
    Column("reason", Text, nullable=False),  # the error code that paused it
    Column("since", Utc, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("order_id", Text, nullable=False),
    Column("channel", Text, nullable=False),  # link, phone, imported
    Column(
        "form_key", Text, nullable=False, unique=True
    ),  # made when the form was drawn: a second press finds this row
    Column(
        "mark", Text, nullable=False, unique=True
    ),  # travels in custom_data: tells our page from another's
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("amount", BigInt, nullable=False),
    Column("currency", Text, nullable=False),
    Column("description", Text, nullable=False),
    *(Column(f"reference_{n}", Text, nullable=False, default="") for n in range(1, 6)),
    Column("capture", Text, nullable=False),  # now, later
    Column("expires_at", Utc, nullable=False),
    Column("copy_to", Text, nullable=False, default=""),
    Column(
        "link_token", Text, unique=True
    ),  # of our own link: 128 random bits; None: HiPay's own address is mailed
    Column("created_at", Utc, nullable=False),
    *who(),
    Column("sender_name", Text, nullable=False),  # shown in the list; the id is the truth
    Column("search", Text, nullable=False),  # names, address, ids and references, case and accents folded
    # the fold of the order's events
    Column("delivery", Text, nullable=False),
    Column("availability", Text, nullable=False),
    Column("payment", Text, nullable=False),
    Column("authorised", BigInt, nullable=False, default=0),
    Column("captured", BigInt, nullable=False, default=0),
    Column("refunded", BigInt, nullable=False, default=0),
    Column("charged_back", BigInt, nullable=False, default=0),
    Column("failure", Text, nullable=False, default=""),  # the error code that stopped it
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("sent_at", Utc),
    Column("paid_at", Utc),  # when it was first held or collected
    Column("captured_at", Utc),  # when it was first collected, and last
    Column("last_captured_at", Utc),
    Column("checked_at", Utc),
    Column("erased_at", Utc),  # when the customer's data was erased
    UniqueConstraint("account", "order_id"),
    CheckConstraint("amount > 0", name="amount_positive"),
    Index(None, "created_at", "id"),
    Index(None, "payment", "created_at"),
    Index(None, "paid_at"),
    Index(None, "expires_at"),
    Index(None, "account", "reference_1"),
)

pages = Table(
    "pages",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("hipay_order_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("amount", BigInt, nullable=False),
    Column("currency", Text, nullable=False),
    Column("state", Text, nullable=False),  # requested, open, lost; of an own link also withdrawn, superseded
    Column("url", Text),
    Column("mid", Text, nullable=False, default=""),
    Column("token", Text, nullable=False, unique=True),  # 128 random bits: the return pages' address
    Column("created_at", Utc, nullable=False),
    Column("opened_at", Utc),
    Column("expires_at", Utc),
    Column("claimed_until", Utc),  # while a press of the own link's button asks HiPay for it
    UniqueConstraint("account", "hipay_order_id"),
    UniqueConstraint("order", "number"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("page", BigInt, ForeignKey("pages.id")),  # None: it carries our own link
    Column("kind", Text, nullable=False),  # link, copy
    Column("number", Integer, nullable=False),  # 1 for the first of its kind
    Column("form_key", Text, unique=True),  # of the window that asked for it: a second press finds this row
    Column("reminder", Text, nullable=False, default="", server_default=""),  # by_hand, by_schedule
    Column("recipient", Text, nullable=False),
    Column("message_id", Text, nullable=False, unique=True),
    Column("body", LargeBinary, nullable=False),  # the message as it leaves, the same at every try
    Column("state", Text, nullable=False),  # queued, sending, sent, failed, uncertain, expired, withdrawn
    Column("tries", Integer, nullable=False, default=0),
    Column("answer", Text, nullable=False, default=""),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    UniqueConstraint("order", "kind", "number"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False),
    Column("page", BigInt, ForeignKey("pages.id")),
    Column("at", Utc, nullable=False),
    Column("kind", Text, nullable=False),
    *who(),
    Column("data", Json, nullable=False),
    Column("identity", Text, unique=True),  # an outside fact that may come twice: the second is not written
    Index(None, "order", "id"),
)

steps = Table(
    "steps",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False),
    Column("kind", Text, nullable=False),  # page, mail, copy, read
    Column("account", Text, nullable=False),
    Column("due_at", Utc, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("first_due_at", Utc, nullable=False),
    Column("fence", Integer, nullable=False, default=0),  # grows with each lease: a late worker cannot write
    Column("leased_by", Text),
    Column("leased_until", Utc),
    UniqueConstraint("order", "kind"),
    Index(None, "due_at"),
    sqlite_autoincrement=True,  # an id is never given again
)

operations = Table(
    "operations",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("reference", Text, nullable=False),  # HiPay's transaction
    Column("kind", Text, nullable=False),  # capture, refund, cancel
    Column("amount", BigInt),  # None: all of it (cancel)
    Column("currency", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("form_key", Text, nullable=False, unique=True),  # a second press finds this row
    Column("operation_id", Text, nullable=False),  # HiPay's "Merchant operation ID" in the payout file
    Column("state", Text, nullable=False),  # requested, done, refused, unknown
    Column("failure", Text, nullable=False, default=""),
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("created_at", Utc, nullable=False),
    Column("done_at", Utc),
    *who(),
    UniqueConstraint("account", "operation_id"),
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("kind", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),
    Column("detail", Json, nullable=False),
    Column("opened_at", Utc, nullable=False),
    Column(
        "owner", Text, ForeignKey("users.id")
    ),  # who took it; None: the order's sender, else whoever has the right
    Column("closed_at", Utc, index=True),
    Column("closed_by", Text),
    Column("closing_reason", Text),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("identity", Text, nullable=False),  # SHA-256 of the body as it came
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # without card data
    Column("state", Text, nullable=False),  # stored, then as services.orders.notifications says
    Column("order", BigInt, ForeignKey("orders.id")),
    Column("worked_at", Utc),
    Column("detail", Json, nullable=False, default=dict),
    UniqueConstraint("account", "identity"),
    Index(None, "state", "id"),
)

# The e-mail addresses in a stored body, by which a customer's notifications are found; they go with the body.
notification_addresses = Table(
    "notification_addresses",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the address in small letters
    Column("notification", BigInt, ForeignKey("notifications.id"), primary_key=True, index=True),
)

user_notices = Table(
    "user_notices",
    metadata,
    Column("user_id", Text, ForeignKey("users.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # what the person is notified of by mail: services.notices.facts
    Column("since", Utc, nullable=False),  # nothing older is told
)

notices = Table(
    "notices",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False),
    Column("order", BigInt, ForeignKey("orders.id"), nullable=False, index=True),
    Column("account", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("identity", Text, nullable=False, unique=True),  # one fact, one person, one mail
    Column("detail", Json, nullable=False),
    Column("message_id", Text, nullable=False, default=""),  # kept on a second try
    Column("state", Text, nullable=False),  # queued, sent, failed, uncertain, dropped
    Column("answer", Text, nullable=False, default=""),
    Column("tries", Integer, nullable=False, default=0),
    Column("unknown", Integer, nullable=False, default=0),  # hand-overs whose outcome nobody knows
    Column("due_at", Utc, nullable=False),
    Column("leased_until", Utc),
    Column("fence", Integer, nullable=False, default=0),
    Column("created_at", Utc, nullable=False),
    Column("sent_at", Utc),
    Index(None, "state", "due_at"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),  # of the file
    Column("form_key", Text, nullable=False, unique=True),  # made when the preview was drawn
    Column("state", Text, nullable=False),  # running, paused, done, cancelled
    Column("reason", Text, nullable=False, default=""),  # the error code for which it waits or paused itself
    Column("per_minute", Integer, nullable=False),
    Column("days", Integer, nullable=False),  # validity of a row that names no end
    Column("rows", Integer, nullable=False),
    Column("next_at", Utc, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    *who(),
    Column("sender_name", Text, nullable=False),
    Index(None, "state", "next_at"),
)

batch_rows = Table(
    "batch_rows",
    metadata,
    Column("batch", BigInt, ForeignKey("batches.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),  # where it stood in the file
    Column("state", Text, nullable=False),  # waiting, created, refused
    Column("data", Json, nullable=False),  # the draft; {} once the order has it
    Column("order", BigInt, ForeignKey("orders.id"), index=True),
    Column("problems", Json, nullable=False, default=dict),  # field → [code, values]
    # by these a customer's rows are found: of ``data``, "" once it is empty
    Column("email", Text, nullable=False, default="", server_default=""),  # in small letters
    Column("order_id", Text, nullable=False, default="", server_default=""),
    Column("name_key", Text, nullable=False, default="", server_default=""),  # services.text.folding.name_key
    Index(None, "batch", "state", "number"),
    Index(None, "email", **partial("email <> ''")),
    Index(None, "order_id", **partial("order_id <> ''")),
    Index(None, "name_key", **partial("name_key <> ''")),
)

order_templates = Table(
    "order_templates",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data", Json, nullable=False),  # what recurs of an order: never a customer
    Column("created_at", Utc, nullable=False),
    *who(),
    UniqueConstraint("account", "name"),
)

# What a person said of the columns of a table of orders, for tables with the same set of headings.
table_columns = Table(
    "table_columns",
    metadata,
    Column("account", Text, primary_key=True),
    Column("kind", Text, primary_key=True),  # requests, expected
    Column("headings", Text, primary_key=True),  # SHA-256 of the set
    Column("columns", Json, nullable=False),  # what is meant → its heading, "" for none
    Column("at", Utc, nullable=False),
    *who(),
)
