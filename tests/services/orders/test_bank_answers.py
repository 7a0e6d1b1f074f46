"""What reads of HiPay show of our operations: done although the answer was lost, refused although it was accepted.

With both ways in which HiPay writes what has no value: null, or left out.
"""

from dataclasses import replace
from typing import Any

import pytest

from services import clock
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.observations import Observation
from services.notices.choices import choose
from services.notices.post import post
from services.orders import create, history, maintenance_operations, notifications
from services.orders.bank_answers import record_read
from services.orders.bank_refusals import BANK_REFUSED
from services.store import Row
from services.store.orders import orders
from tests.support.drafts import draft
from tests.support.orders import pay_order
from tests.support.public import body
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)

OTHER_READS = "/v3/order"


@pytest.fixture(params=["written", "left_out"])
def sandbox(running_sandbox: RunningSandbox, request: pytest.FixtureRequest) -> RunningSandbox:
    running_sandbox.reset()
    running_sandbox.control("settings", {"nulls": request.param})
    return running_sandbox


def paid(desk: Desk, actor: Actor, sandbox: RunningSandbox, **changes: object) -> int:
    return pay_order(desk, actor, sandbox, order_id="A-1", **changes)


def look(desk: Desk, actor: Actor, order_id: int) -> None:
    history.check_now(desk, actor, [order_id])
    drain(desk)


def most(desk: Desk, actor: Actor, order_id: int) -> dict[str, int]:
    return {one.kind: one.most for one in maintenance_operations.of_order(desk, actor, order_id)[1]}


def ask(desk: Desk, actor: Actor, order_id: int, kind: str, amount: int) -> int:
    [choice] = [one for one in maintenance_operations.of_order(desk, actor, order_id)[1] if one.kind == kind]
    asked = maintenance_operations.ask(
        desk, actor, order_id, choice, amount, "returned", create.new_form_key()
    )
    drain(desk)
    return asked


def bank(sandbox: RunningSandbox, outcome: str, operation: str = "") -> None:
    sandbox.control("operation", {"orderid": "A-1", "outcome": outcome, "operation": operation})


def asked_of(desk: Desk, actor: Actor, order_id: int) -> list[tuple[str, str]]:
    return [(one.state, one.failure) for one in maintenance_operations.of_order(desk, actor, order_id)[0]]


def still_open(desk: Desk, actor: Actor, order_id: int) -> list[Row[Any]]:
    return [alarm for alarm in history.detail(desk, actor, order_id).alarms if alarm.closed_at is None]


def kinds(desk: Desk, actor: Actor, order_id: int) -> list[str]:
    return [alarm.kind for alarm in still_open(desk, actor, order_id)]


def happened(desk: Desk, actor: Actor, order_id: int, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in history.detail(desk, actor, order_id).events if event.kind == kind]


def console(sandbox: RunningSandbox, operation: str, **fields: str) -> None:
    """An operation that somebody makes in HiPay's console."""
    [transaction] = sandbox.api("GET", "/v3/order/A-1").json()["transactions"]
    answer = sandbox.api(
        "POST", f"/v1/maintenance/transaction/{transaction['id']}", data={"operation": operation, **fields}
    )
    assert answer.status_code == 200, answer.text


