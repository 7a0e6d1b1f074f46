"""Whose turn a periodic task is: a row of ``meta`` holds when it was last begun."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from services.store.concurrent import insert_new
from services.store.schema import meta


def take_turn(tx: Connection, name: str, now: datetime, gap: timedelta) -> bool:
    """Take the task's turn: False when somebody took it less than ``gap`` from ``now``, before or (a clock set back) after."""
    if insert_new(tx, meta, ("name",), name=name, value=now.isoformat()):
        return True
    known = tx.execute(select(meta.c.value).where(meta.c.name == name).with_for_update()).scalar_one()
    if abs(now - datetime.fromisoformat(known)) < gap:
        return False
    tx.execute(update(meta).where(meta.c.name == name).values(value=now.isoformat()))
    return True
