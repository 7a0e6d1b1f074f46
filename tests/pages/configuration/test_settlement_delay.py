"""The days until a payment that no payout names is an alarm: an administrator sets them for the account."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.accounts.settlement_delay import DEFAULT_DAYS, days_to_settle
from services.desk import Desk

Open = Callable[..., AppTest]


def kept(desk: Desk) -> int:
    with desk.store.read() as tx:
        return days_to_settle(tx, "demo")


def test_the_days_are_kept_for_the_account(open_page: Open, desk: Desk) -> None:
    assert kept(desk) == DEFAULT_DAYS
    at = open_page("configuration/page.py", "admin", language="fr")
    at.number_input(key="cfg_late_days_demo").set_value(5)
    next(one for one in at.button if one.label == "Enregistrer le délai").click().run()
    assert not at.exception
    assert kept(desk) == 5


def test_who_may_not_configure_only_looks(open_page: Open) -> None:
    at = open_page("configuration/page.py", "manager")
    assert at.number_input(key="cfg_late_days_demo").disabled
