"""Search by text: the lines and orders one of whose keys begins with it, up to a limit for each key."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    select,
    union,
)

from services.store.schema.reconciliation import order_keys
from services.store.settlements.lines.line_columns import LINE
from services.store.settlements.lines.line_filter import (
    LineFilter,
    begins,
)

MOST_FOUND = 2_000  # hits of a search by each key: more than a person reads


def is_cut(tx: Connection, chosen: LineFilter) -> bool:
    """Whether the text has more hits by one of the keys than a search returns."""
    if not chosen.text or chosen.order is not None:
        return False
    return has_more_orders(tx, chosen.loose) or any(
        _has_more(tx, select(LINE.id).where(way)) for way in _ways(tx, chosen)
    )


def orders_known(tx: Connection, loose: str) -> Select[Any]:
    """The orders one of whose keys begins so: the first of them, where there are more than a search returns."""
    return _orders_known(tx, loose).limit(MOST_FOUND)


def has_more_orders(tx: Connection, loose: str) -> bool:
    """Whether there are more such orders than a search returns."""
    return bool(loose) and _has_more(tx, _orders_known(tx, loose))


def _orders_known(tx: Connection, loose: str) -> Select[Any]:
    return select(order_keys.c.order).where(begins(tx, order_keys.c.loose, loose))


def _has_more(tx: Connection, query: Select[Any]) -> bool:
    return tx.scalar(query.offset(MOST_FOUND).limit(1)) is not None


def lines_found(tx: Connection, chosen: LineFilter) -> Select[Any]:
    """The lines one of whose keys begins so, and those of the orders that are known by such a key."""
    limited = [select(LINE.id).where(way).limit(MOST_FOUND).subquery() for way in _ways(tx, chosen)]
    return select(union(*(select(part.c.id) for part in limited)).subquery().c.id)


def _ways(tx: Connection, chosen: LineFilter) -> list[ColumnElement[bool]]:
    ways: list[ColumnElement[bool]] = []
    if chosen.loose:
        for column in (LINE.loose_reference, LINE.loose_order):
            ways.append(and_(column != "", begins(tx, column, chosen.loose)))
        ways.append(and_(LINE.order.is_not(None), LINE.order.in_(orders_known(tx, chosen.loose))))
    for column in (LINE.transaction_id, LINE.merchant_operation_id):
        ways.append(and_(column != "", begins(tx, column, chosen.text)))
    return ways
