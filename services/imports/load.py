"""Load a file: store its lines with their outcomes, in short transactions. The last one (``complete``) makes them visible.

An interrupted load reads the file again from its beginning. Lines that are stored already are not written twice; only their
outcomes are brought up to date.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from services.access import WORKER
from services.imports import complete, file_accounts, reading
from services.imports.corrections import CorrectionFinder
from services.imports.duplicates import DuplicateFinder
from services.imports.file_accounts import FileAccountUnknown
from services.imports.file_end import FileEnd
from services.imports.file_rights import importable_accounts, require_importable
from services.imports.import_run import ImportRun, update_running
from services.imports.lease import Lease
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.matching.match import match
from services.settlements.blocks import Block
from services.settlements.findings import FindingsCollector
from services.settlements.identity import identify
from services.settlements.untrusted_file import UntrustedFile
from services.store import Connection
from services.store.settlements import (
    file_content,
    joined_lines,
    new_lines,
    settlement_files,
    settlement_lines,
)
from services.store.settlements.line_totals import Sums

BATCH = 5_000  # lines in one transaction: other writers wait for tens of milliseconds, not for the whole file
ROWS = 50_000  # lines that are read, identified and matched at once


def load(lease: Lease, file_id: int) -> None:
    """Read, identify, match and store the file's lines, and make them visible.

    Raises ImportCancelled, LeaseEnded, FileAccountUnknown, NotAllowed, PayoutsStored, the errors of the reader, ParsingError.
    """
    while order_changes.catch_up_store(lease.store):
        lease.check()
    with lease.store.read() as tx:
        file = settlement_files.get(tx, file_id)
        assert file is not None
        # read before the lookup, which must not lack a change that the cursor has passed
        cursor = order_changes.cursor(tx)
        lookup, rules = rejoin.full_lookup(tx), rejoin.rules_of(tx)
    with (
        file_content.on_disk(lease.store.read, file_id) as path,
        tempfile.TemporaryDirectory(prefix="sheets-") as sheets,
    ):
        given = UntrustedFile(path, Path(sheets))
        chosen = reading.chosen_from(file.chosen)
        found = reading.decide(lease.store, lease.accounts, given, file.account, chosen)
        dialect = found.detection.dialect
        with lease.write() as tx:
            parts = file_accounts.resolve(
                tx, WORKER, found.parts, file.account, lease.accounts, own=file.source == "hipay"
            )
            # stored with the file, so that nobody can assign its Accounts otherwise meanwhile
            update_running(tx, file_id, accounts=parts)
            unknown = [part.cell for part in parts if not part.account]
            if not unknown:
                first = file.first_line_id or settlement_lines.next_id(tx)
                update_running(tx, file_id, reading=complete.stored_reading(dialect), first_line_id=first)
            accounts = file_accounts.known(tx, lease.accounts)
            allowed = importable_accounts(tx, file)
        if unknown:
            raise FileAccountUnknown(unknown)
        require_importable(allowed, [part.account for part in parts])
        run = ImportRun(
            file=file,
            lookup=lookup,
            rules=rules,
            accounts=accounts,
            allowed=allowed,
            cursor=cursor,
            corrections=CorrectionFinder(file_id),
            findings=FindingsCollector(detection=found.detection),
            duplicates=DuplicateFinder(file_id),
            file_end=FileEnd(found.detection.open_end),
        )
        for block in _merged_blocks(given.blocks(dialect, rows=ROWS)):
            _load_block(lease, run, block)
    complete.complete(lease, run)


def _load_block(lease: Lease, run: ImportRun, block: Block) -> None:
    """Store a block's new lines with their outcomes."""
    run.findings.note(block)
    run.set_aside.note(block.set_aside)
    run.file_end.note(block)
    lines = block.lines.join(identify(block.lines, run.occurrences)[["identity", "key"]])
    run.lines += len(lines)
    run.settlements.update(lines["settlement_id"].unique())
    lines["file_account"] = lines["account"]
    accounts = {cell: run.accounts.of(cell, run.file.account) for cell in lines["account"].unique()}
    # The detection counts only the first different Accounts: a later one may be unknown.
    if unknown := [cell for cell, account in accounts.items() if not account]:
        raise FileAccountUnknown(unknown)
    require_importable(run.allowed, accounts.values())
    lines["account"] = lines["account"].map(accounts).astype("str")
    progress = {"lines_done": run.lines, "bytes_done": block.bytes_done}
    if lines.empty:
        with lease.write() as tx:
            update_running(tx, run.file.id, **progress)
    for account, theirs in lines.groupby("account", sort=True):
        _load_account(lease, run, str(account), theirs.reset_index(drop=True), progress)


