"""Small facts about the installation, by name."""

import json
from typing import Any

from sqlalchemy import Connection, delete, select, update

from services.store.locks import insert_new, put
from services.store.schema.orders import meta

_DONE = "done"


def claim(tx: Connection, name: str, *, now: float, stale_before: float) -> bool:
    """Take a one-time task: False when it is done, or was taken after ``stale_before`` (seconds of the machine's clock)."""
    if insert_new(tx, meta, ("name",), name=name, value=str(now)):
        return True
    known = tx.execute(select(meta.c.value).where(meta.c.name == name).with_for_update()).scalar_one()
    if known == _DONE or float(known) > stale_before:
        return False
    tx.execute(update(meta).where(meta.c.name == name).values(value=str(now)))
    return True


def settle(tx: Connection, name: str) -> None:
    """The task is done, for ever."""
    tx.execute(update(meta).where(meta.c.name == name).values(value=_DONE))


def begun(tx: Connection, name: str) -> bool:
    """Taken, and neither done nor released: at work now, or cut off."""
    return tx.scalar(select(meta.c.value).where(meta.c.name == name, meta.c.value != _DONE)) is not None


def release(tx: Connection, name: str) -> None:
    """Given up: the next one to ask may take it at once. What is done stays done."""
    tx.execute(delete(meta).where(meta.c.name == name, meta.c.value != _DONE))


def done(tx: Connection, name: str) -> bool:
    return tx.scalar(select(meta.c.value).where(meta.c.name == name)) == _DONE


def value(tx: Connection, name: str) -> Any:
    """A small document that was put under a name, None for none."""
    found = tx.scalar(select(meta.c.value).where(meta.c.name == name))
    return None if found is None else json.loads(found)


def held_value(tx: Connection, name: str) -> Any:
    """The same, kept from other writers to the end of the transaction."""
    found = tx.scalar(select(meta.c.value).where(meta.c.name == name).with_for_update())
    return None if found is None else json.loads(found)


def put_value(tx: Connection, name: str, document: Any) -> None:
    put(tx, meta, {"name": name}, value=json.dumps(document, sort_keys=True))
