"""The join of settlement lines to orders.

All keys of a line are looked up, within its account; those that find an order must name the same one. No amount
decides a match. A person's decision has priority over the keys, and is applied before the lines of a transaction follow
their Sale.

Nothing here depends on the order of the lines or on their file: a line's outcome depends on its own keys and on the lines
that share its transaction.
"""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.reconciliation.matching.keys import (
    KEYS,
    SALE,
    Decisions,
    FoundKeys,
    followed,
    key_columns,
    keyed_texts,
    look_up,
    resolve,
)
from services.reconciliation.matching.lookup import (
    Coded,
    Columns,
    Flags,
    Ints,
    Lookup,
    MatchRules,
    array,
    damaged,
    flags,
    strings,
)
from services.reconciliation.matching.suggestions import loose_texts, suggest
from services.settlements.settlement_operations import ACCOUNT_CODES, ACCOUNT_KINDS
from services.store.settlements.outcomes import BETWEEN, DecisionKind, Outcome, Reason
from services.store.settlements.outcomes import OUTCOMES as OUTCOMES

_NAMES = pa.array(
    [" ".join(key for place, key in enumerate(KEYS) if n >> place & 1) for n in range(1 << len(KEYS))],
    pa.large_string(),
)
NAMED, NAMED_BY_KEY = 10, 3  # candidates that are named
RESULT = (
    "outcome", "reason", "order", "keys", "unknown_keys", "candidates", "nearest", "seen", "expected",
    "loose_reference", "loose_order",
)  # fmt: skip
# The outcome and the reason that a decision gives its line.
DECIDED: dict[DecisionKind, tuple[Outcome, Reason]] = {
    "match": ("matched", "matched_by_hand"),
    "split": ("matched", "split_by_hand"),
    "unmatch": ("unmatched", "unmatched_by_hand"),
    "exclude": ("excluded", "excluded_by_hand"),
    "twice": ("excluded", "twice_by_hand"),
    "not_ours": ("not_ours", "not_ours_by_hand"),
    "reopened": ("unmatched", "reopened"),
}


