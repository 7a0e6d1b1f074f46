"""Rejoin lines after their decisions were taken or undone: at once, or later by the worker if the process died before."""

import logging
from collections.abc import Callable, Sequence

from services.desk import Desk
from services.payouts import work_out
from services.reconciliation.matching import rejoin
from services.store import STORE_AWAY
from services.store.settlements import decisions
from services.store.settlements.decisions import AwaitingRejoin

log = logging.getLogger(__name__)
Progress = Callable[[float], None]  # called with the part that is rejoined, from 0 to 1
_BATCH = 500  # lines rejoined between two reports of progress


def catch_up(desk: Desk, limit: int = 2_000) -> bool:
    """Rejoin the lines of decisions whose process died before it did so; whether there may be more. The worker calls it
    periodically."""
    with desk.store.read() as tx:
        waiting = decisions.awaiting_rejoin(tx, limit)
    trouble = None
    for account in sorted({row.account for row in waiting}):
        try:
            _join(desk, [row for row in waiting if row.account == account], None)
        except STORE_AWAY:
            raise
        except Exception as error:  # the other accounts go on
            log.exception("decided lines of %s could not be rejoined", account)
            trouble = error
    if trouble is not None:
        raise trouble
    return len(waiting) == limit


def join_lines(desk: Desk, lines: Sequence[int], progress: Progress | None) -> None:
    """Rejoin those of these lines that have due decisions."""
    with desk.store.read() as tx:
        waiting = decisions.awaiting_rejoin_of(tx, lines)
    _join(desk, waiting, progress)
    work_out.after_decision(desk.store)


def _join(desk: Desk, waiting: Sequence[AwaitingRejoin], progress: Progress | None) -> None:
    """Rejoin the lines of due decisions, in parts; a part's decisions are no longer due once it is rejoined."""
    waiting = sorted(waiting, key=lambda row: (row.account, row.line))
    for start in range(0, len(waiting), _BATCH):
        part = waiting[start : start + _BATCH]
        for account in sorted({row.account for row in part}):
            rejoin.rejoin_lines(desk, account, [row.line for row in part if row.account == account])
        with desk.store.write() as tx:
            decisions.set_rejoined(tx, part)
        if progress is not None:
            progress(min(1.0, (start + len(part)) / len(waiting)))
