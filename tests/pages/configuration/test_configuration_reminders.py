"""Reminders to customers: off until an administrator chooses days."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.accounts.reminders import Reminders, of_account
from services.desk import Desk

Open = Callable[..., AppTest]


def kept(desk: Desk) -> Reminders:
    with desk.store.read() as tx:
        return of_account(tx, "demo")


def test_days_and_hours_are_kept(open_page: Open, desk: Desk) -> None:
    assert not kept(desk).on
    at = open_page("configuration/page.py", "admin", language="fr")
    at.multiselect(key="cfg_remind_before_demo").set_value([2, 1])
    at.multiselect(key="cfg_remind_after_demo").set_value([3])
    at.number_input(key="cfg_remind_to_demo").set_value(20)
    next(one for one in at.button if one.label == "Enregistrer les relances").click().run()
    assert not at.exception
    found = kept(desk)
    assert (found.before, found.after, found.from_hour, found.to_hour, found.sundays) == (
        (1, 2),
        (3,),
        9,
        20,
        False,
    )


def test_hours_that_leave_no_time_are_refused(open_page: Open, desk: Desk) -> None:
    at = open_page("configuration/page.py", "admin")
    at.number_input(key="cfg_remind_from_demo").set_value(20)
    next(one for one in at.button if one.label == "Save the reminders").click().run()
    assert "begin before they end" in at.error[0].value
    assert kept(desk) == Reminders()


def test_who_may_not_configure_only_looks(open_page: Open) -> None:
    at = open_page("configuration/page.py", "manager")
    assert at.multiselect(key="cfg_remind_before_demo").disabled
