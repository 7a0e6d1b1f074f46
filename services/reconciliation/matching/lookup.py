"""The lookup of the join: every text by which an order is known, and the matching rules of an account."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.reconciliation.matching.key_texts import HIPAYS_KINDS
from services.store.settlements.outcomes import Pattern

WIDE = 50  # a text of more orders than these (a shop's name, say) only narrows what other keys find

_PART = 100_000
_TEXT = pa.large_string()
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Columns(Protocol):
    """Columns of one length, by name: a frame, a batch, or arrays of Arrow."""

    def __getitem__(self, name: str, /) -> Any: ...


@dataclass(frozen=True)
class NotOurs:
    """Lines whose `field` (a text column of a settlement file) equals or starts with `text` are not ours."""

    field: str
    pattern: Pattern
    text: str


@dataclass(frozen=True)
class MatchRules:
    """How an account's lines are joined.

    `reference`: which of the five references is the settlement reference, 0 for none. `ignore`: in what a reference or an
    order id may differ if no exact one was found: case, blanks, dashes, zeros (leading ones). `not_ours`: rules for lines
    that find no order.
    """

    reference: int = 1
    ignore: frozenset[str] = frozenset()
    not_ours: tuple[NotOurs, ...] = ()


def strings(column: Any) -> pa.Array:
    """A column of text as one Arrow array."""
    return array(column, _TEXT)


def array(column: Any, kind: pa.DataType) -> pa.Array:
    """A column as one Arrow array of this type."""
    if isinstance(column, pa.Array):
        return column if column.type == kind else column.cast(kind)
    found = pa.array(column, kind)
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def flags(found: pa.Array) -> Flags:
    flags: Flags = found.to_numpy(zero_copy_only=False)
    return flags


def objects(texts: pa.Array) -> NDArray[np.object_]:
    found: NDArray[np.object_] = texts.to_numpy(zero_copy_only=False)
    return found


class Coded:
    """A column of few different texts."""

    def __init__(self, column: Any) -> None:
        encoded = column if isinstance(column, pa.DictionaryArray) else strings(column).dictionary_encode()
        self.codes: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.texts: list[str] = encoded.dictionary.to_pylist()

    def among(self, wanted: Collection[str]) -> Flags:
        """Whether each text is one of these."""
        found: Flags = np.array([text in wanted for text in self.texts] or [False], dtype=bool)[self.codes]
        return found


def damaged(lines: Columns, column: str) -> Flags:
    """Whether a spreadsheet has lost digits of this cell."""
    lost = strings(lines["lost"])
    if not pc.any(pc.not_equal(lost, "")).as_py():  # nearly always
        return np.zeros(len(lost), dtype=bool)
    return flags(pc.match_substring_regex(lost, rf"\b{column}\b"))


def joined(*parts: pa.Array | str) -> pa.Array:
    """Texts joined by a separator that nobody types."""
    return pc.binary_join_element_wise(*(_text(part) for part in parts), _text("\x1f"))


def _text(part: pa.Array | str) -> pa.Array | pa.Scalar:
    return pa.scalar(part, _TEXT) if isinstance(part, str) else part


def hashed(texts: pa.Array) -> NDArray[np.uint64]:
    """A 64-bit hash of each text, the same in every process. Computed in parts, since each part needs Python objects."""
    parts = [texts.slice(start, _PART) for start in range(0, len(texts), _PART)]
    hashes = [pd.util.hash_array(part.to_numpy(zero_copy_only=False), categorize=False) for part in parts]
    return np.concatenate(hashes) if hashes else np.empty(0, np.uint64)


class Lookup:
    """Orders by their keys. Made once from rows of KEY_COLUMNS, in any order; each row takes some 100 bytes and no Python
    object.

    ``names``: ``id``, our number of every order that may be named, and ``order_id``, its business id.
    """

    def __init__(self, keys: Columns, names: Columns) -> None:
        numbers = np.asarray(names["id"], dtype=np.int64)
        by_number = np.argsort(numbers, kind="stable")
        self._numbers, self._names = numbers[by_number], strings(names["order_id"]).take(pa.array(by_number))
        order = np.asarray(keys["order"], dtype=np.int64)
        by = pa.array(np.argsort(order, kind="stable"))
        self.order: Ints = order[by.to_numpy()]
        self._text, self._loose = strings(keys["text"]).take(by), strings(keys["loose"]).take(by)
        self._kind, self._account = _encoded(keys["kind"]).take(by), _encoded(keys["account"]).take(by)
        exact = hashed(joined(_plain(self._account), _plain(self._kind), self._text))
        self._exact, self._pairs = _Places(exact), np.sort(_mixed(exact, self.order))
        # Keys that a near text may mean: an order's own id and its references, in whatever column of the line.
        self._near_rows = ~Coded(self._kind).among(HIPAYS_KINDS)
        self._near: _Places | None = None
        self._alike: _Places | None = None
        self._elsewhere: _Places | None = None

    def names(self, orders: Ints) -> list[str]:
        """The business ids of these orders, "" for one that may not be named."""
        place = np.minimum(np.searchsorted(self._numbers, orders), max(len(self._numbers) - 1, 0))
        known = self._numbers[place] == orders if len(self._numbers) else np.zeros(len(orders), dtype=bool)
        found: list[str] = self._names.take(pa.array(place, mask=~known)).fill_null("").to_pylist()
        return found

    def exact(self, account: pa.Array, kind: str, text: pa.Array) -> "tuple[Hits, NDArray[np.uint64]]":
        """The keys that are the very text, of at most WIDE + 1 orders each, the first ones; and the hashes for ``has``."""
        hashes = hashed(joined(account, kind, text))
        hits = self._exact.find(hashes)
        return hits.where(flags(pc.equal(self._text.take(hits.at), text.take(hits.row)))), hashes

    def alike(self, account: pa.Array, kind: str, loose: pa.Array) -> "tuple[Hits, NDArray[np.uint64]]":
        """The keys of the kind that are as loosely the same, of at most WIDE + 1 orders each, the first ones; and the hashes
        for ``has``."""
        if self._alike is None:
            theirs = hashed(joined("~", _plain(self._account), _plain(self._kind), self._loose))
            self._alike = _Places(theirs, self._near_rows)
            self._pairs = np.sort(np.concatenate([self._pairs, _mixed(theirs, self.order)]))
        hashes = hashed(joined("~", account, kind, loose))
        hits = self._alike.find(hashes)
        return hits.where(self._same_loose(hits, loose)), hashes

    def near(self, account: pa.Array, loose: pa.Array, most: int) -> "Hits":
        """The keys of the account, of any kind, that are as loosely the same, at most so many each, the first orders'."""
        if self._near is None:
            self._near = _Places(hashed(joined(_plain(self._account), self._loose)), self._near_rows)
        hits = self._near.find(hashed(joined(account, loose)), most)
        return hits.where(self._same_loose(hits, loose))

    def elsewhere(self, loose: pa.Array, most: int) -> "Hits":
        """The same in all accounts."""
        if self._elsewhere is None:
            self._elsewhere = _Places(hashed(self._loose), self._near_rows)
        hits = self._elsewhere.find(hashed(loose), most)
        return hits.where(self._same_loose(hits, loose))

    def has(self, hashes: NDArray[np.uint64], order: Ints) -> Flags:
        """Whether each order is known by the text whose hash this is, of ``exact`` or of ``alike``."""
        mixed = _mixed(hashes, order)
        place = np.searchsorted(self._pairs, mixed)
        found = place < len(self._pairs)
        found[found] = self._pairs[place[found]] == mixed[found]
        return found

    def _same_loose(self, hits: "Hits", loose: pa.Array) -> Flags:
        return flags(pc.equal(self._loose.take(hits.at), loose.take(hits.row)))

    def texts(self, at: Ints) -> pa.Array:
        return self._text.take(at)

    def kinds(self, at: Ints) -> Coded:
        return Coded(self._kind.take(at))


