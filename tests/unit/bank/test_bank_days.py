"""Bank days are those of the TARGET calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.bank import bank_days


@pytest.mark.parametrize(
    ("year", "sunday"),
    [
        (1818, date(1818, 3, 22)),
        (2024, date(2024, 3, 31)),
        (2026, date(2026, 4, 5)),
        (2038, date(2038, 4, 25)),
    ],
)
def test_easter_is_where_the_church_has_it(year: int, sunday: date) -> None:
    assert bank_days.easter(year) == sunday


def test_banks_are_closed_on_the_six_holidays_and_at_the_week_end() -> None:
    closed = {
        day
        for number in range(365)
        if not bank_days.is_bank_day(day := date(2026, 1, 1) + timedelta(days=number)) and day.weekday() < 5
    }
    assert closed == {
        date(2026, 1, 1), date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25),
    }  # fmt: skip
    assert not bank_days.is_bank_day(date(2025, 12, 26))
    assert bank_days.is_bank_day(date(2026, 7, 14))  # a holiday in France alone


def test_days_are_counted_over_holidays_and_week_ends() -> None:
    assert bank_days.shifted(date(2026, 4, 2), 1) == date(2026, 4, 7)
    assert bank_days.shifted(date(2026, 4, 7), -1) == date(2026, 4, 2)
    assert bank_days.shifted(date(2026, 4, 4), 2) == date(2026, 4, 8)  # from the Saturday before Easter
    assert bank_days.shifted(date(2026, 4, 4), 0) == date(2026, 4, 4)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(1, 30))
def test_so_many_bank_days_on_and_back_is_the_same_bank_day(day: date, count: int) -> None:
    there = bank_days.shifted(day, count)
    assert bank_days.is_bank_day(there)
    back = bank_days.shifted(there, -count)
    assert back <= day
    assert not any(
        bank_days.is_bank_day(back + timedelta(days=one)) for one in range(1, (day - back).days + 1)
    )
