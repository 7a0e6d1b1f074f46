"""What is not there is not 0: no payout is proved by it, no order settled, whether it comes now or was stored long ago."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import column as sql_column
from sqlalchemy import table, update

from services import clock
from services.access import Actor
from services.desk import Desk
from services.i18n import translator
from services.imports import background
from services.imports.loading import process
from services.payouts import fill_measures, work_out
from services.reconciliation.decisions import decide, set_aside_rows
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import (
    details,
    line_text,
    lists,
    order_text,
    payout_list,
)
from services.reconciliation.views.payout_list import Payout
from services.settlements.findings import findings_from_json
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.files import import_tries
from services.store.settlements.position_pages import OrderFilter
from tests.support import postgres
from tests.support.desk import open_test_desk, person
from tests.support.first_version import as_left_at, move_lines
from tests.support.orders import store_paid_order
from tests.support.payout_lines import HEAD, import_lines, line, line_id, outcomes, position, stored
from tests.support.payouts import import_file
from tests.support.stored_join import assert_join_is_current
from tests.support.workbooks_with_errors import WORKBOOKS, Cell, Error, Formula


def row(
    order: str, original: str, settled: str | None = None, operation: str = "Sale", payout: str = "77"
) -> str:
    paid = original if settled is None else settled
    transaction = f"T-{order}" if order else ""
    return f"1;{payout};{transaction};{order};{original};EUR;;;;;{operation};{paid};EUR;;2026-11-20;visa"


def the_payout(desk: Desk, actor: Actor, number: str = "77") -> Payout:
    [found] = [one for one in payout_list.list_payouts(desk, actor) if one.settlement_id == number]
    return found


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "amount_missing"),
        ("#REF!", "cell_error"),
        ("#VALEUR!", "cell_error"),
        ("=B2*1.2", "formula_no_value"),
    ],
)
def test_a_payout_is_not_proved_at_nought(desk: Desk, finance: Actor, cell: str, reason: str) -> None:
    order = store_paid_order(desk, "A-1")
    file = import_lines(desk, row("A-1", "10.00", cell), row("", "0.00", operation="Settlement"))
    found = the_payout(desk, finance)
    assert (found.state, found.rows_set_aside, found.lines_units, found.announced_units) == (
        "amounts_missing" if reason == "amount_missing" else "rows_not_read",
        1,
        0,
        0,
    )
    [kept] = set_aside_rows.of_file(desk, finance, file).rows
    assert (kept.line, kept.reason, kept.column, kept.settlement_id) == (2, reason, "settled_amount", "77")
    assert position(desk, order).status == "paid_not_settled"
    # the corrected file brings it
    set_aside_rows.deal(desk, finance, file, [2], "Corrected in another file")
    import_lines(desk, row("A-1", "10.00", "9.70"), row("", "9.70", operation="Settlement"))
    assert the_payout(desk, finance).state == "tied"
    assert position(desk, order).status == "settled_in_full"
    assert_join_is_current(desk)


@pytest.mark.parametrize("make", WORKBOOKS)
@pytest.mark.parametrize(
    ("cell", "reason"), [(Error(), "cell_error"), (Formula(), "formula_no_value"), ("", "amount_missing")]
)
def test_so_of_a_workbook(
    desk: Desk, finance: Actor, make: Callable[..., bytes], cell: Cell, reason: str
) -> None:
    sale: list[Cell] = [*row("A-1", "10.00").split(";")]
    sale[HEAD.split(";").index("Settled amount")] = cell
    sale[HEAD.split(";").index("Original amount")] = Decimal("10.00")
    rows = [HEAD.split(";"), sale, row("", "0.00", operation="Settlement").split(";")]
    file = import_file(desk, finance, "demo", "book", make(rows))
    expected = "amounts_missing" if reason == "amount_missing" else "rows_not_read"
    assert the_payout(desk, finance).state == expected
    assert [one.reason for one in set_aside_rows.of_file(desk, finance, file).rows] == [reason]


def test_a_nought_that_is_written_is_one(desk: Desk, finance: Actor) -> None:
    import_lines(desk, row("A-1", "0.00"), row("", "0", operation="Settlement"))
    assert the_payout(desk, finance).state == "tied"


def test_no_file_with_a_money_cell_blanked_makes_a_payout_that_adds_up(desk: Desk, finance: Actor) -> None:
    whole = [
        ("A-1", "10.00", "Sale"),
        ("A-1", "-0.30", "Variable"),
        ("A-2", "-4.00", "Refund"),
        ("", "-1.00", "Rolling reserve capture"),
        ("A-3", "-2.00", "Chargeback"),
        ("", "0.50", "Adjustment in favour of the merchant"),
        ("", "3.20", "Settlement"),
    ]
    number = 100
    for place in (None, *range(len(whole))):
        for cell in ("", "#N/A", "=A1") if place is not None else ("",):
            number += 1
            rows = [
                row(order and f"{order}-{number}", amount, cell if at == place else amount, name, str(number))
                for at, (order, amount, name) in enumerate(whole)
            ]
            import_lines(desk, *rows)
            found = the_payout(desk, finance, str(number))
            assert (found.state == "tied") == found.ties == (place is None), (place, cell)


@pytest.mark.parametrize(
    ("operation", "settled"), [("Sale", "10.00"), ("Refund", "-10.00"), ("Chargeback", "-10.00")]
)
def test_a_line_without_an_original_amount_settles_nothing(
    desk: Desk, finance: Actor, operation: str, settled: str
) -> None:
    order = store_paid_order(desk, "A-1")
    sales = [] if operation == "Sale" else [row("A-1", "10.00")]
    total = str(sum(Decimal(one.split(";")[-5]) for one in (*sales, row("A-1", "", settled, operation))))
    file = import_lines(
        desk, *sales, row("A-1", "", settled, operation), row("", total, operation="Settlement")
    )
    assert the_payout(desk, finance).state == "tied"  # what was settled is all there
    found = position(desk, order)
    assert (found.status, found.open) == ("amount_missing", True)
    t = translator("en")
    said = stored(desk)[f"A-1 {operation}"]
    shown = details.line(desk, finance, said.id).line
    assert "It has no original amount, and settles nothing of an order." in line_text.reason(shown, t)
    why = order_text.reason(details.order(desk, finance, order), desk.account("demo").zone, t)
    assert f"“{operation}” has no amount, in line {2 + len(sales)} of payout.csv" in why
    with desk.store.read() as tx:
        kept = findings_from_json(
            tx.execute(settlement_files.select().where(settlement_files.c.id == file)).one().reading["found"]
        )
    assert (kept.unpriced, kept.unpriced_count) == ((2 + len(sales),), 1)
    assert_join_is_current(desk)
    import_lines(
        desk, *sales, row("A-1", settled, settled, operation), row("", total, operation="Settlement")
    )
    assert position(desk, order).status == {"Sale": "settled_in_full", "Refund": "refunded"}.get(
        operation, "charged_back"
    )
    assert_join_is_current(desk)


def test_a_decision_stays_with_the_line_that_gets_its_amount(desk: Desk, finance: Actor) -> None:
    order = store_paid_order(desk, "A-1")
    import_lines(desk, row("X-9", "", "-10.00", "Refund"), row("A-1", "10.00"))
    decide.match(
        desk,
        finance,
        [Shown(line=line_id(desk, "X-9", "Refund"))],
        order,
        "It is A-1's",
        "k",
        seen={order: (10_0000, "EUR")},
    )
    assert position(desk, order).status == "amount_missing"
    import_lines(desk, row("X-9", "-10.00", "-10.00", "Refund"))
    background.work_off(desk)
    assert position(desk, order).status == "refunded"


OLD = "0005"  # the last version that stored lines without an amount


def _left(before: Desk, tmp_path: Path, revision: str, blanks: dict[str, str]) -> Desk:
    """The database at that version, these lines in it without this amount; opened by this version."""
    folder = tmp_path / "after"
    folder.mkdir()
    ids = {line_id(before, *name.split(" ", 1)): column for name, column in blanks.items()}
    url = postgres.empty("old") if postgres.SERVER else f"sqlite:///{folder / 'sandbox.db'}"
    left = as_left_at(before, url, revision)
    with left.begin() as tx:
        for number, column in ids.items():
            lines = table("settlement_lines", sql_column("id"), sql_column(column))
            tx.execute(update(lines).where(lines.c.id == number).values({column: None}))
    left.dispose()
    before.store.truncate_log()
    before.close()
    opened = open_test_desk(folder, **({"database_url": url} if postgres.SERVER else {}))
    move_lines(opened)
    return opened


def test_lines_stored_without_an_amount_prove_nothing_any_more(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance")
    orders = {name: store_paid_order(before, name) for name in ("A-1", "B-1", "C-1", "C-2", "D-1", "E-1")}
    # as the former version counted what was not there: 0
    import_lines(before, row("A-1", "10.00", "0.00"), row("", "0.00", operation="Settlement"))
    import_lines(
        before,
        row("B-1", "10.00", payout="78"),
        row("B-1", "0.00", operation="Refund", payout="78"),
        row("D-1", "10.00", payout="78"),
        row("", "20.00", operation="Settlement", payout="78"),
    )
    import_lines(
        before, row("C-9", "20.00", "0.00", payout="79"), row("", "0.00", operation="Settlement", payout="79")
    )
    import_lines(
        before,
        row("E-1", "10.00", payout="80"),
        row("E-9", "0.00", payout="80"),
        row("", "10.00", operation="Settlement", payout="80"),
    )
    shares = [(orders["C-1"], 10_0000), (orders["C-2"], 10_0000)]
    decide.split(before, finance, Shown(line=line_id(before, "C-9")), shares, "Both", "k1")
    decide.twice(before, finance, [Shown(line=line_id(before, "E-9"))], "Twice", "k2")
    background.work_off(before)
    assert {one.state for one in payout_list.list_payouts(before, finance)} == {"tied"}
    assert {position(before, orders[name]).status for name in orders} == {"settled_in_full"}

    settled, original = "settled_amount_units", "original_amount_units"
    after = _left(
        before,
        tmp_path,
        OLD,
        {"A-1 Sale": settled, "B-1 Refund": original, "C-9 Sale": settled, "E-9 Sale": settled},
    )
    assert {one.state for one in payout_list.list_payouts(after, finance)} == {"being_worked_out"}
    _fill_measures(after)
    found = {one.settlement_id: (one.state, one.missing) for one in payout_list.list_payouts(after, finance)}
    assert found == {
        "77": ("amounts_missing", 1),
        "78": ("being_worked_out", 0),  # its file is to be followed up again
        "79": ("amounts_missing", 1),
        "80": ("being_worked_out", 0),
    }
    for _ in range(2):  # at once, and when the worker has been over it
        found = {
            name: (position(after, one).status, position(after, one).open) for name, one in orders.items()
        }
        bare, whole = ("amount_missing", True), ("settled_in_full", False)
        assert found == {"A-1": bare, "B-1": bare, "C-1": bare, "C-2": bare, "D-1": whole, "E-1": whole}
        while background.work_off(after) or process.waiting(after.store):
            pass
    found = {one.settlement_id: (one.state, one.missing) for one in payout_list.list_payouts(after, finance)}
    assert (found["78"], found["80"]) == (("tied", 0), ("tied", 0))
    assert_join_is_current(after)
    assert position(after, orders["A-1"]).net_units is None
    assert {one.order_id for one in lists.orders(after, finance, OrderFilter(open=True)).rows} == {
        "A-1",
        "B-1",
        "C-1",
        "C-2",
    }
    t = translator("en")
    shown = details.line(after, finance, line_id(after, "A-1")).line
    assert "It has no settled amount: its payout does not tie." in line_text.reason(shown, t)
    [total] = [
        one
        for one in payout_list.operation_sums(after, finance, the_payout(after, finance))
        if one.code == "sale"
    ]
    assert (total.lines, total.missing, total.units) == (1, 1, 0)

    # the file comes again, and whole
    import_lines(after, row("A-1", "10.00", "9.70"), row("", "9.70", operation="Settlement"))
    assert (the_payout(after, finance).state, position(after, orders["A-1"]).status) == (
        "tied",
        "settled_in_full",
    )
    assert_join_is_current(after)
    after.close()


def _fill_measures(desk: Desk) -> None:
    """What the worker does first after the upgrade."""
    while found := fill_measures.under_way(desk.store):
        fill_measures.step(desk.store, desk.store.write, found)
    work_out.catch_up(desk.store)


def test_a_payouts_own_line_without_an_amount_announces_nothing(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance")
    import_lines(before, row("", "0.00", operation="Fixed fee"), row("", "0.00", operation="Settlement"))
    assert the_payout(before, finance).state == "tied"
    after = _left(before, tmp_path, OLD, {" Settlement": "settled_amount_units"})
    _fill_measures(after)
    found = the_payout(after, finance)
    assert (found.state, found.announced_units, found.difference_units, found.missing) == (
        "amounts_missing",
        None,
        None,
        1,
    )
    after.close()


def test_what_is_whole_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    before = open_test_desk(tmp_path / "before")
    finance = person(before, "finance")
    order = store_paid_order(before, "A-1")
    import_lines(before, row("A-1", "10.00"), row("", "10.00", operation="Settlement"), line("A-2"))
    stood = outcomes(before)
    after = _left(before, tmp_path, OLD, {})
    assert the_payout(after, finance).missing == 0
    assert outcomes(after) == stood
    with after.store.read() as tx:
        assert import_tries.next_file(tx, clock.now()) is None
    assert position(after, order).status == "settled_in_full"
    after.close()
