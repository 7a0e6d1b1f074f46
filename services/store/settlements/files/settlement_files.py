"""Settlement files and the state of each import."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    insert,
    or_,
    select,
    update,
)

from services.store.locks import one_at_a_time
from services.store.order_states import ActorKind
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files.file_content import drop_chunks

_file = settlement_files.c

FileState = Literal["receiving", "waiting", "running", "complete", "failed", "cancelled"]
FileOrigin = Literal["upload", "folder", "hipay"]
NOT_IMPORTED: tuple[FileState, ...] = ("failed", "cancelled")


@dataclass(frozen=True, kw_only=True, slots=True)
class FileSummary:
    """A row of ``settlement_files`` without its large columns; the schema describes the columns.

    ``accounts``: [Account in the file, our account or "", rows], most rows first.
    """

    id: int
    account: str
    name: str
    sha256: str
    size: int
    source: FileOrigin
    state: FileState
    failure: str
    failure_detail: Mapping[str, str]
    tries: int
    lines_done: int
    bytes_done: int
    first_line_id: int | None
    last_line_id: int | None
    lines: int
    known_lines: int
    changed_lines: int
    held_lines: int
    withdrawn_lines: int
    older_lines: int
    aside_blocking: int
    aside_settlements: Sequence[str]
    aside_open: Mapping[str, int]
    settlements: Sequence[str]
    hipay_settlement: str
    accounts: Sequence[tuple[str, str, int]]
    others: bool
    follow_up: int | None
    batch: int | None
    uploaded_at: datetime
    finished_at: datetime | None
    alive_at: datetime
    actor_kind: ActorKind
    actor_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementFile(FileSummary):
    """A whole row: with the rows set aside, what a person chose of the reading, and how the file was read."""

    chosen: Mapping[str, Any]
    reading: Mapping[str, Any]
    aside: Sequence[Mapping[str, Any]]
    answers: Mapping[str, Any]
    shared_payouts: Sequence[Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class FileInTrouble:
    """A file that is not imported, or not followed up. ``at``: since when."""

    id: int
    account: str
    name: str
    failure: str
    failure_detail: Mapping[str, str]
    at: datetime


def _files(tx: Connection, query: Select[Any]) -> list[SettlementFile]:
    return [SettlementFile(**row._mapping) for row in tx.execute(query)]


def first_file(tx: Connection, query: Select[Any]) -> SettlementFile | None:
    return next(iter(_files(tx, query.limit(1))), None)


def files_in_trouble(
    tx: Connection, at: ColumnElement[Any], *where: ColumnElement[bool]
) -> list[FileInTrouble]:
    columns = (_file.id, _file.account, _file.name, _file.failure, _file.failure_detail, at.label("at"))
    query = select(*columns).where(*where).order_by(_file.id)
    return [FileInTrouble(**row._mapping) for row in tx.execute(query)]


def lock_settlements(tx: Connection) -> None:
    """No other reception ends, and no import begins, before this transaction ends."""
    one_at_a_time(tx, "settlements")


class NewFile(TypedDict):
    """A file that is about to be received."""

    account: str
    name: str
    source: FileOrigin
    chosen: Mapping[str, Any]
    others: bool
    answers: Mapping[str, Any]
    hipay_settlement: str
    batch: NotRequired[int | None]
    uploaded_at: datetime
    alive_at: datetime
    actor_kind: ActorKind
    actor_id: str


class FileChange(TypedDict, total=False):
    """The columns of a file that change from its reception to its follow-up."""

    state: FileState
    sha256: str
    size: int
    chosen: Mapping[str, Any]
    others: bool
    answers: Mapping[str, Any]
    reading: Mapping[str, Any]
    failure: str
    failure_detail: Mapping[str, str]
    tries: int
    lines_done: int
    bytes_done: int
    first_line_id: int | None
    last_line_id: int | None
    lines: int
    known_lines: int
    changed_lines: int
    held_lines: int
    withdrawn_lines: int
    older_lines: int
    aside: Sequence[Mapping[str, Any]]
    aside_blocking: int
    aside_settlements: Sequence[str]
    aside_open: Mapping[str, int]
    settlements: Sequence[str]
    shared_payouts: Sequence[Sequence[str]]
    accounts: Sequence[Sequence[Any]]
    follow_up: int | None
    finished_at: datetime | None
    alive_at: datetime
    actor_kind: ActorKind
    actor_id: str


def add(tx: Connection, **values: Unpack[NewFile]) -> int:
    """Write a file that is about to be received; its id."""
    receiving: FileState = "receiving"
    key = tx.execute(insert(settlement_files).values(state=receiving, **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def drop(tx: Connection, file: int) -> None:
    """Delete a file and its bytes, unless it was received completely meanwhile."""
    if change(tx, file, states=("receiving",), state="receiving"):
        drop_chunks(tx, file)
        tx.execute(delete(settlement_files).where(_file.id == file))


def get(tx: Connection, file: int) -> SettlementFile | None:
    return first_file(tx, select(settlement_files).where(_file.id == file))


def of_ids(tx: Connection, ids: Collection[int]) -> list[SettlementFile]:
    """Those of these files that are still known."""
    return _files(tx, select(settlement_files).where(_file.id.in_(ids)))


def by_hash(tx: Connection, sha256: str) -> SettlementFile | None:
    """The file of any account with these bytes that waits, runs or is complete."""
    query = select(settlement_files).where(_file.sha256 == sha256)
    return first_file(tx, query.where(_file.state.notin_(("receiving", *NOT_IMPORTED))).order_by(_file.id))


def failed_with(tx: Connection, failure: str) -> list[SettlementFile]:
    """The files that were not imported for this reason, oldest first."""
    query = select(settlement_files).where(_file.state == "failed", _file.failure == failure)
    return _files(tx, query.order_by(_file.id))


def failed(tx: Connection) -> list[FileInTrouble]:
    """The files that were not imported, and whose bytes did not come another time, oldest first."""
    same = settlement_files.alias("same")
    stored = exists().where(
        same.c.sha256 == _file.sha256,
        same.c.id != _file.id,
        same.c.state.not_in(("receiving", *NOT_IMPORTED)),
    )
    return files_in_trouble(
        tx, _file.finished_at, _file.state == "failed", ~stored.correlate(settlement_files)
    )


class RetryChoices(TypedDict, total=False):
    """What a person changes of a failed file that waits again: how it is read, and who imports it."""

    chosen: Mapping[str, Any]
    others: bool
    answers: Mapping[str, Any]
    actor_kind: ActorKind
    actor_id: str


def retry(tx: Connection, found: SettlementFile, **values: Unpack[RetryChoices]) -> SettlementFile | None:
    """Let a failed file wait again. If another file has its bytes meanwhile, nothing changes, and that one is returned."""
    lock_settlements(tx)
    known = by_hash(tx, found.sha256)
    if known is None:
        change(
            tx,
            found.id,
            states=("failed",),
            state="waiting",
            tries=0,
            failure="",
            failure_detail={},
            **values,
        )
    return known


def possible_accounts(account: str, parts: Iterable[Sequence[Any]]) -> set[str]:
    """Our accounts to which a file's lines are booked, and rows of it that were set aside may belong: the one for which it was added, and
    those of its ``accounts``."""
    return {account, *(ours for _, ours, _ in parts if ours)}


def accounts_in_use(tx: Connection) -> list[tuple[str, str]]:
    """Each (Account, our account) that has lines, or is about to."""
    query = select(_file.accounts).where(_file.state.in_(("running", "complete")))
    found = {(cell, account) for parts in tx.scalars(query) for cell, account, _ in parts if account}
    return sorted(found)


def accounts(tx: Connection, file: int) -> set[str]:
    """Our accounts to which the file's lines are booked, and its rows that were set aside belong."""
    parts = tx.scalar(select(_file.accounts).where(_file.id == file)) or ()
    return {account for _, account, _ in parts if account}


