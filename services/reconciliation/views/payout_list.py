"""Payouts and their tie-outs: read from stored sums, never from the lines."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import pandas as pd

from services.access import Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.payouts.tie_out import PayoutState, tie
from services.store import Connection
from services.store.settlements import held_corrections, reconciliation_views, set_aside_rows
from services.store.settlements.outcomes import OPEN
from services.store.settlements.reconciliation_views import PayoutSum
from services.store.settlements.set_aside_rows import FileOfRows


@dataclass(frozen=True, kw_only=True)
class Payout:
    """One settlement in one currency, with its tie-out. Units of 1/10000; ``open_lines``: lines that have no order yet."""

    account: str
    settlement_id: str
    currency: str
    state: PayoutState
    lines: int
    open_lines: int
    lines_units: int
    payout_units: int | None
    difference_units: int | None
    first_date: str
    last_date: str
    rows_set_aside: int  # rows set aside that may belong to it, and that nobody has dealt with
    missing: int  # lines of it without a settled amount, in whatever currency: of files that were imported long ago
    corrections_held: int  # corrections of it that wait for a person, in whatever currency


@dataclass(frozen=True, kw_only=True)
class OperationSum:
    """The sum of one operation within a payout."""

    code: str
    words: str  # as the file calls it, where it is not known
    kind: str
    lines: int
    units: int
    missing: int  # lines whose amount is not among the units


def list_payouts(desk: Desk, actor: Actor, accounts: Sequence[str] = ()) -> tuple[Payout, ...]:
    """Every settlement per currency, those that do not tie out first, then the newest. Raises NotAllowed."""
    with desk.store.read() as tx:
        found = read_payouts(tx, visible_accounts(tx, desk, actor, accounts))
    newest = sorted(found, key=lambda one: (one.last_date, one.settlement_id), reverse=True)
    return tuple(sorted(newest, key=lambda one: one.state == "tied"))


def operation_sums(desk: Desk, actor: Actor, payout: Payout) -> tuple[OperationSum, ...]:
    """What a payout is made of, by operation. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        found = reconciliation_views.payout_sums(tx, (payout.account,), payout.settlement_id)
    sums: dict[tuple[str, str, str], tuple[int, int, int]] = {}
    for row in found:
        if row.settlement_currency == payout.currency:
            key = (row.operation_code, row.operation, row.kind)
            count, units, missing = sums.get(key, (0, 0, 0))
            sums[key] = count + row.lines, units + row.settled_units, missing + row.missing
    made = [
        OperationSum(code=code, words=words, kind=kind, lines=count, units=units, missing=missing)
        for (code, words, kind), (count, units, missing) in sums.items()
    ]
    return tuple(sorted(made, key=lambda one: (one.kind == "control", -one.lines, one.code)))


def files_with_rows_set_aside(desk: Desk, actor: Actor, payout: Payout) -> tuple[tuple[int, str], ...]:
    """(id, name) of the files whose rows block the payout's tie-out, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        return tuple(
            (file.id, file.name)
            for file in set_aside_rows.open_files(tx)
            if payout.account in _accounts(file) and _blocked(file).get(payout.settlement_id)
        )


def files_with_corrections_held(desk: Desk, actor: Actor, payout: Payout) -> tuple[tuple[int, str], ...]:
    """(id, name) of the files of which corrections of the payout wait, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS, payout.account)
        return tuple(
            (row.file, row.file_name)
            for row in held_corrections.waiting_by_payout(tx)
            if (row.account, row.settlement_id) == (payout.account, payout.settlement_id)
        )


def read_payouts(tx: Connection, accounts: Sequence[str]) -> list[Payout]:
    # a line may belong to no payout
    found = [row for row in reconciliation_views.payout_sums(tx, accounts) if row.settlement_id]
    if not found:
        return []
    set_aside_counts: Counter[tuple[str, str]] = Counter()
    for file in set_aside_rows.open_files(tx):
        for account in _accounts(file):
            for name, count in _blocked(file).items():
                set_aside_counts[account, name] += count
    held_counts: Counter[tuple[str, str]] = Counter()
    for waiting in held_corrections.waiting_by_payout(tx):
        held_counts[waiting.account, waiting.settlement_id] += waiting.waits
    return list(_tied(tuple(found), frozenset(set_aside_counts.items()), frozenset(held_counts.items())))


@lru_cache(maxsize=16)
def _tied(
    found: tuple[PayoutSum, ...],
    set_aside: frozenset[tuple[tuple[str, str], int]],
    held: frozenset[tuple[tuple[str, str], int]],
) -> tuple[Payout, ...]:
    """The payouts of these sums; ``set_aside`` and ``held``: rows and corrections by account and payout."""
    set_aside_counts, held_counts = dict(set_aside), dict(held)
    totals = pd.DataFrame([asdict(row) for row in found])
    keys = ["account", "settlement_id", "settlement_currency"]
    facts = totals.assign(opened=totals["lines"].where(totals["outcome"].isin(OPEN), 0)).groupby(keys)
    lines, opened = facts["lines"].sum(), facts["opened"].sum()
    first = totals[totals["first_date"] != ""].groupby(keys)["first_date"].min()
    last = facts["last_date"].max()
    result = []
    proved = tie(totals, frozenset({*set_aside_counts, *held_counts}))
    missing = proved.groupby(["account", "settlement_id"])["missing"].sum()
    for row in proved.to_dict("records"):
        key = (row["account"], row["settlement_id"], row["currency"])
        result.append(
            Payout(
                account=row["account"],
                settlement_id=row["settlement_id"],
                currency=row["currency"],
                state=row["state"],
                lines=int(lines[key]),
                open_lines=int(opened[key]),
                lines_units=int(row["lines_units"]),
                payout_units=_units(row["payout_units"]),
                difference_units=_units(row["difference_units"]),
                first_date=str(first.get(key, "")),
                last_date=str(last[key]),
                rows_set_aside=set_aside_counts.get(key[:2], 0),
                missing=int(missing[key[:2]]),
                corrections_held=held_counts.get(key[:2], 0),
            )
        )
    return tuple(result)


def _accounts(file: FileOfRows) -> set[str]:
    """The accounts that a set-aside row may belong to: nobody knows which, so all that the file names."""
    return {file.account, *(ours for _, ours, _ in file.accounts if ours)}


def _blocked(file: FileOfRows) -> dict[str, int]:
    """The payouts whose tie-out rows of the file block, and how many; a row that names no payout blocks all."""
    of_any = file.aside_open.get("", 0)
    names = {*file.aside_open, *(file.settlements if of_any else ())} - {""}
    return {name: file.aside_open.get(name, 0) + of_any * (name in file.settlements) for name in names}


def _units(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)


def visible_accounts(tx: Connection, desk: Desk, actor: Actor, wanted: Sequence[str]) -> tuple[str, ...]:
    """The accounts of the settings whose settlements the actor may see: those that are wanted, all where none is.

    Never empty: where the actor may see none of the configured accounts, an account that no row has. Raises NotAllowed.
    """
    allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
    visible = tuple(one for one in desk.settings.all_accounts if allowed is None or one in allowed)
    return tuple(one for one in wanted if one in visible) or visible or ("",)
