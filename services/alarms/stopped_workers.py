"""The alarm that no worker runs, or that some of its lanes do not. The dashboards raise and close it, since a worker's own
round raises the others.
"""

from typing import Any

from services import clock
from services.access import SYSTEM
from services.alarms.sweep import resolve
from services.desk import Desk
from services.heartbeats import Standstill
from services.store import alarms
from services.store.alarm_conditions import Condition
from services.store.alarm_kinds import AlarmKind
from services.store.locks import one_at_a_time

KINDS: tuple[AlarmKind, ...] = ("no_worker", "worker_part_still")


def note(desk: Desk) -> None:
    """Compare the alarms with the signs of life that this process has read; while it knows nothing, nothing changes.

    Running it in several dashboards changes nothing more. Raises StoreError.
    """
    still = desk.worker_watch.standstill
    if still is None and not desk.worker_watch.alive:
        return
    wanted = _wanted(still) if still else None
    with desk.store.read() as tx:
        if _as_wanted(list(alarms.open_of_kinds(tx, KINDS).values()), wanted):
            return
    now = clock.now()
    with desk.store.write() as tx:
        one_at_a_time(tx, "standstill")
        for row in alarms.open_of_kinds(tx, KINDS).values():
            if wanted is None or row.kind != wanted.kind:
                resolve(tx, row, now, SYSTEM)
            elif row.detail != wanted.detail:
                alarms.change(tx, row.id, detail=wanted.detail)
        if wanted and not any(row.kind == wanted.kind for row in alarms.open_of_kinds(tx, KINDS).values()):
            alarms.raise_condition(tx, wanted, now)


def _as_wanted(found: list[Any], wanted: Condition | None) -> bool:
    if wanted is None:
        return not found
    return [(row.kind, row.detail) for row in found] == [(wanted.kind, wanted.detail)]


def _wanted(still: Standstill) -> Condition:
    """Its identity is the lane without a sign for longest, and that sign: closed by a person, it is not raised again for these."""
    lane, sign = min(still.lanes, key=lambda one: one[1])
    kind: AlarmKind = "no_worker" if still.whole else "worker_part_still"
    detail: dict[str, Any] = {"since": clock.shown(still.since).isoformat()}
    if not still.whole:
        detail["lanes"] = [name for name, _ in still.lanes]
    return Condition(
        kind=kind, identity=f"{kind}:{lane}:{sign.isoformat()}", account="", order=None, detail=detail
    )
