"""Refunding from a request's page: offered when the payment allows it, confirmed, asked once."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from services.access import SYSTEM, WORKER, Actor
from services.accounts.demo import prepare_demo
from services.desk import Desk
from services.hipay.observations import Observation
from services.orders import create, operations
from services.orders.observe import observe
from services.store import orders as rows
from tests.support.desk import person
from tests.support.drafts import draft

Open = Callable[..., AppTest]


@pytest.fixture
def manager(desk: Desk) -> Actor:
    prepare_demo(desk)
    return person(desk, "manager")


@pytest.fixture
def paid(desk: Desk, manager: Actor) -> int:
    order_id = create.create(desk, manager, draft(order_id="A-1", amount="100"), create.new_form_key())
    seen = Observation(
        order_id="A-1", reference="800", status=118, state="completed", currency="EUR", authorised=100_0000,
        captured=100_0000, refunded=0, charged_back=0, order_amount=100_0000, order_currency="EUR", reason_code=None,
        reason_text=None, payment_product="visa", eci=7, test=True, mid=None, operation_id=None, operation_amount=None,
        at=datetime(2026, 11, 20, tzinfo=UTC), mark=None,
    )  # fmt: skip
    with desk.store.write() as tx:
        [page] = rows.pages_of(tx, order_id)
        observe(tx, desk, order_id, page.id, seen, actor=WORKER)
    return order_id


def opened(open_page: Open, order_id: int, actor: Actor) -> AppTest:
    at = open_page("payment_requests.py", actor=actor)
    at.query_params["order"] = str(order_id)
    return at.run()


def press(at: AppTest, label: str) -> AppTest:
    return next(one for one in at.button if one.label == label).click().run()


def test_a_refund_is_confirmed_with_amount_and_reason(
    open_page: Open, desk: Desk, manager: Actor, paid: int
) -> None:
    at = press(opened(open_page, paid, manager), "Refund the customer")
    assert not at.exception
    go = next(one for one in at.button if one.label == "Yes, refund the customer")
    assert go.disabled  # no reason yet
    amount, why = [one for one in at.text_input if one.key and one.key.startswith(("amount_", "why_"))]
    assert amount.value == "100.00"
    amount.set_value("30.50")
    why.set_value("Returned").run()
    at = press(at, "Yes, refund the customer")
    assert not at.exception
    [asked] = operations.of_order(desk, SYSTEM, paid)[0]
    assert (asked.kind, asked.amount, asked.why, asked.state) == ("refund", 30_5000, "Returned", "requested")
    assert any("being asked of HiPay" in one.value for one in at.info)
    assert not any(one.label == "Refund the customer" for one in at.button)  # one at a time


def test_more_than_was_paid_is_refused_in_words(
    open_page: Open, desk: Desk, manager: Actor, paid: int
) -> None:
    at = press(opened(open_page, paid, manager), "Refund the customer")
    amount, why = [one for one in at.text_input if one.key and one.key.startswith(("amount_", "why_"))]
    amount.set_value("100.01")
    why.set_value("x").run()
    at = press(at, "Yes, refund the customer")
    assert any("At most €100.00 is left" in one.value for one in at.error)
    assert operations.of_order(desk, SYSTEM, paid)[0] == ()


def test_back_changes_nothing(open_page: Open, desk: Desk, manager: Actor, paid: int) -> None:
    at = press(press(opened(open_page, paid, manager), "Refund the customer"), "Back")
    assert not at.exception
    assert operations.of_order(desk, SYSTEM, paid)[0] == ()
    assert any(one.label == "Refund the customer" for one in at.button)


def test_an_administrator_sees_no_such_button(open_page: Open, desk: Desk, paid: int) -> None:
    at = opened(open_page, paid, person(desk, "admin"))
    assert not any(one.label == "Refund the customer" for one in at.button)
