"""The tables of what comes from HiPay or a folder by itself: its list of payouts, what is to be fetched, what was taken."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, Table, UniqueConstraint

from services.store.schema.base import metadata, who
from services.store.schema.types import (
    BigInt,
    Json,
    Text,
    Utc,
)

# A ``file`` is one of settlement_files, by its id, which is never given again; it may have gone since.

# The payouts of HiPay's list, as its finance API returned it last. Amounts in 1/10000 of the currency.
hipay_settlements = Table(
    "hipay_settlements",
    metadata,
    Column("account", Text, primary_key=True),
    Column("settlement_id", Text, primary_key=True),
    Column("amount", BigInt, nullable=False),
    Column("currency", Text, nullable=False),
    Column("date_value", Text, nullable=False),  # ISO, "" where HiPay names none
    Column(
        "figures", Json, nullable=False
    ),  # sales, refunds, fees, chargeback, deferred, rolling, other, amount
    Column(
        "recent", Boolean, nullable=False
    ),  # at its first sight: only such are fetched without being asked for
    Column("first_seen_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("file", BigInt),  # its newest file that was fetched
    Column("sha256", Text, nullable=False, default=""),  # of that file
    Column(
        "file_figures", Json, nullable=False, default=dict
    ),  # the figures then: others since, and it was issued anew
    Column("fetched_at", Utc),
    Column("failure", Text, nullable=False, default=""),  # the error code of the last try
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("failed_at", Utc),
    # of the bank account that receives it, "" where HiPay names none
    Column("iban", Text, nullable=False, default="", server_default=""),
    Column("bic", Text, nullable=False, default="", server_default=""),
)

# What is to be asked of HiPay. The worker takes one at a time of an account, by lease.
payout_requests = Table(
    "payout_requests",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("source", Text, nullable=False),  # person, schedule, notification
    Column("settlement_id", Text, nullable=False),  # "": the list, and all that are new
    Column(
        "form_key", Text, nullable=False, unique=True
    ),  # a second press, or a second worker, finds this row
    Column("state", Text, nullable=False),  # waiting, running, done, failed
    Column("due_at", Utc, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("fence", Integer, nullable=False, default=0),
    Column("leased_until", Utc),
    Column("wanted", Integer, nullable=False, default=0),
    Column("fetched", Integer, nullable=False, default=0),  # files that were new
    Column("unchanged", Integer, nullable=False, default=0),
    Column("missed", Integer, nullable=False, default=0),
    Column("current", Text, nullable=False, default=""),  # the payout whose file is being received
    Column("bytes", BigInt, nullable=False, default=0),  # of it so far
    Column("failure", Text, nullable=False, default=""),
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("created_at", Utc, nullable=False),
    Column("finished_at", Utc),
    *who(),
    Index(None, "state", "due_at"),
    Index(None, "account", "id"),
)

finance_notifications = Table(
    "finance_notifications",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("received_at", Utc, nullable=False),
    Column("identity", Text, nullable=False),  # SHA-256 of the body as it came
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),  # stored, then requested, ignored or unreadable
    Column("settlement_id", Text, nullable=False, default=""),
    Column("worked_at", Utc),
    Column("detail", Json, nullable=False, default=dict),
    UniqueConstraint("account", "identity"),
    Index(None, "state", "id"),
)

# Every content that was found in the watched folder, once.
folder_files = Table(
    "folder_files",
    metadata,
    Column("account", Text, primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("size", BigInt, nullable=False),
    # taking, taken, refused; put_aside once it lies among the refused: one that comes again is taken again
    Column("state", Text, nullable=False),
    Column("files", Json, nullable=False, default=list),  # several of a ZIP
    Column("failure", Text, nullable=False, default=""),
    Column("failure_detail", Json, nullable=False, default=dict),
    Column("leased_until", Utc),
    Column("found_at", Utc, nullable=False),
)
