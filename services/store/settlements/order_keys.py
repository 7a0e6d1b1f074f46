"""Every text by which an order is known, what those are made from, and what has changed since they were."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, delete, func, literal, select, update

from services.store.frames import frame
from services.store.in_list import among, texts
from services.store.masking import masked
from services.store.order_states import EventKind
from services.store.schema.orders import events, operations, orders, pages
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.reconciliation import order_keys
from services.store.settlements.line_columns import groups_with

_COLUMNS = {"loose": "str", "account": "str", "kind": "str", "text": "str", "order": "int64"}
# Where a change of an order's keys or of what was paid leaves a new row, and which column names the order.
SOURCES = {
    "orders": orders.c.id,
    "pages": pages.c.order,
    "events": events.c.order,
    "operations": operations.c.order,
}


def all_keys(tx: Connection) -> pd.DataFrame:
    """Every key of every order; ``account`` and ``kind``, of which there are few, as categories."""
    key = order_keys.c
    sorts = tx.execute(select(key.account, key.kind).distinct().order_by(key.account, key.kind)).all()
    some = {"loose": "str", "text": "str", "order": "int64"}
    parts = [
        frame(
            tx, select(key.loose, key.text, key.order).where(key.account == account, key.kind == kind), some
        )
        for account, kind in sorts
    ]
    sizes = [len(part) for part in parts]
    whole = (
        pd.concat(parts, ignore_index=True)
        if parts
        else frame(tx, select(key.loose, key.text, key.order).limit(0), some)
    )
    for place, name in enumerate(("account", "kind")):
        names = sorted({one[place] for one in sorts})
        codes = np.repeat([names.index(one[place]) for one in sorts], sizes)
        whole[name] = pd.Categorical.from_codes(
            codes.astype(np.int64), categories=pd.Index(names, dtype="str")
        )
    return whole


def names(tx: Connection, ids: Iterable[int] | None = None) -> "pd.Series[str]":
    """Business ids by our number of the order: of these orders, or of all."""
    query = select(orders.c.id, orders.c.order_id)
    if ids is not None:
        query = query.where(among(tx, orders.c.id, ids))
    found = frame(tx, query, {"id": "int64", "order_id": "str"})
    return found.set_index("id")["order_id"]


def keys_like(tx: Connection, looses: Iterable[str], most: int) -> pd.DataFrame:
    """The keys with one of these loose texts; of those that many orders share, of the first ``most`` orders."""
    key = order_keys.c
    nth = func.row_number().over(
        partition_by=(key.loose, key.account, key.kind, key.text), order_by=key.order
    )
    numbered = (
        select(*(key[name] for name in _COLUMNS), nth.label("nth"))
        .where(among(tx, key.loose, looses))
        .subquery()
    )
    query = select(*(numbered.c[name] for name in _COLUMNS)).where(numbered.c.nth <= most)
    return frame(tx, query, _COLUMNS)


def keys_of(tx: Connection, order_ids: Iterable[int]) -> pd.DataFrame:
    """All keys of these orders."""
    key = order_keys.c
    return frame(
        tx, select(*(key[name] for name in _COLUMNS)).where(among(tx, key.order, order_ids)), _COLUMNS
    )


def wide(
    tx: Connection, account: str, looses: Iterable[str], more_than: int, but: Iterable[int]
) -> frozenset[str]:
    """Those loose texts that more orders than so many share, these orders left out."""
    key, wanted = order_keys.c, texts(tx, looses)
    others = select(key.order).where(
        key.account == account, key.loose == wanted.c.value, ~among(tx, key.order, but)
    )
    few = others.distinct().limit(more_than + 1).correlate(wanted).subquery()
    query = select(wanted.c.value).where(select(func.count()).select_from(few).scalar_subquery() > more_than)
    return frozenset(tx.scalars(query))


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderTexts:
    """An order's own id and references."""

    id: int
    account: str
    order_id: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str


@dataclass(frozen=True, slots=True)
class PaymentEvent:
    """A confirmed observation of a payment as it was recorded."""

    order: int
    kind: EventKind
    at: datetime
    data: dict[str, Any]


