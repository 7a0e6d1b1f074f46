"""The lines that a file corrects, as they are shown: before and after."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from services.access import Actor, Right
from services.desk import Desk
from services.imports.file_rights import require_file
from services.imports.issued_again.issues import IssueLine, compare
from services.settlements.columns import AMOUNTS, COLUMNS
from services.store import Connection
from services.store.settlements.files import corrections, payout_issues
from services.store.settlements.lines.stored_lines import StoredLine

SHOWN = 50  # corrections that are listed
Cells = Mapping[str, Any]  # by canonical column, amounts in units of 1/10000 or None
_STORED = {"account": "file_account", "order": "file_order", **{name: f"{name}_units" for name in AMOUNTS}}
_READ = {"account": "file_account", **{name: f"{name}_units" for name in AMOUNTS}}


@dataclass(frozen=True, kw_only=True)
class ShownCorrection:
    """``line``: its number in the new file. ``before`` and ``after``: the cells; ``differs``: the columns whose cells differ.
    ``former``: the id of the line before."""

    line: int
    before: Cells
    after: Cells
    differs: tuple[str, ...]
    former: int = 0


def of_file(desk: Desk, actor: Actor, file: int) -> tuple[ShownCorrection, ...]:
    """The first SHOWN lines that an imported file has corrected. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        pairs = payout_issues.corrected_by(tx, file, SHOWN)
        if pairs:
            lines = {
                line.id: line for line in corrections.of_ids(tx, [one for pair in pairs for one in pair])
            }
            return tuple(
                shown(before, lines[after].line, of_line(lines[before]), of_line(lines[after]))
                for before, after in pairs
            )
        # a file of a former version, which did not store the pairs
        old = corrections.replaced_by(tx, file, SHOWN)
        return of_stored(old, corrections.like(tx, file, [row.id for row in old]))


def of_stored(old: Sequence[StoredLine], new: Sequence[StoredLine]) -> tuple[ShownCorrection, ...]:
    """Stored lines that belong together, each with the one that would take its place."""
    lines = {line.id: line for line in (*old, *new)}
    pairs = compare(_alike(old), _alike(new)).corrected
    return tuple(
        shown(before, lines[after].line, of_line(lines[before]), of_line(lines[after]))
        for before, after in pairs
    )


def _alike(lines: Iterable[StoredLine]) -> list[IssueLine]:
    return [IssueLine(line.id, line.settlement_id, line.key, line.settled_amount_units) for line in lines]


def shown(former: int, line: int, before: Cells, after: Cells) -> ShownCorrection:
    differs = tuple(column for column in COLUMNS if before[column] != after[column])
    return ShownCorrection(line=line, before=before, after=after, differs=differs, former=former)


def of_line(line: StoredLine) -> Cells:
    """The cells of a stored line."""
    return _cells(asdict(line), _STORED)


def of_row(row: Mapping[str, Any]) -> Cells:
    """The cells of a line that was read."""
    return _cells(row, _READ)


def cells_of(tx: Connection, ids: Iterable[int]) -> dict[int, Cells]:
    """The cells of stored lines, by id."""
    return {line.id: of_line(line) for line in corrections.of_ids(tx, ids)}


def _cells(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {column: row[names.get(column, column)] for column in COLUMNS}
