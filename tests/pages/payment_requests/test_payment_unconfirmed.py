"""A payment that HiPay has told of and not shown: said on every screen, offered nowhere as money, confirmed by hand if it must be."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services import clock
from services.access import CUSTOMER, WORKER, Actor
from services.alarms.sweep import sweep
from services.desk import Desk
from services.hipay.notifications import parse
from services.orders import create, history, notifications
from services.orders.record import alarm, record_observation
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.public import body

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]


@pytest.fixture
def order(desk: Desk, manager: Actor) -> int:
    made = create.create(desk, manager, draft(order_id="A-1", amount="15"), create.new_form_key())
    with desk.store.write() as tx:
        orders.change_order(tx, made, availability="open", delivery="sent")
        mark = orders.order(tx, made).mark  # type: ignore[union-attr]
    raw = body("A-1", mid="", date_updated=clock.now().isoformat(), **{"custom_data[eterminal_order]": mark})
    notifications.receive(desk, "demo", raw, "application/x-www-form-urlencoded")
    notifications.work_off(desk)
    return made


def opened(open_page: Open, order: int, actor: Actor, language: str = "en") -> AppTest:
    at = open_page("payment_requests/page.py", actor=actor, language=language)
    at.query_params["order"] = str(order)
    return at.run()


def words(at: AppTest) -> str:
    shown = [*at.title, *at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.get("html")]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def labels(at: AppTest) -> set[str]:
    return {one.label for one in at.button}


@pytest.mark.parametrize(
    ("language", "badge"), [("en", "Payment being confirmed"), ("fr", "Paiement en cours de confirmation")]
)
def test_the_list_and_the_request_say_so(
    open_page: Open, desk: Desk, manager: Actor, order: int, language: str, badge: str
) -> None:
    at = open_page("payment_requests/page.py", actor=manager, language=language)
    [column] = [name for name in at.dataframe[0].value.columns if name in ("State", "État")]
    assert [list(value) for value in at.dataframe[0].value[column]] == [[badge]]
    at = opened(open_page, order, manager, language)
    assert not at.exception
    assert badge in words(at)
    assert {
        "en": "HiPay told, to be confirmed: Collected so far: €15.00",
        "fr": "Signalé par HiPay, à confirmer",
    }[language] in words(at)
    assert not labels(at) & {
        "Refund the customer",
        "Send again",
        "Call off",
        "Correct",
        "Confirm the payment…",
    }


def test_closing_its_alarm_makes_it_payable_again(
    open_page: Open, desk: Desk, manager: Actor, order: int
) -> None:
    with desk.store.write() as tx:
        since = (clock.now() - timedelta(minutes=20)).isoformat()
        row: Any = orders.order(tx, order)
        alarm(tx, row, "x", "payment_unconfirmed", reference="800417743755", since=since)
    at = open_page("overview/page.py", actor=manager)
    assert "HiPay told of a payment, but does not show it when asked: first 20 minutes ago." in words(at)
    assert "Look up transaction 800417743755" in words(at)
    next(one for one in at.button if one.label == "Close…").click().run()
    at.text_input(key="closing_reason").set_value("not in the console").run()
    next(one for one in at.button if one.label == "Close it").click().run()
    assert not at.exception
    found = history.detail(desk, CUSTOMER, order)
    assert found.order.payment == "unpaid"
    assert "Looked into: it was no payment" in words(opened(open_page, order, manager))


def test_finance_confirms_by_hand_where_the_account_has_gone(
    open_page: Open, desk: Desk, manager: Actor, order: int
) -> None:
    with desk.store.write() as tx:
        for table in ("orders", "pages", "steps"):
            tx.exec_driver_sql(f"UPDATE {table} SET account = 'departed'")
    sweep(desk)
    assert "Confirm the payment…" not in labels(opened(open_page, order, manager))
    finance = person(desk, "finance", name="Dominique")
    at = opened(open_page, order, finance)
    assert "can no longer be asked for it" in words(at)
    next(one for one in at.button if one.label == "Confirm the payment…").click().run()
    assert not at.exception
    assert "800417743755" in words(at)
    assert "€15.00" in words(at)
    go = next(one for one in at.button if one.label == "Yes, it is paid")
    assert go.disabled
    next(one for one in at.text_input if one.label == "How do you know?").set_value(
        "seen in the console"
    ).run()
    next(one for one in at.button if one.label == "Yes, it is paid").click().run()
    assert not at.exception
    assert history.detail(desk, CUSTOMER, order).badge == "paid"
    assert "Payment confirmed by hand" in words(at)
    assert "seen in the console" in words(at)


def test_the_timeline_says_what_became_of_what_was_told(
    open_page: Open, desk: Desk, manager: Actor, order: int
) -> None:
    """The fixture told of 118. A read shows 118 of it; a refund and a chargeback are told that no read bears out."""
    with desk.store.read() as tx:
        mark = orders.order(tx, order).mark  # type: ignore[union-attr]

    def told(status: int, **changes: str) -> bytes:
        return body("A-1", status, mid="", **{"custom_data[eterminal_order]": mark, **changes})

    def read(raw: bytes) -> None:
        with desk.store.write() as tx:
            seen = parse(raw, "application/x-www-form-urlencoded").observation()
            record_observation(tx, desk, order, orders.pages_of(tx, order)[0].id, seen, actor=WORKER)

    now = clock.now().isoformat()
    for raw in (told(116), told(125, refunded_amount="15.00", date_updated=now), told(129, date_updated=now)):
        notifications.receive(desk, "demo", raw, "application/x-www-form-urlencoded")
    notifications.work_off(desk)
    read(told(118, date_updated=now))
    shown = words(opened(open_page, order, manager))
    assert "HiPay told, to be confirmed" not in shown
    assert "\nAmount held on the card: €15.00" in shown
    assert shown.count("Collected so far: €15.00") == 1
    assert "HiPay told, and when asked did not confirm: Refunded so far: €15.00" in shown
    assert "HiPay told, and when asked did not confirm: Charged back" in shown
