"""A payout file that failed, or that seems to be stored already: what a person can do about it, from the screen."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.access import WORKER, Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.imports import background, files
from services.reconciliation.views import lists
from services.store.settlements.lines.line_filter import LineFilter
from tests.support.desk import person
from tests.support.payout_pages import FILE, HEAD, PAYOUT, SALE, upload

Open = Callable[..., AppTest]
OPEN_AMOUNTS = (
    HEAD + SALE.format(amount="12.500") + PAYOUT.format(amount="12.500")
)  # thousands, or three decimals
ANOTHER = FILE.replace("\r\n1;", "\r\n00001342917;")  # of an account of which nobody has said whose it is


def look_at(open_page: Open, finance: Actor, number: int) -> AppTest:
    """The screen as a link from To do leads to it."""
    at = open_page("payouts/page.py", actor=finance)
    at.query_params["show"], at.query_params["file_of"] = "files", str(number)
    at.run()
    assert not at.exception
    return at


def press(at: AppTest, key: str, desk: Desk) -> AppTest:
    """It is pressed, the worker imports, the screen is looked at again."""
    at.button(key=key).click().run()
    assert not at.exception
    background.work_off(desk)
    return at.run()


def lines(desk: Desk, finance: Actor) -> list[Any]:
    return list(lists.lines(desk, finance, LineFilter()).rows)


def failed_one(desk: Desk, raw: str, source: str = "folder") -> int:
    number = files.receive(desk, WORKER, "demo", "x.csv", io.BytesIO(raw.encode()), source=source)
    background.work_off(desk)
    assert [one.state for one in files.running(desk, WORKER)] == ["failed"]
    return number


def test_a_file_that_failed_is_corrected_where_it_stands(open_page: Open, desk: Desk) -> None:
    number, finance = failed_one(desk, OPEN_AMOUNTS), person(desk, "finance")
    at = look_at(open_page, finance, number)
    assert "does not decide" in " ".join(one.value for one in at.error)
    [decimal] = [one for one in at.selectbox if one.key.endswith("_decimal")]
    at = decimal.set_value(".").run()
    at = press(at, f"import_mended_{number}", desk)
    assert [one.settled_amount_units for one in lines(desk, finance)] == [12_5000, 12_5000]


def test_whose_an_account_is_is_asked_once(open_page: Open, desk: Desk) -> None:
    number, finance = failed_one(desk, ANOTHER), person(desk, "finance")
    at = look_at(open_page, finance, number)
    assert not any(one.key == f"import_mended_{number}" for one in at.button)
    [asked] = [one for one in at.checkbox if one.key.startswith("account_")]
    assert "00001342917" in asked.label
    at = press(asked.check().run(), f"import_mended_{number}", desk)
    assert len(lines(desk, finance)) == 4
    at = upload(at, ("november.csv", ANOTHER.replace(";77;", ";78;")))
    assert not [one for one in at.checkbox if one.key.startswith("account_")]
    assert any(one.key == "import_files" for one in at.button)


def test_a_payout_in_another_form_is_imported_only_if_a_person_says_so(open_page: Open, desk: Desk) -> None:
    at = open_page("payouts/page.py", "finance")
    at = press(upload(at, ("october.csv", FILE)), "import_files", desk)
    again = FILE.replace(";800;", ";0800;").replace(";801;", ";0801;")
    at = upload(at, ("again.csv", again))
    assert "Payout 77 is stored already: 4 lines, €1,260.20." in " ".join(one.value for one in at.warning)
    assert not any(one.key == "import_files" for one in at.button)
    [asked] = [one for one in at.radio if one.key.startswith("issue_")]
    at = press(asked.set_value("part").run(), "import_files", desk)
    assert len(lines(desk, at.session_state["actor"])) == 7


def test_a_file_that_failed_is_given_up(open_page: Open, desk: Desk) -> None:
    number, finance = failed_one(desk, OPEN_AMOUNTS), person(desk, "finance")
    at = look_at(open_page, finance, number)
    at.button(key=f"give_up_{number}").click().run()
    assert files.running(desk, finance) == []


def test_one_that_could_not_be_read_is_read_otherwise(open_page: Open, desk: Desk) -> None:
    number, finance = (
        failed_one(desk, "A list;of nothing\r\n" + FILE.replace("Operation", "What")),
        person(desk, "finance"),
    )
    at = look_at(open_page, finance, number)
    at = at.button(key=f"mend_{number}").click().run()
    assert not at.exception
    assert any(one.key.endswith("_header_line") for one in at.number_input)


SHOP = {"name": "Shop", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}


@pytest.mark.desk(accounts={"shop": SHOP, "outlet": {**SHOP, "name": "Outlet"}})
def test_with_several_accounts_one_answer_holds_for_all_files_that_are_added(
    open_page: Open, desk: Desk
) -> None:
    second = ANOTHER.replace(";77;", ";78;").replace(";80", ";90")
    at = open_page("payouts/page.py", "finance")
    at.selectbox(key="payout_account").set_value("shop").run()
    at = upload(at, ("a.csv", ANOTHER), ("b.csv", second))
    assert not any(one.key == "import_files" for one in at.button)
    [asked] = [one for one in at.selectbox if one.key.startswith("account_")]
    assert asked.options == ["Shop", "Outlet"]
    press(asked.set_value("outlet").run(), "import_files", desk)
    assert {one.account for one in lines(desk, at.session_state["actor"])} == {"outlet"}


def test_columns_that_were_left_out_of_a_file_that_nobody_saw_are_to_do(open_page: Open, desk: Desk) -> None:
    prepare_demo(desk)
    head, *lines = FILE.splitlines()
    raw = "\r\n".join([f"Settlement amount;{head}", *(f"1.00;{line}" for line in lines), ""])
    files.receive(desk, WORKER, "demo", "x.csv", io.BytesIO(raw.encode()), source="hipay")
    background.work_off(desk)
    at = open_page("overview/page.py", "finance", language="fr")
    shown = " ".join(one.value.replace("\\", "") for one in at.markdown)
    assert "des colonnes qui peuvent contenir un montant" in shown
    assert "ont été écartées\u00a0: Settlement amount." in shown
