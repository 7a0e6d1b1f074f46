"""What one part of the product remembers between two of its rounds: a small document under a name of ``meta``."""

import json
from typing import Any

from sqlalchemy import Connection, select

from services.store.locks import put, writes
from services.store.schema.orders import meta


def fact(tx: Connection, name: str) -> dict[str, Any]:
    """What is known under the name, nothing at first; locked in a writing transaction once it is there."""
    query = select(meta.c.value).where(meta.c.name == name)
    known = tx.scalar(query.with_for_update() if writes(tx) else query)
    return json.loads(known) if known else {}


def keep_fact(tx: Connection, name: str, value: dict[str, Any]) -> None:
    put(tx, meta, {"name": name}, value=json.dumps(value))
