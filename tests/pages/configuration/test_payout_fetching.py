"""Whether payouts are fetched by themselves: an administrator says so for the account; the address for HiPay is shown."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.desk import Desk
from services.imports.received.fetch_schedule import Automatic, automatic

Open = Callable[..., AppTest]
SECRET = "canary-finance-password"
SHOP = {"name": "Shop", "environment": "sandbox", "login": "l", "password": "p", "passphrase": "x"}


def kept(desk: Desk, account: str = "demo") -> Automatic:
    with desk.store.read() as tx:
        return automatic(tx, desk, account)


def test_it_is_switched_on_for_the_account(open_page: Open, desk: Desk) -> None:
    assert not kept(desk).on
    at = open_page("configuration/page.py", "admin", language="fr")
    at.toggle(key="cfg_payouts_on_demo").set_value(True)
    at.number_input(key="cfg_payouts_hours_demo").set_value(12)
    next(one for one in at.button if one.key and "cfg_save_payouts" in one.key).click().run()
    assert not at.exception
    assert kept(desk) == Automatic(True, 12)


def test_who_may_not_configure_only_looks(open_page: Open) -> None:
    at = open_page("configuration/page.py", "manager")
    assert at.toggle(key="cfg_payouts_on_demo").disabled


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            "once their password is in the settings", marks=pytest.mark.desk(accounts={"demo": SHOP})
        ),
        pytest.param(
            "at this address:",
            marks=pytest.mark.desk(accounts={"demo": {**SHOP, "finance_notification_password": SECRET}}),
        ),
    ],
)
def test_the_address_for_hipay_and_never_the_password(open_page: Open, said: str) -> None:
    at = open_page("configuration/page.py", "admin")
    assert "http://127.0.0.1:8503/notify-finance/demo" in [code.value for code in at.code]
    assert any(said in caption.value for caption in at.caption)
    everything: list[Any] = [*at.caption, *at.code, *at.markdown, *at.text_input]
    assert SECRET not in str([element.value for element in everything])
