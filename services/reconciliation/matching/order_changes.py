"""Changes of orders, pages, payments and operations: update their keys, and rejoin the lines that they concern."""

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from services.desk import Desk
from services.orders.transactions import TransactionLog
from services.reconciliation.matching import positions
from services.reconciliation.matching.key_texts import HIPAYS_KINDS, REFERENCE_KINDS, known_keys, loosely
from services.reconciliation.matching.lookup import WIDE
from services.reconciliation.matching.rejoin import GAP_SECONDS, rejoin
from services.reconciliation.matching.suggestions import loose_variants
from services.store import Connection, Store, meta
from services.store.settlements import order_keys
from services.store.settlements.lines import joined_lines, settlement_lines
from services.store.settlements.positions import bump_version, read_version

ORDERS_AT_ONCE = 2_000
_CURSOR = "reconciliation_cursor"
_GAP_LASTS = 120.0  # seconds: on PostgreSQL a lower id may commit so much later than a higher one


def catch_up(desk: Desk, limit: int = 5_000) -> bool:
    """Update the keys and positions of the orders that have changed since the last call, and rejoin the lines that they
    concern; whether there are more. Two calls may run at once."""
    return catch_up_store(desk.store, limit)


def catch_up_store(store: Store, limit: int = 5_000) -> bool:
    done = 0
    while done < limit:
        with store.read() as tx:
            before, orders, after, more = _next_orders(tx)
        if orders:
            if done:
                time.sleep(GAP_SECONDS)
            with _no_search_for_cycles():
                _write_keys(store, orders)
        if after != before:
            with store.write() as tx:
                # else another has moved it, or an import has set it back
                if meta.document(tx, _CURSOR) == before:
                    meta.put_document(tx, _CURSOR, after)
        if not more:  # single changes meanwhile are read together, later
            return False
        done += len(orders)
    return True


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """While the block runs, Python's search for cycles rests: it would look through each of many thousand rows again and again,
    which have none, and take a quarter of the time."""
    searches = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searches:
            gc.enable()


def is_behind(tx: Connection) -> bool:
    """Whether orders have changed whose keys are not read yet."""
    before, orders, _, _ = _next_orders(tx)
    return bool(orders) or (not before and any(order_keys.newest(tx).values()))


def set_back(tx: Connection, to: dict[str, Any]) -> None:
    """Set the cursor back to ``to``: the changes since, and those that committed late in its gaps, are read again."""
    now, until = meta.document(tx, _CURSOR), time.time() + _GAP_LASTS
    gaps = {
        name: now["gaps"].get(name, {}) | dict.fromkeys(to["gaps"].get(name, {}), until)
        for name in order_keys.SOURCES
    }
    meta.put_document(
        tx, _CURSOR, {"gaps": gaps, **{name: min(now[name], to[name]) for name in order_keys.SOURCES}}
    )


def cursor(tx: Connection) -> dict[str, Any]:
    """The position up to which changes were read: an import sets it back to where it was when it read the orders."""
    return meta.document(tx, _CURSOR)


def _next_orders(tx: Connection) -> tuple[dict[str, Any], list[int], dict[str, Any], bool]:
    """The cursor, some orders that have changed since, the cursor once they are read, and whether there are more.

    ``gaps``: for each source the ids that were passed over and may still commit, each with the time until when it is awaited.
    """
    before = cursor(tx)
    if not before:  # each order is read as a whole, with all that has happened to it until now
        lag = 0 if tx.dialect.name == "sqlite" else ORDERS_AT_ONCE
        return (
            {},
            [],
            {
                **{name: max(0, top - lag) for name, top in order_keys.newest(tx).items()},
                "orders": 0,
                "gaps": {},
            },
            True,
        )
    after, found, gaps, more = dict(before), set[int](), {}, False
    for name, newest in order_keys.newest(tx).items():
        room = ORDERS_AT_ONCE - len(found)
        rows = order_keys.changed(tx, name, before[name], room) if room > 0 and newest > before[name] else []
        more = more or len(rows) >= room
        if rows:
            after[name] = rows[-1][0]
            found.update(order for _, order in rows)
        if tx.dialect.name != "sqlite":  # SQLite has one writer at a time: ids commit in their order
            late, gaps[name] = _late(tx, name, before, after[name])
            found.update(late)
    return before, sorted(found), {**after, "gaps": gaps}, more


