"""The alarm that a server's disk has too little room; each machine raises and ends its own."""

import socket
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.disk_space import NoRoom
from services.store import Connection, alarms
from services.store.alarm_conditions import Condition
from services.store.alarm_kinds import AlarmKind

KIND: AlarmKind = "no_room"
_FORGET_AFTER = timedelta(days=1)  # a machine that ended with its disk full never ends its alarm


def conditions(tx: Connection, short: tuple[datetime, NoRoom] | None, now: datetime) -> Iterator[Condition]:
    """``short``: the result of ``Shortage.poll`` on this machine."""
    here = socket.gethostname()
    for row in alarms.open_of_kinds(tx, (KIND,)).values():
        if row.detail.get("machine") != here and row.opened_at > now - _FORGET_AFTER:
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
