"""The lines that a file corrects, and its own lines that may take their place."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from services.store.in_list import among
from services.store.schema.settlement_lines import settlement_lines
from services.store.settlements.outcomes import Outcome, Reason
from services.store.settlements.stored_lines import StoredLine

_line = settlement_lines.c


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
    return [StoredLine(**row._mapping) for row in tx.execute(query)]


def replaced_by(tx: Connection, file: int, limit: int) -> list[StoredLine]:
    """The first lines of other files that the file replaces, by id."""
    query = select(settlement_lines).where(
        _line.replaced_by == file, _line.replaced_by.is_not(None), _line.file != file
    )
    return _lines(tx, query.order_by(_line.id).limit(limit))


def of_keys(tx: Connection, file: int, keys: Collection[tuple[str, str]]) -> list[StoredLine]:
    """The file's own lines that have one of these (account, key), by id."""
    query = select(settlement_lines).where(_line.file == file, among(tx, _line.key, {key for _, key in keys}))
    return [line for line in _lines(tx, query.order_by(_line.id)) if (line.account, line.key) in keys]


def of_ids(tx: Connection, ids: Iterable[int]) -> list[StoredLine]:
    """These lines, by id."""
    query = select(settlement_lines).where(among(tx, _line.id, ids))
    return _lines(tx, query.order_by(_line.id))


def corrected(tx: Connection, replaced: Iterable[int]) -> list[CorrectedLine]:
    """Those of these lines, by id, whose (account, key) a decided one among them has."""
    columns = [_line[name] for name in CorrectedLine.__dataclass_fields__]
    query = select(*columns).where(among(tx, _line.id, replaced)).order_by(_line.id)
    found = [CorrectedLine(**row._mapping) for row in tx.execute(query)]
    keys = {(line.account, line.key) for line in found if line.decision is not None}
    return [line for line in found if (line.account, line.key) in keys]


def undecided_of_keys(tx: Connection, file: int, keys: Iterable[str]) -> list[UndecidedLine]:
    """The file's lines with one of these keys on which nobody has decided, by id."""
    query = select(*(_line[name] for name in UndecidedLine.__dataclass_fields__))
    own = query.where(_line.file == file, among(tx, _line.key, keys), _line.decision.is_(None))
    return [UndecidedLine(**row._mapping) for row in tx.execute(own.order_by(_line.id))]