def match(lines: Columns, lookup: Lookup, rules: MatchRules | None = None) -> dict[str, pa.Array]:
    """By the names of RESULT, an array with an element for each of the lines:

    - `outcome`: one of OUTCOMES; `reason`: one of ``store.settlements.outcomes.REASONS``
    - `order`: our number of the order of a matched line, null otherwise and for one that is split, or follows such a one
    - `keys`: those that name the order, or that found one; `unknown_keys`: those that found none; blank-separated
    - `candidates`: business ids found by the keys where they are not one order, the oldest first, BETWEEN between, at most
      NAMED and then "…"
    - `nearest`: the nearest candidate of a line that is suggested or unmatched, else null; `seen`: the text of the line that
      comes near it, or by which it is open; `expected`: the order's text, and where the keys disagree, what each names:
      for each, BETWEEN between, the key and then orders with ", " between
    - `loose_reference`, `loose_order`: the keys by which a near candidate is looked for

    `lines`: as Block.lines, of one or many files, its `account` being the key of ours; and `decided` ("", or a key of
    DECIDED), `decided_order` (null for none) and `decided_split` (ids of orders, blanks between).
    """
    rules = rules or MatchRules()
    kinds, account = Coded(lines["kind"]), strings(lines["account"])
    n, control = len(account), kinds.among(("control",))
    decisions = _decided(lines)
    open_to_keys = decisions.kind.among(("",))
    keys, tried = look_up(keyed_texts(lines, rules, ~control), account, lookup, rules, n)
    alone = resolve(keys.narrowed(lookup), n)
    keys, divided = followed(keys, alone, lines, kinds, decisions)
    keys = keys.narrowed(lookup)
    found = resolve(keys, n)
    unknown = tried & ~keys.hits
    single, several = found.fitting == 1, (keys.hits > 0) & (found.fitting != 1)
    left, no_key = keys.hits == 0, tried == 0
    shortened, lost = _shortened(lines, rules, left & no_key)
    # Lines that belong to no order unless a key finds one; a fee of a transaction follows its Sale.
    general = kinds.among(ACCOUNT_KINDS) | Coded(lines["operation_code"]).among(ACCOUNT_CODES)
    general |= kinds.among(("fee",)) & no_key & ~lost
    verdict = _Verdicts(n)
    for which, outcome, reason in (
        (left & no_key, "unmatched", "no_key"),
        (left & no_key & kinds.among(("unknown",)), "unmatched", "operation_unknown"),
        (lost, "unmatched", "digits_lost"),
        (left & general, "account_level", "no_order_of_its_own"),
        (several, "ambiguous", "several_orders"),
        (several & (found.fitting == 0), "contradictory", "keys_disagree"),
        (single, "matched", "keys_agree"),
        (single & (unknown > 0), "matched", "one_key_unknown"),
        (single & (keys.hits == 1 << SALE), "matched", "follows_sale"),
        (divided, "matched", "follows_split"),
        (control, "total_line", "control_total"),
        *((decisions.kind.among((name,)), *result) for name, result in DECIDED.items()),
    ):
        verdict.put(which, outcome, reason)
    order = np.where(
        open_to_keys & single, found.order, np.where(decisions.kind.among(("match",)), decisions.order, 0)
    )
    seen: dict[int, str] = {}
    for cells, places in (
        (shortened, verdict.of("digits_lost")),
        (strings(lines["operation"]), verdict.of("operation_unknown")),
    ):
        seen.update(zip(places.tolist(), cells.take(pa.array(places)).to_pylist(), strict=True))
    open_ended = several & ~divided & open_to_keys
    candidates = _candidates(keys, open_ended, lookup)
    expected = _by_key(keys, open_ended & (found.fitting == 0), lookup)

    loose = loose_texts(lines, rules)
    near = suggest(
        lines, np.flatnonzero(verdict.outcome_is("unmatched") & open_to_keys), loose, lookup, rules
    )
    nearest = np.zeros(n, np.int64)
    for one in near:
        verdict.put(one.row, one.outcome, one.reason)
        nearest[one.row], seen[one.row], expected[one.row] = one.order, one.seen, one.expected
    not_ours = _not_ours(lines, rules) & open_to_keys
    verdict.put(not_ours & verdict.outcome_is("unmatched", "suggested"), "not_ours", "not_ours_rule")
    return {
        "outcome": verdict.outcomes(),
        "reason": verdict.reasons(),
        "order": pa.array(order, mask=order == 0),
        "keys": _NAMES.take(pa.array(np.where(open_to_keys, keys.hits, 0))),
        "unknown_keys": _NAMES.take(pa.array(np.where(open_to_keys, unknown, 0))),
        "candidates": _sparse(candidates, n),
        "nearest": pa.array(nearest, mask=nearest == 0),
        "seen": _sparse(seen, n),
        "expected": _sparse(expected, n),
        "loose_reference": loose.reference,
        "loose_order": loose.order,
    }


class _Verdicts:
    """The outcome of each line and its reason, "unmatched" since nothing was found at first."""

    def __init__(self, count: int) -> None:
        self._pairs: dict[tuple[str, str], int] = {("unmatched", "nothing_found"): 0}
        self._codes = np.zeros(count, np.int64)

    def put(self, which: Flags | int, outcome: str, reason: str) -> None:
        self._codes[which] = self._pairs.setdefault((outcome, reason), len(self._pairs))

    def of(self, reason: Reason) -> Ints:
        """The places of the lines with this reason."""
        return np.flatnonzero(np.array([why == reason for _, why in self._pairs])[self._codes])

    def outcome_is(self, *outcomes: Outcome) -> Flags:
        found: Flags = np.array([outcome in outcomes for outcome, _ in self._pairs])[self._codes]
        return found

    def outcomes(self) -> pa.Array:
        return self._texts([outcome for outcome, _ in self._pairs])

    def reasons(self) -> pa.Array:
        return self._texts([reason for _, reason in self._pairs])

    def _texts(self, texts: list[str]) -> pa.Array:
        return pa.array(texts, pa.large_string()).take(pa.array(self._codes))


