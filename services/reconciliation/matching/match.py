"""The join of settlement lines to orders.

All keys of a line are looked up, within its account; those that find an order must name the same one. No amount
decides a match. A person's decision has priority over the keys, and is applied before the lines of a transaction follow
their Sale.

Nothing here depends on the order of the lines or on their file: a line's outcome depends on its own keys and on the lines
that share its transaction.
"""

import numpy as np
import pandas as pd
import pyarrow.compute as pc
from numpy.typing import NDArray

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
    Flags,
    Ints,
    Lookup,
    MatchRules,
    damaged,
    strings,
)
from services.reconciliation.matching.suggestions import loose_texts, suggest
from services.settlements.settlement_operations import ACCOUNT_CODES, ACCOUNT_KINDS
from services.store.settlements.outcomes import OUTCOMES as OUTCOMES
from services.store.settlements.outcomes import DecisionKind, Outcome, Reason

_NAMES = np.array(
    [" ".join(key for place, key in enumerate(KEYS) if n >> place & 1) for n in range(1 << len(KEYS))],
    dtype=object,
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


def match(lines: pd.DataFrame, lookup: Lookup, rules: MatchRules | None = None) -> pd.DataFrame:
    """One row a line, on the index of `lines`, columns RESULT:

    - `outcome`: one of OUTCOMES; `reason`: one of ``store.settlements.outcomes.REASONS``
    - `order` Int64: our number of the order of a matched line, NA otherwise and for one that is split, or follows such a one
    - `keys`: those that name the order, or that found one; `unknown_keys`: those that found none; blank-separated
    - `candidates`: business ids found by the keys where they are not one order, the oldest first, ", " between, at most
      NAMED and then "…"
    - `nearest` Int64: the nearest candidate of a line that is suggested or unmatched; `seen`: the text of the line that
      comes near it, or by which it is open; `expected`: the order's text, and where the keys disagree, what each names:
      a line for each, the key and then orders with ", " between
    - `loose_reference`, `loose_order`: the keys by which a near candidate is looked for

    `lines`: as Block.lines, of one or many files, its `account` being the key of ours. They may also have the columns
    `decided` ("", or a key of DECIDED), `decided_order` Int64 and `decided_split` (ids of orders, blanks between).
    """
    rules = rules or MatchRules()
    n, kind = len(lines), lines["kind"].to_numpy(dtype=object)
    control, account = kind == "control", strings(lines["account"])
    decisions = _decided(lines)
    decided = decisions.kind
    keys, tried = look_up(keyed_texts(lines, rules, ~control), account, lookup, rules, n)
    alone = resolve(keys.narrowed(lookup), n)
    keys, divided = followed(keys, alone, lines, decisions)
    keys = keys.narrowed(lookup)
    found = resolve(keys, n)
    unknown = tried & ~keys.hits
    single, several = found.fitting == 1, (keys.hits > 0) & (found.fitting != 1)
    left, no_key = keys.hits == 0, tried == 0
    shortened = _shortened(lines, rules)
    lost = left & no_key & (shortened != "")
    # Lines that belong to no order unless a key finds one; a fee of a transaction follows its Sale.
    general = np.isin(kind, ACCOUNT_KINDS) | lines["operation_code"].isin(ACCOUNT_CODES).to_numpy()
    general |= (kind == "fee") & no_key & ~lost
    outcome, reason = np.full(n, "unmatched", dtype=object), np.full(n, "nothing_found", dtype=object)
    for which, its_outcome, its_reason in (
        (left & no_key, "unmatched", "no_key"),
        (left & no_key & (kind == "unknown"), "unmatched", "operation_unknown"),
        (lost, "unmatched", "digits_lost"),
        (left & general, "account_level", "no_order_of_its_own"),
        (several, "ambiguous", "several_orders"),
        (several & (found.fitting == 0), "contradictory", "keys_disagree"),
        (single, "matched", "keys_agree"),
        (single & (unknown > 0), "matched", "one_key_unknown"),
        (single & (keys.hits == 1 << SALE), "matched", "follows_sale"),
        (divided, "matched", "follows_split"),
        (control, "total_line", "control_total"),
        *((decided == name, *result) for name, result in DECIDED.items()),
    ):
        outcome[which], reason[which] = its_outcome, its_reason
    order = np.where(decided == "match", decisions.order, np.where(single & (decided == ""), found.order, 0))
    candidates, nearest = np.full(n, "", dtype=object), np.zeros(n, np.int64)
    seen, expected = np.where(reason == "digits_lost", shortened, ""), candidates.copy()
    seen = np.where(reason == "operation_unknown", lines["operation"].to_numpy(dtype=object), seen)
    open_ended = several & ~divided & (decided == "")
    named = np.flatnonzero(open_ended)
    candidates[named] = _candidates(keys, named, lookup)
    torn = np.flatnonzero(open_ended & (found.fitting == 0))
    expected[torn] = _by_key(keys, torn, lookup)

    loose = loose_texts(lines, rules)
    near = suggest(lines, np.flatnonzero((outcome == "unmatched") & (decided == "")), loose, lookup, rules)
    outcome[near.row], reason[near.row] = near.outcome, near.reason
    nearest[near.row], seen[near.row], expected[near.row] = near.order, near.seen, near.expected
    not_ours = _not_ours(lines, rules) & np.isin(outcome, ["unmatched", "suggested"]) & (decided == "")
    outcome[not_ours], reason[not_ours] = "not_ours", "not_ours_rule"
    by_keys = decided == ""
    return pd.DataFrame(
        {
            "outcome": outcome,
            "reason": reason,
            "order": pd.arrays.IntegerArray(order, order == 0),
            "keys": np.where(by_keys, _NAMES[keys.hits], ""),
            "unknown_keys": np.where(by_keys, _NAMES[unknown], ""),
            "candidates": candidates,
            "nearest": pd.arrays.IntegerArray(nearest, nearest == 0),
            "seen": seen,
            "expected": expected,
            "loose_reference": loose.reference,
            "loose_order": loose.order,
        },
        index=lines.index,
    ).astype({name: "str" for name in RESULT if name not in ("order", "nearest")})[list(RESULT)]


def _decided(lines: pd.DataFrame) -> Decisions:
    if "decided" not in lines:
        nothing = np.full(len(lines), "", dtype=object)
        return Decisions(nothing, np.zeros(len(lines), np.int64), nothing)
    return Decisions(
        lines["decided"].to_numpy(dtype=object),
        lines["decided_order"].to_numpy(dtype=np.int64, na_value=0),
        lines["decided_split"].to_numpy(dtype=object),
    )


def _shortened(lines: pd.DataFrame, rules: MatchRules) -> NDArray[np.object_]:
    """The first key of each line that a spreadsheet has damaged, as the line has it; "" where none is."""
    found = np.full(len(lines), "", dtype=object)
    if pc.all(pc.equal(strings(lines["lost"]), "")).as_py() in (True, None):
        return found
    for column in reversed(key_columns(rules)):
        places = damaged(lines, column)
        found[places] = lines[column].to_numpy(dtype=object)[places]
    return found


def _candidates(keys: FoundKeys, rows: Ints, lookup: Lookup) -> list[str]:
    """What the keys of these rows name, the first orders."""
    among = np.isin(keys.row, rows)
    named = pd.DataFrame({"row": keys.row[among], "order": keys.order[among]}).drop_duplicates()
    named = named.sort_values(["row", "order"])
    named["nth"] = named.groupby("row").cumcount()
    named = named[named["nth"] <= NAMED]
    named["name"] = np.where(
        named["nth"] < NAMED, lookup.names.reindex(named["order"]).to_numpy(dtype=object), "…"
    )
    texts: list[str] = named.groupby("row")["name"].agg(", ".join).reindex(rows).fillna("").tolist()
    return texts


def _by_key(keys: FoundKeys, rows: Ints, lookup: Lookup) -> list[str]:
    """What each key of these rows names."""
    among = np.isin(keys.row, rows)
    named = pd.DataFrame({"row": keys.row[among], "key": keys.key[among], "order": keys.order[among]})
    named = named.drop_duplicates().sort_values(["row", "key", "order"])
    named["name"] = lookup.names.reindex(named["order"]).to_numpy(dtype=object)
    keyed = named.groupby(["row", "key"])["name"].agg(_first_names).reset_index("key")
    texts = [f"{KEYS[key]} {names}" for key, names in zip(keyed["key"], keyed["name"], strict=True)]
    found: list[str] = (
        pd.Series(texts, keyed.index, dtype="object").groupby(level=0).agg("\n".join).reindex(rows).tolist()
    )
    return found


def _first_names(names: "pd.Series[str]") -> str:
    return ", ".join([*names.iloc[:NAMED_BY_KEY], *(["…"] if len(names) > NAMED_BY_KEY else [])])


def _not_ours(lines: pd.DataFrame, rules: MatchRules) -> Flags:
    found = np.zeros(len(lines), bool)
    for rule in rules.not_ours:
        cells = strings(lines[rule.field])
        same = pc.equal(cells, rule.text) if rule.pattern == "equals" else pc.starts_with(cells, rule.text)
        found |= same.to_numpy(zero_copy_only=False)
    return found
