"""An order that was typed and not sent: offered on the form to the person who typed it, and filled in when they ask."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import stored_drafts
from tests.support.desk import person
from tests.support.screens import press, words

Open = Callable[..., AppTest]
TYPED = {"last_name": "Dupont", "email": "dupont@example.com", "amount": "1,250"}
SCREEN = "new_order/page.py"


@pytest.fixture
def manager(desk: Desk) -> Actor:
    prepare_demo(desk)
    return person(desk, "manager")


@pytest.fixture
def typed(open_page: Open, manager: Actor) -> AppTest:
    """A form with a customer and an amount, and nothing else."""
    at = open_page(SCREEN, actor=manager)
    for field, text in TYPED.items():
        at.text_input(key=f"order_{field}").set_value(text)
    return at.run()


def labels(at: AppTest) -> list[str]:
    return [one.label for one in at.button]


def test_what_is_typed_is_offered_after_another_screen_and_filled_in_only_when_asked(typed: AppTest) -> None:
    assert "Resume" not in labels(typed)  # it is in the form
    typed.switch_page("overview/page.py").run()
    at = typed.switch_page(SCREEN).run()
    assert not at.exception
    assert at.text_input(key="order_last_name").value == ""
    assert "Dupont" in words(at)
    assert "€1,250.00" in words(at)
    at = press(at, "Resume")
    assert {name: at.text_input(key=f"order_{name}").value for name in TYPED} == TYPED
    assert "Resume" not in labels(at)


def test_in_a_new_session_it_is_offered_in_the_readers_notation(
    typed: AppTest, open_page: Open, manager: Actor
) -> None:
    at = open_page(SCREEN, actor=manager, language="fr")
    at = press(at, "Reprendre")
    assert at.text_input(key="order_amount").value == "1\u202f250,00"
    assert not at.exception


def test_a_colleague_is_offered_nothing(typed: AppTest, open_page: Open, desk: Desk) -> None:
    assert "Dupont" not in words(open_page(SCREEN, actor=person(desk, "manager")))


def test_what_is_in_the_form_when_another_is_resumed_becomes_a_draft(
    typed: AppTest, open_page: Open, manager: Actor, desk: Desk
) -> None:
    at = open_page(SCREEN, actor=manager)
    at = at.text_input(key="order_last_name").set_value("Martin").run()
    at = press(at, "Resume")
    assert at.text_input(key="order_last_name").value == "Dupont"
    assert "Martin" in words(at)
    assert len(stored_drafts.listing(desk, manager)) == 2


def test_a_deleted_draft_is_gone(typed: AppTest, open_page: Open, manager: Actor, desk: Desk) -> None:
    at = press(open_page(SCREEN, actor=manager), "Delete")
    assert "Resume" not in labels(at)
    assert stored_drafts.listing(desk, manager) == ()


def test_a_form_that_was_sent_leaves_no_draft(typed: AppTest, manager: Actor, desk: Desk) -> None:
    for field, text in {"first_name": "Élodie", "description": "Sofa"}.items():
        typed.text_input(key=f"order_{field}").set_value(text)
    at = press(press(typed.run(), "Send by e-mail"), "Send")
    at = press(at, "New order")
    assert "Resume" not in labels(at)
    assert stored_drafts.listing(desk, manager) == ()


def test_an_end_that_was_chosen_comes_back(typed: AppTest, open_page: Open, manager: Actor) -> None:
    day = typed.date_input(key="order_end_date")
    wanted = day.max
    typed.date_input(key="order_end_date").set_value(wanted).run()
    typed.switch_page("overview/page.py").run()
    at = press(typed.switch_page(SCREEN).run(), "Resume")
    assert at.date_input(key="order_end_date").value == wanted
