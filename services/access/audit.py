"""The audit trail: who did what, when; append-only, chained, with ids but never personal data."""

from typing import Any

from services import clock
from services.access import Actor
from services.store import Connection, access


def record(tx: Connection, actor: Actor, action: str, subject: str, /, **detail: Any) -> None:
    """Write one audit entry in the transaction of the act itself. ``subject`` is ``kind:id``."""
    access.record(
        tx,
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        action=action,
        subject=subject,
        detail=detail,
    )
