"""The person who uses a measured store."""

import uuid

from services import clock
from services.access import Actor, Grant
from services.desk import Desk
from services.store import access


def finance(desk: Desk) -> Actor:
    """A person, new in the store, who may send, see payouts and reconcile."""
    now, user = clock.now(), uuid.uuid4().hex
    with desk.store.write() as tx:
        access.add_user(
            tx,
            id=user,
            issuer="bench",
            subject=user,
            email="camille@example.com",
            name="Camille",
            created_at=now,
            signed_in_at=now,
            seen_at=now,
            disabled=False,
        )
        access.set_grants(
            tx,
            user,
            "table",
            [Grant("manager"), Grant("finance"), Grant("admin")],
            at=now,
            granted_by="bench",
        )
    return Actor(kind="user", id=user, name="Camille", email="camille@example.com")
