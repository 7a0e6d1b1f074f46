"""Reconciliation as finance drives it: look at a file, import it, see lines, orders and payouts, each with its filters."""

import io
from collections.abc import Callable
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

import services.imports.files
from services import store
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.views import file_list, lists, sales
from services.store.settlements.lines import line_search
from services.store.settlements.lines.line_filter import LineFilter
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line, line_id
from tests.support.payout_pages import FILE, choose, imported, table, words
from tests.support.screens import unfold

Open = Callable[..., AppTest]
FIRST = ("€1,250.50", "-€0.30", "€1,250.20", "2")  # of the sale A-1: gross, fees, net, lines


def reconciled(open_page: Open, desk: Desk) -> AppTest:
    """The screen, once a file was added."""
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE))
    assert "1 file, 4 lines, 1 to resolve, 1 of 1 payout ties" in words(at)
    at = at.switch_page("reconciliation/page.py").run()
    assert not at.exception
    return at


def test_what_is_open_comes_first_and_everything_else_is_a_click_away(
    open_page: Open, paid: int, desk: Desk
) -> None:
    at = reconciled(open_page, desk)
    assert not at.exception
    assert list(table(at, "Outcome")["Order"]) == ["WEB-9"]
    assert [metric.value for metric in at.metric] == ["1", "0", "0", "66.6%"]
    at = choose(at, "outcome", ["open", "all"])
    found = table(at, "Outcome").set_index("Order").to_dict("index")
    assert (found["A-1"]["Gross"], found["A-1"]["Fees"], found["A-1"]["Net"], found["A-1"]["Lines"]) == FIRST
    assert "3 sales, 4 lines" in words(at)
    at = choose(at, "by", "lines")
    lines = table(at, "Outcome")
    assert sorted(zip(lines["Operation"], lines["Outcome"], strict=True)) == [
        ("Fixed fee", "✓ Matched"),
        ("Payout", "Σ Total line"),
        ("Sale", "! Not matched"),
        ("Sale", "✓ Matched"),
    ]
    assert list(lines["Our order"]).count("A-1") == 2
    assert at.query_params["outcome"] in ("all", ["all"])


