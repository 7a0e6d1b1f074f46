"""The nearest candidate of a line that matched nothing: a suggestion, never a match by itself."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.reconciliation.matching.key_texts import LOOSE, normalised
from services.reconciliation.matching.lookup import Columns, Hits, Ints, Lookup, MatchRules, flags, strings
from services.settlements.columns import REFERENCES
from services.settlements.placeholders import say_none
from services.store.settlements.outcomes import Outcome, Reason

# Characters that a text must have without blanks, dashes and leading zeros: a shorter one is near too many.
_SHORTEST = 4
_MOST = 20  # near keys of one text that are compared, those of the first orders
_SUFFIX = r"-[2-9]$"  # of the pages that HiPay makes of an order after its first
SUFFIXES = tuple(f"-{n}" for n in range(2, 10))
_RANKS: tuple[Reason, ...] = ("near_reference", "near_order", "page_suffix", "other_column", "other_account")
_LEVELS = (0, 0, 0, 1, 2)


@dataclass(frozen=True)
class LooseTexts:
    """For each line, in the loosest form of comparison: its reference (if that is blank, its first other one), and its order
    id. ``place``: the reference column that this is from, 0 to 4."""

    reference: pa.Array
    order: pa.Array
    place: Ints


@dataclass(frozen=True, kw_only=True)
class Near:
    """The order that is nearest to a line, by its row."""

    row: int
    outcome: Outcome
    reason: Reason
    order: int
    seen: str
    expected: str


def loose_texts(lines: Columns, rules: MatchRules) -> LooseTexts:
    first = rules.reference - 1
    places = [first, *(n for n in range(5) if n != first)] if rules.reference else list(range(5))
    order = _named(strings(lines["order"]))
    chosen, place = _blank(len(order)), np.zeros(len(order), np.int64)
    for n in reversed(places):
        cells = strings(lines[REFERENCES[n]])
        if not _any(cells):
            continue
        has = pc.not_equal(_named(cells), "")
        chosen = pc.if_else(has, cells, chosen)
        place[flags(has)] = n
    return LooseTexts(normalised(chosen, LOOSE), normalised(order, LOOSE), place)


def _named(cells: pa.Array) -> pa.Array:
    """Without placeholders such as “none”."""
    return pc.if_else(say_none(cells), "", cells)


def suggest(lines: Columns, rows: Ints, loose: LooseTexts, lookup: Lookup, rules: MatchRules) -> list[Near]:
    """The orders that are near to the lines at these places.

    A text that differs only in case, blanks, dashes, zeros, its column or the suffix of a page makes one order `suggested`.
    Of several orders the one whose text differs least, the oldest of those, is named, and so is one of another account:
    the line stays `unmatched`.
    """
    account, order = strings(lines["account"]).take(rows), strings(lines["order"]).take(rows)
    place = loose.place[rows]
    written = _written(lines, rows, place)
    has_suffix = np.flatnonzero(flags(pc.match_substring_regex(order, _SUFFIX)))
    stem = normalised(pc.replace_substring_regex(order.take(has_suffix), _SUFFIX, ""), LOOSE)
    everyone = np.arange(len(rows))
    fields = [f"reference_{n + 1}" for n in range(5)]
    asked = (
        _Asked(everyone, loose.reference.take(rows), written, [fields[n] for n in place.tolist()]),
        _Asked(everyone, loose.order.take(rows), order, ["order_id"] * len(rows)),
        _Asked(has_suffix, stem, order, ["page_suffix"] * len(rows)),
    )
    near = [found for one in asked for found in _found(lookup, account, one, rules)]
    # If the same column finds an order, other columns and other accounts are ignored.
    best: dict[int, int] = {}
    for found in near:
        best[found.row] = min(best.get(found.row, len(_LEVELS)), _LEVELS[found.rank])
    by_row: dict[int, list[_Found]] = {}
    for found in near:
        if _LEVELS[found.rank] == best[found.row]:
            by_row.setdefault(found.row, []).append(found)
    several = [found for some in by_row.values() if len(some) > 1 for found in some]
    distance = dict(zip(several, _distance(several), strict=True))
    return [_nearest(int(rows[row]), some, distance) for row, some in by_row.items()]


@dataclass(frozen=True)
class _Asked:
    """Loose texts of some rows that may be near an order's. ``written`` and ``field``: the text as the line has it and its
    column, of all rows."""

    rows: Ints
    loose: pa.Array
    written: pa.Array
    field: Sequence[str]


class _Found(NamedTuple):
    """A key that is near to a row's text; a smaller ``rank`` is nearer."""

    row: int
    rank: int
    order: int
    seen: str
    expected: str


