"""While sending is paused for an account, every screen says so to those who send and to those who can put it right."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.accounts.pauses import pause, resume
from services.desk import Desk
from tests.support.desk import person
from tests.support.screens import links

Open = Callable[..., AppTest]


@pytest.fixture
def paused(desk: Desk) -> Desk:
    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised")
    return desk


def test_an_administrator_is_led_to_the_configuration(open_page: Open, paused: Desk) -> None:
    admin = person(paused, "admin")
    at = open_page("admin/people.py", actor=admin, language="fr")
    assert not at.exception
    assert "En pause\u00a0: appels à HiPay." in at.error[0].value.replace("\\", "")
    assert "Corriger et reprendre" in links(at)
    at = at.switch_page("configuration/page.py").run()
    assert len([one for one in at.error if "appels à HiPay" in one.value]) == 1  # the screen's own
    resume(paused, admin, "demo")
    assert not at.run().error


def test_a_manager_is_told_and_finance_is_not_bothered(open_page: Open, paused: Desk) -> None:
    at = open_page("admin/my_notices.py", "manager")
    assert "Paused: calls to HiPay. HiPay refuses the account" in at.error[0].value.replace("\\", "")
    assert any("once an administrator has resumed it" in caption.value for caption in at.caption)
    assert "Put it right and resume" not in links(at)
    assert not open_page("admin/audit.py", "finance").error
