"""The tables of sums over payment requests by hour. Triggers of the migration ``order_sums`` keep them."""

from sqlalchemy import Column, Integer, Table

from services.store.schema.base import metadata
from services.store.schema.types import BigInt, Text

# What is summed, in 1/10000 and in requests, over those that are not imported. The hour is UTC's, "YYYY-MM-DD HH": every zone's
# days are made of hours, and of a part of one.
SUMMED = (
    ("hour", Text),  # of the measure's time
    ("measure", Text),  # asked, paid, refused, awaiting: services.store.orders.order_sums
    ("account", Text),
    ("currency", Text),
    ("reason", Integer),  # of what is refused: HiPay's code, 0 for none
)
order_sums = Table(
    "order_sums",
    metadata,
    *(Column(name, kind, primary_key=True, autoincrement=False) for name, kind in SUMMED),
    Column("units", BigInt, nullable=False),
    Column("orders", BigInt, nullable=False),
)
# Not yet added up: each change of a request appends what it adds and takes off, so that no two writers wait for one row.
order_sum_changes = Table(
    "order_sum_changes",
    metadata,
    Column("id", BigInt, primary_key=True, autoincrement=True),
    *(Column(name, kind, nullable=False) for name, kind in SUMMED),
    Column("units", BigInt, nullable=False),
    Column("orders", BigInt, nullable=False),
)
# While requests of before the sums are counted in steps, one row: up to which id they are, and up to which they are to be.
order_sum_fill = Table(
    "order_sum_fill",
    metadata,
    Column("until", BigInt, primary_key=True, autoincrement=False),
    Column("after", BigInt, nullable=False),
)
