"""Pages of lines: each filter and sort shows every line once, in order, and an index leads to it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, select, text, update

from services.desk import Desk
from services.reconciliation.views import sales
from services.store.schema.payout_lines import payout_lines
from services.store.schema.reconciliation import order_positions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements import position_pages
from services.store.settlements.lines import line_pages, line_search, sale_pages
from services.store.settlements.lines.line_days import day_number
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.lines.line_pages import SORTS, Place, Sort
from services.store.settlements.lines.sale_pages import Heads
from services.store.settlements.lines.stored_lines import StoredLine
from services.store.settlements.position_pages import ORDER_SORTS, OrderFilter, OrderSort
from tests.support import postgres
from tests.support.desk import open_test_desk, person
from tests.support.many_lines import fill
from tests.support.stored_lines import every_line

LINES = 24_000
FILTERS = {
    "all": LineFilter(),
    "open": LineFilter(outcomes=("unmatched", "suggested", "ambiguous")),
    "matched": LineFilter(outcomes=("matched",)),
    "currency": LineFilter(currencies=("GBP",)),
    "rare operation": LineFilter(operations=("adjustment_tpp",)),
    "unknown operation": LineFilter(operations=("",)),
    "payout": LineFilter(settlement="1"),
    "open of a payout": LineFilter(settlement="1", outcomes=("unmatched",)),
    "file": LineFilter(files=(1,), operations=("refund",)),
    "files": LineFilter(files=(1, 3), outcomes=("unmatched",)),
    "order": LineFilter(order=77),
    "amounts": LineFilter(least=1_000_000, most=2_000_000),
    "large": LineFilter(least=45_000_000),
    "open and small": LineFilter(outcomes=("unmatched",), most=500_000),
    "dates": LineFilter(since="2026-01-02", until="2026-01-03"),
    "since": LineFilter(since="2026-01-08", outcomes=("unmatched",)),
    "reference": LineFilter(text="INV-77", loose="inv77"),
    "transaction": LineFilter(text="80000123"),
    "nothing": LineFilter(currencies=("JPY",)),
}


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder: Path = tmp_path_factory.mktemp("many")
    desk = open_test_desk(folder)
    fill(desk, LINES)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def stored(many: Desk) -> list[StoredLine]:
    with many.store.read() as tx:
        return every_line(tx)


def expected(stored: list[StoredLine], chosen: LineFilter, sort: Sort) -> list[Place]:
    """What a page should be cut from, in plain Python."""
    column, descending = SORTS[sort]
    kept = [
        (day_number(line.date) if column == "date_day" else getattr(line, column), line.id)
        for line in stored
        if (not chosen.outcomes or line.outcome in chosen.outcomes)
        and (not chosen.currencies or line.settlement_currency in chosen.currencies)
        and (not chosen.operations or line.operation_code in chosen.operations)
        and (not chosen.settlement or line.settlement_id == chosen.settlement)
        and (not chosen.files or line.file in chosen.files)
        and (chosen.order is None or line.order == chosen.order)
        and (
            chosen.least is None
            or (line.settled_amount_units is not None and abs(line.settled_amount_units) >= chosen.least)
        )
        and (
            chosen.most is None
            or (line.settled_amount_units is not None and abs(line.settled_amount_units) <= chosen.most)
        )
        and (not chosen.since or line.date >= chosen.since)
        and (not chosen.until or line.date <= chosen.until)
        and (
            not chosen.text
            or line.transaction_id.startswith(chosen.text)
            or (chosen.loose and line.loose_reference.startswith(chosen.loose))
        )
    ]
    amounts = sorted((place for place in kept if place[0] is not None), reverse=descending)
    blank = sorted(
        (place for place in kept if place[0] is None), key=lambda place: place[1], reverse=descending
    )
    return amounts + blank


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", FILTERS)
def test_pages_follow_each_other_forth_and_back(
    many: Desk, stored: list[StoredLine], name: str, sort: Sort
) -> None:
    chosen, wanted = FILTERS[name], expected(stored, FILTERS[name], sort)
    with many.store.read() as tx:
        first, total = line_pages.places(tx, chosen, sort, None, 40)
        assert first == wanted[:40]
        assert total in (None, len(wanted))
        assert (total is not None) == chosen.counted or not wanted
        for at in (0, 39, len(wanted) // 2, len(wanted) - 2):  # the last are the lines without an amount
            if 0 <= at < len(wanted):
                forth, _ = line_pages.places(tx, chosen, sort, wanted[at], 40)
                back, _ = line_pages.places(tx, chosen, sort, wanted[at], 40, back=True)
                assert forth == wanted[at + 1 : at + 41]
                assert back == wanted[max(0, at - 40) : at][::-1]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", FILTERS)
def test_a_page_of_sales_has_each_at_its_first_line(
    many: Desk, stored: list[StoredLine], name: str, sort: Sort
) -> None:
    chosen, known = FILTERS[name], {line.id: line for line in stored}
    places = [place[1] for place in expected(stored, chosen, sort)]
    leads: dict[
        str, tuple[bool, bool, int]
    ] = {}  # of those listed the Sale, else what is no fee, else the oldest
    for number in places:
        line = known[number]
        lead = (line.kind != "sale", line.kind in ("fee", "adjustment", "unknown"), number)
        leads[line.transaction_id] = min(lead, leads.get(line.transaction_id, lead))
    wanted = [leads[of][2] for of in dict.fromkeys(known[number].transaction_id for number in places)]
    actor = person(many, "finance")
    found = [sales.sales(many, actor, chosen, sort)]
    assert found[0].sales in (
        (len(wanted),) if chosen.counted and len(wanted) < 5_000 else (None, len(wanted))
    )
    while len(found) < 3 and (after := found[-1].page.after):
        found.append(sales.sales(many, actor, chosen, sort, after))
    pages = [[sale.line.id for sale in one.page.rows] for one in found]
    assert [number for page in pages for number in page] == wanted[:75]
    assert (found[-1].page.after is None) == (len(wanted) <= 75)
    before = found[-1].page.before
    for page in reversed(pages[:-1]):
        assert before
        again = sales.sales(many, actor, chosen, sort, before).page
        assert [sale.line.id for sale in again.rows] == page
        before = again.before
    assert before is None


@pytest.mark.skipif(bool(postgres.SERVER), reason="the plan is SQLite's")
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("name", [name for name in FILTERS if name != "nothing"])
def test_an_index_leads_to_every_page(many: Desk, name: str, sort: Sort) -> None:
    at: Place = (2026_01_05, 5) if SORTS[sort][0] == "date_day" else (5, 5)

    def asked(tx: Connection) -> None:
        places, _ = line_pages.places(tx, FILTERS[name], sort, at, 40)
        Heads(tx, FILTERS[name], sort).among(places)
        sale_pages.lines_of(tx, [("demo", "80000123")], 50)
        sale_pages.sums(tx, [("demo", "80000123")])

    for step in plan(many, asked):
        assert not step.startswith("SCAN payout_lines"), step
        assert "AUTOMATIC" not in step


@pytest.mark.skipif(bool(postgres.SERVER), reason="the plan is SQLite's")
@pytest.mark.parametrize(
    ("sort", "index"), [("newest", "group_id"), ("lowest", "group_amount"), ("latest", "group_date")]
)
def test_a_page_of_open_lines_is_read_in_its_order(many: Desk, sort: Sort, index: str) -> None:
    chosen = LineFilter(outcomes=("unmatched",))
    steps = plan(many, lambda tx: line_pages.places(tx, chosen, sort, None, 40))
    assert any(f"ix_payout_lines_{index} (group=?" in step for step in steps)
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def plan(desk: Desk, asked: Any) -> list[str]:
    """How SQLite goes about each statement on lines that ``asked`` executes."""
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, parameters))

    with desk.store.read() as tx:
        event.listen(desk.store.engine, "before_cursor_execute", note)
        try:
            asked(tx)
        finally:
            event.remove(desk.store.engine, "before_cursor_execute", note)
        steps = []
        for statement, parameters in seen:
            if "FROM payout_lines" in statement:
                steps += [row[3] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert steps
    return steps


def test_lines_of_a_file_that_is_not_complete_are_not_seen(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    fill(desk, 2_000)
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(state="running"))
        tx.execute(text("DELETE FROM line_totals WHERE outcome = 'suggested'"))
    with desk.store.read() as tx:
        for chosen in (LineFilter(), LineFilter(order=77), LineFilter(text="INV-77", loose="inv77")):
            assert line_pages.places(tx, chosen, "newest", None, 40)[0] == []
    desk.close()


def test_replaced_lines_are_not_seen(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    fill(desk, 2_000)
    with desk.store.write() as tx:
        tx.execute(update(payout_lines).where(payout_lines.c.id == 2_000).values(replaced_by=1))
    with desk.store.read() as tx:
        found, _ = line_pages.places(tx, LineFilter(), "newest", None, 2)
    assert [number for _, number in found] == [1_999, 1_998]
    desk.close()


@pytest.mark.parametrize(
    ("text", "loose", "hits"),
    [("INV-77", "inv77", 55), ("80000123", "80000123", 40), ("A-12", "a12", 555)],
)
def test_a_search_knows_whether_it_has_more_hits_than_it_looks_at(
    many: Desk, monkeypatch: pytest.MonkeyPatch, text: str, loose: str, hits: int
) -> None:
    chosen = LineFilter(text=text, loose=loose)
    with many.store.read() as tx:
        monkeypatch.setattr(line_search, "MOST_FOUND", hits)
        assert not line_search.is_cut(tx, chosen)
        monkeypatch.setattr(line_search, "MOST_FOUND", hits - 1)
        assert line_search.is_cut(tx, chosen)


def test_orders_counted_by_a_search_are_not_said_to_be_all(many: Desk) -> None:
    with many.store.read() as tx:
        assert position_pages.cut(tx, OrderFilter(loose="inv"))
        assert position_pages.count(tx, OrderFilter(loose="inv")) == line_search.MOST_FOUND
        assert not position_pages.cut(tx, OrderFilter(loose="inv77"))


ORDER_FILTERS = {
    "all": OrderFilter(),
    "open": OrderFilter(statuses=("settled_under", "paid_not_settled")),
    "reference": OrderFilter(loose="inv77"),
    "amount": OrderFilter(least=100_000, most=100_000, currencies=("EUR",)),
    "none": OrderFilter(least=100_001),
}


@pytest.mark.parametrize("sort", ORDER_SORTS)
@pytest.mark.parametrize("name", ORDER_FILTERS)
def test_pages_of_orders_follow_each_other(many: Desk, name: str, sort: OrderSort) -> None:
    chosen, column = ORDER_FILTERS[name], ORDER_SORTS[sort][0]
    with many.store.read() as tx:
        count = position_pages.count(tx, chosen)
        every = position_pages.page(tx, chosen, sort, None, LINES)
        places = [(getattr(row, column), row.order) for row in every]
        assert len(every) == count == len(set(places))
        assert places == sorted(places, reverse=ORDER_SORTS[sort][1])
        if count:
            after = position_pages.page(tx, chosen, sort, places[count // 2], 30)
            before = position_pages.page(tx, chosen, sort, places[count // 2], 30, back=True)
            assert after == every[count // 2 + 1 : count // 2 + 31]
            assert before == every[max(0, count // 2 - 30) : count // 2][::-1]


def test_statuses_are_counted(many: Desk) -> None:
    with many.store.read() as tx:
        found = position_pages.statuses(tx, ("demo",))
        assert sum(found.values()) == len(list(tx.execute(select(order_positions.c.order))))
        assert position_pages.count(tx, OrderFilter(statuses=("settled_under",))) == found["settled_under"]
        assert position_pages.count(tx, replace(OrderFilter(), accounts=("elsewhere",))) == 0
