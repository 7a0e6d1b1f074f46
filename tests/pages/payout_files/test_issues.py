"""A payout that is issued again, on the screens: withdrawn lines are taken back."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.imports import issue_decisions
from tests.support.desk import person
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
    at = open_page("reconciliation/page.py", actor=finance)
    at.query_params["view"], at.query_params["file"] = "files", str(file)
    at.session_state["withdrawn_ticked"] = {f"file_{file}": (gone.id,)}
    at.run()
    assert not at.exception
    at.text_input(key=f"why_withdrawn_file_{file}").set_value("HiPay's mistake").run()
    at.button(key=f"go_take_back_file_{file}").click().run()
    assert not at.exception
    assert len(lines_of(desk)) == 3
