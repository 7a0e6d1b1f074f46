"""The notices as they are stored."""

from typing import Any

from sqlalchemy import Row, select

from services.store import Connection
from services.store.schema.alarms import notices


def all_notices(tx: Connection) -> list[Row[Any]]:
    return list(tx.execute(select(notices).order_by(notices.c.id)))
