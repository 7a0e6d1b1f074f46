"""HiPay's notifications, kept as they came until they have been worked off."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from services.store.concurrent import insert_new
from services.store.schema import notifications


def keep(
    tx: Connection, *, account: str, identity: str, content_type: str, body: bytes, received_at: datetime
) -> bool:
    """Store a notification to be worked off; False when the account has it already, and nothing is written."""
    return insert_new(
        tx, notifications, ("account", "identity"), account=account, identity=identity, content_type=content_type,
        body=body, received_at=received_at, state="stored", detail={},
    )  # fmt: skip


def waiting(tx: Connection, limit: int) -> list[int]:
    """The ids of those not yet worked off, oldest first."""
    query = select(notifications.c.id).where(notifications.c.state == "stored")
    return list(tx.scalars(query.order_by(notifications.c.id).limit(limit)))


def claim(tx: Connection, notification_id: int) -> Row[Any] | None:
    """The notification, held for the rest of the transaction; None when another worker has it or had it."""
    query = select(notifications).where(
        notifications.c.id == notification_id, notifications.c.state == "stored"
    )
    return tx.execute(query.with_for_update(skip_locked=True)).first()


def finish(
    tx: Connection, notification_id: int, state: str, *, at: datetime, order: int | None = None, **detail: Any
) -> None:
    """What became of it: applied, repeated, quarantined, ignored, unmatched, unreadable or failed."""
    values = {"state": state, "worked_at": at, "order": order, "detail": detail}
    tx.execute(update(notifications).where(notifications.c.id == notification_id).values(**values))