def _merged_blocks(blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks merged to blocks of about ROWS lines: fewer, larger blocks cost less."""
    part: list[Block] = []
    for block in blocks:
        part.append(block)
        if sum(len(one.lines) for one in part) >= ROWS:
            yield _merged(part)
            part = []
    if part:
        yield _merged(part)


def _merged(blocks: list[Block]) -> Block:
    lines = pd.concat([block.lines for block in blocks], ignore_index=True)
    set_aside = tuple(row for block in blocks for row in block.set_aside)
    damaged, undated = (
        tuple(cell for block in blocks for cell in getattr(block, name)) for name in ("damaged", "undated")
    )
    return Block(
        lines=lines,
        set_aside=set_aside,
        damaged=damaged,
        bytes_done=blocks[-1].bytes_done,
        undated=undated,
    )


def _load_account(
    lease: Lease, run: ImportRun, account: str, lines: pd.DataFrame, progress: dict[str, int]
) -> None:
    file_id = run.file.id
    with lease.store.read() as tx:
        own: list[int] = []
        if account not in run.had_lines:
            run.had_lines[account] = settlement_lines.any_of(tx, account)
        if run.had_lines[account]:
            there = settlement_lines.by_identity(tx, account, lines)
            others = there[there["file"] != file_id]
            own = there.loc[there["file"] == file_id, "id"].tolist()
            run.corrections.note(tx, account, lines, others)
            run.duplicates.note(tx, account, lines, others["identity"])
            lines = lines[~lines["identity"].isin(there["identity"])].reset_index(drop=True)
        context = _context(tx, run, account, lines, own)
    found = match(_with_context(lines, context), run.lookup, run.rules.get(account))
    fresh, stored = found.iloc[: len(lines)], found.iloc[len(lines) :]
    mine = (context["file"] == file_id).to_numpy()
    rows = _rows(lease, lines.assign(file=file_id), fresh)
    sums = Sums(lines.assign(file=file_id, outcome=fresh["outcome"])) if len(lines) else None
    for start in range(0, max(len(rows), 1), BATCH):
        with lease.write() as tx:
            if not start:
                rejoin.write_changes(tx, context[mine], stored[mine])
            last = settlement_lines.add(tx, rows[start : start + BATCH])
            if sums:
                sums.write(tx, slice(start, start + BATCH))
            update_running(tx, file_id, **progress, **({"last_line_id": last} if last else {}))
        time.sleep(rejoin.GAP_SECONDS)


def _context(
    tx: Connection, run: ImportRun, account: str, lines: pd.DataFrame, own: list[int]
) -> pd.DataFrame:
    """The stored lines that are matched with the new ones: those of their transactions, and those of an interrupted load."""
    texts = (
        lines["transaction_id"].unique().tolist()
        if run.had_lines[account]
        else run.transactions.repeated(lines["transaction_id"])
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


def _with_context(lines: pd.DataFrame, context: pd.DataFrame) -> pd.DataFrame:
    none = pd.Series(pd.NA, index=lines.index, dtype="Int64")
    new = lines.assign(decided="", decided_order=none, decided_split="")
    names = list(joined_lines.MATCHED)
    return pd.concat([new[names], context[names]], ignore_index=True) if len(context) else new[names]


def _rows(lease: Lease, lines: pd.DataFrame, found: pd.DataFrame) -> list[tuple[Any, ...]]:
    """The cells of new_lines.WRITTEN."""
    new = new_lines.prepared(pd.concat([lines.rename(columns={"order": "file_order"}), found], axis=1))
    with lease.store.read() as tx:
        numbers = new.known(tx)
    if numbers is None:
        with lease.write() as tx:
            numbers = new.number(tx)
    return new.rows(numbers)
