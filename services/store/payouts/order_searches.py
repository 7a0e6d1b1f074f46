"""Searches for orders that may explain the difference of a payout: bounded, each by an index."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, or_, select

from services.store.in_list import among
from services.store.schema.orders import orders
from services.store.schema.reconciliation import order_keys, order_positions

_SCANNED = 20_000  # orders of one amount that a search goes through


@dataclass(frozen=True, kw_only=True, slots=True)
class CapturedOrder:
    """An order of which something was captured. Units of 1/10000 of its currency; ``day``: YYYYMMDD of the last capture."""

    id: int
    captured_units: int
    settled_units: int  # of its Sale lines, in whatever payout
    day: int = 0
    transactions: frozenset[str] = frozenset()

    @property
    def open_units(self) -> int:
        """What was captured and is in no payout."""
        return self.captured_units - self.settled_units


def orders_of_amount(
    tx: Connection, account: str, units: int, currency: str, limit: int
) -> list[CapturedOrder]:
    """The newest orders of this amount of which something was captured that is in no payout."""
    position = order_positions.c
    here = (position.account == account, position.amount_units == units, position.currency == currency)
    newest = select(position.order).where(*here).order_by(position.order.desc()).limit(_SCANNED).subquery()
    query = _captured().where(
        position.order.in_(select(newest.c.order)), position.captured_units > position.gross_units
    )
    return _orders(tx, query.order_by(position.order.desc()).limit(limit))


def orders_named(
    tx: Connection, account: str, ids: Iterable[int], transactions: Iterable[str], currency: str, limit: int
) -> list[CapturedOrder]:
    """The account's orders with these ids, and those that these transactions paid, of this currency."""
    key, position = order_keys.c, order_positions.c
    paid = select(key.order).where(
        among(tx, key.loose, sorted(set(transactions) - {""})),
        key.account == account,
        key.kind == "transaction",
    )
    named = or_(among(tx, position.order, sorted(set(ids))), position.order.in_(paid))
    query = _captured().where(named, position.account == account, position.currency == currency)
    return _orders(tx, query.order_by(position.order.desc()).limit(limit))


def _captured() -> Select[Any]:
    position = order_positions.c
    return (
        select(position.order, position.captured_units, position.gross_units, orders.c.last_captured_at)
        .select_from(order_positions)
        .join(orders, orders.c.id == position.order)
    )


def _orders(tx: Connection, query: Select[Any]) -> list[CapturedOrder]:
    rows = tx.execute(query).all()
    ids = [row[0] for row in rows]
    key = order_keys.c
    keys = select(key.order, key.text).where(among(tx, key.order, ids), key.kind == "transaction")
    transactions: dict[int, set[str]] = {}
    for order, text in tx.execute(keys) if ids else ():
        transactions.setdefault(order, set()).add(text)
    return [
        CapturedOrder(
            id=row[0],
            captured_units=row[1],
            settled_units=row[2],
            day=int(f"{row[3]:%Y%m%d}") if row[3] else 0,
            transactions=frozenset(transactions.get(row[0], ())),
        )
        for row in rows
    ]
