"""HiPay's notifications, kept as they came until they have been worked off."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from services.store.locks import insert_new
from services.store.orders.records import StoredNotification, each_of
from services.store.schema.orders import notifications


def keep(
    tx: Connection, *, account: str, identity: str, content_type: str, body: bytes, received_at: datetime
) -> bool:
    """Store a notification to be worked off; False when the account has it already, and nothing is written."""
    return insert_new(
        tx,
        notifications,
        ("account", "identity"),
        account=account,
        identity=identity,
        content_type=content_type,
        body=body,
        received_at=received_at,
        state="stored",
        detail={},
    )


def waiting(tx: Connection, limit: int) -> list[int]:
    """The ids of those not yet worked off, oldest first."""
    query = select(notifications.c.id).where(notifications.c.state == "stored")
    return list(tx.scalars(query.order_by(notifications.c.id).limit(limit)))


def claim(tx: Connection, ids: Collection[int]) -> list[StoredNotification]:
    """These notifications, oldest first, held for the rest of the transaction, without those that another worker has or had."""
    query = select(notifications).where(notifications.c.id.in_(tuple(ids)), notifications.c.state == "stored")
    found = tx.execute(query.order_by(notifications.c.id).with_for_update(skip_locked=True))
    return each_of(StoredNotification, found)


@dataclass(frozen=True)
class Fate:
    """What became of a notification: applied, repeated, quarantined, ignored, unmatched, unreadable or failed."""

    id: int
    state: str
    order: int | None
    detail: dict[str, Any]


def finish(tx: Connection, fates: Collection[Fate], at: datetime) -> None:
    """Write what became of claimed notifications."""
    if fates:
        values = [
            {"row": one.id, "state": one.state, "order": one.order, "detail": one.detail, "worked_at": at}
            for one in fates
        ]
        tx.execute(update(notifications).where(notifications.c.id == bindparam("row")), values)
