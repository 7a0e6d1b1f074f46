"""When a reminder is due, and when it may leave."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.accounts.reminders import Reminders
from services.orders.reminders import APART, LATEST, which

PARIS = ZoneInfo("Europe/Paris")
SENT = datetime(2026, 11, 2, 10, tzinfo=UTC)  # a Monday
END = SENT + timedelta(days=14)
DAY = timedelta(days=1)
FIRST, LAST = datetime(2026, 1, 1), datetime(2027, 1, 1)  # noqa: DTZ001 - hypothesis wants them so


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24T08:59", "2026-11-24T09:00"),
        ("2026-11-24T09:00", "2026-11-24T09:00"),
        ("2026-11-24T17:59", "2026-11-24T17:59"),
        ("2026-11-24T18:00", "2026-11-25T09:00"),
        ("2026-11-28T18:00", "2026-11-30T09:00"),  # Saturday evening → Monday
        ("2026-11-29T12:00", "2026-11-30T09:00"),  # Sunday
        ("2026-10-24T20:00", "2026-10-26T09:00"),  # over the night on which the clocks go back
        ("2026-03-28T23:00", "2026-03-30T09:00"),  # ... and forward
    ],
)
def test_daylight_is_on_the_accounts_clock(moment: str, expected: str) -> None:
    assert Reminders(before=(1,)).next_daylight(paris(moment), PARIS) == paris(expected)


def test_sundays_and_other_hours_where_they_are_wanted() -> None:
    assert Reminders(before=(1,), sundays=True).next_daylight(paris("2026-11-29T12:00"), PARIS) == paris(
        "2026-11-29T12:00"
    )
    always = Reminders(before=(1,), from_hour=0, to_hour=24, sundays=True)
    assert always.next_daylight(paris("2026-11-29T23:59"), PARIS) == paris("2026-11-29T23:59")


@given(
    st.datetimes(timezones=st.just(UTC), min_value=FIRST, max_value=LAST),
    st.integers(0, 22),
    st.integers(1, 5),
    st.booleans(),
)
def test_the_next_daylight_is_in_daylight_and_not_before(
    moment: datetime, begin: int, length: int, sundays: bool
) -> None:
    wanted = Reminders(before=(1,), from_hour=begin, to_hour=min(begin + length, 24), sundays=sundays)
    now = moment
    found = wanted.next_daylight(now, PARIS)
    local = found.astimezone(PARIS)
    assert found >= now
    assert found - now < 3 * DAY
    assert sundays or local.weekday() != 6
    assert begin <= local.hour < wanted.to_hour or (begin, local.hour) == (
        2,
        3,
    )  # an hour that one night lacks


def due(
    now: datetime,
    wanted: Reminders,
    *,
    last: datetime = SENT,
    mailed: tuple[tuple[str, datetime], ...] = (("mail_sent", SENT),),
) -> str:
    events = [SimpleNamespace(kind=kind, at=at) for kind, at in mailed]
    found = which(7, events, last, END, wanted, now)
    return found.key if found else ""


def test_days_after_and_before() -> None:
    wanted = Reminders(before=(2,), after=(3,))
    assert due(SENT + 3 * DAY - timedelta(minutes=1), wanted) == ""
    assert due(SENT + 3 * DAY, wanted) == "reminder:7:after:3:0"
    assert due(END - 2 * DAY, wanted, last=SENT + 3 * DAY) == "reminder:7:before:2:202611161000"
    assert due(END - 2 * DAY + LATEST, Reminders(before=(2,))) == ""  # too late to be of use
    assert due(SENT + 5 * DAY, Reminders()) == ""


def test_a_newer_mail_has_taken_the_rules_turn_and_two_are_a_day_apart() -> None:
    wanted = Reminders(after=(3, 4))
    by_hand = SENT + 3 * DAY + timedelta(hours=1)
    assert due(by_hand + timedelta(hours=1), wanted, last=by_hand) == ""
    assert due(SENT + 4 * DAY, wanted, last=by_hand) == ""
    assert due(by_hand + APART, wanted, last=by_hand) == "reminder:7:after:4:0"
    assert due(SENT + 5 * DAY, wanted) == "reminder:7:after:4:0"  # one for both


def test_what_was_due_before_it_was_switched_on_is_not_sent() -> None:
    since = SENT + 3 * DAY + timedelta(hours=1)
    assert due(since + timedelta(hours=1), Reminders(after=(3,), since=since)) == ""
    assert due(SENT + 4 * DAY, Reminders(after=(4,), since=since)) != ""


def test_a_renewed_link_begins_anew() -> None:
    renewed = SENT + 20 * DAY
    mailed = (("mail_sent", SENT), ("link_renewed", renewed), ("mail_sent", renewed))
    assert (
        due(renewed + 3 * DAY, Reminders(after=(3,)), last=renewed, mailed=mailed) == "reminder:7:after:3:1"
    )
    assert (
        due(renewed + 3 * DAY, Reminders(after=(3,)), last=renewed, mailed=mailed[:2]) == ""
    )  # not sent yet
