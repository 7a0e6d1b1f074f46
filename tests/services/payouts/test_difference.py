"""A payout that differs, imported: which lines, orders and files explain it, and how much is read for it."""

import time
from collections.abc import Sequence
from decimal import Decimal

import pytest
from sqlalchemy import event

from services.access import Actor, NotAllowed
from services.desk import Desk
from services.payouts import difference_loader, explained
from services.payouts.explained import Explained
from services.store.settlements.lines import replaced_lines
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_files import Row, payout_file, rows_of_sales, total
from tests.support.payouts import import_file
from tests.support.stored_lines import every_line

pytestmark = pytest.mark.store
AMOUNTS = ("19.99", "42.50", "100.00", "6.50", "88.75", "123.45", "31.00", "7.20")


def units(amount: Decimal) -> int:
    return int(amount * 10_000)


def imported(
    desk: Desk, rows: Sequence[Row], announced: Decimal, name: str = "payout.csv", **more: str
) -> int:
    return import_file(desk, person(desk, "finance"), "demo", name, payout_file(rows, announced, **more))


def explain(desk: Desk, rows: Sequence[Row], announced: Decimal) -> Explained:
    return explained.explain(
        desk,
        person(desk, "finance"),
        account="demo",
        settlement_id="77",
        currency="EUR",
        units=units(total(rows) - announced),
    )


def test_a_removed_sale_is_named_by_its_fees_then_by_its_order(desk: Desk) -> None:
    rows = rows_of_sales(AMOUNTS)
    short = [row for row in rows if row[:2] != ("Sale", "T4")]
    imported(desk, short, total(rows))
    found = explain(desk, short, total(rows))
    first = found.explanations[0]
    assert (first.kind, first.sure, first.units) == ("fees_without_sale", "likely", -88_7500)
    assert {found.lines[line].transaction_id for line in first.lines} == {"T4"}
    assert found.whole


def test_a_removed_sale_is_certain_by_its_order(desk: Desk) -> None:
    rows = rows_of_sales(AMOUNTS)
    short = [row for row in rows if row[:2] != ("Sale", "T4")]
    order = store_paid_order(desk, "AT4", "88.75")
    imported(desk, short, total(rows))
    first, *_ = (found := explain(desk, short, total(rows))).explanations
    assert (first.kind, first.sure, first.orders) == ("order_not_paid_out", "certain", (order,))
    assert found.orders[order].order_id == "AT4"
    assert {found.lines[line].transaction_id for line in first.lines} == {"T4"}


def test_a_line_of_another_payouts_file(desk: Desk) -> None:
    rows = rows_of_sales(AMOUNTS)
    strange: Row = ("Sale", "X1", Decimal("55.55"))
    imported(desk, rows, total(rows))
    other = payout_file([("Sale", "Y1", Decimal("5.00"))], Decimal("5.00"), "88").decode()
    moved = payout_file([strange], Decimal(0)).decode().splitlines()[1]
    import_file(desk, person(desk, "finance"), "demo", "88.csv", f"{other}{moved}\r\n".encode())
    found = explain(desk, [*rows, strange], total(rows))
    assert (found.explanations[0].kind, found.explanations[0].sure) == ("other_payout", "likely")
    assert [found.lines[line].transaction_id for line in found.explanations[0].lines] == ["X1"]


def test_a_line_that_the_file_has_under_another_payout(desk: Desk) -> None:
    rows = rows_of_sales(AMOUNTS)
    announced = total(rows) + Decimal("55.55")
    raw = payout_file(rows, announced).decode()
    moved = payout_file([("Sale", "X1", Decimal("55.55"))], Decimal(0), "88").decode().splitlines()[1]
    import_file(desk, person(desk, "finance"), "demo", "77.csv", f"{raw}{moved}\r\n".encode())
    found = explain(desk, rows, announced)
    assert found.explanations[0].kind == "other_payout"
    assert found.lines[found.explanations[0].lines[0]].settlement_id == "88"


