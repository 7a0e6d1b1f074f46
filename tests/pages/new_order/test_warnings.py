"""The warnings in the window before sending, with a link to the order; sending stays possible."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from services.access import SYSTEM
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import create, history
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.drafts import draft

Open = Callable[..., AppTest]
FIELDS = {
    "first_name": "Élodie", "last_name": "Marchand", "email": "elodie@gmial.com", "amount": "1 250,50",
    "description": "Acompte", "reference_1": "F-1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _ready(desk: Desk) -> None:
    prepare_demo(desk)


def fill(at: AppTest) -> AppTest:
    for field, text in FIELDS.items():
        at.text_input(key=f"order_{field}").set_value(text)
    return at.run()


def said(at: AppTest) -> str:
    return "\n".join(one.value.replace("\\", "") for one in at.warning)


def test_the_window_warns_and_still_sends(open_page: Open, desk: Desk) -> None:
    me = person(desk, "manager")
    create.create(desk, me, draft(order_id="A-1", references=("F-1",), email="elodie@gmial.com"), "k1")
    at = fill(open_page("new_order/page.py", language="fr", actor=me))
    assert "A-1" not in said(at)
    next(one for one in at.button if one.label == "Envoyer par e-mail").click().run()
    assert not at.exception
    assert "Vouliez-vous dire elodie@gmail.com" in said(at)
    assert "Ce client peut encore payer 1\u202f250,50\u00a0€ pour A-1" in said(at)
    assert "Une autre commande porte le n° de facture F-1" in said(at)
    next(one for one in at.button if one.label == "Envoyer").click().run()
    assert history.find(desk, SYSTEM, Filter()).total == 2


def test_by_phone_they_stand_above_the_button(open_page: Open, desk: Desk) -> None:
    at = open_page("new_order/page.py", "manager")
    at.segmented_control(key="new_order_channel").set_value("phone").run()
    at = fill(at)
    for field in ("order_email", "order_reference_1"):
        at.text_input(key=field).set_value("")
    at.text_input(key="order_amount").set_value("20").run()
    assert not at.exception
    assert "Without an invoice number" in said(at)
    assert any(one.label == "Prepare the telephone payment" for one in at.button)
