"""Choosing what one is told: all off at first, kept, in the language of the screens."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.access import sign_in, users
from services.desk import Desk
from services.notices import NoAddress
from services.notices.choices import chosen, set_address
from services.notices.facts import KINDS
from tests.support.desk import person

Open = Callable[..., AppTest]


def test_a_choice_is_kept_with_the_language(open_page: Open, desk: Desk) -> None:
    me = person(desk, "manager")
    at = open_page("admin/my_notices.py", language="fr", actor=me)
    assert not at.exception
    assert [at.checkbox(key=f"notice_{kind}").value for kind in KINDS] == [False] * 6
    assert "camille@example.com" in at.caption[0].value.replace("\\", "")
    at.checkbox(key="notice_paid").check()
    at.checkbox(key="notice_expires").check()
    next(one for one in at.button if one.label == "Enregistrer mon choix").click().run()
    assert not at.exception
    assert chosen(desk, me) == {"paid", "expires"}
    assert users.language(desk, me) == "fr"
    again = open_page("admin/my_notices.py", language="fr", actor=me)
    assert again.checkbox(key="notice_paid").value is True


def test_without_an_address_nothing_can_be_chosen(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/my_notices.py", actor=person(desk, "manager", email=""))
    assert "no e-mail address" in at.info[0].value
    assert all(at.checkbox(key=f"notice_{kind}").disabled for kind in KINDS)


def test_the_local_person_writes_their_own_address(open_page: Open, desk: Desk) -> None:
    me = sign_in.local_user(desk)
    at = open_page("admin/my_notices.py", actor=me)
    assert "Write your address first" in at.info[0].value
    at.text_input(key="own_address_text").set_value("not an address")
    next(one for one in at.button if one.label == "Save the address").click().run()
    assert at.error
    at.text_input(key="own_address_text").set_value("me@example.com")
    next(one for one in at.button if one.label == "Save the address").click().run()
    assert not at.exception
    assert sign_in.local_user(desk).email == "me@example.com"
    assert at.checkbox(key="notice_paid").disabled is False


def test_an_address_that_the_provider_gave_is_the_providers(desk: Desk) -> None:
    with pytest.raises(NoAddress):
        set_address(desk, person(desk, "manager"), "other@example.com")
