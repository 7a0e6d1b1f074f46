"""What the reconciliation screens show of imported files, and what they export."""

import csv as csv_module
import io
from datetime import timedelta
from typing import Any

import pytest
import python_calamine
from sqlalchemy import update

from services import clock
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.i18n import translator
from services.orders.errors import UnknownOrder
from services.payouts import work_out
from services.reconciliation.decisions import account_rules
from services.reconciliation.decisions.errors import LineUnknown
from services.reconciliation.views import details, file_list, list_exports, lists, payout_list
from services.store.payouts import versions
from services.store.payouts.pages import PayoutFilter
from services.store.schema.orders import orders
from services.store.schema.reconciliation import order_positions
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines.line_filter import LineFilter
from services.store.settlements.position_pages import OrderFilter
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payouts import HEAD, csv, import_file

SALE = "1;77;800;A-1;100.00;EUR;;;;;Sale;100.00;EUR;F-1;2026-11-20"
FEE = "1;77;800;A-1;-0.30;EUR;-0.25;-0.05;-0.30;EUR;Fixed fee;-0.30;EUR;F-1;2026-11-20"
STRANGE = "1;77;801;=1+1;10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-19"
PAYOUT = "1;77;;;;;;;;;Settlement;109.70;EUR;;2026-11-21"


@pytest.fixture
def october(desk: Desk, finance: Actor) -> int:
    store_paid_order(desk, "A-1", "100.00", reference="F-1")
    return import_file(desk, finance, "demo", "october.csv", csv(SALE, FEE, STRANGE, PAYOUT))


def test_figures_come_from_the_kept_sums(desk: Desk, finance: Actor, october: int) -> None:
    found = lists.figures(desk, finance)
    assert found.outcomes == {"matched": 2, "unmatched": 1, "total_line": 1}
    assert (found.lines(*lists.OPEN), found.orderly) == (1, 3)
    assert {state: count for state, count in found.payout_states.items() if count} == {"tied": 1}
    assert (found.payouts, found.payouts_tied) == (1, 1)
    assert found.currencies == ("EUR",)
    assert set(found.operations) == {"sale", "fixed_fee", "settlement"}


def test_a_line_stands_beside_its_order_with_what_differs(desk: Desk, finance: Actor, october: int) -> None:
    [sale] = lists.lines(desk, finance, LineFilter(outcomes=("matched",), operations=("sale",))).rows
    found = details.line(desk, finance, sale.id)
    assert (found.line.file_name, found.line.line, found.line.order_id) == ("october.csv", 2, "A-1")
    [beside] = found.related
    assert (beside.role, beside.order.order_id) == ("matched", "A-1")
    assert {one.fact: one.verdict for one in beside.compared}["amount"] == "same"


def test_the_invoice_number_is_the_reference_that_joins_in_the_account(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1", "100.00", reference="F-1")
    head = HEAD.replace("Reporting data 1", "Reporting data 1;Reporting data 2")
    raw = "\r\n".join((head, SALE.replace(";F-1;", ";F-1;R-2;"), "")).encode()
    import_file(desk, finance, "demo", "october.csv", raw)
    with desk.store.write() as tx:
        tx.execute(update(orders).values(reference_2="R-2"))
    for reference, said in ((0, "F-1"), (2, "R-2"), (1, "F-1")):
        account_rules.save(desk, finance, "demo", reference=reference, ignore=(), late_days=10)
        [line] = lists.lines(desk, finance, LineFilter()).rows
        [listed] = lists.orders(desk, finance, OrderFilter()).rows
        of_order = details.order(desk, finance, order).order
        assert (line.invoice_number, listed.invoice_number, of_order.invoice_number) == (said,) * 3
        [head_, row] = sheet(
            lambda out: list_exports.write_orders(
                desk, finance, OrderFilter(), "newest", "xlsx", translator("en"), out
            )
        )
        assert row[head_.index("Invoice number")] == said


def test_a_correction_names_what_the_line_said_before(desk: Desk, finance: Actor, october: int) -> None:
    import_file(
        desk, finance, "demo", "again.csv", csv(SALE.replace("100.00", "90.00"), FEE, STRANGE, PAYOUT)
    )
    [sale] = lists.lines(desk, finance, LineFilter(outcomes=("matched",), operations=("sale",))).rows
    found = details.line(desk, finance, sale.id)
    assert found.line.settled_amount_units == 90_0000
    assert [(old.settled_amount_units, old.file_name) for old in found.former] == [(100_0000, "october.csv")]


def test_an_order_is_shown_with_its_lines_and_where_it_stands(
    desk: Desk, finance: Actor, october: int
) -> None:
    [row] = lists.orders(desk, finance, OrderFilter()).rows
    found = details.order(desk, finance, row.order)
    assert found.order.net_units == 99_7000
    assert [line.operation_code for line in found.lines] == ["sale", "fixed_fee"]
    assert details.names(desk, finance, files=[october], order=row.order) == (("october.csv",), "A-1")


def test_what_is_paid_too_long_and_in_no_payout_is_late(desk: Desk, finance: Actor, october: int) -> None:
    [row] = lists.orders(desk, finance, OrderFilter()).rows
    assert lists.figures(desk, finance).late == 0
    with desk.store.write() as tx:
        long_ago = clock.now() - timedelta(days=90)
        tx.execute(update(order_positions).values(open=True, open_units=1, paid_at=long_ago))
    assert lists.figures(desk, finance).late == 1
    assert [one.order for one in lists.orders(desk, finance, OrderFilter(), late=True).rows] == [row.order]


def test_a_payout_says_what_it_is_made_of_and_what_stands_in_its_way(
    desk: Desk, finance: Actor, october: int
) -> None:
    [payout] = payout_list.list_payouts(desk, finance)
    assert (payout.state, payout.lines_units, payout.announced_units, payout.open_lines) == (
        "tied",
        109_7000,
        109_7000,
        1,
    )
    parts = {part.code: part.units for part in payout_list.operation_sums(desk, finance, payout)}
    assert parts == {"sale": 110_0000, "fixed_fee": -3000, "settlement": 109_7000}
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(aside_open={"77": 2}))
        versions.grow_all(tx)
    work_out.catch_up(desk.store)
    [blocked] = payout_list.list_payouts(desk, finance)
    assert (blocked.state, blocked.rows_set_aside) == ("rows_not_read", 2)
    with desk.store.write() as tx:  # of a row that names no payout, any of the file's may be meant
        tx.execute(update(settlement_files).values(aside_open={"": 2}))
        versions.grow_all(tx)
    work_out.catch_up(desk.store)
    [blocked] = payout_list.list_payouts(desk, finance)
    assert (blocked.state, blocked.rows_set_aside) == ("rows_not_read", 2)


