"""The held corrections of a payout file as screens show them: the lines before and after, and what was decided."""

from dataclasses import dataclass
from datetime import datetime

from services.access import WORKER, Actor, Right
from services.desk import Desk
from services.imports.corrections.corrections import Cells, ShownCorrection, of_line, of_stored
from services.imports.file_rights import require_file
from services.store.settlements.files import corrections, held_corrections
from services.store.settlements.files.held_corrections import CorrectionAct, CorrectionKind, StoredCorrection
from services.store.settlements.lines.stored_lines import StoredLine

SHOWN = 200  # corrections of a file that are listed, those that wait first


@dataclass(frozen=True, kw_only=True)
class CorrectionDecision:
    """A decision on a correction. ``by_hipay`` and ``undone_by_hipay``: a later delivery by HiPay decided or undid it.
    ``undone_at`` None: it is valid."""

    id: int
    kind: CorrectionKind
    reason: str
    at: datetime
    who: str
    by_hipay: bool
    undone_at: datetime | None
    undoer: str
    undo_reason: str
    undone_by_hipay: bool


@dataclass(frozen=True, kw_only=True)
class HeldCorrection:
    """A correction. ``line``: its number in the file, 0 without a line of its own. ``pairs``: each former line with the one that
    would take its place; ``withdrawn``: the former lines that the file no longer has, if none takes their place. Units of
    1/10000, None where an amount is missing. ``acts``: all decisions, oldest first; ``act``: the valid one."""

    id: int
    line: int
    account: str
    settlement_id: str
    currency: str
    before_units: int | None
    after_units: int | None
    pairs: tuple[ShownCorrection, ...]
    withdrawn: tuple[Cells, ...]
    acts: tuple[CorrectionDecision, ...]
    act: CorrectionDecision | None


@dataclass(frozen=True)
class FileCorrections:
    """The first SHOWN held corrections of a file; how many there are, and how many wait."""

    shown: tuple[HeldCorrection, ...]
    count: int
    waiting: int


def of_file(desk: Desk, actor: Actor, file: int) -> FileCorrections:
    """The held corrections of the file. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        found = held_corrections.get(tx, file, limit=SHOWN)
        done = held_corrections.acts(tx, [row.id for row in found])
        cells = {
            row.id: row
            for row in corrections.of_ids(tx, [one for row in found for one in (*row.before, *row.after)])
        }
        count, waiting = held_corrections.count(tx, file)
    acts: dict[int, list[CorrectionDecision]] = {}
    for row in done:
        acts.setdefault(row.correction, []).append(_act(row))
    return FileCorrections(tuple(_held(row, acts.get(row.id, []), cells) for row in found), count, waiting)


def _act(row: CorrectionAct) -> CorrectionDecision:
    return CorrectionDecision(
        id=row.id,
        kind=row.kind,
        reason=row.reason,
        at=row.at,
        who=row.who or "",
        by_hipay=row.actor_kind == WORKER.kind,
        undone_at=row.undone_at,
        undoer=row.undoer or "",
        undo_reason=row.undo_reason,
        undone_by_hipay=row.undone_by == WORKER.id,
    )


def _held(
    row: StoredCorrection, acts: list[CorrectionDecision], cells: dict[int, StoredLine]
) -> HeldCorrection:
    return HeldCorrection(
        id=row.id,
        line=row.line,
        account=row.account,
        settlement_id=row.settlement_id,
        currency=row.currency,
        before_units=row.before_units,
        after_units=row.after_units,
        pairs=of_stored([cells[one] for one in row.before], [cells[one] for one in row.after]),
        withdrawn=() if row.after else tuple(of_line(cells[one]) for one in row.before),
        acts=tuple(acts),
        act=next((act for act in acts if act.id == row.act), None),
    )
