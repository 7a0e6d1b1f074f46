"""Who may reconcile one account adds a payout file: what is asked, and what is said of rows that are not theirs."""

import io
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.imports import background, files
from tests.support.desk import person
from tests.support.payout_pages import FILE, upload, words
from tests.support.two_accounts import ACCOUNTS

Open = Callable[..., AppTest]


pytestmark = pytest.mark.desk(accounts=ACCOUNTS)


def test_only_their_accounts_are_offered_and_who_else_can_add_the_file_is_said(
    open_page: Open, desk: Desk
) -> None:
    at = open_page("payouts/page.py", actor=person(desk, "finance", account="shop"))
    at = upload(at, ("payout.csv", FILE))
    assert not at.exception
    assert at.selectbox(key="account_1").options == ["Shop"]
    assert "a person who may reconcile all accounts must add the file" in words(at)
    at.selectbox(key="account_1").set_value("shop").run()
    assert "must add the file" not in words(at)


def test_a_file_that_may_be_another_account_s_is_no_longer_shown_and_that_is_said(
    open_page: Open, desk: Desk
) -> None:
    finance = person(desk, "finance", account="shop")
    file = files.receive(desk, finance, "shop", "payout.csv", io.BytesIO(FILE.encode()))
    at = open_page("payouts/page.py", actor=finance)
    assert "no longer shown to you" not in words(at)
    background.work_off(desk)
    at.run()
    assert "no longer shown to you" in words(at)
    at.button(key=f"close_import_{file}").click().run()
    assert not at.exception
    assert "no longer shown to you" not in words(at)
