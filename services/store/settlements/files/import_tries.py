"""How often the import of a settlement file is tried, which file is next, and what follows from a process that dies."""

from datetime import datetime, timedelta
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    case,
    not_,
    or_,
    select,
    update,
)

from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files.settlement_files import (
    FileInTrouble,
    SettlementFile,
    change,
    files_in_trouble,
    first_file,
)

_file = settlement_files.c

MAX_TRIES = 3  # processes that may die over one file, or fail at what is left to do, before it rests
RETRY_PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (10, 20, 40, 60)
)  # after MAX_TRIES, and after each further one


class TriedFile(Protocol):
    """What decides when a file is tried again."""

    @property
    def tries(self) -> int: ...
    @property
    def alive_at(self) -> datetime: ...


def all_stuck(tx: Connection) -> list[FileInTrouble]:
    """The complete files whose follow-up failed as often as it is tried, oldest first."""
    return files_in_trouble(tx, _file.alive_at, stuck())


def next_file(tx: Connection, now: datetime) -> SettlementFile | None:
    """The next file to work on: a complete one with a follow-up, one that runs, the first that waits; else one whose
    follow-up has failed, or the smallest whose import was stopped. None that pauses after failed tries."""
    row = tx.execute(_next(), {_rested(place): now - rest for place, rest in enumerate(RETRY_PAUSES)}).first()
    return SettlementFile(**row._mapping) if row is not None else None


@cache
def _next() -> Select[Any]:
    """The query of ``next_file``, which is asked again and again."""
    more, ready, held_up = (
        (_file.state == "complete") & _file.follow_up.is_not(None),
        not_(_is_resting()),
        _file.failure != "",
    )
    sorts = (
        more & (_file.tries == 0),
        (_file.state == "running") & ~held_up & ready,
        (_file.state == "waiting") & ~held_up,
        more & ready,
        _file.state.in_(("running", "waiting")) & held_up & ready,
    )
    sort = case(*((which, place) for place, which in enumerate(sorts)))  # the first that is true
    by_size = case((sort == len(sorts) - 1, _file.size), else_=0)
    return select(settlement_files).where(or_(*sorts)).order_by(sort, by_size, _file.id).limit(1)


def _rested(place: int) -> str:
    return f"rested_{place}"


def _is_resting() -> ColumnElement[bool]:
    """The condition that a file has failed so often, and so recently, that it is not tried for a while."""
    last = len(RETRY_PAUSES) - 1
    lately = (
        (_file.tries >= MAX_TRIES + place if place == last else _file.tries == MAX_TRIES + place)
        & (_file.alive_at > bindparam(_rested(place), type_=_file.alive_at.type))
        for place in range(len(RETRY_PAUSES))
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


def wait_for(tx: Connection, since: datetime, failure: str) -> None:
    """``uncount_try``, and the file waits: ``failure`` is the reason."""
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
    return first_file(tx, query.order_by(_file.alive_at.desc()))


def mark_stopped(tx: Connection, failure: str) -> None:
    """While no import runs: write why the files wait over which processes died too often."""
    over = (_file.state == "running") & (_file.tries >= MAX_TRIES) & (_file.failure == "")
    tx.execute(update(settlement_files).where(over).values(failure=failure, failure_detail={}))


def stopped(tx: Connection, failure: str) -> list[FileInTrouble]:
    """The files that wait for this reason, though their import has begun, oldest first."""
    return files_in_trouble(tx, _file.uploaded_at, _file.state == "running", _file.failure == failure)
