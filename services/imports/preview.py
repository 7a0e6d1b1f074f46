"""Preview: read a payout file and compare it with the stored lines, before anything of it is stored."""

import hashlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.imports import corrections, line_columns, protected_lines, reading
from services.imports.corrections import CorrectionFinder, ShownCorrection
from services.imports.duplicates import DuplicateFinder, StoredPayout
from services.imports.file_accounts import Part, known
from services.imports.file_end import FileEnd
from services.imports.file_rights import require_importable
from services.imports.line_columns import Lines
from services.settlements.dialect import Chosen, Dialect
from services.settlements.findings import Findings, FindingsCollector, SetAsideCollector
from services.settlements.identity import Occurrences
from services.settlements.sheet import Header, SetAsideRow
from services.settlements.totals import settlements, summed, totals
from services.settlements.untrusted_file import UntrustedFile
from services.store import Store
from services.store.settlements import settlement_files, settlement_lines

CORRECTING = 1_000  # lines that may correct a stored one, of which the corrections are shown


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A file as it was read, before anything is stored.

    ``headers``: of each sheet that is read. ``lines``: how many there are; of them ``new``, ``known`` (stored already) and
    ``changed`` (correcting a stored one). ``corrections``: the first of the changed ones, before and after. ``held``: how many
    of the corrected ones HiPay delivered: these stay valid until a person takes the correction. ``totals`` and
    ``settlements``: as in ``services.settlements.totals``. ``set_aside``: the first set-aside rows; ``set_aside_blocking``: how
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
    corrections: tuple[ShownCorrection, ...]
    totals: pd.DataFrame
    settlements: pd.DataFrame
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
) -> Preview:
    """Read a file and compare it with the stored lines. ``keys``: our accounts; ``chosen`` None: as is remembered for its account;
    ``progress`` is called with the part that is done, from 0 to 1; ``allowed``: the accounts with whose lines the file may be
    compared, None for all.

    Raises SettlementFileError, SpreadsheetError, ParsingError, NotAllowed.
    """
    changes, duplicates, seen, count, progress = (
        CorrectionFinder(),
        DuplicateFinder(),
        Occurrences(),
        0,
        progress or _ignore,
    )
    set_aside, sums, payouts = SetAsideCollector(), [], []
    correcting: list[tuple[str, dict[str, Any]]] = []
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
                if settlement_lines.any_of(tx, one):
                    theirs = line_columns.hexed(some)
                    there = settlement_lines.by_identity(tx, one, theirs)
                    may = changes.note(tx, one, theirs, there)
                    duplicates.note(tx, one, theirs, there["identity"])
                    correcting += _cells(one, theirs, may[: CORRECTING - len(correcting)])
        frame = block.frame()
        sums.append(totals(frame))
        payouts.append(settlements(frame))
        set_aside.note(block.set_aside)
        findings.note(block)
        file_end.note(block)
        progress((1 + min(1.0, block.bytes_done / size)) / 2)
    open_end = file_end.refuse()
    with store.read() as tx:
        imported = settlement_files.by_hash(tx, _hash(given.file)) is not None
        replaced, old = changes.replaced(tx, protected_lines.delivered_payouts(tx, None)), len(changes.known)
        stored, held = (
            duplicates.stored(tx, changes.known, replaced),
            protected_lines.count_held(tx, replaced),
        )
        corrected = corrections.of_read(tx, replaced, correcting)
    all_totals, all_payouts = summed(sums, payouts)
    return Preview(
        dialect=dialect,
        headers=found.detection.headers,
        lines=count,
        new=count - old - len(replaced),
        known=old,
        changed=len(replaced),
        held=held,
        corrections=corrected,
        totals=all_totals,
        settlements=all_payouts,
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


def _cells(account: str, lines: Lines, places: Sequence[int]) -> list[tuple[str, dict[str, Any]]]:
    """The lines at these places, each by its cells, with our account."""
    rows = pa.table(line_columns.taken({**lines, "account": lines["file_account"]}, places)).to_pylist()
    return [(account, row) for row in rows]


def _hash(file: Path | bytes) -> str:
    if isinstance(file, bytes):
        return hashlib.sha256(file).hexdigest()
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
