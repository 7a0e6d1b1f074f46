"""The periods that figures are shown for, each with the one that it is compared with, in one zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from services.store.orders.order_sums import Span

PeriodName = Literal["month", "last_month", "days7", "days30", "year"]
PERIODS: tuple[PeriodName, ...] = get_args(PeriodName)
_MONTHLY: tuple[PeriodName, ...] = ("year",)


@dataclass(frozen=True)
class Period:
    """``before``: the period that comes before, up to the same moment where this one is not over. ``bars``: the days of the period,
    of a year its months, up to today; together they are the period."""

    name: PeriodName
    before: Span
    bars: tuple[Span, ...]

    @property
    def monthly(self) -> bool:
        return self.name in _MONTHLY


def period(name: PeriodName, now: datetime, zone: ZoneInfo) -> Period:
    here = now.astimezone(zone)
    today = midnight(here)
    month, tomorrow = today.replace(day=1), today + timedelta(days=1)
    if name == "month":
        last, _, same = months(now, zone)
        return Period(name, Span(last, same), _days(month, tomorrow))
    if name == "last_month":
        last = _month_before(month)
        return Period(name, Span(_month_before(last), last), _days(last, month))
    if name == "year":
        begins = month.replace(month=1)
        starts = [month.replace(month=number) for number in range(1, month.month + 1)]
        bars = tuple(Span(*pair) for pair in pairwise([*starts, tomorrow]))
        last = begins.replace(year=begins.year - 1)
        return Period(name, Span(last, min(_year_before(here), begins)), bars)
    days = 7 if name == "days7" else 30
    begins, former = today - timedelta(days=days - 1), timedelta(days=days)
    return Period(name, Span(begins - former, here - former), _days(begins, tomorrow))


def midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def months(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """The beginnings of last month and of this one, and the moment of last month that ``now`` is compared with: as long
    after its beginning, but within it."""
    this = midnight(now.astimezone(zone)).replace(day=1)
    last = _month_before(this)
    # On the wall clock: a day has 23 or 25 hours when the clocks change.
    elapsed = now.astimezone(zone).replace(tzinfo=None) - this.replace(tzinfo=None)
    same = (last.replace(tzinfo=None) + elapsed).replace(tzinfo=zone)
    return last, this, min(same, this)


def _month_before(month: datetime) -> datetime:
    return (month - timedelta(days=1)).replace(day=1)


def _year_before(here: datetime) -> datetime:
    try:
        return here.replace(year=here.year - 1)
    except ValueError:  # on 29 February
        return here.replace(year=here.year - 1, month=3, day=1, hour=0, minute=0)


def _days(since: datetime, until: datetime) -> tuple[Span, ...]:
    """Each from midnight to midnight on the wall clock, whatever its length."""
    count = (until.date() - since.date()).days
    return tuple(Span(since + timedelta(days=day), since + timedelta(days=day + 1)) for day in range(count))
