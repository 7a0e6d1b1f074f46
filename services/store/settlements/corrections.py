"""The lines that a file corrects, and its own lines that may take their place."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from services.store.in_list import among
from services.store.schema.payout_lines import payout_lines
from services.store.settlements import stored_lines
from services.store.settlements.outcomes import Outcome, Reason
from services.store.settlements.settlement_lines import of_same_key
from services.store.settlements.stored_lines import StoredLine

_line = payout_lines.c


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectedLine:
    """A line that a file corrects. ``decision``: the valid decision on it."""

    id: int
    account: str
    key: str
    original_amount_units: int | None
    original_currency: str
    decision: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UndecidedLine:
    """A line that may take the place of a corrected one."""

    id: int
    account: str
    key: str
    original_amount_units: int | None
    original_currency: str
    outcome: Outcome
    reason: Reason
    order: int | None


def _lines(tx: Connection, query: Select[Any]) -> list[StoredLine]:
    return [StoredLine(**stored_lines.of_row(row)) for row in tx.execute(query)]


def _whole() -> Select[Any]:
    return select(*stored_lines.columns()).select_from(stored_lines.tables())


def replaced_by(tx: Connection, file: int, limit: int) -> list[StoredLine]:
    """The first lines of other files that the file replaces, by id."""
    query = _whole().where(_line.replaced_by == file, _line.replaced_by.is_not(None), _line.file != file)
    return _lines(tx, query.order_by(_line.id).limit(limit))


def like(tx: Connection, file: int, lines: Iterable[int]) -> list[StoredLine]:
    """The file's own lines that have the account and key of one of these lines, by id."""
    return _lines(tx, _whole().where(_line.file == file, of_same_key(tx, lines)).order_by(_line.id))


def of_ids(tx: Connection, ids: Iterable[int]) -> list[StoredLine]:
    """These lines, by id."""
    query = _whole().where(among(tx, _line.id, ids))
    return _lines(tx, query.order_by(_line.id))


def corrected(tx: Connection, replaced: Collection[int]) -> list[CorrectedLine]:
    """Those of these lines, by id, whose account and key a decided one among them has."""
    among_them = among(tx, _line.id, replaced)
    decided = list(tx.scalars(select(_line.id).where(among_them, _line.decision.is_not(None))))
    if not decided:
        return []
    query = _whole().where(among_them, of_same_key(tx, decided)).order_by(_line.id)
    return [
        CorrectedLine(
            id=line.id,
            account=line.account,
            key=line.key,
            original_amount_units=line.original_amount_units,
            original_currency=line.original_currency,
            decision=line.decision,
        )
        for line in _lines(tx, query)
    ]


def undecided_like(tx: Connection, file: int, lines: Iterable[int]) -> list[UndecidedLine]:
    """The file's lines with the account and key of one of these lines on which nobody has decided, by id."""
    query = _whole().where(_line.file == file, of_same_key(tx, lines), _line.decision.is_(None))
    return [
        UndecidedLine(
            id=line.id,
            account=line.account,
            key=line.key,
            original_amount_units=line.original_amount_units,
            original_currency=line.original_currency,
            outcome=line.outcome,
            reason=line.reason,
            order=line.order,
        )
        for line in _lines(tx, query.order_by(_line.id))
    ]
