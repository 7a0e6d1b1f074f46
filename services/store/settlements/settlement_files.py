"""Settlement files: their bytes, and the state of each import."""

import tempfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    insert,
    not_,
    or_,
    select,
    update,
)

from services.store.locks import one_at_a_time
from services.store.order_states import ActorKind
from services.store.schema.settlements import (
    settlement_chunks,
    settlement_files,
)

CHUNK_BYTES = 4 << 20
GONE = ("failed", "cancelled")
MAX_TRIES = 3  # processes that may die over one file, or fail at what is left to do, before it rests
RETRY_PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (10, 20, 40, 60)
)  # after MAX_TRIES, and after each further one
_file = settlement_files.c

FileState = Literal["receiving", "waiting", "running", "complete", "failed", "cancelled"]
FileOrigin = Literal["upload", "folder", "hipay"]


@dataclass(frozen=True, kw_only=True, slots=True)
class SettlementFile:
    """A row of ``settlement_files``; its columns are described in the schema.

    ``accounts``: [Account in the file, our account or "", rows], most rows first.
    """

    id: int
    account: str
    name: str
    sha256: str
    size: int
    source: FileOrigin
    state: FileState
    chosen: Mapping[str, Any]
    reading: Mapping[str, Any]
    failure: str
    failure_detail: Mapping[str, str]
    tries: int
    lines_done: int
    bytes_done: int
    first_line_id: int | None
    lines: int
    known_lines: int
    changed_lines: int
    held_lines: int
    aside: Sequence[Mapping[str, Any]]
    aside_blocking: int
    aside_settlements: Sequence[str]
    aside_open: Mapping[str, int]
    settlements: Sequence[str]
    hipay_settlement: str
    accounts: Sequence[tuple[str, str, int]]
    others: bool
    follow_up: int | None
    uploaded_at: datetime
    finished_at: datetime | None
    alive_at: datetime
    actor_kind: ActorKind
    actor_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FileInTrouble:
    """A file that is not imported, or not followed up. ``at``: since when."""

    id: int
    account: str
    name: str
    failure: str
    failure_detail: Mapping[str, str]
    at: datetime


class TriedFile(Protocol):
    """What decides when a file is tried again."""

    @property
    def tries(self) -> int: ...
    @property
    def alive_at(self) -> datetime: ...


def _files(tx: Connection, query: Select[Any]) -> list[SettlementFile]:
    return [SettlementFile(**row._mapping) for row in tx.execute(query)]


def _first(tx: Connection, query: Select[Any]) -> SettlementFile | None:
    return next(iter(_files(tx, query.limit(1))), None)


def _in_trouble(tx: Connection, at: ColumnElement[Any], *where: ColumnElement[bool]) -> list[FileInTrouble]:
    columns = (_file.id, _file.account, _file.name, _file.failure, _file.failure_detail, at.label("at"))
    query = select(*columns).where(*where).order_by(_file.id)
    return [FileInTrouble(**row._mapping) for row in tx.execute(query)]


def lock_settlements(tx: Connection) -> None:
    """No other reception ends, and no import begins, before this transaction ends."""
    one_at_a_time(tx, "settlements")


