"""Whether the database is held because it was restored from a backup, and what shows that it was.

``epoch`` names the database (``id``) and counts how often a person has released it. The events' ids only grow: a database
whose newest event is older than the one a machine has seen was restored.
"""

from typing import Any

from sqlalchemy import Connection, func, select

from services.store import meta
from services.store.schema.bulk import batch_rows
from services.store.schema.orders import events, orders, steps

EPOCH, HELD = "epoch", "held"


def epoch(tx: Connection) -> dict[str, Any]:
    """{"id", "release", "also": ids of markers that were released with it}; nothing before the first start."""
    return meta.document(tx, EPOCH)


def store_epoch(tx: Connection, value: dict[str, Any]) -> None:
    meta.put_document(tx, EPOCH, value)


def held(tx: Connection) -> dict[str, Any]:
    """{"since", "reason", …} while the database is held, else nothing."""
    return meta.document(tx, HELD)


def set_hold(tx: Connection, value: dict[str, Any]) -> None:
    meta.put_document(tx, HELD, value)


def newest_event(tx: Connection) -> int:
    return int(tx.scalar(select(func.max(events.c.id))) or 0)


def any_order(tx: Connection) -> bool:
    return tx.scalar(select(orders.c.id).limit(1)) is not None


def sign_of_life(tx: Connection) -> str:
    """A text that changes at least every half minute while a worker works on this database."""
    return meta.text(tx, "round:notices")


def waiting(tx: Connection) -> dict[str, int]:
    """How many steps that leave this machine wait, by kind, and how many rows of lists."""
    query = select(steps.c.kind, func.count()).where(steps.c.kind != "read").group_by(steps.c.kind)
    found = {str(kind): int(count) for kind, count in tx.execute(query)}
    rows = int(tx.scalar(select(func.count()).where(batch_rows.c.state == "waiting")) or 0)
    return found | ({"rows": rows} if rows else {})
