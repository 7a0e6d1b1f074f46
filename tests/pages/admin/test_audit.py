"""The audit trail as an administrator reads it."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.access import audit, sign_in
from services.desk import Desk
from tests.support.desk import person
from tests.support.two_accounts import ACCOUNTS, fill


def test_an_amount_is_written_as_its_reader_writes_it(open_page: Callable[..., AppTest], desk: Desk) -> None:
    manager = person(desk, "manager")
    with desk.store.write() as tx:
        audit.record(tx, manager, "refund_asked", "order:1", amount=1250_5000, operation=1)
    for language, amount in (("fr", "1\u202f250,50"), ("en", "1,250.50")):
        at = open_page("admin/audit.py", "admin", language=language)
        assert not at.exception
        assert any(amount in str(cell) for cell in at.dataframe[0].value.to_numpy().flatten())


def test_the_local_user_is_named_in_the_readers_language(
    open_page: Callable[..., AppTest], desk: Desk
) -> None:
    me = sign_in.local_user(desk)
    at = open_page("admin/audit.py", actor=me, language="fr")
    assert set(at.dataframe[0].value["Sur quoi"]) == {"Utilisateur local"}


@pytest.mark.desk(accounts=ACCOUNTS)
def test_the_choice_of_account_leaves_out_what_is_of_another_one(
    open_page: Callable[..., AppTest], desk: Desk
) -> None:
    """An entry of no account stays: it concerns all of them."""
    world = fill(desk)
    with desk.store.write() as tx:
        audit.record(tx, world.everywhere, "account.options", "account:shop")
        audit.record(tx, world.everywhere, "user.disabled", f"user:{world.everywhere.id}")
    at = open_page("admin/audit.py", "admin")
    shown = {}
    for account in ("shop", "outlet"):
        at.selectbox(key="shown_account").set_value(account).run()
        assert not at.exception
        shown[account] = set(at.dataframe[0].value["On what"])
    of_outlet = shown["outlet"] - shown["shop"]
    assert {text.split(" ")[0] for text in of_outlet} >= {"HiPay", "Payout", "question"}
    assert shown["shop"] - shown["outlet"] == {"HiPay account shop"}
    assert world.everywhere.name in shown["shop"] & shown["outlet"]
