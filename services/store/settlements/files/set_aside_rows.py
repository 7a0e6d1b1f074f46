"""Rows that payout files set aside, and what people did about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from services.settlements.sheet import SetAsideRow
from services.store.in_list import among
from services.store.order_states import ActorKind
from services.store.people_names import with_undoer
from services.store.schema.settlement_files import aside_acts, settlement_files
from services.store.settlements.files.settlement_files import FileState

_act, _file = aside_acts.c, settlement_files.c
_FILE_COLUMNS = (
    _file.id,
    _file.name,
    _file.account,
    _file.accounts,
    _file.state,
    _file.aside,
    _file.aside_blocking,
    _file.aside_open,
    _file.settlements,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class FileOfRows:
    """A payout file with the rows that it set aside. ``aside_open``: how many block a tie-out, by the payout that they name."""

    id: int
    name: str
    account: str
    accounts: list[list[Any]]
    state: FileState
    aside: tuple[SetAsideRow, ...]
    aside_blocking: int
    aside_open: dict[str, int]
    settlements: list[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAct:
    """What a person did about a row. ``closed``: what it took out of ``aside_open``. ``who``, ``undoer``: names, "" for none."""

    id: int
    file: int
    line: int
    closed: dict[str, int]
    reason: str
    at: datetime
    actor_kind: ActorKind
    actor_id: str
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str
    who: str
    undoer: str


def file(tx: Connection, file_id: int, *, lock: bool = False) -> FileOfRows | None:
    """The file; locked, nobody else deals with its rows until the transaction ends."""
    query = select(*_FILE_COLUMNS).where(_file.id == file_id)
    found = tx.execute(query.with_for_update() if lock else query).first()
    return None if found is None else _file_of_rows(found._asdict())


def acts(tx: Connection, file: int) -> list[StoredAct]:
    """What was done about the file's rows, oldest first."""
    query = with_undoer(select(aside_acts).where(_act.file == file), aside_acts)
    return [StoredAct(**row._asdict()) for row in tx.execute(query.order_by(_act.id))]


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(insert(aside_acts), list(rows))


def undo(tx: Connection, ids: Iterable[int], *, at: datetime, by: str, reason: str) -> None:
    here = update(aside_acts).where(among(tx, _act.id, ids))
    tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason))


def set_open(tx: Connection, file: int, left: Mapping[str, int]) -> None:
    """How many rows of the file still block a tie-out, by the payout that they name."""
    tx.execute(update(settlement_files).where(_file.id == file).values(aside_open=dict(left)))


def open_files(tx: Connection) -> list[FileOfRows]:
    """Complete files with rows that nobody has dealt with, oldest first."""
    waiting = (_file.state == "complete") & (_file.aside_open != {})
    query = select(*_FILE_COLUMNS).where(waiting).order_by(_file.id)
    return [_file_of_rows(row._asdict()) for row in tx.execute(query)]


def _file_of_rows(columns: dict[str, Any]) -> FileOfRows:
    rows = tuple(SetAsideRow(**row) for row in columns["aside"])
    return FileOfRows(**{**columns, "aside": rows})
