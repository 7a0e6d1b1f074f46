"""HiPay's finance notifications: stored as they came, then handled once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select, update

from services.store.locks import insert_new
from services.store.schema.fetching import finance_notifications

NotificationState = Literal["requested", "ignored", "unreadable"]  # once it is processed; "stored" before


@dataclass(frozen=True, kw_only=True, slots=True)
class FinanceNotification:
    id: int
    account: str
    content_type: str
    body: bytes


def add(tx: Connection, **values: Any) -> bool:
    """Store a finance notification; False when the account has it already, and nothing is written."""
    return insert_new(tx, finance_notifications, ("account", "identity"), state="stored", **values)


def waiting(tx: Connection, limit: int) -> list[int]:
    n = finance_notifications.c
    return list(tx.scalars(select(n.id).where(n.state == "stored").order_by(n.id).limit(limit)))


def claim(tx: Connection, notification_id: int) -> FinanceNotification | None:
    """The notification, locked for the rest of the transaction; None when another worker has it or had it."""
    n = finance_notifications.c
    query = select(n.id, n.account, n.content_type, n.body).where(
        n.id == notification_id, n.state == "stored"
    )
    row = tx.execute(query.with_for_update(skip_locked=True)).first()
    return None if row is None else FinanceNotification(**row._mapping)


def finish(
    tx: Connection, notification_id: int, state: NotificationState, *, at: datetime, **values: Any
) -> None:
    found = finance_notifications.c.id == notification_id
    tx.execute(update(finance_notifications).where(found).values(state=state, worked_at=at, **values))


def last_received_at(tx: Connection, account: str) -> datetime | None:
    n = finance_notifications.c
    found: datetime | None = tx.scalar(select(func.max(n.received_at)).where(n.account == account))
    return found
