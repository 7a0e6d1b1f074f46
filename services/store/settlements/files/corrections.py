"""The lines that a file corrects, those in their place, and the decisions on either."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select

from services.store.in_list import among
from services.store.schema.payout_lines import payout_lines
from services.store.settlements.lines import stored_lines
from services.store.settlements.lines.settlement_lines import of_same_key
from services.store.settlements.lines.stored_lines import StoredLine
from services.store.settlements.outcomes import Outcome, Reason

_line = payout_lines.c


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectedLine:
    """A line that is corrected, or the one in its place. ``decision``: the valid decision on it."""

    id: int
    original_amount_units: int | None
    original_currency: str
    outcome: Outcome
    reason: Reason
    order: int | None
    decision: int | None


def _lines(tx: Connection, query: Select[Any]) -> list[StoredLine]:
    return [StoredLine(**stored_lines.of_row(row)) for row in tx.execute(query)]


def _whole() -> Select[Any]:
    return select(*stored_lines.columns()).select_from(stored_lines.tables())


def replaced_by(tx: Connection, file: int, limit: int) -> list[StoredLine]:
    """The first lines of other files that the file replaces, by id."""
    query = _whole().where(_line.replaced_by == file, _line.replaced_by.is_not(None), _line.file != file)
    return _lines(tx, query.order_by(_line.id).limit(limit))


def withdrawn_by(tx: Connection, file: int, limit: int) -> list[StoredLine]:
    """The first lines that the file's issues no longer have, by id."""
    query = _whole().where(_line.withdrawn_by == file, _line.withdrawn_by.is_not(None))
    return _lines(tx, query.order_by(_line.id).limit(limit))


def like(tx: Connection, file: int, lines: Iterable[int]) -> list[StoredLine]:
    """The file's own lines that have the account and key of one of these lines, by id."""
    return _lines(tx, _whole().where(_line.file == file, of_same_key(tx, lines)).order_by(_line.id))


def of_ids(tx: Connection, ids: Iterable[int]) -> list[StoredLine]:
    """These lines, by id."""
    query = _whole().where(among(tx, _line.id, ids))
    return _lines(tx, query.order_by(_line.id))


def decided(tx: Connection, lines: Iterable[int]) -> list[CorrectedLine]:
    """Those of these lines on which somebody has decided, by id."""
    return _corrected(tx, lines, _line.decision.is_not(None))


def undecided(tx: Connection, lines: Iterable[int]) -> list[CorrectedLine]:
    """Those of these lines on which nobody has decided, by id."""
    return _corrected(tx, lines, _line.decision.is_(None))


def _corrected(tx: Connection, lines: Iterable[int], which: ColumnElement[bool]) -> list[CorrectedLine]:
    query = _whole().where(among(tx, _line.id, lines), which).order_by(_line.id)
    return [
        CorrectedLine(**{name: getattr(line, name) for name in CorrectedLine.__dataclass_fields__})
        for line in _lines(tx, query)
    ]