def test_several_outcomes_are_looked_at_together(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    at = choose(at, "outcome", ["open", "matched"])  # an outcome takes the place of what is open
    assert set(table(at, "Outcome")["Outcome"]) == {"✓ Matched"}
    at = choose(at, "outcome", ["matched", "total_line"])
    assert set(table(at, "Outcome")["Outcome"]) == {"✓ Matched", "Σ Total line"}
    assert at.query_params["outcome"] in ("matched,total_line", ["matched,total_line"])
    at = choose(at, "outcome", [])
    assert set(table(at, "Outcome")["Outcome"]) == {"! Not matched"}
    assert not at.exception


def test_what_a_person_decides_by_stands_first(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    first = ["Date", "Payout", "Invoice number", "Order", "Gross", "Fees", "Net", "Outcome", "Reason"]
    assert list(table(at, "Outcome").columns)[:9] == first
    at = choose(at, "by", "lines")
    first = ["Outcome", "Settled amount", "Operation", "Date", "Reason"]
    assert list(table(at, "Outcome").columns)[:5] == first


def test_a_sale_is_one_row_that_leads_to_its_lines(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    fee = line_id(desk, "A-1", "Fixed fee")
    at.query_params.update({"outcome": "all", "line": str(fee)})
    at = at.run()
    lines = table(at, "Shown")
    assert list(lines["Operation"]) == ["Sale", "Fixed fee"]
    assert list(lines["Shown"]) == ["", "▸"]
    sale = line_id(desk, "A-1")
    at = at.button(key=f"sale_{fee}_{sale}").click().run()
    assert at.query_params["line"] in (str(sale), [str(sale)])
    assert list(table(at, "Shown")["Shown"]) == ["▸", ""]
    assert not at.exception


def test_the_next_row_is_a_press_away(open_page: Open, paid: int, desk: Desk) -> None:
    at = choose(reconciled(open_page, desk), "outcome", ["open", "all"])
    heads = [one.line.id for one in sales.sales(desk, person(desk, "finance"), LineFilter()).page.rows]
    at.query_params["line"] = str(heads[0])
    at = at.run().button(key="next_line").click().run()
    assert at.session_state["line"] == heads[1]
    at = at.button(key="next_line").click().run()
    assert at.session_state["line"] == heads[2]
    assert at.button(key="next_line").disabled
    assert not at.exception


def test_a_search_with_too_many_hits_says_so(
    open_page: Open, paid: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = reconciled(open_page, desk)
    at = at.text_input(key="find").set_value("F-1").run()
    assert "type more of the text" not in words(at)
    monkeypatch.setattr(line_search, "MOST_FOUND", 1)
    with desk.store.write() as tx:  # what was found before is remembered until something changes
        store.meta.put_text(tx, "test", "changed")
    at = at.run()
    assert words(at).count("type more of the text") == 1  # where nothing is open among those looked at, too
    at = unfold(choose(at, "outcome", ["open", "all"]), "exporting_Lines")
    assert words(at).count("type more of the text") == 2  # by the list, and where it is exported
    assert "All that the filters let through" not in words(at)
    assert not at.exception


def test_a_line_that_is_open_says_why(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    strange = table(at, "Outcome").iloc[0]
    assert strange["Outcome"] == "! Not matched"
    assert "No order is known by its order id “WEB-9”, transaction id “801”." in strange["Reason"]


def test_an_amount_to_look_for_is_read_in_one_way(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    at = unfold(at, "more_filters")
    at = at.text_input(key="from_amount").set_value("1.000").run()
    assert "“1.000” could be €1.00 or €1,000.00" in words(at)
    at = at.text_input(key="from_amount").set_value("€10.00").run()
    assert not at.exception
    assert "could be" not in words(at)


def test_filters_hold_while_they_are_folded_away(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    at = choose(at, "outcome", ["all"])
    assert len(table(at, "Outcome")) == 3
    assert not any(one.key == "from_amount" for one in at.text_input)
    at = unfold(at, "more_filters")
    at = at.text_input(key="from_amount").set_value("9.00").run()
    at = at.text_input(key="to_amount").set_value("20").run()
    at = at.date_input(key="since").set_value(date(2026, 11, 1)).run()
    at = at.multiselect(key="currency").set_value(["EUR"]).run()
    assert list(table(at, "Outcome")["Order"]) == ["WEB-9"]
    at.session_state["more_filters"] = False
    at = at.run().run()
    assert not any(one.key == "from_amount" for one in at.text_input)
    assert list(table(at, "Outcome")["Order"]) == ["WEB-9"]
    assert at.query_params["since"] == "2026-11-01"
    at = unfold(at, "more_filters")
    assert at.text_input(key="to_amount").value == "20"
    at = at.date_input(key="since").set_value(date(2026, 12, 1)).run()
    assert not at.exception
    assert "No line fits these filters." in words(at)


def test_a_link_shows_a_line_beside_its_order(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    page = lists.lines(
        desk, at.session_state["actor"], LineFilter(outcomes=("matched",), operations=("sale",))
    )
    at.query_params["line"] = str(page.rows[0].id)
    at = at.run()
    assert not at.exception
    assert "Sale · €1,250.50" in words(at)
    assert "Found by: invoice number or reference “F-1”, order id “A-1”, transaction id “800”." in words(at)
    assert "**Its order** · A-1" in words(at)
    assert "Line 2 of october.csv" in words(at)


def test_a_link_that_names_nothing_that_there_is_says_so(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    at.query_params.update(
        {"line": "99999", "outcome": "nonsense", "sort": "x", "file": "x", "since": "2026-13-45"}
    )
    at = at.run()
    assert not at.exception
    assert "This line is not there" in words(at) or "not there" in words(at).lower()
    assert list(table(at, "Outcome")["Order"]) == ["WEB-9"]


def test_orders_by_where_they_stand(open_page: Open, paid: int, desk: Desk) -> None:
    at = reconciled(open_page, desk)
    at = choose(at, "view", "orders")
    assert "No order fits these filters" in words(at)  # nothing is open: the order is settled
    at = choose(at, "status", "all")
    orders = table(at, "Status")
    assert list(orders["Status"]) == ["✓ Settled in full"]
    assert list(orders["Net"]) == ["€1,250.20"]
    at.query_params["order_of"] = str(paid)
    at = at.run()
    assert "Order A-1" in words(at)
    lines = next(frame.value for frame in at.dataframe if "File" in frame.value.columns)
    assert list(lines["File"]) == ["october.csv, line 2", "october.csv, line 3"]
    assert not at.exception


def test_several_ticked_lines_stay_ticked_and_those_that_left_are_named(
    open_page: Open, paid: int, desk: Desk
) -> None:
    import_lines(desk, *(line(f"GHOST-{number}", f"{number}.00") for number in range(1, 6)))
    at = open_page("reconciliation/page.py", "finance")
    at.session_state["lines_ticked"] = [line_id(desk, f"GHOST-{number}") for number in (2, 3, 4)]
    at = at.run()
    assert "**3** lines chosen" in words(at)
    colleague = person(desk, "finance", name="Robin Petit")
    decide.exclude(desk, colleague, [Shown(line=line_id(desk, "GHOST-3"))], "mine", "k1")
    at = at.run()
    assert "**2** lines chosen" in words(at)
    assert "1 line that you had chosen has left this list:" in words(at)
    assert "GHOST-3: Left out (Leave out, Robin Petit, " in words(at)
    decide.exclude(desk, colleague, [Shown(line=line_id(desk, "GHOST-4"))], "mine", "k2")
    at = at.run()
    assert at.session_state["line"] == line_id(desk, "GHOST-2")  # one is left: it stands open below
    assert not at.exception


def test_an_actor_without_the_right_is_refused_by_the_service(desk: Desk) -> None:
    manager: Actor = person(desk, "manager")
    with pytest.raises(NotAllowed):
        services.imports.files.receive(desk, manager, "demo", "x.csv", io.BytesIO(FILE.encode()))
    with pytest.raises(NotAllowed):
        lists.lines(desk, manager, LineFilter())
    assert file_list.files(desk, person(desk, "finance")) == ()
