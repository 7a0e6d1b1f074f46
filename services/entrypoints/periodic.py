"""Periodic work that belongs to no order: each round runs in one worker at a time, at most once in its interval.

A round that failed, or whose process died, runs again within minutes, whatever its interval is.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services import clock, exports, retention
from services.alarms import sweep
from services.desk import Desk
from services.imports.corrections.held_corrections import decide_redelivered
from services.notices import post
from services.orders import bounces, stored_drafts, summing
from services.orders.reminders import remind
from services.store import STORE_AWAY, meta

log = logging.getLogger(__name__)
_LEASE = timedelta(minutes=15)  # after that another worker begins a round that has not ended
_AGAIN = timedelta(minutes=1)  # after the first failure; twice as long after each further one


@dataclass(frozen=True)
class Round:
    """``name`` is the lease's, shared by all workers."""

    name: str
    every: timedelta
    run: Callable[[Desk], None]


ROUNDS = (
    Round("alarms", timedelta(minutes=2), sweep.sweep),
    Round("retention", timedelta(hours=24), retention.sweep),
    Round("order_drafts", timedelta(hours=1), stored_drafts.sweep),
    Round("exports", timedelta(minutes=10), exports.sweep),
    Round("notices", timedelta(seconds=20), post.post),
    Round("held_corrections", timedelta(minutes=2), decide_redelivered),
    Round("reminders", timedelta(minutes=5), remind),
    Round("order_sums", timedelta(seconds=20), summing.work),
    Round("delivery_reports", timedelta(seconds=60), bounces.begin_reading),
)


class Rounds:
    """When one worker last claimed each round, so that most calls cost a comparison of two times."""

    def __init__(self, rounds: tuple[Round, ...] = ROUNDS) -> None:
        self._rounds = rounds
        self._tried: dict[str, tuple[datetime, timedelta]] = {}  # when, and until the next try
        self._failures: dict[str, int] = {}

    def run_due(self, desk: Desk) -> None:
        """Run what is due and no other worker has run since. Raises one of STORE_AWAY; a fault of ours is logged."""
        for one in self._rounds:
            now = clock.now()
            tried, gap = self._tried.get(one.name, (now, timedelta(0)))
            # The sandbox's clock may go back: then the round is due, too.
            if abs(now - tried) < gap:
                continue
            self._tried[one.name] = now, min(one.every, _LEASE)
            with desk.store.write() as tx:
                ours = meta.claim_round(tx, f"round:{one.name}", now, one.every, _LEASE)
            if ours:
                self._run(one, desk, now)

    def _run(self, one: Round, desk: Desk, now: datetime) -> None:
        gap = one.every
        try:
            one.run(desk)
            self._failures.pop(one.name, None)
        except STORE_AWAY:
            raise
        except Exception:
            failures = self._failures[one.name] = self._failures.get(one.name, 0) + 1
            gap = min(one.every, _AGAIN * 2 ** min(failures - 1, 10))
            log.exception("the round %s failed; it comes again in %s", one.name, gap)
        if gap != min(one.every, _LEASE):
            self._tried[one.name] = now, gap
            with desk.store.write() as tx:
                meta.end_round(tx, f"round:{one.name}", now, one.every, _LEASE, gap)
