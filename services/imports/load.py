"""Load a file: from its bytes to stored lines with their outcomes, in short transactions. A last one makes them visible.

An interrupted load reads the file again from its beginning. Lines that are stored already are not written twice; only their
outcomes are brought up to date.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from services import clock
from services.access import WORKER, Actor, audit
from services.imports import (
    carry_decisions,
    file_accounts,
    protected_lines,
    reading,
)
from services.imports.corrections import CorrectionFinder
from services.imports.duplicates import DuplicateFinder, PayoutsStored
from services.imports.file_accounts import FileAccounts, FileAccountUnknown
from services.imports.file_end import FileEnd
from services.imports.file_rights import importable_accounts, require_importable
from services.imports.lease import Lease
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.matching.lookup import (
    Lookup,
    MatchRules,
    hashed,
    strings,
)
from services.reconciliation.matching.match import match
from services.settlements.blocks import Block
from services.settlements.dialect import Dialect
from services.settlements.findings import FindingsCollector, SetAsideCollector
from services.settlements.given import Given
from services.settlements.identity import Occurrences, identify
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.frames import plain
from services.store.settlements import (
    file_content,
    joined_lines,
    positions,
    replaced_lines,
    settlement_files,
    settlement_lines,
)
from services.store.settlements.line_totals import Sums
from services.store.settlements.settlement_files import SettlementFile
from services.text import headings

BATCH = 5_000  # lines in one transaction: other writers wait for tens of milliseconds, not for the whole file
AUDITED = 100  # ids of corrected lines that the audit names; the lines themselves say what took their place
ROWS = 50_000  # lines that are read, identified and matched at once


class Withdrawn(Exception):
    """The file was cancelled while it was imported."""


class _Transactions:
    """The transactions of the file's lines so far, with 8 bytes for each."""

    def __init__(self) -> None:
        self._counts = Occurrences()

    def again(self, texts: "pd.Series[str]") -> list[str]:
        """Those of these that earlier lines have, too."""
        different = texts[texts != ""].unique()
        nth = self._counts.count(hashed(strings(different.tolist())))
        return [str(text) for text in different[nth > 1]]


@dataclass
class _Run:
    """The state of a load: what is known of the file's lines so far."""

    file: SettlementFile
    lookup: Lookup
    rules: dict[str, MatchRules]
    accounts: FileAccounts
    allowed: frozenset[str] | None  # the accounts to which its lines may be booked, None for all
    cursor: dict[str, Any]  # up to which changes of orders the lookup holds
    changes: CorrectionFinder
    gathering: FindingsCollector
    likeness: DuplicateFinder
    ending: FileEnd
    seen: Occurrences = field(default_factory=Occurrences)
    lines: int = 0
    had: dict[str, bool] = field(default_factory=dict)  # whether an account had lines before
    transactions: _Transactions = field(default_factory=_Transactions)  # of the lines so far
    set_aside: SetAsideCollector = field(default_factory=SetAsideCollector)
    settlements: set[str] = field(default_factory=set)


def load(lease: Lease, file_id: int) -> None:
    """Read, identify, match and store the file's lines, and make them visible.

    Raises Withdrawn, LeaseEnded, FileAccountUnknown, NotAllowed, PayoutsStored, the errors of the reader, ParsingError.
    """
    while order_changes.catch_up_store(lease.store):
        lease.check()
    with lease.store.read() as tx:
        file = settlement_files.get(tx, file_id)
        assert file is not None
        cursor = order_changes.cursor(tx)  # read first: what it must not be ahead of comes after
        lookup, rules = rejoin.full_lookup(tx), rejoin.rules_of(tx)
    with (
        file_content.on_disk(lease.store.read, file_id) as path,
        tempfile.TemporaryDirectory(prefix="sheets-") as sheets,
    ):
        given = Given(path, Path(sheets))
        chosen = reading.chosen_from(file.chosen)
        found = reading.decide(lease.store, lease.accounts, given, file.account, chosen)
        dialect = found.detection.dialect
        with lease.write() as tx:
            parts = file_accounts.resolve(
                tx, WORKER, found.parts, file.account, lease.accounts, own=file.source == "hipay"
            )
            # stored with the file, so that none of its Accounts can be assigned otherwise meanwhile
            _go_on(tx, file_id, accounts=parts)
            unknown = [part.cell for part in parts if not part.account]
            if not unknown:
                first = file.first_line_id or settlement_lines.next_id(tx)
                _go_on(tx, file_id, reading=reading_of(dialect), first_line_id=first)
            accounts = file_accounts.known(tx, lease.accounts)
            allowed = importable_accounts(tx, file)
        if unknown:
            raise FileAccountUnknown(unknown)
        require_importable(allowed, [part.account for part in parts])
        run = _Run(
            file,
            lookup,
            rules,
            accounts,
            allowed,
            cursor,
            CorrectionFinder(file_id),
            FindingsCollector(found.detection),
            DuplicateFinder(file_id),
            FileEnd(found.detection.open_end),
        )
        for block in _gathered(given.blocks(dialect, rows=ROWS)):
            _take(lease, run, block)
    _flip(lease, run)


