"""Every text by which an order is known, what those are made from, and what has changed since they were."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    and_,
    delete,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy import Text as Plain

from services.store.frames import arrays, tuples
from services.store.in_list import among, texts
from services.store.masking import masked
from services.store.schema.orders import events, operations, orders, pages
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import order_keys
from services.store.settlements.lines.line_columns import is_of_account

_COLUMNS = ("loose", "account", "kind", "text", "order")
Key = tuple[str, str, str, str, int]  # the cells of _COLUMNS
# Where a change of an order's keys or of what was paid leaves a new row, and which column names the order.
SOURCES = {
    "orders": orders.c.id,
    "pages": pages.c.order,
    "events": events.c.order,
    "operations": operations.c.order,
}


def all_keys(tx: Connection) -> dict[str, pa.Array]:
    """Every key of every order by the names of its cells; ``account`` and ``kind``, of which there are few, as dictionaries."""
    key = order_keys.c
    sorts = tx.execute(select(key.account, key.kind).distinct().order_by(key.account, key.kind)).all()
    some = {"loose": "str", "text": "str", "order": "int64"}
    parts = [
        arrays(
            tx, select(key.loose, key.text, key.order).where(key.account == account, key.kind == kind), some
        )
        for account, kind in sorts
    ]
    if not parts:
        parts = [arrays(tx, select(key.loose, key.text, key.order).limit(0), some)]
    whole = {name: pa.concat_arrays([part[name] for part in parts]) for name in some}
    sizes = [len(part["order"]) for part in parts]
    for place, name in enumerate(("account", "kind")):
        texts = [one[place] for one in sorts]
        codes = np.repeat(np.arange(len(texts), dtype=np.int32), sizes[: len(texts)])
        # one text may have several codes
        whole[name] = pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.large_string()))
    return whole


def names(tx: Connection, ids: Iterable[int] | None = None) -> dict[str, pa.Array]:
    """``id`` and ``order_id``, the business id, of these orders, or of all."""
    query = select(orders.c.id, orders.c.order_id)
    if ids is not None:
        query = query.where(among(tx, orders.c.id, ids))
    return arrays(tx, query, {"id": "int64", "order_id": "str"})


def keys_like(tx: Connection, looses: Iterable[str], most: int) -> list[Key]:
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
    return _keys(tx, select(*(numbered.c[name] for name in _COLUMNS)).where(numbered.c.nth <= most))


def keys_of(tx: Connection, order_ids: Iterable[int]) -> list[Key]:
    """All keys of these orders."""
    key = order_keys.c
    return _keys(tx, select(*(key[name] for name in _COLUMNS)).where(among(tx, key.order, order_ids)))


def of_transactions(tx: Connection, account: str, references: Iterable[str]) -> set[int]:
    """The account's orders that have one of these transactions."""
    key = order_keys.c
    query = select(key.order).where(
        key.account == account, key.kind == "transaction", among(tx, key.loose, sorted(references))
    )
    return set(tx.scalars(query))


def _keys(tx: Connection, query: Executable) -> list[Key]:
    return tuples(tx, query)


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


class OrderTexts(NamedTuple):
    """An order's own id and references."""

    id: int
    account: str
    order_id: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str


def order_texts(tx: Connection, ids: Sequence[int]) -> list[OrderTexts]:
    """The orders' own ids and references."""
    columns = (
        orders.c.id,
        orders.c.account,
        orders.c.order_id,
        *(orders.c[f"reference_{n}"] for n in range(1, 6)),
    )
    query = select(*columns).where(among(tx, orders.c.id, ids)).order_by(orders.c.id)
    return [OrderTexts(*row) for row in tuples(tx, query)]


def page_ids(tx: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    query = select(pages.c.order, pages.c.hipay_order_id).where(among(tx, pages.c.order, ids))
    return tuples(tx, query)


def payments(tx: Connection, ids: Sequence[int]) -> list[tuple[int, dict[str, Any]]]:
    """The order and the data of each confirmed observation of these orders' payments, oldest first."""
    query = select(events.c.order, type_coerce(events.c.data, Plain)).where(
        among(tx, events.c.order, ids), events.c.kind == "payment"
    )
    rows = tuples(tx, query.order_by(events.c.id))
    data = json.loads(f"[{','.join(text for _, text in rows)}]")
    return [(order, one) for (order, _), one in zip(rows, data, strict=True)]


def operation_ids(tx: Connection, ids: Sequence[int]) -> list[tuple[int, str]]:
    query = select(operations.c.order, operations.c.operation_id).where(among(tx, operations.c.order, ids))
    return tuples(tx, query)


def put(tx: Connection, ids: Sequence[int], rows: Iterable[Key]) -> None:
    """Let these orders have exactly these keys, each the cells of the table."""
    had = set(keys_of(tx, ids))
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
    tops = (select(func.max(column.table.c.id)).scalar_subquery() for column in SOURCES.values())
    found = tx.execute(select(*(func.coalesce(top, 0) for top in tops))).one()
    return dict(zip(SOURCES, found, strict=True))


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
    key, line = order_keys.c, payout_lines.c
    for text in tx.scalars(select(key.text).where(key.order == order).distinct()).all():
        if masked(text) != text:
            tx.execute(delete(order_keys).where(key.order == order, key.text == text))
    near = select(line.id, line.expected).where(
        line.nearest == order, line.nearest.is_not(None), is_of_account(account), line.expected.is_not(None)
    )
    for row in tx.execute(near).all():
        hidden = tuple(masked(text) for text in row.expected)
        if hidden != row.expected:
            tx.execute(update(payout_lines).where(line.id == row.id).values(expected=hidden))
