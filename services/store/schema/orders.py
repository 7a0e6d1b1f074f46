"""The tables of an order: its pages, messages, events, steps, operations and notifications.

An ``orders`` row is what is expected to be paid; each hosted page made for it is a ``pages`` row; what happened is a row
of ``events``, never changed; what is due next is a row of ``steps``. The state columns of ``orders`` are a fold of its
events, written in the same transaction, so that lists can be filtered and paged in SQL.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from services.store.schema.base import metadata, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
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
    Column("mark", Text, nullable=False, unique=True),  # sent in custom_data: by it our page is recognised
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
    # of a refused payment HiPay's code of the newest reason, 0 for none
    Column("refusal", Integer, nullable=False, default=0, server_default="0"),
    Column("failure", Text, nullable=False, default=""),  # the error code that stopped it
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("sent_at", Utc),  # when the last e-mail to the customer left, reminders included
    Column("paid_at", Utc),  # when it was first authorised or captured
    Column("captured_at", Utc),  # when it was first collected, and last
    Column("last_captured_at", Utc),
    Column("checked_at", Utc),
    Column("erased_at", Utc),  # when the customer's data was erased
    # how often the columns of the payment were written: they change with this alone (services.store.version_guard)
    Column("folds", Integer, nullable=False, server_default="0"),
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
    Column("sent_at", Utc),  # when the mail server took it
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


notifications = Table(
    "notifications",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("identity", Text, nullable=False),  # SHA-256 of the body as it came
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),  # without card data
    Column("state", Text, nullable=False),  # order_states.NotificationState
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
