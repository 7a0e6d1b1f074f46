"""Lines whose decisions were taken or undone are joined again: at once, or where the process died before it did, by a round."""

from collections.abc import Callable, Sequence
from typing import Any

from services.desk import Desk
from services.reconciliation import join
from services.store import Row
from services.store import decisions as rows

Progress = Callable[[float], None]  # is told how much is joined again, from 0 to 1
_AT_ONCE = 500  # lines joined again between two tellings


def catch_up(desk: Desk, limit: int = 2_000) -> bool:
    """Join again the lines of decisions whose process died before it did; whether there may be more. A worker's round."""
    with desk.store.read() as tx:
        waiting = rows.due(tx, limit)
    _join(desk, waiting, None)
    return len(waiting) == limit


def join_lines(desk: Desk, lines: Sequence[int], progress: Progress | None) -> set[int]:
    """Join these lines again, as far as decisions of theirs are due; which lines came to another order or outcome."""
    with desk.store.read() as tx:
        waiting = rows.due_of(tx, lines)
    return _join(desk, waiting, progress)


def _join(desk: Desk, waiting: Sequence[Row[Any]], progress: Progress | None) -> set[int]:
    """Join the lines of due decisions again, in parts; each part is settled once it is joined."""
    moved = set[int]()
    waiting = sorted(waiting, key=lambda row: (row.account, row.line))
    for start in range(0, len(waiting), _AT_ONCE):
        part = waiting[start : start + _AT_ONCE]
        for account in sorted({row.account for row in part}):
            moved |= join.rejoin_lines(desk, account, [row.line for row in part if row.account == account])
        with desk.store.write() as tx:
            rows.settle(tx, part)
        if progress is not None:
            progress(min(1.0, (start + len(part)) / len(waiting)))
    return moved