def add(tx: Connection, **values: Any) -> int:
    """A file that is about to be received; its id."""
    key = tx.execute(insert(settlement_files).values(state="receiving", **values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def add_chunk(tx: Connection, file: int, number: int, data: bytes) -> None:
    tx.execute(insert(settlement_chunks).values(file=file, number=number, data=data))


def chunks(tx: Connection, file: int, after: int = -1, limit: int = 8) -> list[tuple[int, bytes]]:
    """The file's next pieces as they came: (number, bytes)."""
    chunk = settlement_chunks.c
    query = (
        select(chunk.number, chunk.data)
        .where(chunk.file == file, chunk.number > after)
        .order_by(chunk.number)
    )
    return [(row.number, zlib.decompress(row.data)) for row in tx.execute(query.limit(limit))]


def content(tx: Connection, file: int) -> bytes:
    """The file as it came."""
    return b"".join(_pieces(tx, file))


def _pieces(tx: Connection, file: int) -> Iterator[bytes]:
    after = -1
    while some := chunks(tx, file, after):
        yield from (data for _, data in some)
        after = some[-1][0]


@contextmanager
def on_disk(read: Callable[[], AbstractContextManager[Connection]], file: int) -> Iterator[Path]:
    """The file as it came, on the disk for as long as the context lasts; ``read`` opens a transaction for each part."""
    with tempfile.NamedTemporaryFile(prefix="payout-") as copy:
        after = -1
        while True:
            with read() as tx:
                some = chunks(tx, file, after)
            if not some:
                break
            for _, data in some:
                copy.write(data)
            after = some[-1][0]
        copy.flush()
        yield Path(copy.name)


def drop(tx: Connection, file: int) -> None:
    """Delete a file and its bytes, unless it was received completely meanwhile."""
    if change(tx, file, states=("receiving",), state="receiving"):
        drop_chunks(tx, file)
        tx.execute(delete(settlement_files).where(_file.id == file))


def drop_chunks(tx: Connection, file: int) -> None:
    tx.execute(delete(settlement_chunks).where(settlement_chunks.c.file == file))


def get(tx: Connection, file: int) -> SettlementFile | None:
    return _first(tx, select(settlement_files).where(_file.id == file))


def of_ids(tx: Connection, ids: Collection[int]) -> list[SettlementFile]:
    """Those of these files that are still known."""
    return _files(tx, select(settlement_files).where(_file.id.in_(ids)))


def by_hash(tx: Connection, sha256: str) -> SettlementFile | None:
    """The file of any account with these bytes that waits, runs or is complete."""
    query = select(settlement_files).where(_file.sha256 == sha256)
    return _first(tx, query.where(_file.state.notin_(("receiving", *GONE))).order_by(_file.id))


def failed_with(tx: Connection, failure: str) -> list[SettlementFile]:
    """The files that were not imported for this reason, oldest first."""
    query = select(settlement_files).where(_file.state == "failed", _file.failure == failure)
    return _files(tx, query.order_by(_file.id))


def failed(tx: Connection) -> list[FileInTrouble]:
    """The files that were not imported, and whose bytes did not come another time, oldest first."""
    same = settlement_files.alias("same")
    kept = exists().where(
        same.c.sha256 == _file.sha256, same.c.id != _file.id, same.c.state.not_in(("receiving", *GONE))
    )
    return _in_trouble(tx, _file.finished_at, _file.state == "failed", ~kept.correlate(settlement_files))


def all_stuck(tx: Connection) -> list[FileInTrouble]:
    """The complete files whose follow-up failed as often as it is tried, oldest first."""
    return _in_trouble(tx, _file.alive_at, stuck())


def retry(tx: Connection, found: SettlementFile, **values: Any) -> SettlementFile | None:
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


def accounts_in_use(tx: Connection) -> list[tuple[str, str]]:
    """Each (Account, our account) that has lines, or is about to."""
    query = select(_file.accounts).where(_file.state.in_(("running", "complete")))
    found = {(cell, account) for parts in tx.scalars(query) for cell, account, _ in parts if account}
    return sorted(found)


def listed(
    tx: Connection, states: Iterable[str], accounts: Collection[str] | None = None
) -> list[SettlementFile]:
    """The files in these states, newest first; ``accounts``: those that were added for one of these, None for all."""
    query = select(settlement_files).where(_file.state.in_(tuple(states)))
    if accounts is not None:
        query = query.where(_file.account.in_(accounts))
    return _files(tx, query.order_by(_file.uploaded_at.desc(), _file.id.desc()))


def change(tx: Connection, file: int, *, states: tuple[str, ...], **values: Any) -> bool:
    """Change a file that is in one of these states; whether it was."""
    here = update(settlement_files).where(_file.id == file, _file.state.in_(states))
    return tx.execute(here.values(**values)).rowcount == 1


def to_clean(tx: Connection, stale: datetime) -> list[SettlementFile]:
    """Failed and cancelled files that still have lines, and those whose reception broke off before ``stale``."""
    left = _file.state.in_((*GONE, "waiting")) & _file.first_line_id.is_not(None)
    broken = (_file.state == "receiving") & (_file.alive_at < stale)
    return _files(tx, select(settlement_files).where(or_(left, broken)).order_by(_file.id))


def next_file(tx: Connection, now: datetime) -> SettlementFile | None:
    """The next file to work on: a complete one with a follow-up, one that runs, the first that waits; else one whose
    follow-up has failed, or the smallest that was held up. None that pauses after failed tries."""
    more, ready, held_up = (
        (_file.state == "complete") & _file.follow_up.is_not(None),
        not_(_is_resting(now)),
        _file.failure != "",
    )
    for which, order in (
        (more & (_file.tries == 0), _file.id),
        ((_file.state == "running") & ~held_up & ready, _file.id),
        ((_file.state == "waiting") & ~held_up, _file.id),
        (more & ready, _file.id),
        (_file.state.in_(("running", "waiting")) & held_up & ready, _file.size),
    ):
        found = _first(tx, select(settlement_files).where(which).order_by(order, _file.id))
        if found is not None:
            return found
    return None


def _is_resting(now: datetime) -> ColumnElement[bool]:
    """The condition that a file has failed so often, and so recently, that it is not tried for a while."""
    last = len(RETRY_PAUSES) - 1
    lately = (
        (_file.tries >= MAX_TRIES + place if place == last else _file.tries == MAX_TRIES + place)
        & (_file.alive_at > now - rest)
        for place, rest in enumerate(RETRY_PAUSES)
    )
    return or_(*lately)


def next_try_at(file: TriedFile) -> datetime | None:
    """When a file that failed too often is tried again; None for any other."""
    if file.tries < MAX_TRIES:
        return None
    return file.alive_at + RETRY_PAUSES[min(file.tries - MAX_TRIES, len(RETRY_PAUSES) - 1)]


def stuck() -> ColumnElement[bool]:
    """The condition that a file is complete, and its follow-up failed as often as it is tried."""
    return (_file.state == "complete") & _file.follow_up.is_not(None) & (_file.tries >= MAX_TRIES)


def reset_tries(tx: Connection, file: int) -> bool:
    """Let the follow-up of a complete file be tried again; whether it was stuck."""
    here = update(settlement_files).where(_file.id == file, stuck())
    return tx.execute(here.values(tries=0)).rowcount == 1


def uncount_try(tx: Connection, since: datetime) -> None:
    """The process begun at ``since`` has ended, not by the fault of its file: the try does not count."""
    found = _at_hand(tx, since)
    if found is not None and found.tries > 0:
        change(tx, found.id, states=(found.state,), tries=found.tries - 1)


def hold_up(tx: Connection, since: datetime, failure: str) -> None:
    """The same, and the file waits: ``failure`` says for what."""
    found = _at_hand(tx, since)
    if found is not None and found.state == "running" and not found.failure:
        uncount_try(tx, since)
        change(tx, found.id, states=("running",), failure=failure, failure_detail={})


def fail_after_last_try(tx: Connection, since: datetime, failure: str, now: datetime) -> None:
    """The process begun at ``since`` has died over its file: the file fails, if that was its last try."""
    found = _at_hand(tx, since)
    if found is not None and found.tries >= MAX_TRIES:
        change(
            tx,
            found.id,
            states=("running",),
            state="failed",
            failure=failure,
            failure_detail={},
            finished_at=now,
        )


def _at_hand(tx: Connection, since: datetime) -> SettlementFile | None:
    """The file of the process begun at ``since``."""
    at_it = or_(_file.state == "running", (_file.state == "complete") & _file.follow_up.is_not(None))
    query = select(settlement_files).where(at_it, _file.tries > 0, _file.alive_at >= since)
    return _first(tx, query.order_by(_file.alive_at.desc()))


def mark_stopped(tx: Connection, failure: str) -> None:
    """While no import runs: write why the files wait over which processes died too often."""
    over = (_file.state == "running") & (_file.tries >= MAX_TRIES) & (_file.failure == "")
    tx.execute(update(settlement_files).where(over).values(failure=failure, failure_detail={}))


def stopped(tx: Connection, failure: str) -> list[FileInTrouble]:
    """The files that wait for this reason, though their import has begun, oldest first."""
    return _in_trouble(tx, _file.uploaded_at, _file.state == "running", _file.failure == failure)


def any_running(tx: Connection) -> bool:
    """Whether a file is being imported."""
    return tx.execute(select(_file.id).where(_file.state == "running").limit(1)).first() is not None


def any_other(tx: Connection, file: int) -> bool:
    """Whether another file is complete."""
    return (
        tx.execute(select(_file.id).where(_file.state == "complete", _file.id != file).limit(1)).first()
        is not None
    )