def _nearest(row: int, found: Sequence[_Found], distance: Mapping[_Found, int]) -> Near:
    nearest = min(found, key=lambda one: (one.rank, distance.get(one, 0), one.order, one.seen, one.expected))
    away = nearest.rank == _RANKS.index("other_account")
    many = not away and len({one.order for one in found}) > 1
    return Near(
        row=row,
        outcome="unmatched" if many or away else "suggested",
        reason="several_near" if many else _RANKS[nearest.rank],
        order=nearest.order,
        seen=nearest.seen,
        expected=nearest.expected,
    )


def _found(lookup: Lookup, account: pa.Array, asked: _Asked, rules: MatchRules) -> Iterator[_Found]:
    """The near keys of the rows. Of other accounts only where one's own has none."""
    long = np.flatnonzero(flags(pc.greater_equal(pc.utf8_length(asked.loose), _SHORTEST)))
    loose, rows = asked.loose.take(long), asked.rows[long]
    here = lookup.near(account.take(rows), loose, _MOST)
    none = np.bincount(here.row, minlength=len(rows)) == 0
    away = lookup.elsewhere(loose.filter(pa.array(none)), _MOST)
    away = Hits(np.flatnonzero(none)[away.row], away.at)
    key = f"reference_{rules.reference}"
    for hits, own in ((here, True), (away, False)):
        kinds, places = lookup.kinds(hits.at), rows[hits.row]
        cells = (
            places.tolist(),
            kinds.codes.tolist(),
            lookup.order[hits.at].tolist(),
            asked.written.take(places).to_pylist(),
            lookup.texts(hits.at).to_pylist(),
        )
        for row, code, order, seen, expected in zip(*cells, strict=True):
            field, kind = asked.field[row], kinds.texts[code]
            if field == "page_suffix" and kind != "order_id":
                continue
            rank: Reason = "other_column"
            if not own:
                rank = "other_account"
            elif field == "page_suffix":
                rank = "page_suffix"
            elif field == kind == "order_id":
                rank = "near_order"
            elif field == kind == key:
                rank = "near_reference"
            yield _Found(row, _RANKS.index(rank), order, seen, expected)


def _distance(found: Sequence[_Found]) -> list[int]:
    """In how many of LOOSE the two texts of each differ."""
    if not found:
        return []
    pairs = strings([one.seen for one in found]), strings([one.expected for one in found])
    total = np.zeros(len(found), np.int64)
    for name in LOOSE:
        one, other = (normalised(texts, LOOSE - {name}) for texts in pairs)
        total += flags(pc.not_equal(one, other))
    distances: list[int] = total.tolist()
    return distances


def _written(lines: Columns, rows: Ints, place: Ints) -> pa.Array:
    """The reference that was chosen, as the line has it."""
    chosen = _blank(len(rows))
    for n, column in enumerate(REFERENCES):
        here = place == n
        if here.any():
            chosen = pc.if_else(pa.array(here), strings(lines[column]).take(rows), chosen)
    return chosen


def _blank(count: int) -> pa.Array:
    return pa.repeat(pa.scalar("", pa.large_string()), count)


def _any(texts: pa.Array) -> bool:
    """Whether one of the texts is not empty."""
    return bool(pc.any(pc.not_equal(texts, "")).as_py())


def loose_variants(text: str) -> Sequence[str]:
    """An order id as the lines of its further pages write it."""
    return [text + suffix for suffix in SUFFIXES]