def test_pages_know_those_beside_them(desk: Desk, finance: Actor, october: int) -> None:
    first = lists.lines(desk, finance, LineFilter(), shown=3)
    assert (first.total, len(first.rows), first.before) == (4, 3, None)
    last = lists.lines(desk, finance, LineFilter(), cursor=first.after, shown=3)
    assert (len(last.rows), last.after) == (1, None)
    back = lists.lines(desk, finance, LineFilter(), cursor=last.before, shown=3)
    assert [row.id for row in back.rows] == [row.id for row in first.rows]
    assert back.before is None


@pytest.mark.parametrize(("language", "delimiter", "amount"), [("en", ",", "-0.30"), ("fr", ";", "-0,30")])
def test_lines_are_exported_safely_in_the_readers_numbers(
    desk: Desk, finance: Actor, october: int, language: str, delimiter: str, amount: str
) -> None:
    t, out = translator(language), io.BytesIO()
    assert list_exports.write_lines(desk, finance, LineFilter(), "oldest", "csv", t, out) == 4
    rows = list(csv_module.DictReader(io.StringIO(out.getvalue().decode("utf-8-sig")), delimiter=delimiter))
    assert [row[t("Settled amount")] for row in rows][1] == amount
    assert rows[2][t("Order")] == "'=1+1"
    assert rows[0][t("Our order")] == "A-1"
    assert rows[0][t("File")] == "october.csv"


def test_the_filter_holds_in_the_export_and_amounts_are_numbers(
    desk: Desk, finance: Actor, october: int
) -> None:
    t = translator("en")
    [head, *rows] = sheet(
        lambda out: list_exports.write_lines(
            desk, finance, LineFilter(outcomes=("unmatched",)), "newest", "xlsx", t, out
        )
    )
    assert len(rows) == 1
    assert rows[0][head.index("Settled amount")] == 10.0
    assert rows[0][head.index("Order")] == "=1+1"
    [head, *rows] = sheet(
        lambda out: list_exports.write_orders(desk, finance, OrderFilter(), "newest", "xlsx", t, out)
    )
    assert (rows[0][head.index("Order id")], rows[0][head.index("Net")]) == ("A-1", 99.7)
    [head, *rows] = sheet(
        lambda out: list_exports.write_payouts(desk, finance, PayoutFilter(states=("tied",)), "xlsx", t, out)
    )
    assert (rows[0][head.index("Payout")], rows[0][head.index("Difference")]) == ("77", 0.0)


def sheet(write: Any) -> list[list[Any]]:
    out = io.BytesIO()
    write(out)
    out.seek(0)
    found: list[list[Any]] = (
        python_calamine.CalamineWorkbook.from_filelike(out).get_sheet_by_index(0).to_python()
    )
    return found


def test_what_is_not_there_is_refused_and_so_is_who_may_not_see(
    desk: Desk, finance: Actor, october: int
) -> None:
    with pytest.raises(LineUnknown):
        details.line(desk, finance, 99_999)
    with pytest.raises(UnknownOrder):
        details.order(desk, finance, 99_999)
    manager = person(desk, "manager")
    for look in (
        lists.figures,
        file_list.any_file,
        file_list.files,
        file_list.unfinished,
        payout_list.list_payouts,
    ):
        with pytest.raises(NotAllowed):
            look(desk, manager)  # type: ignore[operator]
    with pytest.raises(NotAllowed):
        list_exports.write_lines(desk, manager, LineFilter(), "newest", "csv", translator("en"), io.BytesIO())
