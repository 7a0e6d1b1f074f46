"""A correction that waits, on its file's view: the way from To do, taking it with a reason, and no button for who may not."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.alarms import handling
from services.alarms.sweep import sweep
from services.desk import Desk
from services.imports import file_accounts
from services.imports.corrections import held_correction_views
from tests.support.corrections import CHANGED, HIPAYS, OTHERS, PAYOUT, amounts, import_raw, line
from tests.support.desk import person
from tests.support.payouts import csv


def test_a_correction_is_taken_on_the_files_view(open_page: Callable[..., AppTest], desk: Desk) -> None:
    finance = person(desk, "finance")
    file_accounts.assign(desk, finance, "1", "demo")
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, CHANGED)
    sweep(desk)
    at = open_page("overview/page.py", actor=finance)
    assert "€5.00 instead of €500.00 (lines 2 of the file)" in " ".join(one.value for one in at.markdown)
    [alarm] = [one for one in handling.to_do(desk, finance).free.alarms if one.kind == "payout_correction"]
    assert f"close_{alarm.id}" not in [one.key for one in at.button]

    [one] = held_correction_views.of_file(desk, finance, file).shown
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["show"], at.query_params["file_of"] = "files", str(file)
    at.session_state["held_ticked"] = {f"file_{file}": (one.id,)}
    at.run()
    assert not at.exception
    assert at.button(key=f"go_held_taken_file_{file}").disabled
    at.text_input(key=f"why_held_file_{file}").set_value("HiPay confirmed it").run()
    at.button(key=f"go_held_taken_file_{file}").click().run()
    assert not at.exception
    assert amounts(desk) == ["5.00"]
    [one] = held_correction_views.of_file(desk, finance, file).shown
    assert one.act is not None
    assert (one.act.kind, one.act.reason, one.act.who) == ("taken", "HiPay confirmed it", finance.name)


def test_a_line_that_a_file_by_hand_drops_is_named_and_withdrawn(
    open_page: Callable[..., AppTest], desk: Desk
) -> None:
    finance = person(desk, "finance")
    file_accounts.assign(desk, finance, "1", "demo")
    import_raw(desk, HIPAYS, "hipay")
    file = import_raw(desk, csv(line("A"), OTHERS[0], PAYOUT.replace("550.00", "520.00")))
    sweep(desk)
    at = open_page("overview/page.py", actor=finance)
    shown = " ".join(one.value for one in at.markdown).replace("\\", "")
    assert "€0.00 instead of €30.00. Lines of HiPay's that it no longer has: 1;" in shown
    [gone] = [one for one in held_correction_views.of_file(desk, finance, file).shown if one.withdrawn]
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["show"], at.query_params["file_of"] = "files", str(file)
    at.session_state["held_ticked"] = {f"file_{file}": (gone.id,)}
    at.run()
    assert not at.exception
    rows = [one.value for one in at.dataframe if "What differs" in one.value.columns]
    [row] = rows[0][rows[0]["Line"] == "—"].to_dict("records")
    assert row["What differs"] == "Withdrawn: Sale, C, 20 Nov 2026"
    assert (row["Order in the file"], row["From HiPay"], row["In this file"]) == (
        "C",
        "€30.00",
        "no longer there",
    )
    assert "Withdrawn: Sale, C, 20 Nov 2026 · 77 · €30.00" in " ".join(
        one.value for one in at.markdown
    ).replace("\\", "")
    at.text_input(key=f"why_held_file_{file}").set_value("HiPay confirmed it").run()
    at.button(key=f"go_held_taken_file_{file}").click().run()
    assert not at.exception
    assert amounts(desk, "C") == []
