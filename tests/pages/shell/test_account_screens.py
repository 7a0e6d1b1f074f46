"""Each screen as a person of one account: nothing of another account is on it."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.navigation import SCREENS
from services.desk import Desk
from tests.support.two_accounts import ACCOUNTS, MARKS, fill

Open = Callable[..., AppTest]


@pytest.fixture
def desk_settings() -> dict[str, Any]:
    return {"accounts": ACCOUNTS}


def text_of(at: AppTest) -> str:
    """All that the screen shows: its elements, with the tables in full."""
    tables = " ".join(table.value.to_string() for table in at.dataframe)
    return f"{at!r} {tables}"


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