def _sparse(texts: Mapping[int, str], count: int) -> pa.Array:
    """The texts at their places, "" elsewhere."""
    if not texts:
        return pa.repeat(pa.scalar("", pa.large_string()), count)
    found = np.full(count, "", dtype=object)
    found[list(texts)] = list(texts.values())
    return pa.array(found, pa.large_string())


def _decided(lines: Columns) -> Decisions:
    order = array(lines["decided_order"], pa.int64())
    return Decisions(
        Coded(lines["decided"]),
        order.fill_null(0).to_numpy(zero_copy_only=False),
        strings(lines["decided_split"]),
    )


def _shortened(lines: Columns, rules: MatchRules, which: Flags) -> tuple[pa.Array, Flags]:
    """The first key of each line that a spreadsheet has damaged, as the line has it; and which of these lines have one."""
    found, has = strings(lines["lost"]), np.zeros(len(which), dtype=bool)
    for column in reversed(key_columns(rules)):
        flagged = damaged(lines, column)
        if flagged.any():
            found, has = pc.if_else(pa.array(flagged), strings(lines[column]), found), has | flagged
    return found, has & which & flags(pc.not_equal(found, ""))


def _named(keys: FoundKeys, which: Flags) -> set[tuple[int, int, int]]:
    """(row, key, order) of what the keys of these rows name."""
    among = which[keys.row]
    return set(
        zip(keys.row[among].tolist(), keys.key[among].tolist(), keys.order[among].tolist(), strict=True)
    )


def _candidates(keys: FoundKeys, which: Flags, lookup: Lookup) -> dict[int, str]:
    """What the keys of each of these rows name, the first orders."""
    orders: dict[int, list[int]] = {}
    for row, order in sorted({(row, order) for row, _, order in _named(keys, which)}):
        orders.setdefault(row, []).append(order)
    names = _Names(lookup, [order for some in orders.values() for order in some[:NAMED]])
    return {row: BETWEEN.join(names.first(some, NAMED)) for row, some in orders.items()}


def _by_key(keys: FoundKeys, which: Flags, lookup: Lookup) -> dict[int, str]:
    """What each key of these rows names."""
    orders: dict[tuple[int, int], list[int]] = {}
    for row, key, order in sorted(_named(keys, which)):
        orders.setdefault((row, key), []).append(order)
    names = _Names(lookup, [order for some in orders.values() for order in some[:NAMED_BY_KEY]])
    found: dict[int, list[str]] = {}
    for (row, key), some in orders.items():
        found.setdefault(row, []).append(f"{KEYS[key]} {', '.join(names.first(some, NAMED_BY_KEY))}")
    return {row: BETWEEN.join(texts) for row, texts in found.items()}


class _Names:
    """The business ids of these orders."""

    def __init__(self, lookup: Lookup, orders: list[int]) -> None:
        self._known = dict(zip(orders, lookup.names(np.array(orders, dtype=np.int64)), strict=True))

    def first(self, orders: list[int], most: int) -> list[str]:
        """The first so many, and "…" for more."""
        return [*(self._known[one] for one in orders[:most]), *(["…"] if len(orders) > most else [])]


def _not_ours(lines: Columns, rules: MatchRules) -> Flags:
    found = np.zeros(len(strings(lines["account"])), bool)
    for rule in rules.not_ours:
        cells = strings(lines[rule.field])
        same = pc.equal(cells, rule.text) if rule.pattern == "equals" else pc.starts_with(cells, rule.text)
        found |= flags(same)
    return found
