"""What is said before sending: each warning when it is due, none when it is not, and never a refusal."""

from datetime import timedelta
from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import clock
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.orders import create, drafts
from services.orders.drafts import Accepted
from services.orders.warnings import (
    HABIT_FACTOR,
    HABIT_LEAST,
    AddressInternationalised,
    AddressMistyped,
    AmountUnusual,
    FormerPayable,
    InvoiceNumberMissing,
    ReferenceUsed,
    SendingWarning,
    StillOpen,
    exceeded_habit,
    warnings,
)
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft

pytestmark = pytest.mark.desk(prepared=True)

units = st.integers(min_value=1, max_value=10**12)


def accepted(**changes: Any) -> Accepted:
    found, problems = drafts.check(draft(**changes), clock.now())
    assert found is not None, problems
    return found


def send(desk: Desk, actor: Actor, *, state: dict[str, Any] | None = None, **changes: Any) -> int:
    made = create.create(desk, actor, draft(**changes), create.new_form_key())
    if state:
        with desk.store.write() as tx:
            orders.write_state(tx, made, state)
    return made


def of_kind(found: tuple[SendingWarning, ...], kind: type[SendingWarning]) -> Any:
    return next((one for one in found if isinstance(one, kind)), None)


def test_an_ordinary_order_has_no_warning(desk: Desk, manager: Actor) -> None:
    assert warnings(desk, manager, accepted()) == ()


def test_the_same_customer_and_amount_still_open(desk: Desk, manager: Actor) -> None:
    first = send(desk, manager, order_id="A-1", references=("F-1",))
    [found] = warnings(desk, manager, accepted(email="Elodie.Marchand@example.com", references=("F-2",)))
    assert isinstance(found, StillOpen)
    assert (found.order.id, found.order.order_id, found.order.sender) == (first, "A-1", manager.name)
    for other in ({"amount": "1 250,51"}, {"email": "other@example.com"}, {"currency": "USD"}):
        assert warnings(desk, manager, accepted(references=("F-2",), **other)) == ()


@pytest.mark.parametrize(
    "state",
    [
        {"payment": "captured"},
        {"delivery": "failed"},
        {"expires_at": clock.now() - timedelta(minutes=1)},
    ],
)
def test_what_can_no_longer_be_paid_is_no_twin(desk: Desk, manager: Actor, state: dict[str, Any]) -> None:
    send(desk, manager, references=("F-1",), state=state)
    assert of_kind(warnings(desk, manager, accepted(references=("F-2",))), StillOpen) is None


@pytest.mark.parametrize("payment", ["pending", "authorised"])
def test_what_is_being_paid_is_a_twin_also_after_its_end(desk: Desk, manager: Actor, payment: str) -> None:
    over = clock.now() - timedelta(days=1)
    send(desk, manager, references=("F-1",), state={"payment": payment, "expires_at": over})
    found = of_kind(warnings(desk, manager, accepted(references=("F-2",))), StillOpen)
    assert found.under_way


def test_a_duplicate_tells_of_the_order_it_came_from_while_that_can_be_paid(
    desk: Desk, manager: Actor
) -> None:
    first = send(desk, manager, order_id="A-1", references=("F-1",))
    changed = accepted(amount="99", references=("F-2",))
    [found] = warnings(desk, manager, changed, first)
    assert isinstance(found, FormerPayable)
    assert (found.order.order_id, found.can_be_called_off, found.under_way) == ("A-1", False, False)
    assert [one.code for one in warnings(desk, manager, accepted(references=("F-2",)), first)] == [
        "former_payable"
    ]
    with desk.store.write() as tx:
        orders.write_state(tx, first, {"payment": "captured"})
    assert warnings(desk, manager, changed, first) == ()


def test_by_phone_the_name_tells_the_customer(desk: Desk, manager: Actor) -> None:
    send(desk, manager, channel="phone", email="", references=("F-1",))
    again = accepted(channel="phone", email="", references=("F-2",))
    assert of_kind(warnings(desk, manager, again), StillOpen)
    other = accepted(channel="phone", email="", last_name="Autre", references=("F-2",))
    assert of_kind(warnings(desk, manager, other), StillOpen) is None


def test_a_used_invoice_number_names_its_orders(desk: Desk, manager: Actor) -> None:
    for number in range(4):
        send(desk, manager, order_id=f"A-{number}", amount=f"{number + 1}", references=("F-1",))
    [found] = warnings(desk, manager, accepted(references=("F-1",)))
    assert isinstance(found, ReferenceUsed)
    assert (found.reference, found.total) == ("F-1", 4)
    assert [one.order_id for one in found.orders] == ["A-3", "A-2", "A-1"]
    assert of_kind(warnings(desk, manager, accepted(references=("F-2",))), ReferenceUsed) is None


def test_addresses_and_a_missing_number(desk: Desk, manager: Actor) -> None:
    found = warnings(desk, manager, accepted(email="e@gmial.com", references=()))
    assert found == (AddressMistyped("e@gmail.com"), InvoiceNumberMissing())
    assert warnings(desk, manager, accepted(email="anna@müller.de")) == (
        AddressInternationalised("anna@xn--mller-kva.de"),
    )


def test_an_amount_far_above_the_accounts_habit(desk: Desk, manager: Actor) -> None:
    for number in range(HABIT_LEAST - 1):
        send(desk, manager, amount="10", email=f"c{number}@example.com", references=(f"F-{number}",))
    large = accepted(amount="100,01", references=("F-99",))
    assert warnings(desk, manager, large) == ()  # too few to speak of a habit
    send(desk, manager, amount="10", email="c99@example.com", references=("F-98",))
    assert warnings(desk, manager, large) == (AmountUnusual(100_0100, 10_0000, "EUR"),)
    assert warnings(desk, manager, accepted(amount="100", references=("F-99",))) == ()
    assert warnings(desk, manager, accepted(amount="100,01", currency="USD", references=("F-99",))) == ()


@given(st.lists(units, max_size=60), units)
def test_the_habit_is_the_median(amounts: list[int], amount: int) -> None:
    usual = exceeded_habit(amount, amounts)
    if len(amounts) < HABIT_LEAST:
        assert usual is None
    elif amount > HABIT_FACTOR * median(amounts):
        assert usual is not None  # the lower of two middle ones is never above their mean
        assert usual in amounts
        assert usual <= median(amounts)
    if usual is not None:
        assert amount > HABIT_FACTOR * usual
        assert exceeded_habit(usual, amounts) is None


def test_warnings_need_the_right_to_send(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        warnings(desk, person(desk, "finance"), accepted())