def reading_of(dialect: Dialect) -> dict[str, Any]:
    kept = (
        "encoding",
        "delimiter",
        "header_line",
        "decimal",
        "thousands",
        "date",
        "columns",
        "sheets",
        "quotes",
    )
    return {**{name: getattr(dialect, name) for name in kept}, "debits": dict(dialect.debits or {})}


def _go_on(tx: Connection, file_id: int, **values: Any) -> None:
    if not settlement_files.change(tx, file_id, states=("running",), alive_at=clock.now(), **values):
        raise Withdrawn


def _take(lease: Lease, run: _Run, block: Block) -> None:
    """Store a block's new lines with their outcomes."""
    run.gathering.note(block)
    run.set_aside.note(block.set_aside)
    run.ending.note(block)
    lines = block.lines.join(identify(block.lines, run.seen)[["identity", "key"]])
    run.lines += len(lines)
    run.settlements.update(lines["settlement_id"].unique())
    lines["file_account"] = lines["account"]
    accounts = {cell: run.accounts.of(cell, run.file.account) for cell in lines["account"].unique()}
    if unknown := [
        cell for cell, account in accounts.items() if not account
    ]:  # beyond those that are counted
        raise FileAccountUnknown(unknown)
    require_importable(run.allowed, accounts.values())
    lines["account"] = lines["account"].map(accounts).astype("str")
    progress = {"lines_done": run.lines, "bytes_done": block.bytes_done}
    if lines.empty:
        with lease.write() as tx:
            _go_on(tx, run.file.id, **progress)
    for account, theirs in lines.groupby("account", sort=True):
        _take_account(lease, run, str(account), theirs.reset_index(drop=True), progress)


def _gathered(blocks: Iterator[Block]) -> Iterator[Block]:
    """Blocks of about ROWS lines: fewer, larger blocks cost less."""
    some: list[Block] = []
    for block in blocks:
        some.append(block)
        if sum(len(one.lines) for one in some) >= ROWS:
            yield _one(some)
            some = []
    if some:
        yield _one(some)


def _one(blocks: list[Block]) -> Block:
    lines = pd.concat([block.lines for block in blocks], ignore_index=True)
    set_aside = tuple(row for block in blocks for row in block.set_aside)
    damaged, undated = (
        tuple(cell for block in blocks for cell in getattr(block, name)) for name in ("damaged", "undated")
    )
    return Block(lines, set_aside, damaged, blocks[-1].bytes_done, undated)


def _take_account(
    lease: Lease, run: _Run, account: str, lines: pd.DataFrame, progress: dict[str, int]
) -> None:
    file_id = run.file.id
    with lease.store.read() as tx:
        own: list[int] = []
        if account not in run.had:
            run.had[account] = settlement_lines.any_of(tx, account)
        if run.had[account]:
            there = settlement_lines.by_identity(tx, account, lines["identity"].tolist())
            others = there[there["file"] != file_id]
            own = there.loc[there["file"] == file_id, "id"].tolist()
            run.changes.note(tx, account, lines, others)
            run.likeness.note(tx, account, lines, others["identity"])
            lines = lines[~lines["identity"].isin(there["identity"])].reset_index(drop=True)
        context = _context(tx, run, account, lines, own)
    found = match(_together(lines, context), run.lookup, run.rules.get(account))
    fresh, stored = found.iloc[: len(lines)], found.iloc[len(lines) :]
    mine = (context["file"] == file_id).to_numpy()
    rows = _rows(lines.assign(file=file_id), fresh)
    sums = Sums(lines.assign(file=file_id, outcome=fresh["outcome"])) if len(lines) else None
    for start in range(0, max(len(rows), 1), BATCH):
        with lease.write() as tx:
            if not start:
                rejoin.write_changes(tx, context[mine], stored[mine])
            settlement_lines.add(tx, rows[start : start + BATCH])
            if sums:
                sums.write(tx, slice(start, start + BATCH))
            _go_on(tx, file_id, **progress)
        time.sleep(rejoin.GAP_SECONDS)


