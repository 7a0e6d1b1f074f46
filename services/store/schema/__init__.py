"""The tables, by what they are about: whoever imports one module of them has the metadata of all.

Amounts are BIGINT of 1/10000, times are UTC, every row says who wrote it; `docs/architecture.md` draws an order's life.
"""

from services.store.schema import (
    accounts,
    alarms,
    bank,
    base,
    bulk,
    exports,
    fetching,
    meta,
    order_sums,
    orders,
    payout_decisions,
    payout_lines,
    payouts,
    people,
    reconciliation,
    settlement_files,
    types,
)

__all__ = [
    "accounts",
    "alarms",
    "bank",
    "base",
    "bulk",
    "exports",
    "fetching",
    "meta",
    "order_sums",
    "orders",
    "payout_decisions",
    "payout_lines",
    "payouts",
    "people",
    "reconciliation",
    "settlement_files",
    "types",
]
