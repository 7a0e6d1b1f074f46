"""Dates of a payout file that carry a time: a day has all of its day, and is shown as a day."""

import csv as csv_module
import io
from dataclasses import replace

import pytest

from pages.components.outcome_words import day, day_and_time
from services.access import Actor
from services.desk import Desk
from services.i18n import translator
from services.reconciliation.decisions import candidates
from services.reconciliation.views import list_exports, lists, payout_list
from services.settlements.dates import day_after
from services.store.payouts.pages import PayoutFilter
from services.store.settlements import position_pages
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.lines.line_pages import SORTS, Sort
from services.store.settlements.position_pages import OrderFilter
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, import_file

DATES = [
    "2026-11-29 00:00:00",
    "2026-11-30",
    "2026-11-30T00:00:00Z",
    "2026-11-30T23:30:00Z",
    "2026-12-01 00:00:00",
]
LINES = [f"1;77;80{n};A-{n};1{n}.00;EUR;;;;;Sale;1{n}.00;EUR;F-{n};{text}" for n, text in enumerate(DATES)]


@pytest.fixture
def finance(desk: Desk) -> Actor:
    actor = person(desk, "finance")
    for n in range(len(DATES)):
        store_paid_order(desk, f"A-{n}", f"1{n}.00", reference=f"F-{n}")
    import_file(desk, actor, "demo", "november.csv", csv(*LINES))
    return actor


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "otherwise",
    [LineFilter(), LineFilter(settlement="77"), LineFilter(text="80"), LineFilter(currencies=("EUR",)), LineFilter(least=10)],
    ids=["all", "payout", "text", "currency", "amount"],
)  # fmt: skip
def test_a_day_has_all_of_its_day(desk: Desk, finance: Actor, otherwise: LineFilter, sort: Sort) -> None:
    chosen = replace(otherwise, since="2026-11-30", until="2026-11-30")
    found = lists.lines(desk, finance, chosen, sort).rows
    assert {line.transaction_id for line in found} == {"801", "802", "803"}


def test_until_a_day_and_since_a_day_meet(desk: Desk, finance: Actor) -> None:
    for last, first, before in (("2026-11-30", "2026-12-01", 4), ("2026-11-29", "2026-11-30", 1)):
        assert len(lists.lines(desk, finance, LineFilter(until=last)).rows) == before
        assert len(lists.lines(desk, finance, LineFilter(since=first)).rows) == len(DATES) - before


def test_orders_of_a_day(desk: Desk, finance: Actor) -> None:
    chosen = OrderFilter(since="2026-11-30", until="2026-11-30")
    assert {row.order_id for row in lists.orders(desk, finance, chosen).rows} == {"A-1", "A-2", "A-3"}
    with desk.store.read() as tx:
        assert position_pages.count(tx, chosen) == 3


def test_exports_are_narrowed_likewise_and_say_days(desk: Desk, finance: Actor) -> None:
    t, out = translator("en"), io.BytesIO()
    list_exports.write_lines(desk, finance, LineFilter(until="2026-11-30"), "oldest", "csv", t, out)
    assert _column(out, "Date") == ["2026-11-29", *["2026-11-30"] * 3]
    out = io.BytesIO()
    list_exports.write_orders(desk, finance, OrderFilter(), "oldest", "csv", t, out)
    assert _column(out, "Last date in the files") == ["2026-11-29", *["2026-11-30"] * 3, "2026-12-01"]
    out = io.BytesIO()
    list_exports.write_payouts(desk, finance, PayoutFilter(), "csv", t, out)
    assert (_column(out, "First date"), _column(out, "Date")) == (["2026-11-29"], ["2026-12-01"])


def _column(out: io.BytesIO, name: str) -> list[str]:
    return [row[name] for row in csv_module.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")))]


def test_a_payout_has_days(desk: Desk, finance: Actor) -> None:
    [one] = payout_list.list_payouts(desk, finance)
    assert (one.first_date, one.last_date) == ("2026-11-29", "2026-12-01")


def test_what_comes_near_a_line_is_ordered_by_its_day(desk: Desk, finance: Actor) -> None:
    line = lists.lines(desk, finance, LineFilter(text="803")).rows[0]
    assert str(candidates._day(line)) == "2026-11-30"


@pytest.mark.parametrize(
    ("stored", "short", "whole"),
    [
        ("2026-11-30", "30 Nov 2026", "30 Nov 2026"),
        ("2026-11-30T23:30:00Z", "30 Nov 2026", "30 Nov 2026 23:30:00 UTC"),
        ("2026-11-30T00:05:00.250+02:00", "30 Nov 2026", "30 Nov 2026 00:05:00.250 +02:00"),
        ("2026-11-30T23:30", "30 Nov 2026", "30 Nov 2026 23:30"),
        ("", "", ""),
        ("VIR-2026-11-30", "VIR-2026-11-30", "VIR-2026-11-30"),  # some name the transfer instead of dating it
    ],
)
def test_a_date_is_shown_as_its_reader_writes_it_and_shifted_nowhere(
    stored: str, short: str, whole: str
) -> None:
    t = translator("en")
    assert (day(stored, t), day_and_time(stored, t)) == (short, whole)


def test_a_french_reader_sees_french_dates() -> None:
    assert day("2026-11-30T23:30:00Z", translator("fr")) == "30 nov. 2026"


@pytest.mark.parametrize(
    ("last", "bound"), [("2026-11-30", "2026-12-01"), ("2028-02-28", "2028-02-29"), ("9999-12-31", "9999")]
)
def test_the_day_after(last: str, bound: str) -> None:
    assert day_after(last) == bound
