"""What statements of one bank account cover, and which of them prove something: opening + booked entries = closing of each, and the closing
of one is the opening of the next.

A statement proves its entries if it rolls and does not contradict a statement that it touches or that has days of it. Days without a statement between two
of them are a gap, which takes nothing from either; where the balance stays the same over it, nothing was booked meanwhile.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

_DAY = timedelta(days=1)

# gap, quiet_gap: days of which no statement is there, with another balance behind them or the same. jump: two that touch, and the second opens
# with another balance. overlap, conflict: two of the same days, which agree on each of them or do not.
BreakKind = Literal["gap", "quiet_gap", "jump", "overlap", "conflict"]
_DISAGREE: tuple[BreakKind, ...] = ("jump", "conflict")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatementPeriod:
    """``opening`` and ``closing`` in 1/10000, None where the file has no such balance; ``rolls``: they and the booked entries agree;
    ``information``: a report of a day under way or a single notice, which closes nothing. ``by_day``: the sum of its booked entries."""

    id: int
    first: date
    last: date
    opening: int | None
    closing: int | None
    rolls: bool
    information: bool
    by_day: Mapping[date, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Break:
    """What lies between the statements ``before`` and ``after``, on the days ``first`` to ``last``; ``units``: by how much the opening of the second
    is more than the balance that the first leads to; of a conflict 0 where only later days differ."""

    kind: BreakKind
    before: int
    after: int
    first: date
    last: date
    units: int


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """``proved``: statements whose entries are certain. ``periods``: the days of which a statement may tell that nothing else was booked."""

    breaks: tuple[Break, ...]
    proved: frozenset[int]
    periods: tuple[tuple[date, date], ...]

    def covers(self, first: date, last: date) -> bool:
        """Whether each of these days lies in a period."""
        day = first
        for start, end in self.periods:
            if start <= day <= end:
                day = end + _DAY
        return day > last


def coverage(statements: Iterable[StatementPeriod]) -> Coverage:
    """``statements``: of one bank account and currency, in any order."""
    closing = sorted(
        (one for one in statements if not one.information), key=lambda one: (one.first, one.last, one.id)
    )
    with_balances = [one for one in closing if one.rolls and one.opening is not None]
    breaks, contradicted = list[Break](), set[int]()
    furthest: StatementPeriod | None = None
    for one in with_balances:
        if furthest is not None and (found := _between(furthest, one)) is not None:
            breaks.append(found)
            if found.kind in _DISAGREE:
                contradicted |= {found.before, found.after}
        if furthest is None or one.last >= furthest.last:
            furthest = one
    return Coverage(
        breaks=tuple(breaks),
        proved=frozenset(one.id for one in with_balances) - contradicted,
        periods=tuple((one.first, one.last) for one in closing if one.rolls or one.opening is None),
    )


def _between(before: StatementPeriod, after: StatementPeriod) -> Break | None:
    """None where the second follows the first, or is a copy or a part of it."""
    assert before.closing is not None
    assert after.opening is not None
    units = after.opening - before.closing
    if after.first > before.last + _DAY:
        kind: BreakKind = "gap" if units else "quiet_gap"
        return _break(kind, before, after, before.last + _DAY, after.first - _DAY, units)
    if not units and after.first >= before.last:
        return None  # the old balance may carry the day on which the former statement ended
    if after.first > before.last:
        return _break("jump", before, after, before.last, after.first, units)
    assert before.opening is not None
    last = min(after.last, before.last)
    units = after.opening - before.opening - sum(_before(before, after.first))
    if units or _on(before, after.first, last) != _on(after, after.first, last):
        return _break("conflict", before, after, after.first, last, units)
    return None if after.last <= before.last else _break("overlap", before, after, after.first, last, 0)


def _before(one: StatementPeriod, day: date) -> Iterable[int]:
    return (units for booked, units in one.by_day.items() if booked < day)


def _on(one: StatementPeriod, first: date, last: date) -> dict[date, int]:
    """What it books on each of these days."""
    return {day: units for day, units in one.by_day.items() if units and first <= day <= last}


def _break(
    kind: BreakKind, before: StatementPeriod, after: StatementPeriod, first: date, last: date, units: int
) -> Break:
    return Break(kind=kind, before=before.id, after=after.id, first=first, last=last, units=units)
