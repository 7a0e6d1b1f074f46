"""Whose turn a periodic task is: a row of ``meta`` holds when it was last begun.

A turn that has not ended well stands there as begun earlier than it was, so that the next comes the sooner.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from services.store.locks import insert_new
from services.store.schema.orders import meta


def take_turn(tx: Connection, name: str, now: datetime, gap: timedelta, lease: timedelta) -> bool:
    """Take the task's turn: False when somebody took it less than ``gap`` from ``now``, before or (a clock set back) after.

    Unless ``end_turn`` says how it ended, the next may take it after ``lease``, if that is shorter.
    """
    value = _begun(now, gap, min(gap, lease))
    if insert_new(tx, meta, ("name",), name=name, value=value):
        return True
    known = tx.execute(select(meta.c.value).where(meta.c.name == name).with_for_update()).scalar_one()
    if abs(now - datetime.fromisoformat(known)) < gap:
        return False
    tx.execute(update(meta).where(meta.c.name == name).values(value=value))
    return True


def end_turn(
    tx: Connection, name: str, begun: datetime, gap: timedelta, lease: timedelta, following: timedelta
) -> None:
    """The turn that ``take_turn`` gave at ``begun`` is over: the next may be taken ``following`` after it. One that was
    taken since stands."""
    here = update(meta).where(meta.c.name == name, meta.c.value == _begun(begun, gap, min(gap, lease)))
    tx.execute(here.values(value=_begun(begun, gap, following)))


def _begun(now: datetime, gap: timedelta, following: timedelta) -> str:
    return (now - gap + following).isoformat()