def _encoded(column: Any) -> pa.DictionaryArray:
    return column if isinstance(column, pa.DictionaryArray) else strings(column).dictionary_encode()


def _plain(texts: pa.DictionaryArray) -> pa.Array:
    return texts.dictionary_decode()


@dataclass(frozen=True)
class Hits:
    """Which row of a query found which place of the lookup; the places of a row in the order of the orders."""

    row: Ints
    at: Ints

    def where(self, flags: Flags) -> "Hits":
        return Hits(self.row[flags], self.at[flags])


class _Places:
    """The places of each hash."""

    def __init__(self, hashes: NDArray[np.uint64], which: Flags | None = None) -> None:
        if which is None:
            at = np.argsort(hashes, kind="stable")
        else:
            at = np.flatnonzero(which)
            at = at[np.argsort(hashes[at], kind="stable")]
        self._at, self._sorted = at.astype(np.int32), hashes[at]

    def find(self, hashes: NDArray[np.uint64], most: int = WIDE + 1) -> Hits:
        first = np.searchsorted(self._sorted, hashes, "left")
        count = np.searchsorted(self._sorted, hashes, "right") - first
        count = np.minimum(count, most)
        row = np.repeat(np.arange(len(hashes)), count)
        nth = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
        return Hits(row, self._at[first[row] + nth].astype(np.int64))


def _mixed(hashes: NDArray[np.uint64], order: Ints) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        return (hashes ^ (order.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15))) * np.uint64(
            0xBF58476D1CE4E5B9
        )