def order_texts(tx: Connection, ids: Sequence[int]) -> list[OrderTexts]:
    """The orders' own ids and references."""
    columns = (
        orders.c.id,
        orders.c.account,
        orders.c.order_id,
        *(orders.c[f"reference_{n}"] for n in range(1, 6)),
    )
    query = select(*columns).where(among(tx, orders.c.id, ids)).order_by(orders.c.id)
    return [OrderTexts(**row._asdict()) for row in tx.execute(query)]


def page_ids(tx: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    query = select(pages.c.order, pages.c.hipay_order_id).where(among(tx, pages.c.order, ids))
    return [(row.order, row.hipay_order_id) for row in tx.execute(query)]


def payments(tx: Connection, ids: Sequence[int]) -> list[PaymentEvent]:
    """The confirmed observations of these orders' payments, oldest first."""
    query = select(events.c.order, events.c.kind, events.c.at, events.c.data).where(
        among(tx, events.c.order, ids), events.c.kind == "payment"
    )
    return [PaymentEvent(**row._asdict()) for row in tx.execute(query.order_by(events.c.id))]


def operation_ids(tx: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    query = select(operations.c.order, operations.c.operation_id).where(among(tx, operations.c.order, ids))
    return [(row.order, row.operation_id) for row in tx.execute(query)]


def put(tx: Connection, ids: Sequence[int], rows: Iterable[tuple[str, str, str, str, int]]) -> None:
    """Let these orders have exactly these keys, each the cells of the table."""
    had = set(keys_of(tx, ids).itertuples(index=False, name=None))
    wanted = set(rows)
    key = order_keys.c
    for gone in sorted(had - wanted):
        tx.execute(
            delete(order_keys).where(
                and_(*(key[name] == cell for name, cell in zip(_COLUMNS, gone, strict=True)))
            )
        )
    if new := sorted(wanted - had):
        mark = "%s" if tx.dialect.name == "postgresql" else "?"
        names = ", ".join(f'"{name}"' for name in _COLUMNS)
        cells = ", ".join([mark] * len(_COLUMNS))
        tx.exec_driver_sql(f"INSERT INTO order_keys ({names}) VALUES ({cells})", new)  # noqa: S608 (our own names)


def newest(tx: Connection) -> dict[str, int]:
    """The highest id of each source."""
    return {
        name: int(tx.scalar(select(func.max(column.table.c.id))) or 0) for name, column in SOURCES.items()
    }


def changed(tx: Connection, name: str, after: int, limit: int) -> list[tuple[int, int]]:
    """The next rows of a source: (its id, the order)."""
    column = SOURCES[name]
    row = column.table.c
    which: ColumnElement[bool] = row.id > after
    if name == "events":
        which = and_(which, row.kind == "payment")
    return [
        (one[0], one[1])
        for one in tx.execute(select(row.id, column).where(which).order_by(row.id).limit(limit))
    ]


def missing(tx: Connection, name: str, after: int, upto: int) -> set[int]:
    """The ids of a source's range that are not there."""
    row = SOURCES[name].table.c
    there = set(tx.scalars(select(row.id).where(row.id > after, row.id <= upto)))
    return set(range(max(after, upto - 10_000) + 1, upto + 1)) - there


def at(tx: Connection, name: str, ids: Iterable[int]) -> dict[int, int]:
    """Those of these ids that are there, and the order of each; 0 for a row that changes nothing."""
    column = SOURCES[name]
    row = column.table.c
    kind = row.kind if name == "events" else literal("payment")
    query = select(row.id, column, kind).where(among(tx, row.id, ids))
    return {one[0]: one[1] if one[2] == "payment" else 0 for one in tx.execute(query)}


def erase_addresses(tx: Connection, account: str, order: int) -> None:
    """Delete the keys of an order that contain an e-mail address, and mask them in lines whose nearest order it is."""
    key, line, group = order_keys.c, payout_lines.c, line_groups.c
    for text in tx.scalars(select(key.text).where(key.order == order).distinct()).all():
        if masked(text) != text:
            tx.execute(delete(order_keys).where(key.order == order, key.text == text))
    theirs = groups_with(group.account == account, group.outcome.in_(("suggested", "unmatched")))
    near = select(line.id, line.expected).where(line.group.in_(theirs), line.nearest == order)
    for row in tx.execute(near.where(line.expected.is_not(None))).all():
        hidden = tuple(masked(text) for text in row.expected)
        if hidden != row.expected:
            tx.execute(update(payout_lines).where(line.id == row.id).values(expected=hidden))
