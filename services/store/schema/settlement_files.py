"""The tables of payout files and of their issues, of rows that were set aside, and of corrections that wait for a person.

A file is received, waits, runs in a process of its own, and is complete: until that one column changes, nothing of its
lines is seen. Files run one at a time over the whole installation, so the lines of those that are not complete are the
ones from the lowest ``first_line_id`` of them on.
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
    # processes that began its import and did not end it; of a complete file, those that failed at its follow-up
    Column("tries", Integer, nullable=False, default=0),
    Column("lines_done", Integer, nullable=False, default=0),
    Column("bytes_done", BigInt, nullable=False, default=0),
    # the first and the last id of its own lines, between which no other file has any; None while it has none
    Column("first_line_id", BigInt),
    Column("last_line_id", BigInt),
    Column("lines", Integer, nullable=False, default=0),
    Column("known_lines", Integer, nullable=False, default=0),
    Column("changed_lines", Integer, nullable=False, default=0),
    Column(
        "held_lines", Integer, nullable=False, default=0, server_default="0"
    ),  # of corrections that wait for a person
    Column(
        "withdrawn_lines", Integer, nullable=False, default=0, server_default="0"
    ),  # that its issues no longer have
    Column("aside", Json, nullable=False, default=list),  # the first thousand, those that may be money first
    Column("aside_blocking", Integer, nullable=False, default=0),  # how many rows may hold money
    Column(
        "aside_settlements", Json, nullable=False, default=list
    ),  # which payouts those may belong to; "" is any
    # the payout that a row names, "" for any → how many of its rows nobody has dealt with yet
    Column("aside_open", Json, nullable=False, default=dict, server_default="{}"),
    Column("settlements", Json, nullable=False, default=list),  # the payouts that it names
    # [[account, settlement id], …]: the payouts that had lines of its transactions when it became complete
    Column("shared_payouts", Json, nullable=False, default=list, server_default="[]"),
    Column("hipay_settlement", Text, nullable=False, default=""),  # the id it was fetched by
    # [[Account, ours or "", rows], …], most rows first: which of our accounts its lines are booked to
    Column("accounts", Json, nullable=False, default=list, server_default="[]"),
    # a person has confirmed that its lines are others than the stored ones, however alike
    Column("others", Boolean, nullable=False, default=False, server_default=false()),
    Column(
        "older_lines", Integer, nullable=False, default=0, server_default="0"
    ),  # of an older issue: they do not count
    # what a person said of its issues; {} for nothing
    Column("answers", Json, nullable=False, default=dict, server_default="{}"),
    Column(
        "follow_up", BigInt
    ),  # once complete: up to which of its lines others were joined again; None: all
    Column("batch", BigInt),  # the row of import_batches with which it was added; None: alone
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
    Index(None, "batch", **partial("batch IS NOT NULL")),
    Index(None, "follow_up", **partial("follow_up IS NOT NULL")),
    Index("ix_settlement_files_aside_open", "id", **partial("aside_open <> '{}'")),
    sqlite_autoincrement=True,  # an id is never given again
)
# Files that a person imports together: their result is shown to that person until it is closed.
import_batches = Table(
    "import_batches",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("form_key", Text, nullable=False),  # of the form that was sent: sent again, it is the same batch
    Column("planned", Integer, nullable=False),  # how many files are handed over
    # [[name, error code, fields], …]: files that were refused
    Column("refused", Json, nullable=False, default=list),
    Column("begun_at", Utc, nullable=False),
    Column("closed_at", Utc),
    *who(),
    UniqueConstraint("actor_id", "form_key"),
    Index(None, "actor_id", **partial("closed_at IS NULL")),
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
    Column("line", Integer, nullable=False),  # 0: all rows beyond those that are stored to be shown
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
# in ``after`` are not valid meanwhile: each is marked as replaced by its own file.
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
# What a file says of a payout that other files have lines of, too: the lines that it names are its own and ``known``.
payout_issues = Table(
    "payout_issues",
    metadata,
    Column("file", BigInt, ForeignKey("settlement_files.id"), primary_key=True),
    Column("account", Text, primary_key=True),
    Column("settlement_id", Text, primary_key=True),
    Column("issue", BigInt, nullable=False),  # the file with which it began: the parts of an issue share it
    Column(
        "known", Json, nullable=False
    ),  # [first id, last id] of lines of other files that it names, ascending
    # that is all of them; false for a file that a former version imported, which did not store what it named
    Column("exact", Boolean, nullable=False),
    Column(
        "whole", Boolean, nullable=False
    ),  # its lines make its own payout line, or HiPay's API gave all of it
    Column("newest", Boolean, nullable=False),  # whether its issue is the newest one
    Index(None, "account", "settlement_id"),
)
# A person said of an imported file that its issue of a payout is the newest one. Undone by saying so of another.
issue_acts = Table(
    "issue_acts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),
    Column("account", Text, nullable=False),
    Column("settlement_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
    *who(),
    Index(None, "account", "settlement_id"),
)
# A line that the file corrected, and the one in its place.
corrected_lines = Table(
    "corrected_lines",
    metadata,
    Column("before", BigInt, ForeignKey("payout_lines.id"), primary_key=True),
    Column("after", BigInt, ForeignKey("payout_lines.id"), primary_key=True, index=True),
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False, index=True),
)
# A withdrawn line that a person took back into its payout. Never changed but to be undone.
withdrawn_acts = Table(
    "withdrawn_acts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("line", BigInt, ForeignKey("payout_lines.id"), nullable=False),
    Column("file", BigInt, ForeignKey("settlement_files.id"), nullable=False),  # that had withdrawn it
    Column("reason", Text, nullable=False),
    Column("at", Utc, nullable=False),
    *who(),
    Column("undone_at", Utc),
    Column("undone_by", Text),
    Column("undo_reason", Text, nullable=False, default=""),
    Index(None, "file"),
    Index("uq_withdrawn_acts_line", "line", unique=True, **partial("undone_at IS NULL")),
)
