"""The tables of the bank: its accounts, the files that were read, their statements and the entries of these.

An entry is stored once, however many statements contain it. Of what is not HiPay's it has amount, days and a digest, no text. Amounts in
1/10000, signed, as the bank wrote them; days as YYYYMMDD, 0 for none.
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
from services.store.schema.types import BigInt, Digest, Json, Text, Texts, Utc

bank_accounts = Table(
    "bank_accounts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    # by which one account is known in every format: of a French one, bank, branch and number
    Column("identity", Text, nullable=False),
    Column("written", Text, nullable=False),  # as its first statement writes it
    Column("iban", Text, nullable=False),  # "" until a file gives it
    Column("currency", Text, nullable=False),
    Column("account", Text, nullable=False),  # the HiPay account whose payouts it receives; "": any
    Column("at", Utc, nullable=False),
    *who(),
    UniqueConstraint("identity", "currency"),
)
bank_files = Table(
    "bank_files",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),  # the HiPay account that it was added for; "": any
    Column("name", Text, nullable=False),
    Column("sha256", Text, nullable=False, unique=True),
    Column("size", BigInt, nullable=False),
    Column("source", Text, nullable=False),  # upload, folder
    Column("format", Text, nullable=False),  # services.bank.reading.statements.StatementFormat
    Column("dropped_at", Utc),  # when its bytes were dropped; None: they are in bank_chunks
    Column("at", Utc, nullable=False),
    *who(),
)
bank_chunks = Table(
    "bank_chunks",
    metadata,
    Column("file", BigInt, ForeignKey("bank_files.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),  # zlib
)
bank_statements = Table(
    "bank_statements",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("file", BigInt, ForeignKey("bank_files.id"), nullable=False, index=True),
    Column("bank_account", BigInt, ForeignKey("bank_accounts.id"), nullable=False),
    Column("digest", Digest, nullable=False),  # of all that it says: the same statement again is not stored
    Column("format", Text, nullable=False),
    Column("name", Text, nullable=False),  # as the bank names it: its id
    Column("sequence", Text, nullable=False),
    Column("copy", Text, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("opening_units", BigInt),  # None: the file has no such balance
    Column("closing_units", BigInt),
    Column("booked_units", BigInt, nullable=False),  # the sum of its booked entries
    Column("booked", Integer, nullable=False),  # how many these are
    Column("not_booked", Integer, nullable=False),  # entries that are pending or for information
    Column("rolls", Boolean, nullable=False),  # opening + booked = closing, and nothing is missing
    Column("information", Boolean, nullable=False),  # a report of a day under way or a notice: closes nothing
    Column("findings", Json, nullable=False),  # [[code, fields], …]
    UniqueConstraint("bank_account", "digest"),
)
bank_entries = Table(
    "bank_entries",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("bank_account", BigInt, ForeignKey("bank_accounts.id"), nullable=False),
    # of reference, booking day, amount and currency; where there is no reference, of the texts, too
    Column("digest", Digest, nullable=False),
    Column("occurrence", Integer, nullable=False),  # from 1, of equal ones in one statement
    Column("units", BigInt, nullable=False),
    Column("booking_day", Integer, nullable=False),
    Column("value_day", Integer, nullable=False),
    Column("returned", Boolean, nullable=False),  # the bank says that it takes another one back
    # what its texts or its amount suggest; only then are they stored
    Column("hipays", Boolean, nullable=False, server_default=false()),
    Column("reference", Text, nullable=False, server_default=""),
    Column("texts", Texts),
    Column("searched", Text, nullable=False, server_default=""),  # without any blank, in capitals
    UniqueConstraint("bank_account", "digest", "occurrence"),
    Index(None, "bank_account", "booking_day"),
    Index(None, "units"),
    Index("ix_bank_entries_hipays", "booking_day", **partial("hipays")),
)
# Which statements contain an entry.
bank_statement_entries = Table(
    "bank_statement_entries",
    metadata,
    Column("statement", BigInt, ForeignKey("bank_statements.id"), primary_key=True),
    Column("entry", BigInt, ForeignKey("bank_entries.id"), primary_key=True, index=True),
)
