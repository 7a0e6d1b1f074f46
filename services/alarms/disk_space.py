"""The alarm that a server's disk has too little room; each machine raises and ends its own."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.disk_space import NoRoom
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition

KIND = "no_room"
_GONE = timedelta(days=1)  # a machine that ended with its disk full says nothing more


def standing(tx: Connection, short: tuple[datetime, NoRoom] | None, now: datetime) -> Iterator[Condition]:
    """``short``: what ``Shortage.poll`` says of this machine."""
    here = socket.gethostname()
    for row in alarms.open_of_kinds(tx, (KIND,)).values():
        if row.detail.get("machine") != here and row.opened_at > now - _GONE:
            yield Condition(
                kind=KIND, identity=row.identity, account=row.account, order=None, detail=row.detail
            )
    if short:
        since, _ = short
        yield Condition(
            kind=KIND,
            identity=f"{KIND}:{here}:{since.isoformat()}",
            account="",
            order=None,
            detail={"machine": here},
        )
