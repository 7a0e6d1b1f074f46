"""The nearest candidate of a line that matched nothing: a suggestion, never a match by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.reconciliation.matching.lookup import (
    LOOSE,
    Hits,
    Ints,
    Lookup,
    MatchRules,
    normalised,
    strings,
)
from services.settlements.columns import REFERENCES
from services.settlements.placeholders import say_none

# Characters that a text must have without blanks, dashes and leading zeros: a shorter one is near too many.
_SHORTEST = 4
_MOST = 20  # near keys of one text that are compared, those of the first orders
_SUFFIX = r"-[2-9]$"  # of the pages that HiPay makes of an order after its first
SUFFIXES = tuple(f"-{n}" for n in range(2, 10))
_RANKS = ("near_reference", "near_order", "page_suffix", "other_column", "other_account")
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
    """Rows by their place, each once."""

    row: Ints
    outcome: NDArray[np.object_]
    reason: NDArray[np.object_]
    order: Ints
    seen: NDArray[np.object_]
    expected: NDArray[np.object_]


def loose_texts(lines: pd.DataFrame, rules: MatchRules) -> LooseTexts:
    first = rules.reference - 1
    places = [first, *(n for n in range(5) if n != first)] if rules.reference else list(range(5))
    chosen, place = _blank(len(lines)), np.zeros(len(lines), np.int64)
    for n in reversed(places):
        cells = strings(lines[REFERENCES[n]])
        has = pc.not_equal(_named(cells), "")
        chosen = pc.if_else(has, cells, chosen)
        place[has.to_numpy(zero_copy_only=False)] = n
    return LooseTexts(normalised(chosen, LOOSE), normalised(_named(strings(lines["order"])), LOOSE), place)


def _named(cells: pa.Array) -> pa.Array:
    """Without placeholders such as “none”."""
    return pc.if_else(say_none(cells), "", cells)


def suggest(lines: pd.DataFrame, rows: Ints, loose: LooseTexts, lookup: Lookup, rules: MatchRules) -> Near:
    """The orders that are near to the lines at these places.

    A text that differs only in case, blanks, dashes, zeros, its column or the suffix of a page makes one order `suggested`.
    Of several orders the one whose text differs least, the oldest of those, is named, and so is one of another account:
    the line stays `unmatched`.
    """
    account, order = strings(lines["account"]).take(rows), strings(lines["order"]).take(rows)
    place = loose.place[rows]
    written = _written(lines, rows, place)
    has_suffix = np.flatnonzero(pc.match_substring_regex(order, _SUFFIX).to_numpy(zero_copy_only=False))
    stem = normalised(pc.replace_substring_regex(order.take(has_suffix), _SUFFIX, ""), LOOSE)
    everyone = np.arange(len(rows))
    field = np.array([f"reference_{n + 1}" for n in range(5)], dtype=object)[place]
    found = [
        _found(lookup, account, everyone, loose.reference.take(rows), written, field, rules),
        _found(
            lookup,
            account,
            everyone,
            loose.order.take(rows),
            order,
            np.full(len(rows), "order_id", object),
            rules,
        ),
        _found(lookup, account, has_suffix, stem, order, np.full(len(rows), "page_suffix", object), rules),
    ]
    near = pd.concat(found, ignore_index=True)
    near["distance"] = 0
    several = near["row"].duplicated(keep=False)
    near.loc[several, "distance"] = _distance(near.loc[several, "seen"], near.loc[several, "expected"])
    near = near.sort_values(["row", "rank", "distance", "order", "seen", "expected"])
    # If the same column finds an order, other columns and other accounts are ignored.
    level = np.array(_LEVELS)[near["rank"].to_numpy(dtype=np.int64)]
    best = pd.Series(level).groupby(near["row"].to_numpy()).transform("min").to_numpy()
    near = near[level == best]
    orders = near.groupby("row")["order"].nunique()
    near = near.drop_duplicates("row")
    rank = near["rank"].to_numpy(dtype=np.int64)
    reason = np.array(_RANKS, dtype=object)[rank]
    away = rank == _RANKS.index("other_account")
    many = near["row"].isin(orders.index[orders > 1]).to_numpy() & ~away
    reason[many] = "several_near"
    outcome = np.where(many | away, "unmatched", "suggested").astype(object)
    columns = {name: near[name].to_numpy(dtype=object) for name in ("seen", "expected")}
    return Near(
        row=rows[near["row"].to_numpy(dtype=np.int64)],
        outcome=outcome,
        reason=reason,
        order=near["order"].to_numpy(dtype=np.int64),
        **columns,
    )


def _found(
    lookup: Lookup,
    account: pa.Array,
    rows: Ints,
    loose: pa.Array,
    written: pa.Array,
    field: NDArray[np.object_],
    rules: MatchRules,
) -> pd.DataFrame:
    """The near keys of some rows: row, rank, order, seen, expected. Of other accounts only where one's own has none.

    ``loose``: of these rows; ``written`` and ``field`` (the column of the text) of all.
    """
    long = np.flatnonzero(pc.greater_equal(pc.utf8_length(loose), _SHORTEST).to_numpy(zero_copy_only=False))
    loose, rows = loose.take(long), rows[long]
    theirs = account.take(rows)
    here = lookup.near(theirs, loose, _MOST)
    none = np.bincount(here.row, minlength=len(rows)) == 0
    away = lookup.elsewhere(loose.filter(pa.array(none)), _MOST)
    away = Hits(np.flatnonzero(none)[away.row], away.at)
    hits = Hits(np.concatenate([here.row, away.row]), np.concatenate([here.at, away.at]))
    kind, columns = lookup.kinds(hits.at), field[rows[hits.row]]
    suffix = columns == "page_suffix"
    key = f"reference_{rules.reference}"
    rank = np.full(len(hits.row), _RANKS.index("other_column"))
    rank[(columns == kind) & (kind == key)] = _RANKS.index("near_reference")
    rank[(columns == kind) & (kind == "order_id")] = _RANKS.index("near_order")
    rank[suffix] = _RANKS.index("page_suffix")
    rank[len(here.row) :] = _RANKS.index("other_account")
    allowed = ~suffix | (kind == "order_id")
    found = pd.DataFrame(
        {
            "row": rows[hits.row],
            "rank": rank,
            "order": lookup.order[hits.at],
            "seen": written.take(rows[hits.row]).to_numpy(zero_copy_only=False),
            "expected": lookup.texts(hits.at).to_numpy(zero_copy_only=False),
        }
    )
    result: pd.DataFrame = found[allowed]
    return result


def _distance(seen: "pd.Series[str]", expected: "pd.Series[str]") -> Ints:
    """In how many of LOOSE the texts differ."""
    pairs = strings(seen), strings(expected)
    found = np.zeros(len(seen), np.int64)
    for name in LOOSE:
        one, other = (normalised(texts, LOOSE - {name}) for texts in pairs)
        found += pc.not_equal(one, other).to_numpy(zero_copy_only=False)
    return found


def _written(lines: pd.DataFrame, rows: Ints, place: Ints) -> pa.Array:
    """The reference that was chosen, as the line has it."""
    chosen = _blank(len(rows))
    for n, column in enumerate(REFERENCES):
        chosen = pc.if_else(pa.array(place == n), strings(lines[column]).take(rows), chosen)
    return chosen


def _blank(count: int) -> pa.Array:
    return pa.array(np.full(count, "", dtype=object), pa.large_string())


def loose_variants(text: str) -> Sequence[str]:
    """An order id as the lines of its further pages write it."""
    return [text + suffix for suffix in SUFFIXES]