def _late(tx: Connection, name: str, before: dict[str, Any], after: int) -> tuple[set[int], dict[str, float]]:
    """Orders whose rows have committed in the source's gaps, and its gaps now."""
    now = time.time()
    gaps = {int(one): until for one, until in before["gaps"].get(name, {}).items() if until > now}
    new = order_keys.missing(tx, name, before[name], after)
    come = order_keys.at(tx, name, gaps)
    left = {one: until for one, until in gaps.items() if one not in come} | dict.fromkeys(
        new, now + _GAP_LASTS
    )
    return {order for order in come.values() if order}, {str(one): until for one, until in left.items()}


Key = tuple[str, str, str, str, int]  # the cells of order_keys


@dataclass(frozen=True)
class _OrderKeys:
    """The keys and positions of orders, and for each account the version at which they were read."""

    keys: list[Key]
    positions: Mapping[str, pa.Array]
    versions: dict[str, int]


def _write_keys(store: Store, orders: list[int]) -> None:
    """Store the current keys and positions of these orders, and rejoin the lines that they concern.

    All is computed before the transaction that writes, and again within it if an account has changed in between.
    """
    with store.read() as tx:
        read = _read_orders(tx, orders)
    with store.write() as tx:
        moved = [
            bump_version(tx, account) != version + 1 for account, version in sorted(read.versions.items())
        ]
        if any(moved):
            read = _read_orders(tx, orders)
        order_keys.put(tx, orders, read.keys)
        positions.put(tx, read.positions)
    with store.read() as tx:
        if settlement_lines.next_id(tx) == 1:
            return  # there is none yet
        exact = {text for _, _, kind, text, _ in read.keys if kind in HIPAYS_KINDS}
        lines = joined_lines.concerned(tx, orders, sorted(exact), sorted(_wanted(tx, orders, read.keys)))
    for account, ids in lines.items():
        rejoin(store, account, ids)


def _read_orders(tx: Connection, ids: list[int]) -> _OrderKeys:
    transactions, operations, captures = _payments(tx, ids)
    orders = order_keys.order_texts(tx, ids)
    texts = (
        ("order_id", [(one.id, one.order_id) for one in orders]),
        ("order_id", order_keys.page_ids(tx, ids)),
        *((kind, [(one.id, getattr(one, kind)) for one in orders]) for kind in REFERENCE_KINDS),
        ("transaction", transactions),
        ("operation", order_keys.operation_ids(tx, ids)),
        ("operation", operations),
    )
    accounts = {one.id: one.account for one in orders}
    versions = {account: read_version(tx, account) for account in set(accounts.values())}
    return _OrderKeys(
        known_keys(accounts, texts),
        positions.compute(tx, ids, {order: captures.get(order, 0) for order in ids}),
        versions,
    )


def _payments(
    tx: Connection, ids: list[int]
) -> tuple[list[tuple[int, str]], list[tuple[int, str]], dict[int, int]]:
    """(order, its transaction at HiPay), (order, the id of an operation of it), and how many captures each order has."""
    logs: dict[int, TransactionLog] = {}
    for order, data in order_keys.payments(tx, ids):
        logs.setdefault(order, TransactionLog()).add_payment(data)
    transactions, operations, captures = list[tuple[int, str]](), list[tuple[int, str]](), dict[int, int]()
    for order, its in logs.items():
        captures[order] = 0
        for reference, names, count in its.known_by():
            transactions.append((order, reference))
            operations += [(order, name) for name in names]
            captures[order] += count
    return transactions, operations, captures


def _wanted(tx: Connection, orders: list[int], keys: list[Key]) -> set[str]:
    """The loose texts by which the lines that these orders concern are found. A text is left out if so many other orders
    have it that it finds none: then one order more changes nothing."""
    by_account: dict[str, set[str]] = {}
    for loose, account, kind, _, _ in keys:
        if kind not in HIPAYS_KINDS:
            by_account.setdefault(account, set()).add(loose)
    found = set(
        loosely(
            [
                variant
                for _, _, kind, text, _ in keys
                if kind == "order_id"
                for variant in loose_variants(text)
            ]
        )
    )
    for account, looses in by_account.items():
        found |= looses - order_keys.wide(tx, account, sorted(looses), WIDE, orders)
    return found - {""}
