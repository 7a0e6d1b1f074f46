"""Work that belongs to no order and comes back by itself: each round runs in one worker at a time, at most so often."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services import bounces, clock
from services.alarms.sweep import sweep as sweep_alarms
from services.desk import Desk
from services.notices.post import post as post_notices
from services.orders.reminding import remind
from services.retention import sweep as sweep_retention
from services.store import STORE_AWAY
from services.store import rounds as rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Round:
    """``name`` is the lease's, shared by all workers."""

    name: str
    every: timedelta
    run: Callable[[Desk], None]


ROUNDS = (
    Round("alarms", timedelta(minutes=2), sweep_alarms),
    Round("retention", timedelta(hours=24), sweep_retention),
    Round("notices", timedelta(seconds=20), post_notices),
    Round("reminders", timedelta(minutes=5), remind),
    Round("delivery_reports", timedelta(seconds=60), bounces.begin_reading),
)


class Rounds:
    """One worker's memory of when it last looked, so that most of its turns cost a comparison of two times."""

    def __init__(self, rounds: tuple[Round, ...] = ROUNDS) -> None:
        self._looked: dict[str, datetime] = {}
        self._rounds = rounds

    def run_due(self, desk: Desk) -> None:
        """Run what is due and no other worker has run since. Raises one of STORE_AWAY; a fault of ours is logged."""
        for one in self._rounds:
            now = clock.now()
            looked = self._looked.get(one.name)
            # The sandbox's clock may go back: then the round is due, too.
            if looked is not None and abs(now - looked) < one.every:
                continue
            self._looked[one.name] = now
            with desk.store.write() as tx:
                ours = rows.take_turn(tx, f"round:{one.name}", now, one.every)
            if ours:
                _run(one, desk)


def _run(one: Round, desk: Desk) -> None:
    try:
        one.run(desk)
    except STORE_AWAY:
        raise
    except Exception:
        log.exception("the round %s failed", one.name)
