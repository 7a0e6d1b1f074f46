"""A template is made of a form, fills in the next one, and is deleted after a confirmation."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from services.access import SYSTEM
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import templates

Open = Callable[..., AppTest]


def press(at: AppTest, key: str) -> AppTest:
    at = at.button(key=key).click().run()
    assert not at.exception
    return at


def test_kept_used_renamed_deleted(open_page: Open, desk: Desk) -> None:
    prepare_demo(desk)
    at = open_page("new_order/page.py", "manager", language="fr")
    at.text_input(key="order_amount").set_value("1 250,50")
    at.text_input(key="order_description").set_value("Loyer")
    at.text_input(key="order_email").set_value("someone@example.com")
    at.selectbox(key="order_language").set_value("de")
    at.text_input(key="template_name").set_value("Mensuel").run()
    at = press(at, "template_keep")
    [kept] = templates.listing(desk, SYSTEM, "demo")
    assert (kept.name, kept.content.amount, kept.content.language) == ("Mensuel", 1250_5000, "de")

    at = open_page("new_order/page.py", "manager", language="en")
    at.text_input(key="order_first_name").set_value("Ada").run()
    at.selectbox(key="template_demo").set_value(kept.id).run()
    assert not at.exception
    assert at.text_input(key="order_amount").value == "1,250.50"
    assert at.text_input(key="order_description").value == "Loyer"
    assert at.selectbox(key="order_language").value == "de"
    assert at.text_input(key="order_first_name").value == "Ada"
    assert at.text_input(key="order_email").value == ""

    at.text_input(key=f"template_rename_{kept.id}").set_value("Monthly").run()
    at = press(at, "template_rename")
    assert [one.name for one in templates.listing(desk, SYSTEM, "demo")] == ["Monthly"]
    assert at.button(key="template_delete").disabled
    at.checkbox(key=f"template_sure_{kept.id}").check().run()
    at = press(at, "template_delete")
    assert templates.listing(desk, SYSTEM, "demo") == ()
