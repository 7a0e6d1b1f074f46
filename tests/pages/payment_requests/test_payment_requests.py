"""The list and one request, over orders made through the services."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from services import clock
from services.access import WORKER, Actor
from services.desk import Desk
from services.orders import create, history, record
from services.store.orders import orders
from tests.support.drafts import draft
from tests.support.payouts import import_line

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]


def words(at: AppTest) -> str:
    shown = [*at.title, *at.caption, *at.markdown, *at.warning, *at.error, *at.info]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def test_an_empty_list_says_what_to_do_next(open_page: Open, manager: Actor) -> None:
    at = open_page("payment_requests/page.py", actor=manager, language="fr")
    assert "Aucune demande de paiement" in words(at)


def test_the_list_shows_state_customer_amount_reference_and_sender(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    create.create(desk, manager, draft(), create.new_form_key())
    at = open_page("payment_requests/page.py", actor=manager, language="fr")
    row = at.dataframe[0].value.iloc[0]
    assert row["État"] == ["Envoi en cours"]
    assert (row["Client"], row["Montant"]) == ("Élodie Marchand", "1\u202f250,50\u00a0€")
    assert (row["N° de facture"], row["Envoyé par"]) == ("F-2026-0042", "Camille Martin")


def test_the_search_narrows_the_list(open_page: Open, manager: Actor, desk: Desk) -> None:
    create.create(desk, manager, draft(last_name="Marchand"), create.new_form_key())
    create.create(desk, manager, draft(last_name="Benali"), create.new_form_key())
    at = open_page("payment_requests/page.py", actor=manager)
    at.text_input(key="q").set_value("benali").run()
    assert list(at.dataframe[0].value["Customer"]) == ["Élodie Benali"]
    at.text_input(key="q").set_value("nobody").run()
    assert "No payment request fits these filters" in words(at)


def test_one_request_shows_its_timeline_and_what_went_wrong(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    order_id = create.create(desk, manager, draft(last_name="Martin *gras*"), create.new_form_key())
    with desk.store.write() as tx:
        orders.change_order(tx, order_id, failure="hipay_unavailable", failure_detail={})
        record.record(tx, order_id, "page_failed", manager, error="hipay_unavailable", fields={})
    at = open_page("payment_requests/page.py", actor=manager)
    at.query_params["order"] = str(order_id)
    at.run()
    assert not at.exception
    assert "Élodie Martin *gras*" in words(at)
    assert "Order created" in words(at)
    assert "HiPay is unavailable for the moment." in words(at)
    assert any(one.label == "Try again" for one in at.button)


def test_one_request_says_that_hipay_has_not_answered_yet(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    with desk.store.write() as tx:
        record.record(tx, order_id, "page_requested", WORKER, hipay_order_id="A-1", number=1)
    at = open_page("payment_requests/page.py", actor=manager, language="fr")
    at.query_params["order"] = str(order_id)
    at.run()
    assert "HiPay ne répond pas" not in words(at)
    clock.use(lambda: timedelta(seconds=8))
    try:
        at.run()
    finally:
        clock.use(None)
    assert re.search("HiPay ne répond pas depuis [0-9]+\u00a0s", words(at))


def test_an_order_that_is_not_there_is_a_sentence(open_page: Open, manager: Actor) -> None:
    at = open_page("payment_requests/page.py", actor=manager)
    at.query_params["order"] = "999999999999999999999999"
    at.run()
    assert not at.exception
    assert "This order does not exist." in words(at)


def test_a_sign_that_is_glued_to_the_link_is_no_part_of_it(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    for typed, shown in ((f"{order_id}.", True), (f"{order_id})", True), (f"{order_id}x", False)):
        at = open_page("payment_requests/page.py", actor=manager)
        at.query_params["order"] = typed
        at.run()
        assert not at.exception
        assert ("Payment requests" in [one.value for one in at.title]) is not shown
        assert at.query_params["order"] in ((str(order_id),) if shown else (typed, [typed]))


def test_back_leads_to_the_list(open_page: Open, manager: Actor, desk: Desk) -> None:
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    at = open_page("payment_requests/page.py", actor=manager)
    at.query_params["order"] = str(order_id)
    at.run()
    next(one for one in at.button if one.label == "All payment requests").click().run()
    assert at.title[0].value == "Payment requests"


def test_the_timeline_says_in_which_payout_an_order_was_settled(
    open_page: Open, manager: Actor, desk: Desk
) -> None:
    order_id = create.create(desk, manager, draft(order_id="A-1"), create.new_form_key())
    import_line(desk, file_order="A-1", date="2026-11-20")
    at = open_page("payment_requests/page.py", actor=manager)
    at.query_params["order"] = str(order_id)
    at.run()
    assert not at.exception
    assert "Sale in payout 77: €10.00 (20 Nov 2026)" in words(at)
    assert "f.csv, line 2" in words(at)


def test_a_link_holds_in_every_language_and_names_the_page(
    open_page: Open, manager: Actor, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "PAGE_SIZE", 1)
    for name in ("Marchand", "Benali", "Garnier"):
        create.create(desk, manager, draft(last_name=name), create.new_form_key())
    create.create(desk, manager, draft(last_name="Autre", channel="phone", email=""), create.new_form_key())
    at = open_page("payment_requests/page.py", actor=manager)
    at.multiselect(key="state").set_value(["preparing"]).run()
    at.multiselect(key="channel").set_value(["link"]).run()
    at.session_state["page"] = 2  # AppTest cannot press the pagination
    at.run()
    written = {
        name: value[0] if isinstance(value, list) else value for name, value in dict(at.query_params).items()
    }
    assert written == {"state": "preparing", "channel": "link", "page": "2"}
    assert list(at.dataframe[0].value["Customer"]) == ["Élodie Benali"]

    colleague = open_page(None, actor=manager, language="fr")
    for name, value in written.items():
        colleague.query_params[name] = value
    colleague.switch_page("payment_requests/page.py").run()
    assert not colleague.exception
    assert colleague.multiselect(key="state").value == ["preparing"]
    assert list(colleague.dataframe[0].value["Client"]) == ["Élodie Benali"]
    colleague.text_input(key="q").set_value("garnier").run()  # another search begins at its first page
    assert list(colleague.dataframe[0].value["Client"]) == ["Élodie Garnier"]
    assert "page" not in colleague.query_params


def test_what_never_left_has_no_time_of_sending(open_page: Open, manager: Actor, desk: Desk) -> None:
    create.create(desk, manager, draft(), create.new_form_key())
    at = open_page("payment_requests/page.py", actor=manager)
    assert at.dataframe[0].value.iloc[0]["Sent"] == "—"
