"""A request's page: its timeline of the payment; refunds and collections, offered when the payment allows it, confirmed, asked once."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services.access import SYSTEM, WORKER, Actor, NotAllowed
from services.alarms import handling
from services.alarms.handling import to_do
from services.desk import Desk
from services.hipay.observations import Observation
from services.orders import create, maintenance_operations
from services.orders.record import record_observation
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]


@pytest.fixture
def unpaid(desk: Desk, manager: Actor) -> int:
    return create.create(desk, manager, draft(order_id="A-1", amount="100"), create.new_form_key())


def pay(desk: Desk, order_id: int, reference: str = "800", **changes: Any) -> None:
    """A read of HiPay shows a payment on the order's page."""
    values: dict[str, Any] = {
        "order_id": "A-1",
        "reference": reference,
        "status": 118,
        "state": "completed",
        "currency": "EUR",
        "authorised": 100_0000,
        "captured": 100_0000,
        "refunded": 0,
        "charged_back": 0,
        "order_amount": 100_0000,
        "order_currency": "EUR",
        "reason_code": None,
        "reason_text": None,
        "payment_product": "visa",
        "eci": 7,
        "test": True,
        "mid": None,
        "operation_id": None,
        "operation_amount": None,
        "at": datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        "mark": None,
    }
    with desk.store.write() as tx:
        [page] = orders.pages_of(tx, order_id)
        record_observation(tx, desk, order_id, page.id, Observation(**{**values, **changes}), actor=WORKER)


@pytest.fixture
def paid(desk: Desk, unpaid: int) -> int:
    pay(desk, unpaid)
    return unpaid


def opened(open_page: Open, order_id: int, actor: Actor) -> AppTest:
    at = open_page("payment_requests/page.py", actor=actor)
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
    [asked] = maintenance_operations.of_order(desk, SYSTEM, paid)[0]
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
    assert maintenance_operations.of_order(desk, SYSTEM, paid)[0] == ()


def test_back_changes_nothing(open_page: Open, desk: Desk, manager: Actor, paid: int) -> None:
    at = press(press(opened(open_page, paid, manager), "Refund the customer"), "Back")
    assert not at.exception
    assert maintenance_operations.of_order(desk, SYSTEM, paid)[0] == ()
    assert any(one.label == "Refund the customer" for one in at.button)


def test_an_administrator_sees_no_such_button(open_page: Open, desk: Desk, paid: int) -> None:
    at = opened(open_page, paid, person(desk, "admin"))
    assert not any(one.label == "Refund the customer" for one in at.button)


def test_the_two_payments_of_one_order_are_told_apart(
    open_page: Open, desk: Desk, manager: Actor, paid: int
) -> None:
    pay(desk, paid, "801", payment_product="mastercard", at=datetime(2026, 11, 21, 15, 45, tzinfo=UTC))
    at = opened(open_page, paid, manager)
    offered = [one.label.replace("\\", "") for one in at.button if one.label.startswith("Refund")]
    assert offered == [
        "Refund the customer: €100.00 · visa · 20 Nov, 10:30",
        "Refund the customer: €100.00 · mastercard · 21 Nov, 16:45",
    ]
    at = at.button(key="ask_refund_801").click().run()
    assert not at.exception
    assert "€100.00 · mastercard · 21 Nov, 16:45" in facts(at)
    assert "801" in facts(at)
    next(one for one in at.text_input if (one.key or "").startswith("why_")).set_value("twice").run()
    press(at, "Yes, refund the customer")
    [asked] = maintenance_operations.of_order(desk, SYSTEM, paid)[0]
    assert asked.reference == "801"


def test_finance_can_give_up_a_hold_and_not_collect_it(open_page: Open, desk: Desk, unpaid: int) -> None:
    pay(desk, unpaid, status=116, state="completed", captured=0)
    finance = person(desk, "finance")
    at = opened(open_page, unpaid, finance)
    assert not any(one.label == "Collect" for one in at.button)
    at = press(press(at, "Give up the hold"), "Yes, give up the hold")
    assert not at.exception
    [asked] = maintenance_operations.of_order(desk, finance, unpaid)[0]
    assert (asked.kind, asked.state) == ("cancel", "requested")
    capture = maintenance_operations.Possible(kind="capture", reference="800", most=100_0000)
    with pytest.raises(NotAllowed):
        maintenance_operations.ask(desk, finance, unpaid, capture, 100_0000, "", "key")


def facts(at: AppTest) -> str:
    return "\n".join(one.body for one in at.get("html"))


def test_the_timeline_tells_of_each_alarm_when_it_began_and_how_it_ended(
    open_page: Open, desk: Desk, manager: Actor, paid: int
) -> None:
    pay(desk, paid, "801")
    [alarm] = to_do(desk, manager).mine.alarms
    assert timeline(opened(open_page, paid, manager))[-1][0] == "To do: This order was paid more than once."
    handling.close(desk, person(desk, "finance", name="Ada Lund"), alarm.id, "one of them refunded")
    sentence, more = timeline(opened(open_page, paid, manager))[-1]
    assert sentence == "No longer to do: This order was paid more than once."
    assert more.endswith("· Ada Lund · one of them refunded")


def test_of_one_second_the_lesser_sum_came_first(
    open_page: Open, desk: Desk, manager: Actor, paid: int
) -> None:
    pay(desk, paid, status=116, captured=0)  # HiPay's notification of the hold comes after our own read
    steps = [sentence for sentence, _ in timeline(opened(open_page, paid, manager))]
    assert steps.index("Amount held on the card: €100.00") < steps.index("Collected so far: €100.00")


def timeline(at: AppTest) -> list[tuple[str, str]]:
    """(sentence, what stands below it), in the order shown."""
    shown = [one.value.replace("\\", "") for one in at.main if one.type in ("markdown", "caption")]
    steps = shown[: next(place for place, text in enumerate(shown) if text.startswith("Times are those"))]
    return [
        (steps[place + 1], steps[place + 2])
        for place, text in enumerate(steps[:-2])
        if text.startswith(":material/")
    ]
