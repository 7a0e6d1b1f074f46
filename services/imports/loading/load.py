"""Load a file: store its lines with their outcomes, in short transactions. The last one (``complete``) makes them visible.

An interrupted load reads the file again from its beginning. Lines that are stored already are not written twice; only their
outcomes are brought up to date.
"""

import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.access import WORKER
from services.imports import file_accounts, line_columns, reading
from services.imports.duplicates import DuplicateFinder
from services.imports.file_accounts import FileAccountUnknown
from services.imports.file_rights import importable_accounts, require_importable
from services.imports.issued_again.issue_finder import IssueFinder
from services.imports.line_columns import Lines
from services.imports.loading import complete
from services.imports.loading.file_end import FileEnd
from services.imports.loading.import_run import ImportRun, update_running
from services.imports.loading.lease import Lease
from services.reconciliation.matching import order_changes, rejoin
from services.reconciliation.matching.match import match
from services.settlements.blocks import Block
from services.settlements.findings import FindingsCollector
from services.settlements.untrusted_file import UntrustedFile
from services.store import Connection
from services.store.settlements import order_keys
from services.store.settlements.files import file_content, settlement_files
from services.store.settlements.files.settlement_files import FileChange
from services.store.settlements.lines import joined_lines, new_lines, settlement_lines
from services.store.settlements.lines.line_totals import Sums

BATCH = 5_000  # lines in one transaction: other writers wait for tens of milliseconds, not for the whole file
ROWS = 50_000  # lines that are read, identified and matched at once
ORDERS_A_LINE = 4  # as many orders are read in the time in which those are found that a line may mean


def load(lease: Lease, file_id: int) -> None:
    """Read, identify, match and store the file's lines, and make them visible.

    Raises ImportCancelled, LeaseEnded, FileAccountUnknown, NotAllowed, PayoutsStored, IssueUndecided, the errors of the reader, ParsingError.
    """
    while order_changes.catch_up_store(lease.store):
        lease.check()
    with lease.store.read() as tx:
        file = settlement_files.get(tx, file_id)
        assert file is not None
    with (
        file_content.on_disk(lease.store.read, file_id) as path,
        tempfile.TemporaryDirectory(prefix="sheets-") as sheets,
    ):
        given = UntrustedFile(path, Path(sheets), ROWS)
        chosen = reading.chosen_from(file.chosen)
        found = reading.decide(lease.store, lease.accounts, given, file.account, chosen)
        dialect = found.detection.dialect
        with lease.write() as tx:
            parts = file_accounts.resolve(
                tx, WORKER, found.parts, file.account, lease.accounts, own=file.source == "hipay"
            )
            unknown = [part.cell for part in parts if not part.account]
            begun: FileChange = {}
            if not unknown:
                first = file.first_line_id or settlement_lines.next_id(tx)
                begun = {"reading": complete.stored_reading(dialect), "first_line_id": first}
            # stored with the file, so that nobody can assign its Accounts otherwise meanwhile
            update_running(tx, file_id, accounts=parts, **begun)
            accounts = file_accounts.known(tx, lease.accounts)
            allowed = importable_accounts(tx, file)
        if unknown:
            raise FileAccountUnknown(unknown)
        require_importable(allowed, [part.account for part in parts])
        with lease.store.read() as tx:
            # read before the lookup, which must not lack a change that the cursor has passed
            cursor, rules = order_changes.cursor(tx), rejoin.rules_of(tx)
            few = found.detection.lines * ORDERS_A_LINE < order_keys.newest(tx)["orders"]
            lookup = None if few else rejoin.full_lookup(tx)
        run = ImportRun(
            file=file,
            lookup=lookup,
            rules=rules,
            accounts=accounts,
            allowed=allowed,
            cursor=cursor,
            issues=IssueFinder(file_id),
            findings=FindingsCollector(detection=found.detection),
            duplicates=DuplicateFinder(file_id),
            file_end=FileEnd(found.detection.open_end),
        )
        for block in _merged_blocks(given.blocks(dialect)):
            _load_block(lease, run, block)
    complete.complete(lease, run)


def _load_block(lease: Lease, run: ImportRun, block: Block) -> None:
    """Store a block's new lines with their outcomes."""
    run.findings.note(block)
    run.set_aside.note(block.set_aside)
    run.file_end.note(block)
    lines = line_columns.identified(block, run.occurrences)
    run.lines += block.lines.num_rows
    run.settlements.update(pc.unique(lines["settlement_id"]).to_pylist())
    accounts = {
        cell: run.accounts.of(cell, run.file.account) for cell in pc.unique(lines["account"]).to_pylist()
    }
    # The detection counts only the first different Accounts: a later one may be unknown.
    if unknown := [cell for cell, account in accounts.items() if not account]:
        raise FileAccountUnknown(unknown)
    require_importable(run.allowed, accounts.values())
    progress = {"lines_done": run.lines, "bytes_done": block.bytes_done}
    if not accounts:
        with lease.write() as tx:
            update_running(tx, run.file.id, **progress)
    for account, theirs in line_columns.by_account(lines, accounts):
        _load_account(lease, run, account, theirs, progress)


