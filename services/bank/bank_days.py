"""The days on which euro transfers are settled: the TARGET calendar of the European Central Bank, computed for any year.

Closed are Saturdays, Sundays, New Year's Day, Good Friday, Easter Monday, 1 May, 25 and 26 December (unchanged since 2002).
"""

from datetime import date, timedelta
from functools import lru_cache

_DAY = timedelta(days=1)
_FIXED = ((1, 1), (5, 1), (12, 25), (12, 26))


def is_bank_day(day: date) -> bool:
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED:
        return False
    return day - easter(day.year) not in (timedelta(days=-2), _DAY)


def shifted(day: date, bank_days: int) -> date:
    """The bank day that comes so many bank days after ``day``, or before it where the number is below 0; with 0 the day itself. A day on
    which banks are closed counts as the bank day before it, or after it where one goes back."""
    step = _DAY if bank_days > 0 else -_DAY
    for _ in range(abs(bank_days)):
        day += step
        while not is_bank_day(day):
            day += step
    return day


@lru_cache(maxsize=64)
def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the rule of Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
