"""HiPay's finance notifications: stored as they came, then handled once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

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


def add(
    tx: Connection, *, account: str, identity: str, content_type: str, body: bytes, received_at: datetime
) -> bool:
    """Store a finance notification; False when the account has it already, and nothing is written."""
    return insert_new(
        tx,
        finance_notifications,
        ("account", "identity"),
        state="stored",
        account=account,
        identity=identity,
        content_type=content_type,
        body=body,
        received_at=received_at,
    )


def waiting(tx: Connection, limit: int) -> list[int]:
    n = finance_notifications.c
    return list(tx.scalars(select(n.id).where(n.state == "stored").order_by(n.id).limit(limit)))


def claim(tx: Connection, notification_id: int) -> FinanceNotification | None:
    """The notification, locked for the rest of the transaction; None when another worker handles or has handled it."""
    n = finance_notifications.c
    query = select(n.id, n.account, n.content_type, n.body).where(
        n.id == notification_id, n.state == "stored"
    )
    row = tx.execute(query.with_for_update(skip_locked=True)).first()
    return None if row is None else FinanceNotification(**row._mapping)


def finish(
    tx: Connection,
    notification_id: int,
    state: NotificationState,
    *,
    at: datetime,
    settlement_id: str = "",
    detail: Mapping[str, str | None] | None = None,
) -> None:
    """Write the outcome of a claimed notification."""
    found = finance_notifications.c.id == notification_id
    outcome = {"state": state, "worked_at": at, "settlement_id": settlement_id, "detail": detail or {}}
    tx.execute(update(finance_notifications).where(found).values(outcome))


def last_received_at(tx: Connection, account: str) -> datetime | None:
    n = finance_notifications.c
    found: datetime | None = tx.scalar(select(func.max(n.received_at)).where(n.account == account))
    return found
