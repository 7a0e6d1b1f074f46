"""The alarm that a server's disk has too little room; each machine raises and ends its own."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.desk import Desk
from services.store import Connection
from services.store import alarms as rows
from services.store.alarms import Standing

KIND = "no_room"
_GONE = timedelta(days=1)  # a machine that ended with its disk full says nothing more


def standing(tx: Connection, desk: Desk, now: datetime) -> Iterator[Standing]:
    here = socket.gethostname()
    for row in rows.open_of_kinds(tx, (KIND,)).values():
        if row.detail.get("machine") != here and row.opened_at > now - _GONE:
            yield Standing(KIND, row.identity, row.account, None, row.detail)
    if found := desk.shortage.look():
        since, _ = found
        yield Standing(KIND, f"{KIND}:{here}:{since.isoformat()}", "", None, {"machine": here})