def _merged_blocks(blocks: Iterator[Block]) -> Iterator[Block]:
    """The blocks merged to blocks of about ROWS lines: fewer, larger blocks cost less."""
    part: list[Block] = []
    for block in blocks:
        part.append(block)
        if sum(one.lines.num_rows for one in part) >= ROWS:
            yield _merged(part)
            part = []
    if part:
        yield _merged(part)


def _merged(blocks: list[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]
    set_aside = tuple(row for block in blocks for row in block.set_aside)
    damaged, undated = (
        tuple(cell for block in blocks for cell in getattr(block, name)) for name in ("damaged", "undated")
    )
    return Block(
        lines=pa.concat_batches([block.lines for block in blocks]),
        set_aside=set_aside,
        damaged=damaged,
        bytes_done=blocks[-1].bytes_done,
        undated=undated,
    )


def _load_account(lease: Lease, run: ImportRun, account: str, lines: Lines, progress: dict[str, int]) -> None:
    file_id = run.file.id
    with lease.store.read() as tx:
        own: list[int] = []
        if account not in run.had_lines:
            run.had_lines[account] = settlement_lines.any_of(tx, account)
        if run.had_lines[account]:
            marked = line_columns.hexed(lines)
            there = settlement_lines.by_identity(tx, account, marked)
            others = there[there["file"] != file_id]
            own = there.loc[there["file"] == file_id, "id"].tolist()
            run.issues.note(tx, account, marked, others)
            run.duplicates.note(tx, account, marked, others["identity"])
            lines = _new(lines, marked["identity"], there["identity"])
        context = _context(tx, run, account, lines, own)
        if context is not None:
            of_others = context.loc[context["file"] != file_id, "settlement_id"]
            run.shared_payouts.update((account, settlement) for settlement in of_others.unique())
        matched = line_columns.with_context(lines, context)
        lookup = run.lookup or rejoin.lookup_for(tx, matched)
    found = match(matched, lookup, run.rules.get(account))
    count = len(lines["identity"])
    stored = {name: column.slice(count) for name, column in found.items()}
    whole = line_columns.with_outcomes(lines, found, file_id)
    cells = _cells(lease, whole) if count else []
    sums = Sums(whole) if count else None
    for start in range(0, max(count, 1), BATCH):
        if start:
            time.sleep(rejoin.GAP_SECONDS)
        with lease.write() as tx:
            if context is not None and not start:
                mine = (context["file"] == file_id).to_numpy()
                rejoin.write_changes(
                    tx,
                    context[mine],
                    {name: column.filter(pa.array(mine)) for name, column in stored.items()},
                    hidden=True,
                )
            last, part = None, slice(start, start + BATCH)
            if sums:
                last = settlement_lines.add(tx, cells, part)
                sums.write(tx, part, hidden=True)
            update_running(tx, file_id, **progress, **({"last_line_id": last} if last else {}))


def _new(lines: Lines, identities: pa.Array, stored: "pd.Series[str]") -> Lines:
    """The lines whose identity is not stored."""
    there = set(stored.tolist())
    if not there:
        return lines
    places = [place for place, identity in enumerate(identities.to_pylist()) if identity not in there]
    return line_columns.taken(lines, places)


def _context(
    tx: Connection, run: ImportRun, account: str, lines: Lines, own: list[int]
) -> pd.DataFrame | None:
    """The stored lines that are matched with the new ones: those of their transactions, and those of an interrupted load;
    None for none."""
    transactions = lines["transaction_id"]
    texts = (
        pc.unique(transactions).to_pylist()
        if run.had_lines[account]
        else run.transactions.repeated(transactions)
    )
    theirs = joined_lines.of_transactions(tx, account, texts, running=run.file.id)
    if not own and not (texts and joined_lines.any_of(tx, theirs)):
        return None
    context = joined_lines.joined(tx, theirs)
    if own:
        again = joined_lines.joined(tx, joined_lines.of_ids(tx, own))
        shared = joined_lines.of_transactions(
            tx, account, again["transaction_id"].unique(), running=run.file.id
        )
        context = pd.concat([context, again, joined_lines.joined(tx, shared)], ignore_index=True)
        context = context.drop_duplicates("id", ignore_index=True)
    return context


def _cells(lease: Lease, lines: Lines) -> list[Sequence[Any]]:
    """The columns of new_lines.WRITTEN."""
    new = new_lines.prepared(lines)
    with lease.store.read() as tx:
        numbers = new.known(tx)
    if numbers is None:
        with lease.write() as tx:
            numbers = new.number(tx)
    return new.cells(numbers)
