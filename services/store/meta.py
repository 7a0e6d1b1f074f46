"""Small facts about the installation, each under a name of the table ``meta``: no other module reads or writes it.

    texts        a value as text
    documents    a small JSON document of one part of the product
    tasks        done once for ever
    rounds       done again and again, by one worker at a time
    leases       done by one process at a time

Times are the machine's clock, which the sandbox does not move, except those of rounds.
"""

import json
import time
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, ScalarSelect, Select, delete, select, update

from services.store.locks import insert_new, put, writes
from services.store.schema.meta import meta

_DONE = "done"


def text(tx: Connection, name: str) -> str:
    """What is stored under a name, "" for nothing."""
    return str(tx.scalar(_value(name)) or "")


def stored(name: str) -> ScalarSelect[str]:
    """What is stored under a name, as a part of another statement."""
    return _value(name).scalar_subquery()


def texts(tx: Connection, names: Collection[str]) -> dict[str, str]:
    """What is stored under those of these names that are there."""
    query = select(meta.c.name, meta.c.value).where(meta.c.name.in_(tuple(names)))
    return {row.name: row.value for row in tx.execute(query)}


def put_text(tx: Connection, name: str, value: str) -> None:
    put(tx, meta, {"name": name}, value=value)


def put_texts(tx: Connection, values: Mapping[str, str]) -> None:
    for name in sorted(
        values
    ):  # in one order: two workers that write the same rows would wait for each other
        put_text(tx, name, values[name])


def text_once(tx: Connection, name: str, value: str) -> str:
    """Store a text unless there is one under the name; the one that is there now."""
    insert_new(tx, meta, ("name",), name=name, value=value)
    return text(tx, name)


def document(tx: Connection, name: str) -> dict[str, Any]:
    """The document under a name, {} for none; in a writing transaction no other changes it before the end, once it is there."""
    query = _value(name)
    known: str | None = tx.scalar(query.with_for_update()) if writes(tx) else tx.scalar(query)
    found: dict[str, Any] = json.loads(known) if known else {}
    return found


def put_document(tx: Connection, name: str, value: Mapping[str, Any]) -> None:
    put_text(tx, name, json.dumps(value, sort_keys=True))


def drop(tx: Connection, name: str) -> None:
    tx.execute(delete(meta).where(meta.c.name == name))


def claim_task(tx: Connection, name: str, *, now: float, stale_before: float) -> bool:
    """Claim a task that is done once: False when it is done, or was claimed after ``stale_before`` (seconds)."""
    if insert_new(tx, meta, ("name",), name=name, value=str(now)):
        return True
    known = _locked(tx, name)
    if known == _DONE or float(known) > stale_before:
        return False
    _change(tx, name, str(now))
    return True


def finish_task(tx: Connection, name: str) -> None:
    """The task is done, for ever."""
    _change(tx, name, _DONE)


def release_task(tx: Connection, name: str) -> None:
    """Whoever asks next may claim the task at once. One that is done stays done."""
    tx.execute(delete(meta).where(meta.c.name == name, meta.c.value != _DONE))


def task_under_way(tx: Connection, name: str) -> bool:
    """Whether it was claimed, and neither finished nor released: somebody is at it, or was cut off."""
    return text(tx, name) not in ("", _DONE)


def task_done(tx: Connection, name: str) -> bool:
    return text(tx, name) == _DONE


def claim_round(tx: Connection, name: str, now: datetime, gap: timedelta, lease: timedelta) -> bool:
    """Claim a round: False when it was begun less than ``gap`` from ``now``, before or (a clock set back) after.

    Unless ``end_round`` says how it ended, the next may begin after ``lease``, if that is shorter: a round that has not ended
    well is stored as begun earlier than it was.
    """
    value = _begun(now, gap, min(gap, lease))
    if insert_new(tx, meta, ("name",), name=name, value=value):
        return True
    if abs(now - datetime.fromisoformat(_locked(tx, name))) < gap:
        return False
    _change(tx, name, value)
    return True


def end_round(
    tx: Connection, name: str, begun: datetime, gap: timedelta, lease: timedelta, following: timedelta
) -> None:
    """The round that was claimed at ``begun`` is over: the next may begin ``following`` after it. One that another worker
    has begun since is left alone."""
    here = update(meta).where(meta.c.name == name, meta.c.value == _begun(begun, gap, min(gap, lease)))
    tx.execute(here.values(value=_begun(begun, gap, following)))


def lease(tx: Connection, name: str) -> tuple[str, float]:
    """The owner of the lease, "" for nobody, and its end (seconds). In a writing transaction no other changes it before the
    end of the transaction."""
    if not writes(tx):
        return _lease(text(tx, name))
    insert_new(tx, meta, ("name",), name=name, value="")
    return _lease(_locked(tx, name))


def take_lease(tx: Connection, name: str, owner: str, seconds: float) -> bool:
    """Take the lease for so long, or renew it; False where another owner has it."""
    holder, until = lease(tx, name)
    if holder not in ("", owner) and until > time.time():
        return False
    _change(tx, name, json.dumps([owner, time.time() + seconds]))
    return True


def renew_lease(tx: Connection, name: str, owner: str, seconds: float) -> bool:
    """Renew the lease, even late; False where ``owner`` no longer has it: another took it, or it was released."""
    its = meta.c.value.startswith(json.dumps([owner]).removesuffix("]") + ",", autoescape=True)
    renewed = update(meta).where(meta.c.name == name, its)
    return tx.execute(renewed.values(value=json.dumps([owner, time.time() + seconds]))).rowcount == 1


def release_lease(tx: Connection, name: str, owner: str) -> None:
    """End the lease, if ``owner`` still has it: any other may take it."""
    if lease(tx, name)[0] == owner:
        _change(tx, name, "")


def _lease(stored: str) -> tuple[str, float]:
    owner, until = json.loads(stored) if stored else ("", 0.0)
    return owner, until


def _value(name: str) -> Select[Any]:
    return select(meta.c.value).where(meta.c.name == name)


def _locked(tx: Connection, name: str) -> str:
    return str(tx.execute(_value(name).with_for_update()).scalar_one())


def _change(tx: Connection, name: str, value: str) -> None:
    tx.execute(update(meta).where(meta.c.name == name).values(value=value))


def _begun(now: datetime, gap: timedelta, following: timedelta) -> str:
    return (now - gap + following).isoformat()
