"""Rejoin lines when their orders, decisions, rules or the lines of their transactions have changed.

Whatever has happened, in whatever order, a line gets the outcome that ``match`` would give with all lines and orders at
once. An outcome depends only on the line's own keys and on the lines that share its transaction, so these are looked up and
matched together. Each part is one short transaction, in which lines, stored sums and orders' positions change together.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.desk import Desk
from services.heartbeats import still_working
from services.payouts import counted_twice
from services.reconciliation.matching import positions
from services.reconciliation.matching.key_texts import KEY_COLUMNS, loosely
from services.reconciliation.matching.lookup import (
    WIDE,
    Columns,
    Lookup,
    MatchRules,
    NotOurs,
    array,
    flags,
    strings,
)
from services.reconciliation.matching.match import RESULT, match
from services.store import Connection, Store
from services.store.payouts import versions
from services.store.settlements import matching_rules, not_ours_rules, order_keys
from services.store.settlements.lines import joined_lines, settlement_lines
from services.store.settlements.lines.line_totals import BALANCE, Sums, counted
from services.store.settlements.matching_rules import AccountMatching
from services.store.settlements.outcomes import OPEN
from services.store.settlements.positions import bump_version, read_version

BATCH = 2_000  # lines rejoined in one transaction
_TRIES = 3
GAP_SECONDS = 0.03  # between two transactions, for other writers
Step = Callable[[], AbstractContextManager[Connection]]


def rules_of(tx: Connection) -> dict[str, MatchRules]:
    """The rules of each account that has any of its own."""
    rows = {row.account: row for row in matching_rules.all_matching(tx)}
    return {account: _rules(tx, account, row) for account, row in rows.items()}


def _rules(tx: Connection, account: str, row: AccountMatching) -> MatchRules:
    not_ours = tuple(
        NotOurs(one.field, one.pattern, one.text) for one in not_ours_rules.valid_texts(tx, account)
    )
    return MatchRules(row.reference, frozenset(row.ignore), not_ours)


def full_lookup(tx: Connection) -> Lookup:
    """All orders by all their keys."""
    return Lookup(order_keys.all_keys(tx), order_keys.names(tx))


def lookup_for(tx: Connection, lines: Columns) -> Lookup:
    """The orders that these lines can find: for these lines it finds the same as a lookup of all orders."""
    order = strings(lines["order"])
    stems = pc.replace_substring_regex(order, r"-[2-9]$", "")
    references = (strings(lines[f"reporting_data_{n}"]) for n in range(1, 6))
    loose = loosely(pc.unique(pa.concat_arrays([order, stems, *references])).to_pylist())
    hipays = (strings(lines[name]) for name in ("transaction_id", "merchant_operation_id"))
    exact = pc.unique(pc.utf8_trim_whitespace(pa.concat_arrays([*hipays]))).to_pylist()
    near = order_keys.keys_like(tx, sorted({*loose, *exact} - {""}), WIDE + 2)
    decided = array(lines["decided_order"], pa.int64()).drop_null().to_pylist()
    divided = (
        int(one) for some in pc.unique(strings(lines["decided_split"])).to_pylist() for one in some.split()
    )
    named = {*(key[-1] for key in near), *decided, *divided}
    keys = {*near, *order_keys.keys_of(tx, named)}
    cells = zip(*keys, strict=True) if keys else [()] * len(KEY_COLUMNS)
    return Lookup(dict(zip(KEY_COLUMNS, cells, strict=True)), order_keys.names(tx, named))


@dataclass(frozen=True)
class _Joined:
    """Lines as they are stored, and their outcomes now."""

    lines: pd.DataFrame
    found: Mapping[str, pa.Array]
    split: list[int]  # lines that are divided over orders, or were


def _match_lines(tx: Connection, account: str, line_ids: Iterable[int]) -> _Joined:
    """Match valid lines of an account, and those that share their transactions."""
    first = joined_lines.joined(tx, joined_lines.with_ids(tx, line_ids))
    shared = joined_lines.of_transactions(tx, account, first["transaction_id"].unique())
    lines = pd.concat([first, joined_lines.joined(tx, shared)], ignore_index=True)
    lines = lines.drop_duplicates("id", ignore_index=True)
    found = match(lines, lookup_for(tx, lines), rules_of(tx).get(account))
    split = lines.loc[(lines["decided"] == "split") | (lines["was_reason"] == "split_by_hand"), "id"]
    return _Joined(lines, found, split.tolist())


def _write(tx: Connection, joined: _Joined) -> None:
    touched = write_changes(tx, joined.lines, joined.found)
    positions.refresh(tx, {*touched, *joined_lines.orders_of_splits(tx, joined.split)})
    for account, theirs in joined.lines.groupby("account"):
        counted_twice.refresh_joined(tx, str(account), theirs)


def rejoin_here(tx: Connection, account: str, line_ids: Iterable[int]) -> None:
    """Rejoin a few lines within the caller's transaction, which has bumped the account's version."""
    _write(tx, _match_lines(tx, account, line_ids))


def rejoin(store: Store, account: str, line_ids: Iterable[int], step: Step | None = None) -> None:
    """Rejoin these lines and those that share their transactions, in short transactions, each a ``step``.

    They are matched before the transaction that writes, and again if the account has changed in between.
    """
    step, ids = step or store.write, sorted(set(line_ids))
    for start in range(0, len(ids), BATCH):
        still_working()
        part = ids[start : start + BATCH]
        if start:
            time.sleep(GAP_SECONDS)
        for _ in range(_TRIES):
            with store.read() as tx:
                version, joined = read_version(tx, account), _match_lines(tx, account, part)
            with step() as tx:
                if done := bump_version(tx, account) == version + 1:
                    _write(tx, joined)
            if done:
                break
        else:
            with step() as tx:
                bump_version(tx, account)
                _write(tx, _match_lines(tx, account, part))


def write_changes(
    tx: Connection, lines: pd.DataFrame, found: Mapping[str, pa.Array], *, hidden: bool = False
) -> set[int]:
    """Write the changed outcomes of stored lines, and the sums with them; the orders that they concern. ``hidden``: they are of
    the file that is imported."""
    places = changed(lines, found)
    if not len(places):
        return set()
    before, after = lines.iloc[places], {name: found[name].take(pa.array(places)) for name in RESULT}
    settlement_lines.change(tx, before, after)
    was = counted(before, before["was_outcome"], before["was_reason"])
    now = counted(before, *(after[name].to_pandas() for name in ("outcome", "reason")))
    moved = ((was["outcome"] != now["outcome"]) | (was["kind"] != now["kind"])).to_numpy()
    if moved.any():
        Sums(was[moved]).write(tx, sign=-1, hidden=True)
        Sums(now[moved]).write(tx, hidden=True)
    if not hidden:  # a payout depends on which of its lines are open, and which are counted twice
        opened = was["outcome"].isin(OPEN).to_numpy() != now["outcome"].isin(OPEN).to_numpy()
        twice = (was["kind"] != now["kind"]).to_numpy()
        concerned, balances = (
            before[opened | twice],
            before[twice & (before["kind"] == BALANCE).to_numpy()],
        )
        versions.grow_payouts(tx, _pairs(concerned, "settlement_id"))
        versions.grow_carried(tx, _pairs(balances, "settlement_currency"))
    return {*before["was_order"].dropna().tolist(), *after["order"].drop_null().to_pylist()}


def _pairs(lines: pd.DataFrame, name: str) -> set[tuple[str, str]]:
    """The accounts of these lines, each with what the column holds."""
    return set(zip(lines["account"], lines[name], strict=True))


def changed(lines: pd.DataFrame, found: Mapping[str, pa.Array]) -> list[int]:
    """The places at which ``found`` differs from the stored outcomes."""
    differs = np.zeros(len(lines), bool)
    for name in RESULT:
        if name in ("order", "nearest"):
            before, after = array(lines[f"was_{name}"], pa.int64()).fill_null(0), found[name].fill_null(0)
        else:
            before, after = strings(lines[f"was_{name}"]), found[name]
        differs |= flags(pc.not_equal(before, after))
    places: list[int] = differs.nonzero()[0].tolist()
    return places


def rejoin_lines(desk: Desk, account: str, line_ids: Iterable[int]) -> None:
    """Rejoin these lines of an account and those that share their transactions, in short transactions."""
    rejoin(desk.store, account, line_ids)


def rejoin_account(store: Store, account: str, after: int, step: Step) -> int | None:
    """Rejoin the account's next lines, since its rules have changed; the last of them, None at the end."""
    with store.read() as tx:
        ids = joined_lines.page(tx, account, after, BATCH)
    rejoin(store, account, ids, step)
    return ids[-1] if ids else None
