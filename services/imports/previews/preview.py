"""Preview: read a payout file and compare it with the stored lines, before anything of it is stored."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.imports import line_columns, reading
from services.imports.corrections import corrections, protected_lines
from services.imports.duplicates import DuplicateFinder, StoredPayout
from services.imports.file_accounts import Part, known
from services.imports.file_rights import require_importable
from services.imports.issued_again import file_issues, issue_preview
from services.imports.issued_again.file_issues import About, FileIssue
from services.imports.issued_again.issue_answers import NOTHING_SAID, Answers
from services.imports.issued_again.issue_finder import IssueFinder
from services.imports.issued_again.issue_preview import IssuePreview
from services.imports.loading.file_end import FileEnd
from services.imports.previews import payout_preview
from services.imports.previews.file_payouts import FilePayouts
from services.imports.previews.payout_preview import PayoutPreview
from services.settlements.dialect import Chosen, Dialect
from services.settlements.findings import Findings, FindingsCollector, SetAsideCollector
from services.settlements.identity import Occurrences
from services.settlements.sheet import Header, SetAsideRow
from services.settlements.totals import summed, totals
from services.settlements.untrusted_file import UntrustedFile
from services.store import Store
from services.store.settlements.files import settlement_files
from services.store.settlements.lines import settlement_lines


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A file as it was read, before anything is stored.

    ``headers``: of each sheet that is read. ``lines``: how many there are; of them ``new``, ``known`` (stored already) and
    ``changed`` (correcting a stored one, if the file's issues are the newest where nobody has said). ``held``: how many stored lines
    that it would replace or withdraw HiPay delivered: these stay valid until a person takes the correction. ``issues``: what it does to
    payouts that other files have lines of. ``payouts``:
    what its payouts will come to. ``totals``: as in ``services.settlements.totals``. ``set_aside``: the first set-aside rows; ``set_aside_blocking``: how
    many of all of them may contain money.
    ``accounts``: its rows by Account; ``home``: the account of most of them, by whose rules it is read; ``chosen``: what was
    chosen for its reading, or is remembered. ``stored``: payouts that it seems to bring once more, in another rendition: it
    is imported only if a person confirms that its lines are others. ``imported``: the same bytes are stored or being
    imported, for whatever account.
    """

    dialect: Dialect
    headers: tuple[Header, ...]
    lines: int
    new: int
    known: int
    changed: int
    held: int
    issues: tuple[IssuePreview, ...]
    payouts: tuple[PayoutPreview, ...]
    totals: pd.DataFrame
    set_aside: tuple[SetAsideRow, ...]
    set_aside_blocking: int
    findings: Findings
    accounts: tuple[Part, ...]
    home: str
    chosen: Chosen
    stored: tuple[StoredPayout, ...]
    imported: bool


def preview(
    store: Store,
    keys: Collection[str],
    account: str,
    given: UntrustedFile,
    chosen: Chosen | None = None,
    progress: Callable[[float], None] | None = None,
    allowed: Collection[str] | None = None,
    answers: Answers = NOTHING_SAID,
) -> Preview:
    """Read a file and compare it with the stored lines. ``keys``: our accounts; ``chosen`` None: as is remembered for its account;
    ``progress`` is called with the part that is done, from 0 to 1; ``allowed``: the accounts with whose lines the file may be
    compared, None for all; ``answers``: what a person has said of its issues.

    Raises SettlementFileError, SpreadsheetError, ParsingError, NotAllowed.
    """
    finder, duplicates, seen, count = IssueFinder(), DuplicateFinder(), Occurrences(), 0
    progress = progress or _ignore
    set_aside, sums, payouts = SetAsideCollector(), [], FilePayouts()
    size = max(1, given.size)
    found = reading.decide(
        store, keys, given, account, chosen, lambda done: progress(min(1.0, done / size) / 2), allowed
    )
    dialect = found.detection.dialect
    if dialect.questions:
        raise reading.Undecided(dialect.questions, found.home)
    findings, file_end = FindingsCollector(detection=found.detection), FileEnd(found.detection.open_end)
    with store.read() as tx:
        accounts = known(tx, keys)
    for block in given.blocks(dialect):
        count += block.lines.num_rows
        lines = line_columns.identified(block, seen)
        # a row whose Account nobody has assigned is compared as one of the account that the file was added for
        ours = {
            cell: accounts.of(cell, account) or account for cell in pc.unique(lines["account"]).to_pylist()
        }
        require_importable(allowed, ours.values())
        with store.read() as tx:
            for one, some in line_columns.by_account(lines, ours):
                known_here: list[str] = []
                if settlement_lines.any_of(tx, one):
                    theirs = line_columns.hexed(some)
                    there = settlement_lines.by_identity(tx, one, theirs)
                    finder.note(tx, one, theirs, there)
                    duplicates.note(tx, one, theirs, there["identity"])
                    known_here = there["identity"].tolist()
                payouts.note(tx, one, some, known_here, finder)
        sums.append(totals(block.frame()))
        set_aside.note(block.set_aside)
        findings.note(block)
        file_end.note(block)
        progress((1 + min(1.0, block.bytes_done / size)) / 2)
    open_end = file_end.refuse()
    with store.read() as tx:
        imported = settlement_files.by_hash(tx, _hash(given.file)) is not None
        about = About(answers=answers, unread=set_aside.blocking.keys())
        issues = file_issues.of_file(tx, finder, about, file_issues.own_of_preview(finder))
        shown = [issue_preview.of_issue(tx, one, _count_held(one), _cells(finder)) for one in issues]
        corrected = [pair.before for one in issues for pair in one.likely().corrected]
        stored = duplicates.stored(
            tx, finder.known, corrected, {one.payout for one in issues if one.doubtful}, others=False
        )
        outlooks = payout_preview.of_file(tx, payouts, issues, set_aside.rows, set_aside.blocking)
    old, changed = len(finder.known), len(corrected)
    return Preview(
        dialect=dialect,
        headers=found.detection.headers,
        lines=count,
        new=count - old - changed,
        known=old,
        changed=changed,
        held=sum(one.held for one in shown),
        issues=tuple(shown),
        payouts=outlooks,
        totals=summed(sums),
        set_aside=set_aside.rows,
        set_aside_blocking=set_aside.blocking.total(),
        findings=findings.findings(open_end=open_end),
        accounts=found.parts,
        home=found.home,
        chosen=found.chosen,
        stored=stored,
        imported=imported,
    )


def _ignore(_part: float) -> None:
    return


def _count_held(one: FileIssue) -> int:
    """How many lines that HiPay delivered the file would replace or withdraw."""
    groups = protected_lines.held_groups(one) if one.facts.held else {}
    return sum(len(before) for before, _ in groups.values())


def _cells(finder: IssueFinder) -> issue_preview.CellsOf:
    def of(account: str, numbers: Collection[int]) -> dict[int, corrections.Cells]:
        wanted = pa.array(sorted(numbers), pa.int64())
        tables = [table for one, table in finder.cells if one == account]
        rows = (table.filter(pc.is_in(table["line"], wanted)).to_pylist() for table in tables)
        return {int(row["line"]): corrections.of_row(row) for some in rows for row in some}

    return of


def _hash(file: Path | bytes) -> str:
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
