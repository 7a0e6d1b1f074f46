"""HiPay's notifications, stored as they came until they are processed."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from services.store.locks import insert_or
from services.store.order_states import NotificationState
from services.store.orders.records import StoredNotification, each_of
from services.store.schema.orders import notification_addresses, notifications
from services.text.address_tokens import address_tokens


def store(
    tx: Connection, *, account: str, identity: str, content_type: str, body: bytes, received_at: datetime
) -> bool:
    """Store a notification to be processed, with the digests of the e-mail addresses in its body. False when the account has
    it already, and nothing is written."""
    here = notifications
    values = {
        "account": account,
        "identity": identity,
        "content_type": content_type,
        "body": body,
        "received_at": received_at,
        "state": "received",
        "detail": {},
    }
    statement = (
        insert_or(tx, here).values(**values).on_conflict_do_nothing(index_elements=("account", "identity"))
    )
    written = tx.scalar(statement.returning(here.c.id))
    if written is None:
        return False
    if found := [{"notification": written, "digest": one} for one in sorted(digests(body))]:
        tx.execute(insert(notification_addresses), found)
    return True


def digests(body: bytes) -> set[str]:
    """The digest of each e-mail address in a body: what ``address_digest`` makes of the address."""
    return {address_digest(one) for one in address_tokens(body)}


def address_digest(address: str) -> str:
    return hashlib.sha256(address.lower().encode()).hexdigest()


def waiting(tx: Connection, limit: int) -> list[int]:
    """The ids of those not yet processed, oldest first."""
    query = select(notifications.c.id).where(notifications.c.state == "received")
    return list(tx.scalars(query.order_by(notifications.c.id).limit(limit)))


def claim(tx: Connection, ids: Collection[int]) -> list[StoredNotification]:
    """These notifications, oldest first, locked for the rest of the transaction, without those that another worker has or had."""
    query = select(notifications).where(
        notifications.c.id.in_(tuple(ids)), notifications.c.state == "received"
    )
    found = tx.execute(query.order_by(notifications.c.id).with_for_update(skip_locked=True))
    return each_of(StoredNotification, found)


@dataclass(frozen=True)
class Processed:
    """The outcome of a notification, and its order where that is known."""

    id: int
    state: NotificationState
    order: int | None
    detail: dict[str, Any]


def finish(tx: Connection, results: Collection[Processed], at: datetime) -> None:
    """Write the outcomes of claimed notifications."""
    if results:
        values = [
            {"row": one.id, "state": one.state, "order": one.order, "detail": one.detail, "worked_at": at}
            for one in results
        ]
        tx.execute(update(notifications).where(notifications.c.id == bindparam("row")), values)
