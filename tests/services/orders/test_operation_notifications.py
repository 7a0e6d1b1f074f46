"""Notifications that name one of our operations: they settle it only once a read confirms them.

Each case runs with both ways in which HiPay writes a missing value: as null, and not at all.
"""

import pytest

from services import clock
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.orders import notifications
from tests.support.bank_operations import (
    ask,
    asked_of,
    bank,
    open_kinds,
    paid,
    read_now,
)
from tests.support.public import body
from tests.support.sandbox import RunningSandbox

pytestmark = [
    pytest.mark.desk(sandbox=True),
    pytest.mark.usefixtures("nulls"),
    pytest.mark.parametrize("nulls", ["written", "left_out"], indirect=True),
]


def notified(
    desk: Desk, sandbox: RunningSandbox, status: int, refunded: str, operation: str, amount: str
) -> None:
    """A notification that names its operation, worked off; what it is about is not read yet."""
    [transaction] = sandbox.control("orders")[0]["transactions"]
    raw = body(
        "A-1",
        status,
        transaction_reference=transaction["reference"],
        authorized_amount="100.00",
        captured_amount="100.00",
        refunded_amount=refunded,
        date_updated=clock.now().isoformat(timespec="seconds"),
        **{"order[amount]": "100.00", "operation[id]": operation, "operation[amount]": amount},
    )
    notifications.receive(desk, "demo", raw, "application/x-www-form-urlencoded")
    assert notifications.work_off(desk) == 1


def test_a_notification_identifies_the_refused_refund_once_a_read_confirms_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """Where the account may only read the older form, which lists no operations."""
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": "/v3/"})
    for _ in range(2):
        ask(desk, manager, order_id, "refund", 20_0000)
    notified(desk, sandbox, 165, "20.00", "A-1-R1", "20.00")
    drain(desk)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == [
        "done",
        "done",
    ]  # HiPay's read says no such thing
    bank(sandbox, "refused", "A-1-R1")
    notified(desk, sandbox, 165, "20.0", "A-1-R1", "20.00")
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["done", "done"]
    drain(desk)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "done"]
    assert open_kinds(desk, manager, order_id) == ["refund_refused"]


def test_an_operation_whose_answer_was_lost_is_done_once_a_read_confirms_its_notification(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": "/v3/"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 20_0000)
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]
    notified(desk, sandbox, 126, "20.00", "A-1-R1", "20.00")
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert open_kinds(desk, manager, order_id) == []


def test_a_notification_that_the_totals_contradict_settles_nothing(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """Whoever knows the passphrase may name any operation of ours beside the true status and the true total."""
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 5_0000)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 5_0000)
    for status in (126, 124):
        notified(desk, sandbox, status, "5.00", "A-1-R2", "5.00")
        drain(desk)
        assert [state for state, _ in asked_of(desk, manager, order_id)] == ["done", "unknown"]
    assert open_kinds(desk, manager, order_id) == ["operation_unknown"]


def test_a_notification_without_a_confirming_read_does_not_choose_the_refused_refund(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 5_0000)
    ask(desk, manager, order_id, "refund", 3_0000)
    notified(desk, sandbox, 165, "3.00", "A-1-R2", "3.00")  # it was the other one
    bank(sandbox, "refused", "A-1-R1")
    read_now(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "done"]
    assert open_kinds(desk, manager, order_id) == ["refund_refused"]
