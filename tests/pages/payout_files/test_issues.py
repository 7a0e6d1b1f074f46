"""A payout that is issued again, on the screens: withdrawn lines are taken back."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.imports import background
from services.imports.issued_again import issue_decisions
from tests.support.desk import person
from tests.support.payout_pages import upload
from tests.support.payouts import NEWEST, csv, import_file, lines_of

Open = Callable[..., AppTest]
PAID = "1;77;;;{0};EUR;;;;;Settlement;{0};EUR;;2026-11-21"
SALE = "1;77;T-{0};{0};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20"


def test_a_withdrawn_line_is_taken_back_on_the_files_view(open_page: Open, desk: Desk) -> None:
    finance = person(desk, "finance")
    import_file(desk, finance, "demo", "a.csv", csv(SALE.format("A"), SALE.format("B"), PAID.format("20.00")))
    file = import_file(
        desk, finance, "demo", "b.csv", csv(SALE.format("A"), PAID.format("10.00")), answers=NEWEST
    )
    [gone] = issue_decisions.withdrawn_of_file(desk, finance, file)
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["payout_of"] = "demo:77:EUR"
    shown = [one.value.replace("\\", "") for one in at.run().markdown]
    assert ":material/remove_circle: 1 line withdrawn, €10.00: b.csv no longer has it" in shown
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["show"], at.query_params["file_of"] = "files", str(file)
    at.session_state["withdrawn_ticked"] = {f"file_{file}": (gone.id,)}
    at.run()
    assert not at.exception
    at.text_input(key=f"why_withdrawn_file_{file}").set_value("HiPay's mistake").run()
    at.button(key=f"go_take_back_file_{file}").click().run()
    assert not at.exception
    assert len(lines_of(desk)) == 3


def test_what_would_change_is_shown_before_an_older_issue_is_the_newest(open_page: Open, desk: Desk) -> None:
    finance = person(desk, "finance")
    first = csv(SALE.format("A"), SALE.format("B"), PAID.format("20.00"))
    older = import_file(desk, finance, "demo", "a.csv", first)
    import_file(desk, finance, "demo", "b.csv", csv(SALE.format("A"), PAID.format("10.00")), answers=NEWEST)
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["show"], at.query_params["file_of"] = "files", str(older)
    at.run()
    assert [tab.label for tab in at.tabs if ":" in tab.label] == [
        "Corrected: 1",
        "Withdrawn: 0",
        "Counted again: 1 · €10.00",
    ]
    shown = " ".join(one.value for one in at.markdown).replace("\\", "")
    assert ":material/check: The lines will come to €20.00 (now €10.00); the payout line: €20.00." in shown
    at.text_input(key=f"why_newest_file_{older}").set_value("HiPay says so").run()
    at.button(key=f"go_newest_file_{older}_demo_77").click().run()
    assert not at.exception
    assert len(lines_of(desk)) == 3
    assert any("HiPay says so" in one.value for one in at.caption)


def test_which_issue_is_the_newest_is_asked_before_the_import(open_page: Open, desk: Desk) -> None:
    finance = person(desk, "finance")
    first = csv(SALE.format("A"), SALE.format("B"), PAID.format("20.00"))
    import_file(desk, finance, "demo", "a.csv", first)
    second = csv(SALE.format("A").replace(";EUR;;2026", ";EUR;F-1;2026"), PAID.format("10.00"))
    at = upload(open_page("payouts/page.py", actor=finance), ("b.csv", second.decode()))
    assert not at.exception
    assert not any(one.key == "import_files" for one in at.button)
    assert [tab.label for tab in at.tabs if ":" in tab.label] == [
        "Corrected: 2 · €10.00 → €10.00",
        "Withdrawn: 1 · €10.00",
        "New: 0",
    ]
    [asked] = [one for one in at.radio if one.key.startswith("issue_")]
    at = asked.set_value("newest").run()
    shown = " ".join(one.value for one in at.markdown).replace("\\", "")
    assert "will come to €10.00 (now €20.00); the payout line: €10.00." in shown
    [apart] = [one for one in at.multiselect if one.key.startswith("apart_")]
    at = apart.set_value([apart.options[0]]).run()
    assert not at.exception
    [apart] = [one for one in at.multiselect if one.key.startswith("apart_")]
    at = apart.set_value([]).run()
    at.button(key="import_files").click().run()
    background.work_off(desk)
    assert sorted(lines_of(desk)["reporting_data_1"]) == ["", "F-1"]