def test_rows_that_were_not_read_are_named_with_their_file(desk: Desk) -> None:
    rows = rows_of_sales(AMOUNTS)
    raw = payout_file(rows, total(rows) + 3).decode().replace("42.50;EUR;INV-T1", "x;EUR;INV-T1")
    file = import_file(desk, person(desk, "finance"), "demo", "read.csv", raw.encode())
    found = explain(desk, [row for row in rows if row[:2] != ("Sale", "T1")], total(rows) + 3)
    unread = [one for one in found.explanations if one.kind == "rows_not_read"]
    assert [(one.sure, one.files, one.rows) for one in unread] == [("likely", (file,), 1)]
    assert found.files == {file: "read.csv"}


def test_a_large_payout_is_searched_by_amounts_and_orders_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = rows_of_sales(AMOUNTS)
    short = [row for row in rows if row[:2] != ("Sale", "T4")]
    order = store_paid_order(desk, "AT4", "88.75")
    imported(desk, short, total(rows))
    monkeypatch.setattr(difference_loader, "MOST_LINES", 5)
    monkeypatch.setattr(difference_loader.searches, "every_line", None)  # would read all lines
    found = explain(desk, short, total(rows))
    assert not found.whole
    first = found.explanations[0]
    assert (first.kind, first.sure, first.orders) == ("order_not_paid_out", "certain", (order,))
    doubled = explain(desk, [*short, ("Sale", "T2", Decimal("100.00"))], total(short))
    assert "is_difference" in {one.kind for one in doubled.explanations}


def test_how_many_queries_it_takes_depends_on_nothing(desk: Desk) -> None:
    counts = []
    for number, amounts in ((1, AMOUNTS), (2, AMOUNTS * 10)):
        rows = rows_of_sales(amounts)
        short = [row for row in rows if row[:2] != ("Sale", "T4")]
        imported(desk, short, total(rows), f"{number}.csv", settlement=str(number))
        queries: list[str] = []

        def count(*arguments: object, queries: list[str] = queries) -> None:
            queries.append(str(arguments[2]))

        engine = desk.store.engine
        event.listen(engine, "before_cursor_execute", count)
        explained.explain(
            desk,
            person(desk, "finance"),
            account="demo",
            settlement_id=str(number),
            currency="EUR",
            units=-88_7500,
        )
        event.remove(engine, "before_cursor_execute", count)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 30


def test_who_may_not_see_payouts_gets_no_explanation(desk: Desk, manager: Actor) -> None:
    with pytest.raises(NotAllowed):
        explained.explain(desk, manager, account="demo", settlement_id="77", currency="EUR", units=1)


THOUSANDS = rows_of_sales(f"{10 + place * 7 % 1999 + place % 100 / 100:.2f}" for place in range(1667))
GONE: Row = next(row for row in THOUSANDS if row[:2] == ("Sale", "T800"))
SHORT = [row for row in THOUSANDS if row != GONE]


def test_five_thousand_lines_short_by_one_are_explained_by_its_orphaned_fees(desk: Desk) -> None:
    assert len(SHORT) == 5_000
    imported(desk, SHORT, total(THOUSANDS))
    begun = time.process_time()
    found = explain(desk, SHORT, total(THOUSANDS))
    assert time.process_time() - begun < 1
    first = found.explanations[0]
    assert (first.kind, first.sure, first.units) == ("fees_without_sale", "likely", -units(GONE[2]))
    assert {found.lines[line].transaction_id for line in first.lines} == {"T800"}


def test_five_thousand_lines_short_by_one_are_explained_by_its_order(desk: Desk) -> None:
    order = store_paid_order(desk, "AT800", str(GONE[2]))
    imported(desk, SHORT, total(THOUSANDS))
    first = explain(desk, SHORT, total(THOUSANDS)).explanations[0]
    assert (first.kind, first.sure, first.orders) == ("order_not_paid_out", "certain", (order,))


def test_five_thousand_lines_short_by_one_are_explained_by_an_earlier_issue(desk: Desk) -> None:
    imported(desk, THOUSANDS, total(THOUSANDS))
    later = imported(desk, [("Sale", "X", Decimal("1.00"))], Decimal("1.00"), "later.csv", settlement="88")
    with desk.store.write() as tx:
        [gone] = [line.id for line in every_line(tx) if (line.transaction_id, line.kind) == ("T800", "sale")]
        replaced_lines.withdraw(tx, [gone], later)
    found = explain(desk, SHORT, total(THOUSANDS))
    first = found.explanations[0]
    assert (first.kind, first.sure, first.lines) == ("withdrawn", "certain", (gone,))
    assert found.files == {later: "later.csv"}
