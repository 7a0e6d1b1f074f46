"""The numbers by which lines name what many of them have in common: their payout, group, reason and common texts."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sqlalchemy import Connection, Table, select

from services.settlements.settlement_operations import bucket
from services.store.frames import coded
from services.store.in_list import in_batches
from services.store.locks import insert_or
from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    GROUP,
    common_texts,
    line_groups,
    line_reasons,
)
from services.store.schema.payouts import payouts
from services.store.schema.types import storable, text_list

Shared = Literal["payout", "group", "reason", "common"]  # the columns of payout_lines
Key = tuple[str, ...]
# By which columns of a line each is found.
SHARED: Mapping[Shared, tuple[str, ...]] = {
    "payout": ("account", "settlement_id", "settlement_currency"),
    "group": GROUP,
    "reason": ("reason", "keys", "unknown_keys"),
    "common": COMMON_TEXTS,
}
_CODES = 1 << 62  # so many pairs of codes fit into one number
_TABLES: Mapping[Shared, Table] = {
    "payout": payouts,
    "group": line_groups,
    "reason": line_reasons,
    "common": common_texts,
}
# Their columns, the one first by which rows are searched.
_COLUMNS: Mapping[Shared, tuple[str, ...]] = {
    "payout": ("settlement_id", "account", "currency"),
    "group": GROUP,
    "reason": SHARED["reason"],
    "common": ("digest",),
}


@dataclass(frozen=True)
class Distinct:
    """The different keys of rows, and which of them each row has."""

    keys: list[Key]
    places: NDArray[np.int64]


def distinct(columns: Sequence[pa.Array]) -> Distinct:
    """The keys are made of the texts of these columns, none of which is null."""
    cells = [coded(column) for column in columns]
    places: NDArray[np.int64] = np.zeros(len(cells[0]), np.int64)
    size = 1
    for column in cells:
        if size * len(column.dictionary) >= _CODES:
            places = pa.array(places).dictionary_encode().indices.to_numpy().astype(np.int64)
            size = len(places)
        places = places * len(column.dictionary) + column.indices.to_numpy()
        size *= max(1, len(column.dictionary))
    encoded = pa.array(places).dictionary_encode()
    places = encoded.indices.to_numpy().astype(np.int64)
    first = np.empty(len(encoded.dictionary), np.int64)
    first[places[::-1]] = np.arange(len(places) - 1, -1, -1)
    rows = pa.array(first)
    texts = (column.dictionary.take(column.indices.take(rows)).to_pylist() for column in cells)
    return Distinct(list(zip(*texts, strict=True)), places)


def known(tx: Connection, what: Shared, keys: Collection[Key]) -> dict[Key, int]:
    """The numbers of those of these keys that have one."""
    table, names = _TABLES[what], _COLUMNS[what]
    wanted = {key: _stored(what, key) for key in keys}
    query = select(table.c.id, *(table.c[name] for name in names))
    found = {
        tuple(row[1:]): row.id
        for some in in_batches(stored[0] for stored in wanted.values())
        for row in tx.execute(query.where(table.c[names[0]].in_(some)))
    }
    return {key: found[stored] for key, stored in wanted.items() if stored in found}


def number(tx: Connection, what: Shared, keys: Collection[Key]) -> dict[Key, int]:
    """The numbers of these keys; those that have none get one."""
    found = known(tx, what, keys)
    if missing := sorted(set(keys) - set(found)):
        rows = [
            {**dict(zip(_COLUMNS[what], _stored(what, key), strict=True)), **_more(what, key)}
            for key in missing
        ]
        tx.execute(insert_or(tx, _TABLES[what]).on_conflict_do_nothing(), rows)
        found |= known(tx, what, missing)
    return found


def _stored(what: Shared, key: Key) -> Key:
    """The cells of _COLUMNS."""
    if what == "payout":
        account, settlement, currency = map(storable, key)
        return settlement, account, currency
    if what == "common":
        return (blake2b((text_list(key) or "").encode(), digest_size=16).hexdigest(),)
    return tuple(map(storable, key))


def _more(what: Shared, key: Key) -> dict[str, Any]:
    """The other cells of a new row."""
    if what == "group":
        _, _, code, kind, _ = key
        return {"bucket": bucket(code, kind)}
    return {"texts": key} if what == "common" else {}


def keys_of(tx: Connection, what: Shared, numbers: Iterable[int]) -> dict[int, Key]:
    """What these numbers stand for: the cells of SHARED."""
    table = _TABLES[what]
    if what == "common":
        query = select(table.c.id, table.c.texts)
    else:
        names = ("account", "settlement_id", "currency") if what == "payout" else SHARED[what]
        query = select(table.c.id, *(table.c[name] for name in names))
    found = (row for some in in_batches(numbers) for row in tx.execute(query.where(table.c.id.in_(some))))
    if what == "common":
        return {row.id: padded(row.texts, len(COMMON_TEXTS)) for row in found}
    return {row.id: tuple(row[1:]) for row in found}


def padded(texts: Sequence[str], length: int) -> Key:
    """A list of texts of which the last are left out where they are ""."""
    return (*texts, *[""] * (length - len(texts)))


def payouts_of(tx: Connection, account: str, settlements: Iterable[str]) -> dict[str, list[int]]:
    """The numbers of the account's payouts with these settlement ids, one for each currency."""
    found: dict[str, list[int]] = {}
    here = select(payouts.c.settlement_id, payouts.c.id).where(payouts.c.account == account)
    for some in in_batches(settlements):
        for settlement, payout in tx.execute(here.where(payouts.c.settlement_id.in_(some))):
            found.setdefault(settlement, []).append(payout)
    return found
