"""Which line names which order by which key: keys are looked up, narrowed, followed through a transaction, and resolved."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.reconciliation.matching.key_texts import LOOSE, normalised
from services.reconciliation.matching.lookup import (
    WIDE,
    Coded,
    Columns,
    Flags,
    Hits,
    Ints,
    Lookup,
    MatchRules,
    damaged,
    flags,
    joined,
    strings,
)
from services.settlements.cells import trimmed
from services.settlements.placeholders import say_none

# In the order in which they are named; `sale`: the Sale (else another line) of the same transaction.
KEYS = ("reference", "order_id", "transaction", "operation", "sale")
_REFERENCE, _ORDER_ID, SALE = 0, 1, 4
_VOTERS = np.array([n.bit_count() for n in range(1 << len(KEYS))])
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True)
class Keyed:
    """The lines that have a key: which rows, and its text there."""

    key: int
    kind: str  # of an order's key
    rows: Ints
    text: pa.Array


def key_columns(rules: MatchRules) -> list[str]:
    """The columns of a file that may name an order."""
    reference = [f"reporting_data_{rules.reference}"] if rules.reference else []
    return [*reference, "order", "transaction_id", "merchant_operation_id"]


def keyed_texts(lines: Columns, rules: MatchRules, there: Flags) -> list[Keyed]:
    """Every key that a line has. An id that a spreadsheet has damaged, or a placeholder, is no key."""
    columns = [
        (1, "order_id", "order"),
        (2, "transaction", "transaction_id"),
        (3, "operation", "merchant_operation_id"),
    ]
    if rules.reference:
        columns.insert(0, (0, f"reference_{rules.reference}", f"reporting_data_{rules.reference}"))
    keyed = []
    for key, kind, column in columns:
        text = trimmed(strings(lines[column]))
        empty = flags(pc.or_(pc.equal(text, ""), say_none(text)))
        has = ~empty & there & ~damaged(lines, column)
        rows = np.flatnonzero(has)
        keyed.append(Keyed(key, kind, rows, text.take(pa.array(rows))))
    return keyed


@dataclass(frozen=True, kw_only=True)
class FoundKeys:
    """Which row names which order by which key; each once. ``hits``: for each row a bit for each of its keys that finds an
    order.

    ``wide``: rows (ascending) whose reference is that of so many orders that it finds none by itself: by its hash it only
    narrows the orders that other keys find. Of its own orders only the first few are among the keys here.
    """

    row: Ints
    key: NDArray[np.int8]
    order: Ints
    hits: Ints
    wide: Ints
    wide_hash: NDArray[np.uint64]

    def of_wide(self) -> Flags:
        return np.isin(self.row, self.wide)

    def only(self, which: Flags) -> "FoundKeys":
        return replace(self, row=self.row[which], key=self.key[which], order=self.order[which])

    def plus(self, row: Ints, key: int, order: Ints) -> "FoundKeys":
        hits = self.hits.copy()
        hits[row] |= 1 << key
        return replace(
            self,
            hits=hits,
            row=np.concatenate([self.row, row]),
            order=np.concatenate([self.order, order]),
            key=np.concatenate([self.key, np.full(len(row), key, np.int8)]),
        )

    def forget(self, rows: Flags) -> "FoundKeys":
        """Without what these rows have found."""
        stay = ~rows[self.wide]
        rest = replace(
            self, hits=np.where(rows, 0, self.hits), wide=self.wide[stay], wide_hash=self.wide_hash[stay]
        )
        return rest.only(~rows[self.row])

    def narrowed(self, lookup: Lookup) -> "FoundKeys":
        """Add, to rows with a wide reference, that reference as a key of those orders that other keys name and it has."""
        if not len(self.wide):
            return self
        wide = self.of_wide()
        others = wide & (self.key != _REFERENCE)
        row, order = _different(self.row[others], self.order[others])
        allowed = lookup.has(self.wide_hash[np.searchsorted(self.wide, row)], order)
        rest = self.only(~(wide & (self.key == _REFERENCE) & np.isin(self.row, row)))
        return rest.plus(row[allowed], _REFERENCE, order[allowed])


def look_up(
    keyed: list[Keyed], account: pa.Array, lookup: Lookup, rules: MatchRules, n: int
) -> tuple[FoundKeys, Ints]:
    """The orders that the keys find, and which keys were tried. A key that finds no order exactly is tried as loosely as the
    rules allow."""
    tried = np.zeros(n, np.int64)
    keys = FoundKeys(
        row=_NONE,
        key=_NONE.astype(np.int8),
        order=_NONE,
        hits=tried.copy(),
        wide=_NONE,
        wide_hash=_NONE.astype(np.uint64),
    )
    for one in keyed:
        tried[one.rows] |= 1 << one.key
        theirs = account.take(one.rows)
        found, hashes = lookup.exact(theirs, one.kind, one.text)
        if rules.ignore and one.key in (_REFERENCE, _ORDER_ID):
            more, alike_hashes = _alike(one, theirs, lookup, rules)
            no_exact = np.bincount(found.row, minlength=len(one.rows)) == 0
            more = more.where(no_exact[more.row])
            found = Hits(np.concatenate([found.row, more.row]), np.concatenate([found.at, more.at]))
            hashes = np.where(no_exact, alike_hashes, hashes)
        row, order = _different(one.rows[found.row], lookup.order[found.at])
        keys = keys.plus(row, one.key, order)
        if one.key == _REFERENCE:
            places = np.flatnonzero(np.bincount(found.row, minlength=len(one.rows)) > WIDE)
            keys = replace(keys, wide=one.rows[places], wide_hash=hashes[places])
    return keys, tried


def _alike(
    one: Keyed, account: pa.Array, lookup: Lookup, rules: MatchRules
) -> tuple[Hits, NDArray[np.uint64]]:
    """Keys that differ from the text in what the rules ignore."""
    loose, text = normalised(one.text, LOOSE), normalised(one.text, rules.ignore)
    found, hashes = lookup.alike(account, one.kind, loose)
    same = pc.and_(
        pc.equal(normalised(lookup.texts(found.at), rules.ignore), text.take(found.row)),
        pc.not_equal(text.take(found.row), ""),
    )
    return found.where(flags(same)), hashes


@dataclass(frozen=True)
class Resolved:
    """For each row: how many orders all its keys name, and the first of them."""

    fitting: Ints
    order: Ints


def resolve(keys: FoundKeys, n: int) -> Resolved:
    by = np.lexsort((keys.order, keys.row))
    row, order = keys.row[by], keys.order[by]
    begins = np.ones(len(row), bool)
    begins[1:] = (row[1:] != row[:-1]) | (order[1:] != order[:-1])
    at = np.flatnonzero(begins)
    votes = np.diff(np.append(at, len(row)))
    fits = votes == _VOTERS[keys.hits[row[at]]]
    row, order = row[at][fits], order[at][fits]
    named = np.zeros(n, np.int64)
    named[row[::-1]] = order[::-1]  # the first one is written last
    return Resolved(np.bincount(row, minlength=n), named)


@dataclass(frozen=True)
class Decisions:
    """The decision on each line: ``kind``, "" for none; ``order``, of a matched line; ``split``, the orders of a split line,
    blank-separated."""

    kind: Coded
    order: Ints
    split: pa.Array


def followed(
    keys: FoundKeys, found: Resolved, lines: Columns, kinds: Coded, decisions: Decisions
) -> tuple[FoundKeys, Flags]:
    """The keys with those added by which the lines of a transaction follow its Sale, or without a Sale its matched line; and
    which lines follow a split line. ``kinds``: of the lines.

    If the leading lines of a transaction name two orders, no line follows. If a person decided the leading line, a line
    follows it also if its own keys name no single order, or the order that the leading line's own keys name.
    """
    transactions = strings(lines["transaction_id"])
    there = (
        ~flags(pc.or_(pc.equal(transactions, ""), say_none(transactions)))
        & ~kinds.among(("control",))
        & ~damaged(lines, "transaction_id")
    )
    rows, divided = np.flatnonzero(there), np.zeros(len(there), bool)
    if not len(rows):
        return keys, divided
    group = Coded(joined(strings(lines["account"]).take(rows), transactions.take(rows))).codes
    count = int(group.max()) + 1
    sale = kinds.among(("sale",))[rows]
    undecided, split, by_hand = (
        decisions.kind.among(some)[rows] for some in (("",), ("split",), ("match", "split"))
    )
    own, own_order = found.fitting[rows] == 1, found.order[rows]
    names = np.where(by_hand, decisions.order[rows], own_order)
    names[split] = -1 - rows[split]  # a split belongs to one line, whatever its orders
    leads = by_hand | own & undecided
    sold = np.bincount(group[leads & sale], minlength=count) > 0
    leads &= sale == sold[group]
    leader = np.zeros(count, np.int64)
    leader[group[leads]] = names[leads]
    torn = np.bincount(group[leads & (names != leader[group])], minlength=count) > 0
    led = ~leads & (leader[group] != 0) & ~torn[group] & undecided
    hand = leads & by_hand
    former = _pairs(group[hand & own], own_order[hand & own])
    along = ~own | np.isin(_pairs(group, own_order), former)
    loose_end = np.zeros(len(there), bool)
    loose_end[rows[led & along & (np.bincount(group[hand], minlength=count) > 0)[group]]] = True
    keys = keys.forget(loose_end)
    whole, part = led & (leader[group] > 0), np.flatnonzero(led & (leader[group] < 0))
    keys = keys.plus(rows[whole].astype(np.int64), SALE, leader[group][whole])
    if len(part):
        orders = [decisions.split[int(-1 - leader[group[at]])].as_py().split() for at in part]
        times = np.array([len(some) for some in orders])
        keys = keys.plus(np.repeat(rows[part], times), SALE, np.concatenate(orders).astype(np.int64))
        divided[rows[part]] = True
    return keys, divided & (keys.hits == 1 << SALE)


def _different(row: Ints, order: Ints) -> tuple[Ints, Ints]:
    """Each pair once."""
    packed = np.unique(_pairs(row, order))
    return packed >> 32, packed & 0xFFFFFFFF


def _pairs(group: Ints, order: Ints) -> Ints:
    """A group and an order as one number: both are far below 2 to the 31."""
    return (group << 32) + order
