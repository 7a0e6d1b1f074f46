"""The privacy screen: what is kept is shown, erased after a confirmation, and nobody else may."""

from collections.abc import Callable
from datetime import timedelta

from streamlit.testing.v1 import AppTest

from services import clock, retention
from services.access import SYSTEM
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import create, history
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.screens import press, words

Open = Callable[..., AppTest]


def test_one_customer_is_looked_up_and_erased(open_page: Open, desk: Desk) -> None:
    prepare_demo(desk)
    manager = person(desk, "manager")
    order = create.create(desk, manager, draft(order_id="ENDED"), create.new_form_key())
    create.create(desk, manager, draft(order_id="ALIVE"), create.new_form_key())
    with desk.store.write() as tx:
        orders.write_state(tx, order, {"payment": "captured", "expires_at": clock.now() - timedelta(days=1)})
        tx.exec_driver_sql(f'DELETE FROM steps WHERE "order" = {order}')
    at = open_page("admin/privacy.py", "admin", language="fr")
    at.text_input(key="erase_address").set_value("nobody@example.com")
    at = press(at, "Rechercher")
    assert "Rien n’est conservé de ce client" in words(at)
    at.text_input(key="erase_address").set_value("elodie.marchand@example.com")
    at = press(at, "Rechercher")
    assert "Voici ce qui est effacé\u00a0: le client de 1 demande." in words(at)
    assert "restent pour l’instant\u00a0: ALIVE" in words(at)
    assert next(one for one in at.button if one.label == "Effacer définitivement").disabled
    at.checkbox(key="erase_sure").check().run()
    at = press(at, "Effacer définitivement")
    assert "Effacé\u00a0: le client de 1 demande." in words(at)
    assert history.detail(desk, SYSTEM, order).order.email == ""


def test_the_months_are_kept(open_page: Open, desk: Desk) -> None:
    at = open_page("admin/privacy.py", "admin")
    at.number_input(key="months_demo").set_value(18)
    at = press(at, "Save")
    assert "Customers are erased 18 months after" in words(at)
    assert retention.months(desk, SYSTEM, "demo") == 18


def test_a_manager_may_not_see_it(open_page: Open) -> None:
    at = open_page("admin/privacy.py", "manager")
    assert not at.exception
    assert not at.text_input
