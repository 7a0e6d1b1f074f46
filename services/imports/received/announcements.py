"""HiPay's finance notifications: stored once their signature is verified, processed later, each once.

stored → requested     a request to fetch the payout's file was written
       → ignored       no payout: HiPay publishes no other kind
       → unreadable    no finance notification
"""

from services import clock
from services.access import HIPAY
from services.desk import Desk
from services.hipay.errors import BadNotification
from services.hipay.finance_notifications import parse_finance
from services.hipay.notifications import identity, stripped
from services.store import Connection
from services.store.settlements.files import finance_notifications, payout_requests

_CONTENT_TYPE_MAX = 200


def receive(desk: Desk, account: str, raw: bytes, content_type: str) -> bool:
    """Store a notification whose signature was verified over ``raw``.

    False if it was received before. Raises StoreError if it could not be stored: HiPay must then send it again.
    """
    with desk.store.write() as tx:
        return receive_in(tx, account, raw, content_type)


def receive_in(tx: Connection, account: str, raw: bytes, content_type: str) -> bool:
    """``receive`` in the caller's transaction."""
    return finance_notifications.add(
        tx,
        account=account,
        identity=identity(raw),
        content_type=content_type[:_CONTENT_TYPE_MAX],
        body=stripped(raw, content_type),
        received_at=clock.now(),
    )


def work_off(desk: Desk, limit: int = 50) -> int:
    """Request the files that stored notifications announce, oldest first; how many notifications were processed.

    Any number of workers may call it at once.
    """
    with desk.store.read() as tx:
        waiting = finance_notifications.waiting(tx, limit)
    for notification_id in waiting:
        _work_one(desk, notification_id)
    return len(waiting)


def _work_one(desk: Desk, notification_id: int) -> None:
    now = clock.now()
    with desk.store.write() as tx:
        row = finance_notifications.claim(tx, notification_id)
        if row is None:
            return
        try:
            notification = parse_finance(row.body, row.content_type)
        except BadNotification as error:
            detail = {"problem": error.problem, "field": error.field or ""}
            finance_notifications.finish(tx, row.id, "unreadable", at=now, detail=detail)
            return
        if not notification.settlement_id:
            finance_notifications.finish(tx, row.id, "ignored", at=now, detail={"kind": notification.kind})
            return
        payout_requests.add(
            tx,
            account=row.account,
            source=payout_requests.NOTIFICATION,
            settlement_id=notification.settlement_id,
            form_key=f"notification:{row.id}",
            due_at=now,
            actor_kind=HIPAY.kind,
            actor_id=HIPAY.id,
        )
        finance_notifications.finish(
            tx, row.id, "requested", at=now, settlement_id=notification.settlement_id
        )