def test_a_refund_that_the_bank_refuses_after_it_was_done(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    first = ask(desk, manager, order_id, "refund", 30_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 30_0000
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    [alarm] = still_open(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["operation"], alarm.detail["units"]) == (
        "refund_refused",
        first,
        30_0000,
    )
    [told] = happened(desk, manager, order_id, "bank_refused")
    assert (told["operation"], told["amount"], told["operation_row"]) == ("refund", 30_0000, first)
    assert told["reason_code"] == 4010102
    found = history.detail(desk, manager, order_id)
    assert (found.order.refunded, found.order.payment) == (0, "captured")
    for _ in range(2):
        look(desk, manager, order_id)
    assert len(still_open(desk, manager, order_id)) == 1

    # Once more, all of it: what is asked now is not offered again, though HiPay shows nothing of it yet.
    sandbox.control("settings", {"operations": "later"})
    assert most(desk, manager, order_id) == {"refund": 100_0000}
    ask(desk, manager, order_id, "refund", 60_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 0
    assert most(desk, manager, order_id) == {"refund": 40_0000}
    bank(sandbox, "done")
    look(desk, manager, order_id)
    assert history.detail(desk, manager, order_id).order.refunded == 60_0000
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]


def test_a_refund_that_was_never_counted_is_refused(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations": "later", "operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 40_0000)
    assert history.detail(desk, manager, order_id).order.refunded == 0  # 124 still shows 0.00
    assert most(desk, manager, order_id) == {"refund": 60_0000}
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert most(desk, manager, order_id) == {"refund": 100_0000}
    assert kinds(desk, manager, order_id) == ["refund_refused"]


@pytest.mark.parametrize("named", [True, False])
def test_a_capture_that_the_bank_refuses(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, named: bool
) -> None:
    sandbox.control("settings", {"operations": "later", "operations_named": named})
    order_id = paid(desk, manager, sandbox, capture="later")
    ask(desk, manager, order_id, "capture", 40_0000)
    assert most(desk, manager, order_id) == {"capture": 60_0000}
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert kinds(desk, manager, order_id) == ["capture_refused"]
    assert history.detail(desk, manager, order_id).order.payment == "authorised"
    assert most(desk, manager, order_id) == {"capture": 100_0000, "cancel": 100_0000}


@pytest.mark.parametrize("named", [True, False])
def test_one_of_two_refunds_is_told_by_its_id_or_else_by_its_amount(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, named: bool
) -> None:
    sandbox.control("settings", {"operations_named": named})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    ask(desk, manager, order_id, "refund", 20_0000)
    bank(sandbox, "refused", "A-1-R1")
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]
    assert history.detail(desk, manager, order_id).order.refunded == 20_0000
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_which_of_two_equal_refunds_it_was_is_not_guessed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    first, second = (ask(desk, manager, order_id, "refund", 20_0000) for _ in range(2))
    bank(sandbox, "refused", "A-1-R1")
    look(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown", "unknown"]
    [alarm] = still_open(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["operations"]) == ("operation_refused_unclear", [first, second])
    assert most(desk, manager, order_id) == {}  # nothing is sent until somebody has said which
    maintenance_operations.decide(desk, manager, first, done=False)
    maintenance_operations.decide(desk, manager, second, done=True)
    drain(desk)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "done"]
    assert kinds(desk, manager, order_id) == []
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_what_was_asked_in_the_console_is_told_of_too(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 20_0000)
    console(sandbox, "refund", amount="30.00", operation_id="C")
    look(desk, manager, order_id)
    bank(sandbox, "refused", "C")
    look(desk, manager, order_id)
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    [alarm] = still_open(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["units"], "operation" in alarm.detail) == (
        "refund_refused",
        30_0000,
        False,
    )
    assert most(desk, manager, order_id) == {"refund": 80_0000}


def test_a_refused_refund_that_is_done_after_all(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    """HiPay tries again by itself: then it is done, and nothing is to do any more."""
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    bank(sandbox, "refused")
    look(desk, manager, order_id)
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
    assert kinds(desk, manager, order_id) == []


@pytest.mark.parametrize("kind", ["refund", "capture"])
def test_a_lost_answer_is_looked_up_by_its_operation_id(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, kind: str
) -> None:
    order_id = paid(desk, manager, sandbox, capture="later" if kind == "capture" else "now")
    sandbox.control("faults", {"kind": "down", "path": OTHER_READS})
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
    assert kinds(desk, manager, order_id) == ["operation_unknown"]
    bank(sandbox, "refused")
    sandbox.control("faults", {"kind": "off"})
    sandbox.control("clock", {"advance_seconds": 60})
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert kinds(desk, manager, order_id) == ["refund_refused"]


def test_that_hipay_does_not_know_it_yet_is_no_proof(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "down", "path": OTHER_READS})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    sandbox.control("faults", {"kind": "refuse", "code": 3000002, "path": "/v3/transactions", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert kinds(desk, manager, order_id) == ["operation_unknown"]
    assert happened(desk, manager, order_id, "operation_not_found") == [{"operation_id": "A-1-R1"}]
    assert most(desk, manager, order_id) == {}
    sandbox.control("clock", {"advance_seconds": 60})
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert kinds(desk, manager, order_id) == []


def test_what_hipay_never_knows_is_looked_up_for_a_day_and_then_left_to_a_person(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    operation = ask(desk, manager, order_id, "refund", 10_0000)
    assert kinds(desk, manager, order_id) == ["operation_unknown"]
    assert "operation" in history.detail(desk, manager, order_id).waiting
    for hours in (1, 24):
        sandbox.control("clock", {"advance_seconds": hours * 3600})
        drain(desk)
    assert "operation" not in history.detail(desk, manager, order_id).waiting
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert len(happened(desk, manager, order_id, "operation_not_found")) == 1
    maintenance_operations.decide(desk, manager, operation, done=False)
    drain(desk)
    assert kinds(desk, manager, order_id) == []
    assert most(desk, manager, order_id) == {"refund": 100_0000}


@pytest.mark.parametrize("code", [1000005, 1000001, 1010001])
def test_where_the_account_may_not_look_up_a_person_is_asked(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, code: int
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "refuse", "code": code, "path": "/v3/"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert kinds(desk, manager, order_id) == ["operation_unknown"]
    assert happened(desk, manager, order_id, "operation_not_found") == []
    assert ("operation" in history.detail(desk, manager, order_id).waiting) == (code == 1010001)


def test_an_operation_id_alone_proves_nothing(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    """The same id, made elsewhere: of another amount, or of another payment."""
    order_id = paid(desk, manager, sandbox)
    console(sandbox, "refund", amount="5.00", operation_id="A-1-R1")
    other = create.create(desk, manager, draft(order_id="A-2", amount="100"), create.new_form_key())
    drain(desk)
    sandbox.control("pay", {"orderids": ["A-2"]})
    look(desk, manager, other)
    [transaction] = sandbox.api("GET", "/v3/order/A-2").json()["transactions"]
    sandbox.api(
        "POST",
        f"/v1/maintenance/transaction/{transaction['id']}",
        data={"operation": "refund", "amount": "10.00", "operation_id": "A-1-R1"},
    )
    look(desk, manager, order_id)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["unknown"]
    assert kinds(desk, manager, order_id) == ["operation_unknown"]


def test_a_lost_release_is_known_by_the_hold_that_has_gone(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox, capture="later")
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "cancel", 100_0000)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert kinds(desk, manager, order_id) == []


@pytest.mark.parametrize("amount", ["authorised", "captured", "refunded", "charged_back"])
def test_an_amount_below_zero_is_kept_apart(
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
    [alarm] = still_open(desk, manager, order_id)
    assert (alarm.kind, alarm.detail["misfit"]) == ("quarantined", "negative")
    with desk.store.read() as tx:
        assert [e.kind for e in orders.events_of(tx, order_id)][-1] == "payment_quarantined"


def test_its_sender_is_told_by_mail_if_they_chose_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["bank_refused"])
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    look(desk, manager, order_id)
    post(desk)
    post(desk)
    [mail] = [mail for mail in sandbox.mails() if "refused by the bank" in mail["subject"]]
    assert "€30.00" in mail["subject"]
    assert f"/payment-requests?order={order_id}" in mail["text"]
    assert "{" not in mail["text"]


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


def test_a_notification_names_the_operation_once_a_read_confirms_it(
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
    assert kinds(desk, manager, order_id) == ["refund_refused"]


def test_a_refusal_that_the_totals_have_told_is_not_found_again_in_the_list(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """Read in the older form first, then in a list without our ids: the refund that was asked once more is another one."""
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 30_0000)
    sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": "/v3/"})
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    ask(desk, manager, order_id, "refund", 30_0000)
    sandbox.control("faults", {"kind": "off"})
    for _ in range(2):
        look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED), ("done", "")]
    assert len(still_open(desk, manager, order_id)) == 1
    assert most(desk, manager, order_id) == {"refund": 70_0000}
    bank(sandbox, "refused")
    look(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "refused"]
    assert most(desk, manager, order_id) == {"refund": 100_0000}


def test_a_lost_answer_is_told_by_a_notification_that_a_read_confirms(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": "/v3/"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 20_0000)
    assert kinds(desk, manager, order_id) == ["operation_unknown"]
    notified(desk, sandbox, 126, "20.00", "A-1-R1", "20.00")
    drain(desk)
    assert asked_of(desk, manager, order_id) == [("done", "")]
    assert kinds(desk, manager, order_id) == []


def test_a_notification_that_the_totals_do_not_bear_out_settles_nothing(
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
    assert kinds(desk, manager, order_id) == ["operation_unknown"]


def test_which_refund_was_refused_is_not_what_a_notification_alone_says(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"operations_named": False})
    order_id = paid(desk, manager, sandbox)
    ask(desk, manager, order_id, "refund", 5_0000)
    ask(desk, manager, order_id, "refund", 3_0000)
    notified(desk, sandbox, 165, "3.00", "A-1-R2", "3.00")  # it was the other one
    bank(sandbox, "refused", "A-1-R1")
    look(desk, manager, order_id)
    assert [state for state, _ in asked_of(desk, manager, order_id)] == ["refused", "done"]
    assert kinds(desk, manager, order_id) == ["refund_refused"]


def test_a_time_to_come_that_was_told_before_sources_were_noted_makes_no_read_late(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = paid(desk, manager, sandbox)
    [reference] = {told["reference"] for told in happened(desk, manager, order_id, "payment")}
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
    look(desk, manager, order_id)
    assert asked_of(desk, manager, order_id) == [("refused", BANK_REFUSED)]
    assert kinds(desk, manager, order_id) == ["refund_refused"]
