"""Payouts as finance looks at them: the list, what a payout is made of, the files."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.reconciliation.decisions import set_aside_rows
from services.store.settlements import settlement_files
from tests.support.desk import person
from tests.support.payout_pages import FILE, SALE, choose, imported, table, upload, words

Open = Callable[..., AppTest]


def test_without_a_file_the_screen_says_what_to_do(open_page: Open, desk: Desk) -> None:
    at = open_page("payouts/page.py", "finance", language="fr")
    assert not at.exception
    assert "Aucun fichier de reversement" in words(at)


def test_a_manager_may_not_see_payouts(open_page: Open, desk: Desk) -> None:
    at = open_page("payouts/page.py", "manager")
    assert not at.exception
    assert not at.file_uploader


def test_a_payout_that_adds_up_is_proved(open_page: Open, paid: int, desk: Desk) -> None:
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE))
    at = choose(at, "show", "payouts")
    payouts = table(at, "Check")
    assert list(payouts["Check"]) == ["✓ ties"]
    assert list(payouts["Lines open"]) == ["1"]
    at.query_params["payout_of"] = "demo:77:EUR"
    at = at.run()
    assert set(table(at, "Note")["Operation"]) == {"Sale", "Fixed fee", "Payout"}
    assert not at.exception


def test_a_row_set_aside_stands_in_the_way_of_the_proof(open_page: Open, paid: int, desk: Desk) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = upload(open_page("payouts/page.py", "finance"), ("october.csv", FILE + broken))
    assert "1 row could not be read and is set aside." in words(at)
    at = imported(at, desk, ("october.csv", FILE + broken))
    at = choose(at, "show", "payouts")
    assert list(table(at, "Check")["Check"]) == ["? rows not read"]
    at = choose(at, "show", "files")
    assert list(table(at, "Set aside")["Set aside"]) == ["1"]
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "Corrected in another file")
    at = choose(at.run(), "show", "payouts")
    assert list(table(at, "Check")["Check"]) == ["✓ ties"]
    assert list(table(choose(at, "show", "files"), "Set aside")["Set aside"]) == ["0 of 1"]


def test_ticked_rows_are_named_and_dealt_with_as_they_were_seen(
    open_page: Open, paid: int, desk: Desk
) -> None:
    broken = SALE.format(amount="12,5,0").replace("A-1", "A-3").replace("800", "803")
    at = imported(open_page("payouts/page.py", "finance"), desk, ("october.csv", FILE + broken))
    with desk.store.read() as tx:
        [file] = settlement_files.listed(tx, ("complete",))
    at.session_state["file_of"] = file.id
    at.session_state["aside_ticked"] = {f"file_{file.id}": (6,)}
    at = choose(at, "show", "files")
    assert "Line 6 · 77 · " in words(at)
    why = next(one for one in at.text_input if one.key and one.key.startswith("why_aside_"))
    at = why.set_value("Corrected in another file").run()
    set_aside_rows.deal(desk, person(desk, "finance"), file.id, [6], "theirs")
    press = next(one for one in at.button if one.key == "go_aside_file_deal")
    at = press.click().run()
    assert not at.exception
    acts = set_aside_rows.of_file(desk, person(desk, "finance"), file.id).acts[6]
    assert [act.reason for act in acts] == ["theirs"]
