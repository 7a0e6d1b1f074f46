"""The alarms that one person has to do."""

from services.access import Actor
from services.alarms.handling import Alarm, to_do
from services.alarms.sweep import sweep
from services.desk import Desk


def open_alarms(desk: Desk, actor: Actor) -> list[Alarm]:
    sweep(desk)
    found = to_do(desk, actor)
    return [*found.mine.alarms, *found.free.alarms]
