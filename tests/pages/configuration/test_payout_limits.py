"""When a payout must tie, and up to which difference is written off: an administrator sets both for the account."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.accounts.payout_limits import PayoutLimits, limits
from services.desk import Desk

Open = Callable[..., AppTest]


def kept(desk: Desk) -> PayoutLimits:
    with desk.store.read() as tx:
        return limits(tx, "demo")


def test_both_are_kept_for_the_account(open_page: Open, desk: Desk) -> None:
    assert kept(desk) == PayoutLimits(10, 5_0000)
    at = open_page("configuration/page.py", "admin", language="fr")
    at.number_input(key="cfg_untied_days_demo").set_value(4)
    at.number_input(key="cfg_write_off_demo").set_value(12)
    next(one for one in at.button if one.label == "Enregistrer les limites").click().run()
    assert not at.exception
    assert kept(desk) == PayoutLimits(4, 12_0000)


def test_who_may_not_configure_only_looks(open_page: Open) -> None:
    at = open_page("configuration/page.py", "manager")
    assert at.number_input(key="cfg_write_off_demo").disabled