def _context(tx: Connection, run: _Run, account: str, lines: pd.DataFrame, own: list[int]) -> pd.DataFrame:
    """The stored lines that are matched with the new ones: those of their transactions, and those of an interrupted load."""
    texts = (
        lines["transaction_id"].unique().tolist()
        if run.had[account]
        else run.transactions.again(lines["transaction_id"])
    )
    context = joined_lines.joined(tx, joined_lines.of_transactions(tx, account, texts, running=run.file.id))
    if own:
        again = joined_lines.joined(tx, joined_lines.of_ids(tx, own))
        shared = joined_lines.of_transactions(
            tx, account, again["transaction_id"].unique(), running=run.file.id
        )
        context = pd.concat([context, again, joined_lines.joined(tx, shared)], ignore_index=True)
        context = context.drop_duplicates("id", ignore_index=True)
    return context


def _together(lines: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(pd.NA, index=lines.index, dtype="Int64")
    new = lines.assign(decided="", decided_order=none, decided_split="")
    names = list(joined_lines.MATCHED)
    return pd.concat([new[names], context[names]], ignore_index=True) if len(context) else new[names]


def _rows(lines: pd.DataFrame, found: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The cells of settlement_lines.WRITTEN."""
    whole = pd.concat([lines, found.drop(columns="order").assign(ours=found["order"])], axis=1)
    names = {"file_order": "order", "order": "ours"}
    return list(zip(*(plain(whole[names.get(name, name)]) for name in settlement_lines.WRITTEN), strict=True))


def _flip(lease: Lease, run: _Run) -> None:
    """The transaction that makes the file's lines visible, and hides those that they replace.

    Raises PayoutsStored, TruncatedFile.
    """
    open_end = run.ending.refuse()
    with lease.store.read() as tx:
        replaced, back = (
            run.changes.replaced(tx, protected_lines.delivered_payouts(tx, run.file.id)),
            run.changes.back(tx),
        )
        stored = () if run.file.others else run.likeness.stored(tx, run.changes.known, replaced)
        kept = protected_lines.plan_updates(
            tx, run.file.id, run.had, run.settlements, run.changes.known, replaced, back
        )
    if stored:
        raise PayoutsStored(stored)
    set_aside, dialect = run.set_aside, run.gathering.detection.dialect
    findings = run.gathering.findings(open_end=open_end)
    file, counts = run.file, {"known_lines": len(run.changes.known), "changed_lines": len(kept.replaced)}
    with lease.write() as tx:
        for account in sorted(run.had):
            positions.bump_version(tx, account)
        replaced_lines.replace(tx, kept.replaced, file.id)
        replaced_lines.restore(tx, kept.back)
        counts["held_lines"] = protected_lines.write_updates(tx, file, kept)
        _go_on(
            tx,
            file.id,
            state="complete",
            lines=run.lines,
            lines_done=run.lines,
            bytes_done=file.size,
            aside=[asdict(row) for row in set_aside.rows],
            aside_blocking=set_aside.blocking.total(),
            aside_settlements=sorted(set_aside.blocking),
            aside_open=dict(set_aside.blocking),
            reading={**reading_of(dialect), "found": findings.kept()},
            settlements=sorted(run.settlements - {""}),
            follow_up=0,
            tries=0,
            finished_at=clock.now(),
            **counts,
        )
        if file.source != "upload" and not file.chosen:
            _tell_of_columns(tx, file, findings.overlooked)
        carry_decisions.carry_over(tx, kept.replaced, file.id)
        if kept.back:
            protected_lines.rejoin_restored(tx, run.had, (), kept.back)
        order_changes.set_back(tx, run.cursor)
        actor, named = Actor(kind=file.actor_kind, id=file.actor_id), dict[str, Any]()
        if kept.replaced:
            named["replaced"] = kept.replaced[:AUDITED]
        audit.record(
            tx,
            actor,
            "settlement_file_imported",
            f"settlement_file:{file.id}",
            lines=run.lines,
            **counts,
            **named,
        )


def _tell_of_columns(tx: Connection, file: SettlementFile, names: tuple[str, ...]) -> None:
    """Raise an alarm, once for an account, about columns that were left out and may matter: nobody has seen a preview."""
    if names:
        identity = f"payout_columns:{file.account}:{headings.digest(names)}"
        detail = {"file": file.name, "file_id": file.id, "columns": ", ".join(names)}
        alarms.raise_condition(
            tx,
            Condition(
                kind="payout_columns", identity=identity, account=file.account, order=None, detail=detail
            ),
            clock.now(),
        )