def listed(
    tx: Connection, states: Iterable[FileState], accounts: Collection[str] | None = None
) -> list[SettlementFile]:
    """The files in these states, newest first; ``accounts``: those that were added for one of these, None for all."""
    query = select(settlement_files).where(_file.state.in_(tuple(states)))
    if accounts is not None:
        query = query.where(_file.account.in_(accounts))
    return _files(tx, query.order_by(_file.uploaded_at.desc(), _file.id.desc()))


def change(tx: Connection, file: int, *, states: tuple[FileState, ...], **values: Unpack[FileChange]) -> bool:
    """Change a file that is in one of these states; whether it was."""
    here = update(settlement_files).where(_file.id == file, _file.state.in_(states))
    return tx.execute(here.values(**values)).rowcount == 1


def to_clean(tx: Connection, stale: datetime) -> list[SettlementFile]:
    """Failed and cancelled files that still have lines, and those whose reception broke off before ``stale``."""
    left = _file.state.in_((*NOT_IMPORTED, "waiting")) & _file.first_line_id.is_not(None)
    broken = (_file.state == "receiving") & (_file.alive_at < stale)
    return _files(tx, select(settlement_files).where(or_(left, broken)).order_by(_file.id))


def any_running(tx: Connection) -> bool:
    """Whether a file is being imported."""
    return tx.execute(select(_file.id).where(_file.state == "running").limit(1)).first() is not None


def any_other(tx: Connection, file: int) -> bool:
    """Whether another file is complete."""
    query = select(_file.id).where(_file.state == "complete", _file.id != file)
    return tx.execute(query.limit(1)).first() is not None
