"""Operations whose answer from HiPay was lost: looked up until HiPay or a person says whether they were done.

Each case runs with both ways in which HiPay writes a missing value: as null, and not at all.
"""

import pytest

from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.orders import create, history, maintenance_operations
from services.orders.bank_refusals import BANK_REFUSED
from tests.support.bank_operations import (
    ask,
    asked_of,
    bank,
    console,
    events_of_kind,
    most,
    open_kinds,
    paid,
    read_now,
)
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox

pytestmark = [
    pytest.mark.desk(sandbox=True),
    pytest.mark.usefixtures("nulls"),
    pytest.mark.parametrize("nulls", ["written", "left_out"], indirect=True),
]

READS = "/v3/order"


@pytest.mark.parametrize("kind", ["refund", "capture"])
def test_an_operation_whose_answer_was_lost_is_found_by_its_operation_id(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, kind: str
) -> None:
    order_id = paid(desk, manager, sandbox, capture="later" if kind == "capture" else "now")
    sandbox.control("faults", {"kind": "down", "path": READS})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, kind, 10_0000)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    found = history.detail(desk, manager, order_id)
    assert found.alarms == ()  # nobody was asked
    assert (found.order.refunded if kind == "refund" else found.order.captured) == 10_0000


def test_a_lost_refund_that_the_bank_has_refused_since_is_not_done(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "down", "path": "/v3/"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]
    bank(sandbox, "refused")
    sandbox.control("faults", {"kind": "off"})
    sandbox.control("clock", {"advance_seconds": 60})
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert open_kinds(desk, manager, order_id) == ["refund_refused"]


def test_an_operation_that_hipay_does_not_know_yet_is_looked_up_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "down", "path": READS})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    sandbox.control("faults", {"kind": "refuse", "code": 3000002, "path": "/v3/transactions", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]
    assert events_of_kind(desk, manager, order_id, "operation_not_found") == [{"operation_id": "A-1-R1"}]
    assert most(desk, manager, order_id) == {}
    sandbox.control("clock", {"advance_seconds": 60})
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert open_kinds(desk, manager, order_id) == []


def test_an_operation_that_hipay_never_knows_is_looked_up_for_a_day_and_a_person_decides(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    operation = ask(desk, manager, order_id, "refund", 10_0000)
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]
    assert "operation" in history.detail(desk, manager, order_id).waiting
    for hours in (1, 24):
        sandbox.control("clock", {"advance_seconds": hours * 3600})
        drain(desk)
    assert "operation" not in history.detail(desk, manager, order_id).waiting
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert len(events_of_kind(desk, manager, order_id, "operation_not_found")) == 1
    maintenance_operations.decide(desk, manager, operation, done=False)
    drain(desk)
    assert open_kinds(desk, manager, order_id) == []
    assert most(desk, manager, order_id) == {"refund": 100_0000}


@pytest.mark.parametrize("code", [1000005, 1000001, 1010001])
def test_a_person_is_asked_where_the_account_may_not_look_operations_up(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, code: int
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "refuse", "code": code, "path": "/v3/"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]
    assert events_of_kind(desk, manager, order_id, "operation_not_found") == []
    assert ("operation" in history.detail(desk, manager, order_id).waiting) == (code == 1010001)


def test_an_operation_id_with_another_amount_or_payment_settles_nothing(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """The same id, made elsewhere: of another amount, or of another payment."""
    order_id = paid(desk, manager, sandbox)
    console(sandbox, "refund", amount="5.00", operation_id="A-1-R1")
    other = create.create(desk, manager, draft(order_id="A-2", amount="100"), create.new_form_key())
    drain(desk)
    sandbox.control("pay", {"orderids": ["A-2"]})
    read_now(desk, manager, other)
    [transaction] = sandbox.api("GET", "/v3/order/A-2").json()["transactions"]
    sandbox.api(
        "POST",
        f"/v1/maintenance/transaction/{transaction['id']}",
        data={"operation": "refund", "amount": "10.00", "operation_id": "A-1-R1"},
    )
    read_now(desk, manager, order_id)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]


def test_a_cancellation_whose_answer_was_lost_is_done_once_the_authorisation_is_cancelled(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox, capture="later")
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "cancel", 100_0000)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert open_kinds(desk, manager, order_id) == []
