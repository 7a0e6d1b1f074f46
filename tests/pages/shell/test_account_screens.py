"""Each screen as a person of one account: nothing of another account is on it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from pages.navigation import SCREENS
from services import clock
from services.access import ROLE_RIGHTS, Grant, Right
from services.alarms.handling import take
from services.desk import Desk
from services.imports import file_accounts
from services.store import access, alarms, schema
from services.store.alarm_conditions import Condition
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line
from tests.support.payout_pages import HEAD, upload, words
from tests.support.screens import links
from tests.support.two_accounts import ACCOUNTS, MARKS, fill

Open = Callable[..., AppTest]


EVERYWHERE = "shown_account"
# What waits for a person is shown to them, of whichever account it is.
ALL_OF_THE_READERS = ("overview",)

pytestmark = pytest.mark.desk(accounts=ACCOUNTS)


def text_of(at: AppTest) -> str:
    """All that the screen shows: its elements, with the tables in full."""
    tables = " ".join(table.value.to_string() for table in at.dataframe)
    return f"{at!r} {tables}"


def address(at: AppTest) -> str:
    """The account that the address names, empty for none."""
    found = at.query_params.get("account", "")
    return found if isinstance(found, str) else found[0]


def choose_shop(at: AppTest) -> None:
    if [box for box in at.selectbox if box.key == EVERYWHERE]:
        at.selectbox(key=EVERYWHERE).set_value("shop").run()


@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.url_path)
def test_a_person_of_one_account_sees_nothing_of_another(open_page: Open, desk: Desk, screen: Any) -> None:
    world = fill(desk)
    at = open_page(screen.file, actor=world.shop_only)
    assert not at.exception
    shown = text_of(at)
    assert [mark for mark in (*MARKS, "Outlet") if mark in shown] == []


@pytest.mark.parametrize("file", ["overview/page.py", "payment_requests/page.py", "reconciliation/page.py"])
def test_a_person_of_all_accounts_sees_it(open_page: Open, desk: Desk, file: str) -> None:
    world = fill(desk)
    at = open_page(file, actor=world.everywhere)
    assert not at.exception
    shown = text_of(at)
    assert any(mark in shown for mark in MARKS)


@pytest.mark.parametrize(
    ("file", "key"), [("new_order/page.py", "account"), ("bulk/many_at_once.py", "many_account")]
)
def test_the_account_is_named_where_the_person_has_the_right_on_one_of_two(
    open_page: Open, desk: Desk, file: str, key: str
) -> None:
    for account, options, disabled in (("outlet", ["Outlet"], True), ("", ["Shop", "Outlet"], False)):
        at = open_page(file, actor=person(desk, "manager", account=account))
        assert not at.exception
        box = at.selectbox(key=key)
        assert (box.label, box.options, box.disabled) == ("Account", options, disabled)
        assert box.value == (account or None)
    at.selectbox(key=EVERYWHERE).set_value("outlet").run()  # the choice of all screens is taken
    assert (at.selectbox(key=key).value, at.selectbox(key=key).disabled) == ("outlet", True)


def test_a_form_asks_again_where_the_choice_is_an_account_that_it_is_not_for(
    open_page: Open, desk: Desk
) -> None:
    reader = person(desk, "finance")
    with desk.store.write() as tx:
        grants = [Grant("finance"), Grant("manager", "shop")]
        access.set_grants(tx, reader.id, "table", grants, at=clock.now(), granted_by="test")
    at = open_page("new_order/page.py", actor=reader)
    assert at.selectbox(key="account").value == "shop"
    at.selectbox(key=EVERYWHERE).set_value("outlet").run()
    assert (at.selectbox(key="account").value, at.selectbox(key="account").options) == (None, ["Shop"])


def test_one_choice_is_for_all_screens_and_in_their_address(open_page: Open, desk: Desk) -> None:
    world = fill(desk)
    at = open_page("payment_requests/page.py", actor=world.everywhere)
    assert "Outletier" in text_of(at)
    assert at.selectbox(key=EVERYWHERE).options == ["All accounts", "Shop", "Outlet"]
    at.selectbox(key=EVERYWHERE).set_value("shop").run()
    for screen in (one for one in SCREENS if not one.installation):
        at.query_params.clear()  # as a click in the menu does
        at.switch_page(screen.file).run()
        assert not at.exception
        assert address(at) == "shop"
        if screen.url_path not in ALL_OF_THE_READERS:
            assert [mark for mark in MARKS if mark in text_of(at)] == []
    at.selectbox(key=EVERYWHERE).set_value("").run()
    assert "account" not in at.query_params


@pytest.mark.parametrize(
    ("file", "parameter"),
    [
        ("payment_requests/page.py", "account"),
        ("payment_requests/page.py", "in"),
        ("reconciliation/page.py", "account"),
        ("reconciliation/page.py", "accounts"),
    ],
)
def test_a_link_names_the_account_also_as_it_did_in_former_days(
    open_page: Open, desk: Desk, file: str, parameter: str
) -> None:
    world = fill(desk)
    for named, chosen, seen in (("shop", "shop", False), ("outlet", "outlet", True), ("departed", "", True)):
        at = open_page(file, actor=world.everywhere)
        at.query_params[parameter] = named
        at.run()
        assert at.selectbox(key=EVERYWHERE).value == chosen
        assert any(mark in text_of(at) for mark in MARKS) is seen
        assert address(at) == chosen
        assert parameter == "account" or parameter not in at.query_params


def test_a_person_of_one_account_has_no_choice(open_page: Open, desk: Desk) -> None:
    at = open_page("reconciliation/page.py", actor=person(desk, "finance", account="shop"))
    at.query_params["account"] = "outlet"
    at.run()
    assert EVERYWHERE not in {box.key for box in at.selectbox}
    assert "account" not in at.query_params


def test_a_file_of_an_unknown_account_is_given_to_an_account_of_the_person_only(
    open_page: Open, desk: Desk
) -> None:
    row = "9;77;800;A-1;10.00;EUR;;;;;Sale;10.00;EUR;F-1;2026-11-20\r\n"
    for account, offered in (("shop", ["Shop"]), ("", ["Shop", "Outlet"])):
        at = open_page("payouts/page.py", actor=person(desk, "finance", account=account))
        choose_shop(at)
        at = upload(at, ("october.csv", HEAD + row))
        assert not at.exception
        assert at.selectbox(key="account_9").options == offered


def test_what_hipay_calls_an_account_is_given_to_an_account_of_the_person_only(
    open_page: Open, desk: Desk
) -> None:
    import_lines(desk, line("S-1"), account="shop")
    file_accounts.assign(desk, person(desk, "finance"), "5", "shop")
    for account, offered in (("shop", ["Shop"]), ("", ["Shop", "Outlet"])):
        at = open_page("reconciliation/page.py", actor=person(desk, "finance", account=account))
        at.button_group(key="view").set_value("rules").run()
        choose_shop(at)
        assert not at.exception
        assert at.selectbox(key="file_account_shop_5").options == offered


def test_a_right_on_an_account_that_the_settings_no_longer_name_offers_no_act(
    open_page: Open, desk: Desk
) -> None:
    departed = person(desk, "finance", "manager", account="departed")
    at = open_page("payouts/page.py", actor=departed)
    assert (list(at.file_uploader), list(at.error), list(at.exception)) == ([], [], [])
    at = open_page("overview/page.py", actor=departed)
    assert "New order" not in links(at)


def test_the_empty_list_of_requests_leads_to_a_new_one_for_whoever_may_send(
    open_page: Open, desk: Desk
) -> None:
    for role, offered in (("manager", True), ("finance", False)):
        at = open_page("payment_requests/page.py", actor=person(desk, role, account="shop"))
        assert ("New order" in links(at)) is offered


def test_an_alarm_of_a_payout_leads_to_the_payouts_for_whoever_may_see_payouts(
    open_page: Open, desk: Desk
) -> None:
    finance, now = person(desk, "finance", account="shop"), clock.now()
    detail = {"settlement": "77", "units": 10_0000, "currency": "EUR", "listed_at": now.isoformat()}
    with desk.store.write() as tx:
        alarms.raise_condition(
            tx,
            Condition(kind="payout_without_file", identity="one", account="shop", order=None, detail=detail),
            now,
        )
        alarm = tx.scalar(select(schema.alarms.alarms.c.id))
    assert alarm is not None
    take(desk, finance, alarm)
    for reader, offered in ((finance, 2), (person(desk, "manager", account="shop"), 0)):
        at = open_page("overview/page.py", actor=reader)
        assert not at.exception
        assert "HiPay listed payout 77" in words(at)
        assert links(at).count("Payouts") == offered  # with the alarm, and under "Payouts"


def test_the_acts_on_a_file_with_rows_of_two_accounts_need_the_right_on_both(
    open_page: Open, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLE_RIGHTS, "admin", ROLE_RIGHTS["admin"] | {Right.SEE_SETTLEMENTS})
    file_accounts.assign(desk, person(desk, "finance"), "2", "outlet")
    rows = line("S-1"), line("O-1").replace("1;", "2;", 1)
    file = import_lines(desk, *rows, account="shop")
    for account, offered in (("shop", 0), ("", 1)):
        reader = person(desk, "admin")
        with desk.store.write() as tx:
            grants = [Grant("admin"), Grant("finance", account)]
            access.set_grants(tx, reader.id, "table", grants, at=clock.now(), granted_by="test")
        at = open_page("payouts/page.py", actor=reader)
        at.query_params["show"], at.query_params["file_of"] = "files", str(file)
        at.run()
        assert not at.exception
        assert "How it was read" in words(at)
        assert [one.proto.label for one in at.get("download_button")].count("Original file") == offered
