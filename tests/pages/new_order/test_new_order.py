"""The order form as a person fills it in: what is wrong beside its field, the button when all is right, one order."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from pages.new_order import form
from pages.shell import sandbox_banner
from services import clock
from services.access import SYSTEM, sign_in
from services.accounts.configuration import save_email_settings
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.error_messages.sentences import SENTENCES
from services.i18n import translator
from services.orders import history
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.screens import press, words

Open = Callable[..., AppTest]
FIELDS = {
    "first_name": "Élodie", "last_name": "Marchand", "email": "elodie@example.com", "amount": "1 250,50",
    "description": "Acompte", "reference_1": "F-1",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _ready(desk: Desk) -> None:
    prepare_demo(desk)


def fill(at: AppTest, **changes: str) -> AppTest:
    for field, text in {**FIELDS, **changes}.items():
        at.text_input(key=f"order_{field}").set_value(text)
    return at.run()


def button(at: AppTest, label: str) -> bool:
    return any(one.label == label for one in at.button)


def test_an_empty_form_says_what_is_needed_and_offers_no_button(open_page: Open) -> None:
    at = open_page("new_order/page.py", "manager", language="fr")
    assert not at.exception
    assert "Il manque encore\u00a0: Prénom, Nom, Adresse e-mail, Montant, Description" in words(at)
    assert "Sans n° de facture" in words(at)
    assert not button(at, "Envoyer par e-mail")


def test_each_mistake_stands_in_words_beside_its_field(open_page: Open) -> None:
    at = fill(
        open_page("new_order/page.py", "manager", language="fr"), amount="12,345", email="a@b.fr, c@d.fr"
    )
    assert "EUR admet au plus 2 décimales." in words(at)
    assert "une seule adresse" in words(at)
    assert not button(at, "Envoyer par e-mail")
    at = fill(at)
    assert "1\u202f250,50\u00a0€" in words(at)
    assert button(at, "Envoyer par e-mail")


def test_the_amount_is_read_in_the_readers_own_notation(open_page: Open) -> None:
    at = fill(open_page("new_order/page.py", "manager", language="en"), amount="1,250.50")
    assert "€1,250.50" in words(at)


def test_confirming_shows_the_mail_and_sends_once(open_page: Open, desk: Desk) -> None:
    at = fill(open_page("new_order/page.py", "manager"), amount="1,250.50")
    next(one for one in at.button if one.label == "Send by e-mail").click().run()
    assert not at.exception
    send = next(one for one in at.button if one.label == "Send")
    assert not send.disabled
    send.click().run()
    assert not at.exception
    everybody = history.find(desk, SYSTEM, Filter())
    assert everybody.total == 1
    assert everybody.orders[0].amount == 1250_5000
    assert "Being prepared with HiPay" in words(at)
    next(one for one in at.button if one.label == "New order").click().run()
    assert at.text_input(key="order_first_name").value == ""


def test_by_phone_no_address_is_needed_and_nothing_is_mailed(open_page: Open, desk: Desk) -> None:
    at = open_page("new_order/page.py", "manager")
    at.segmented_control(key="new_order_channel").set_value("phone").run()
    at = fill(at, amount="20", email="")
    next(one for one in at.button if one.label == "Prepare the telephone payment").click().run()
    [order] = history.find(desk, SYSTEM, Filter()).orders
    assert (order.channel, order.delivery) == ("phone", "none")


def test_until_the_account_is_ready_the_button_is_missing_and_the_page_says_why(
    open_page: Open, desk: Desk
) -> None:
    save_email_settings(desk, person(desk, "admin"), "demo", "", {"signature": "", "footer": ""})
    at = fill(open_page("new_order/page.py", "manager", language="fr"))
    assert "n’est pas encore disponible" in words(at)
    assert "Signature" in words(at)
    assert not button(at, "Envoyer par e-mail")


def test_an_unusual_address_is_confirmed_by_its_ascii_form(open_page: Open) -> None:
    at = fill(open_page("new_order/page.py", "manager"), email="anna@müller.de", amount="10")
    next(one for one in at.button if one.label == "Send by e-mail").click().run()
    assert "anna@xn--mller-kva.de" in at.checkbox(key="confirm_address").label
    assert next(one for one in at.button if one.label == "Send").disabled
    at.checkbox(key="confirm_address").check().run()
    assert not next(one for one in at.button if one.label == "Send").disabled


def test_polish_says_that_hipays_page_is_in_english(open_page: Open) -> None:
    at = open_page("new_order/page.py", "manager")
    at.selectbox(key="order_language").set_value("pl").run()
    assert "HiPay's page has no Polish" in words(at)


SHOPS = {
    key: {
        "key": key,
        "name": key,
        "environment": "sandbox",
        "login": "l",
        "password": "p",
        "passphrase": "s",
        **more,
    }
    for key, more in {"paris": {}, "london": {"currency": "GBP", "timezone": "Pacific/Auckland"}}.items()
}


@pytest.mark.desk(accounts=SHOPS)
def test_currency_and_end_are_the_accounts_until_somebody_changes_them(open_page: Open) -> None:
    at = open_page("new_order/page.py", "manager")
    assert at.selectbox(key="account").value is None
    assert "order_currency" not in {
        box.key for box in at.selectbox
    }  # a form without its account is not drawn
    at.selectbox(key="account").set_value("paris").run()
    assert at.selectbox(key="order_currency").value == "EUR"
    paris = end(at)
    at.selectbox(key="account").set_value("london").run()
    assert at.selectbox(key="order_currency").value == "GBP"
    assert end(at) - paris in (timedelta(hours=11), timedelta(hours=12), timedelta(hours=10))
    at.selectbox(key="order_currency").set_value("USD")
    at.date_input(key="order_end_date").set_value(paris.date() - timedelta(days=2)).run()
    at.selectbox(key="account").set_value("paris").run()
    assert at.selectbox(key="order_currency").value == "USD"
    assert end(at).date() == paris.date() - timedelta(days=2)


def end(at: AppTest) -> datetime:
    return datetime.combine(
        at.date_input(key="order_end_date").value, at.time_input(key="order_end_time").value
    )


def test_a_clock_that_jumps_takes_the_proposed_end_along(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("new_order/page.py", "manager")
    before, start = end(at), clock.now()
    for days in (-30, 60):
        monkeypatch.setattr(clock, "now", lambda days=days: start + timedelta(days=days))
        at.run()
        assert not at.exception
        assert end(at) - before == timedelta(days=days)
    at.date_input(key="order_end_date").set_value((before + timedelta(days=63)).date()).run()
    monkeypatch.setattr(clock, "now", lambda: start)  # what was chosen can no longer be
    at.run()
    assert end(at) == before


def test_while_the_samples_are_made_a_sentence_stands_in_the_forms_place(
    open_page: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox_banner._sample, "running", True)
    for screen in ("new_order/page.py", "bulk/many_at_once.py"):
        at = open_page(screen, "manager")
        assert "the clock stands in the past meanwhile" in words(at)
        assert not at.text_input
        assert not at.file_uploader


def test_who_has_no_address_yet_writes_it_where_the_copy_is_offered(open_page: Open, desk: Desk) -> None:
    local = sign_in.local_user(desk)
    at = fill(open_page("new_order/page.py", actor=local), amount="10")
    next(one for one in at.button if one.label == "Send by e-mail").click().run()
    at.text_input(key="confirm_own_address").set_value("nobody").run()
    assert translator("en")(SENTENCES["address_malformed"]) in words(at)
    at.text_input(key="confirm_own_address").set_value("camille@example.com").run()
    assert not at.exception
    assert "camille@example.com" in at.checkbox(key="confirm_copy").label
    assert at.checkbox(key="confirm_copy").value is True
    next(one for one in at.button if one.label == "Send").click().run()
    [order] = history.find(desk, SYSTEM, Filter()).orders
    assert order.last_name == "Marchand"


def test_a_form_that_is_left_takes_nothing_of_other_screens_along(open_page: Open, desk: Desk) -> None:
    at = open_page("new_order/page.py", "manager")
    theirs = {"order_of": 7, "orders_cursor": (None, 2), "order_that_somebody_adds_one_day": "x", "file": 3}
    for key, value in theirs.items():
        at.session_state[key] = value
    at = fill(at, amount="20", reference_1="F-9")
    widgets = (*at.text_input, *at.selectbox, *at.date_input, *at.time_input, *at.radio)
    own = {one.key for one in widgets if one.key and one.key.startswith("order_")}
    assert len(own) > 10
    assert own <= set(form.KEYS)
    next(one for one in at.button if one.label == "Send by e-mail").click().run()
    next(one for one in at.button if one.label == "Send").click().run()
    assert not at.exception
    assert {key: at.session_state[key] for key in theirs} == theirs
    assert [key for key in form.KEYS if key in at.session_state] == []


@pytest.mark.desk(own_links=True)
def test_hipay_is_not_named_while_only_our_own_link_is_sent(open_page: Open) -> None:
    at = fill(open_page("new_order/page.py", "manager"), amount="10")
    at = press(press(at, "Send by e-mail"), "Send")
    assert "Being sent…" in words(at)
    assert "HiPay" not in words(at)
