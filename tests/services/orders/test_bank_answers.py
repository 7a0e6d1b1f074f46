"""Captures and refunds that HiPay accepted and the bank refuses: which one it is, and what follows.

Each case runs with both ways in which HiPay writes a missing value: as null, and not at all.
"""

from dataclasses import replace

import pytest

from services import clock
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.observations import Observation
from services.notices.choices import choose
from services.notices.post import post
from services.orders import history, maintenance_operations
from services.orders.bank_answers import record_read
from services.orders.bank_refusals import BANK_REFUSED
from services.store.orders import orders
from tests.support.bank_operations import (
    ask,
    asked_of,
    bank,
    console,
    events_of_kind,
    most,
    open_alarms,
    open_kinds,
    paid,
    read_now,
)
from tests.support.sandbox import RunningSandbox

pytestmark = [
    pytest.mark.desk(sandbox=True),
    pytest.mark.usefixtures("nulls"),
    pytest.mark.parametrize("nulls", ["written", "left_out"], indirect=True),
]


def test_a_done_refund_that_the_bank_refuses_opens_an_alarm_and_can_be_asked_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    first = ask(desk, manager, order_id, "refund", 30_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 30_0000
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    [alarm] = open_alarms(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["operation"], alarm.detail["units"]) == (
        "refund_refused",
        first,
        30_0000,
    )
    [event] = events_of_kind(desk, manager, order_id, "bank_refused")
    assert (event["operation"], event["amount"], event["operation_row"]) == ("refund", 30_0000, first)
    assert event["reason_code"] == 4010102
    found = history.detail(desk, manager, order_id)
    assert (found.order.refunded, found.order.payment) == (0, "captured")
    for _ in range(2):
        read_now(desk, manager, order_id)
    assert len(open_alarms(desk, manager, order_id)) == 1

    # Once more, all of it: what is asked now is not offered again, though HiPay shows nothing of it yet.
    sandbox.control("settings", {"operations": "later"})
    assert most(desk, manager, order_id) == {"refund": 100_0000}
    ask(desk, manager, order_id, "refund", 60_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 0
    assert most(desk, manager, order_id) == {"refund": 40_0000}
    bank(sandbox, "done")
    read_now(desk, manager, order_id)
    assert history.detail(desk, manager, order_id).order.refunded == 60_0000
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]


def test_a_refused_refund_that_no_total_included_is_found(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations": "later", "operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 40_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 0  # 124 still shows 0.00
    assert most(desk, manager, order_id) == {"refund": 60_0000}
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert most(desk, manager, order_id) == {"refund": 100_0000}
    assert open_kinds(desk, manager, order_id) == ["refund_refused"]


@pytest.mark.parametrize("named", [True, False])
def test_a_capture_that_the_bank_refuses_can_be_asked_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, named: bool
) -> None:
    sandbox.control("settings", {"operations": "later", "operations_named": named})
    order_id = paid(desk, manager, sandbox, capture="later")
    ask(desk, manager, order_id, "capture", 40_0000)
    assert most(desk, manager, order_id) == {"capture": 60_0000}
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert open_kinds(desk, manager, order_id) == ["capture_refused"]
    assert history.detail(desk, manager, order_id).order.payment == "authorised"
    assert most(desk, manager, order_id) == {"capture": 100_0000, "cancel": 100_0000}


@pytest.mark.parametrize("named", [True, False])
def test_the_refused_one_of_two_refunds_is_found_by_its_id_or_else_by_its_amount(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, named: bool
) -> None:
    sandbox.control("settings", {"operations_named": named})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    ask(desk, manager, order_id, "refund", 20_0000)
    bank(sandbox, "refused", "A-1-R1")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]
    assert history.detail(desk, manager, order_id).order.refunded == 20_0000
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_of_two_equal_refunds_the_refused_one_is_not_guessed_and_a_person_decides(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    first, second = (ask(desk, manager, order_id, "refund", 20_0000) for _ in range(2))
    bank(sandbox, "refused", "A-1-R1")
    read_now(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown", "unknown"]
    [alarm] = open_alarms(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["operations"]) == ("operation_refused_unclear", [first, second])
    assert most(desk, manager, order_id) == {}  # nothing is sent until somebody has said which
    maintenance_operations.decide(desk, manager, first, done=False)
    maintenance_operations.decide(desk, manager, second, done=True)
    drain(desk)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "done"]
    assert open_kinds(desk, manager, order_id) == []
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_a_refused_refund_from_hipays_console_opens_an_alarm_too(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 20_0000)
    console(sandbox, "refund", amount="30.00", operation_id="C")
    read_now(desk, manager, order_id)
    bank(sandbox, "refused", "C")
    read_now(desk, manager, order_id)
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    [alarm] = open_alarms(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["units"], "operation" in alarm.detail) == (
        "refund_refused",
        30_0000,
        False,
    )
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_a_refused_refund_that_a_later_read_lists_as_completed_is_done(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """HiPay tries again by itself: then it is done, and nothing is to do any more."""
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    page = history.detail(desk, manager, order_id).pages[0]
    [transaction] = sandbox.api("GET", "/v3/order/A-1").json()["transactions"]
    with desk.hipay("demo") as client:
        read = client.read_order(page.hipay_order_id)
    assert read is not None
    [seen] = read.observations
    assert transaction["operations"][1]["status"] == "FAILURE"
    done = replace(
        seen,
        status=126,
        refunded=30_0000,
        reason_code=None,
        at=clock.now(),
        operations=tuple(replace(one, status="completed") for one in seen.operations),
    )
    with desk.store.write() as tx:
        record_read(tx, desk, order_id, page.id, done)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert open_kinds(desk, manager, order_id) == []


@pytest.mark.parametrize("amount", ["authorised", "captured", "refunded", "charged_back"])
def test_a_read_with_an_amount_below_zero_is_quarantined(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, amount: str
) -> None:
    order_id = paid(desk, manager, sandbox)
    page = history.detail(desk, manager, order_id).pages[0]
    with desk.hipay("demo") as client:
        read = client.read_order(page.hipay_order_id)
    assert read is not None
    before = history.detail(desk, manager, order_id).order
    seen: Observation = replace(read.observations[0], **{amount: -5_0000, "at": clock.now()})
    with desk.store.write() as tx:
        assert record_read(tx, desk, order_id, page.id, seen) == "quarantined"
    after = history.detail(desk, manager, order_id)
    assert (after.order.captured, after.order.refunded) == (before.captured, before.refunded)
    [alarm] = open_alarms(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["misfit"]) == ("quarantined", "negative")
    with desk.store.read() as tx:
        assert [e.kind for e in orders.events_of(tx, order_id)][-1] == "payment_quarantined"


def test_the_sender_gets_a_notice_of_a_refusal_if_they_chose_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["bank_refused"])
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    read_now(desk, manager, order_id)
    post(desk)
    post(desk)
    [mail] = [mail for mail in sandbox.mails() if "refused by the bank" in mail["subject"]]
    assert "€30.00" in mail["subject"]
    assert f"/payment-requests?order={order_id}" in mail["text"]
    assert "{" not in mail["text"]


def test_a_refusal_found_by_the_totals_is_not_recorded_again_from_the_list(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """Read in the older form first, then in a list without our ids: the refund that was asked once more is another one."""
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": "/v3/"})
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    ask(desk, manager, order_id, "refund", 30_0000)
    sandbox.control("faults", {"kind": "off"})
    for _ in range(2):
        read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]
    assert len(open_alarms(desk, manager, order_id)) == 1
    assert most(desk, manager, order_id) == {"refund": 70_0000}
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "refused"]
    assert most(desk, manager, order_id) == {"refund": 100_0000}


def test_a_future_time_in_an_event_without_a_source_makes_no_read_late(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    [reference] = {event["reference"] for event in events_of_kind(desk, manager, order_id, "payment")}
    with desk.store.write() as tx:
        orders.add_event(
            tx,
            order=order_id,
            page=orders.pages_of(tx, order_id)[0].id,
            at=clock.now(),
            kind="payment",
            actor_kind="hipay",
            actor_id="hipay",
            data={
                "reference": reference,
                "status": 116,
                "authorised": 100_0000,
                "at": "2099-01-01T00:00:00+00:00",
            },
        )
    ask(desk, manager, order_id, "refund", 5_0000)
    bank(sandbox, "refused")
    read_now(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert open_kinds(desk, manager, order_id) == ["refund_refused"]
