"""The tables of payouts: a payout in one currency is a row with its figures, worked out from the stored sums over its lines.

Whatever changes what a row is worked out from lets ``version`` grow in the same transaction (``services.store.payouts.versions``). A row
is behind while ``worked_version`` is another: then it proves nothing. Amounts in 1/10000, signed as in the lines.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint

from services.store.schema.base import metadata, partial
from services.store.schema.types import BigInt, Text

# What a payout's lines add up to, by bucket of their operation (services.settlements.settlement_operations.Bucket); the VAT is a part of
# the fees and is named apart from them. They add up to ``net_units``: all valid lines but total lines.
LEGS = (
    "gross_units", "refunds_units", "chargebacks_units", "won_units", "fees_units", "vat_units",
    "reserve_captured_units", "reserve_released_units", "adjustments_units", "deferred_units", "other_units",
)  # fmt: skip
COUNTS = (
    "lines",  # all valid lines, total lines too
    "open_lines",  # for which a person must find the order
    "other_lines",  # of an operation that is not known
    "missing",  # stored without an amount, in whatever currency of the payout
    "rows_without_amount",  # set aside since they have no amount, and nobody has dealt with them
    "rows_not_read",  # set aside for another reason
    "corrections_waiting",  # held corrections, in whatever currency
    "twice",  # lines that are counted twice
    "files",
)
DAYS = ("first_day", "last_day", "transfer_day", "value_day")  # YYYYMMDD, 0 for none
payouts = Table(
    "payouts",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("settlement_id", Text, nullable=False),  # "" of lines that name none
    Column("currency", Text, nullable=False),
    Column("version", BigInt, nullable=False, server_default="0"),  # 0: no file with its lines is complete
    Column("worked_version", BigInt, nullable=False, server_default="-1"),  # -1: never
    *(Column(name, BigInt, nullable=False, server_default="0") for name in (*LEGS, "net_units")),
    # the part of net_units that is of lines already settled, or whose Settled is 0
    Column("apart_units", BigInt, nullable=False, server_default="0"),
    Column("announced_units", BigInt),  # by the file: what the merchant receives; None: nothing is announced
    Column(
        "announced_by", Text, nullable=False, server_default=""
    ),  # settlement, splitting_settlement, split_settlement, deferred
    # how many lines announce it; of parts without a total: of how many files they are
    Column("announced_lines", Integer, nullable=False, server_default="0"),
    Column("parts_units", BigInt),  # of a payout with parts and a total: the sum of the parts
    Column("carried_units", BigInt),  # of the lines Deferred settlement; None: there is none
    # 1, -1: the payout line is what the merchant receives, or what leaves HiPay's balance; 0: it shows neither
    Column("sign", Integer, nullable=False, server_default="0"),
    Column("hipay_units", BigInt),  # the amount that HiPay's API lists; None: it lists none
    Column("hipay_currency", Text, nullable=False, server_default=""),  # of that amount
    *(Column(name, Integer, nullable=False, server_default="0") for name in COUNTS),
    *(Column(name, Integer, nullable=False, server_default="0") for name in DAYS),
    Column("state", Text, nullable=False, server_default=""),  # services.payouts.states; "": never worked out
    Column("carried_to", BigInt),  # the id of the payout that takes up what this one carries
    UniqueConstraint("account", "settlement_id", "currency"),
    Index("ix_payouts_behind", "id", **partial("version <> worked_version")),
)
# Transactions of which a payout has lines that are counted twice.
counted_twice = Table(
    "counted_twice",
    metadata,
    Column("payout", BigInt, ForeignKey("payouts.id"), primary_key=True),
    Column("transaction_id", Text, primary_key=True),
    Column("lines", Integer, nullable=False),
    Index(None, "transaction_id"),
)
