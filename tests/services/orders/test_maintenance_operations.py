"""Collecting, refunding, giving up a hold: asked once, never twice by itself, found again by its id."""

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.demo.drain import drain
from services.desk import Desk
from services.orders import create, history, maintenance_operations
from services.orders.maintenance_operations import (
    NothingToOperate,
    OperationOvertaken,
    OperationTooMuch,
    OperationUnderway,
    Possible,
    ReasonMissing,
)
from services.orders.states import Event, fold
from tests.support.desk import person
from tests.support.orders import pay_order
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


def look(desk: Desk, actor: Actor, order_id: int) -> None:
    history.check_now(desk, actor, [order_id])
    drain(desk)


def offered(desk: Desk, actor: Actor, order_id: int) -> dict[str, Possible]:
    return {one.kind: one for one in maintenance_operations.of_order(desk, actor, order_id)[1]}


def ask(
    desk: Desk, actor: Actor, order_id: int, kind: str, amount: int, why: str = "returned", key: str = ""
) -> int:
    choice = offered(desk, actor, order_id)[kind]
    return maintenance_operations.ask(
        desk, actor, order_id, choice, amount, why, key or create.new_form_key()
    )


def test_a_refund_in_part_then_the_rest(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = pay_order(desk, manager, sandbox)
    assert set(offered(desk, manager, order_id)) == {"refund"}
    ask(desk, manager, order_id, "refund", 30_0000)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.order.refunded, found.order.payment) == (30_0000, "partly_refunded")
    assert offered(desk, manager, order_id)["refund"].most == 70_0000
    ask(desk, manager, order_id, "refund", 70_0000)
    drain(desk)
    assert history.detail(desk, manager, order_id).order.payment == "refunded"
    assert offered(desk, manager, order_id) == {}


def test_hipay_gets_the_operation_id_that_the_payout_repeats(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = pay_order(desk, manager, sandbox, order_id="A-1")
    ask(desk, manager, order_id, "refund", 10_0000)
    drain(desk)
    [settlement] = sandbox.control("settlements", {})["settlements"]
    csv = sandbox.client.get(settlement["files"][0]).text
    assert ";A-1-R1;" in csv


def test_a_held_amount_is_collected_in_part_or_given_up(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = pay_order(desk, manager, sandbox, capture="later")
    assert set(offered(desk, manager, order_id)) == {"capture", "cancel"}
    ask(desk, manager, order_id, "capture", 40_0000, why="")
    drain(desk)
    assert history.detail(desk, manager, order_id).order.captured == 40_0000

    other = pay_order(desk, manager, sandbox, capture="later")
    ask(desk, manager, other, "cancel", 100_0000, why="")
    drain(desk)
    assert history.detail(desk, manager, other).order.payment == "cancelled"


def test_two_presses_are_one_refund(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = pay_order(desk, manager, sandbox)
    choice, key = offered(desk, manager, order_id)["refund"], create.new_form_key()
    first = maintenance_operations.ask(desk, manager, order_id, choice, 10_0000, "x", key)
    assert maintenance_operations.ask(desk, manager, order_id, choice, 10_0000, "x", key) == first
    with pytest.raises(OperationUnderway):
        maintenance_operations.ask(desk, manager, order_id, choice, 10_0000, "x", create.new_form_key())
    drain(desk)
    assert history.detail(desk, manager, order_id).order.refunded == 10_0000


def test_what_hipay_does_not_show_yet_is_not_offered_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    """Two colleagues with two windows: what the first has refunded is gone for the second, read or not."""
    order_id, other = pay_order(desk, manager, sandbox), person(desk, "manager", name="Ada")
    hers = offered(desk, other, order_id)["refund"]
    ask(desk, manager, order_id, "refund", 40_0000)
    sandbox.control("faults", {"kind": "down", "path": "/v3/order", "count": 100})
    drain(desk)
    assert history.detail(desk, manager, order_id).order.refunded == 0  # done, and not yet seen
    assert offered(desk, other, order_id)["refund"].most == 60_0000
    with pytest.raises(OperationOvertaken) as refused:
        maintenance_operations.ask(desk, other, order_id, hers, 40_0000, "returned", create.new_form_key())
    assert refused.value.fields() == {"most_units": "600000", "currency": "EUR"}
    with pytest.raises(OperationTooMuch):
        ask(desk, other, order_id, "refund", 60_0001)


def test_what_is_done_and_not_shown_yet_is_not_offered_again() -> None:
    """Not even after the bank had refused another one before: 124 shows 0.00 refunded then, too."""

    class Asked:
        reference, kind, amount = "T", "refund", 40_0000

    seen = [{"reference": "T", "status": 118, "authorised": 100_0000, "captured": 100_0000}]
    for status in (118, 124, 165):
        assert most([*seen, {"reference": "T", "status": status}], Asked) == {"refund": 60_0000}
    assert most([*seen, {"reference": "T", "status": 165}]) == {"refund": 100_0000}
    Asked.kind = "capture"
    held = [{"reference": "T", "status": 116, "authorised": 100_0000}]
    for status in (116, 117, 173):
        assert most([*held, {"reference": "T", "status": status}], Asked) == {"capture": 60_0000}
    assert most([*held, {"reference": "T", "status": 173}]) == {"capture": 100_0000, "cancel": 100_0000}
    Asked.kind = "cancel"
    assert most(held, Asked) == {}


def most(seen: list[dict[str, object]], *done: object) -> dict[str, int]:
    state = fold("link", 100_0000, [Event("payment", clock.now(), one) for one in seen])
    return {one.kind: one.most for one in maintenance_operations.possible(state, done)}


def test_a_lost_answer_is_never_asked_again_but_recognised(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = pay_order(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    ask(desk, manager, order_id, "refund", 10_0000)
    drain(desk)
    asked, _ = maintenance_operations.of_order(desk, manager, order_id)
    assert [one.state for one in asked] == ["done"]  # the read showed its id
    found = history.detail(desk, manager, order_id)
    assert found.order.refunded == 10_0000
    assert [alarm.kind for alarm in found.alarms if alarm.closed_at is None] == []


def test_what_stays_unknown_waits_for_a_person(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = pay_order(desk, manager, sandbox)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/maintenance", "count": 1})
    operation_id = ask(desk, manager, order_id, "refund", 10_0000)
    drain(desk)
    look(desk, manager, order_id)
    asked, now_possible = maintenance_operations.of_order(desk, manager, order_id)
    assert [one.state for one in asked] == ["unknown"]
    assert now_possible == ()
    assert [alarm.kind for alarm in history.detail(desk, manager, order_id).alarms] == ["operation_unknown"]
    maintenance_operations.decide(desk, manager, operation_id, done=False)
    assert "refund" in offered(desk, manager, order_id)
    assert history.detail(desk, manager, order_id).order.refunded == 0


def test_an_unreachable_gateway_is_asked_later(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = pay_order(desk, manager, sandbox)
    away = Desk(desk.settings.model_copy(update={"sandbox_url": "http://127.0.0.1:9"}), desk.store)
    ask(desk, manager, order_id, "refund", 10_0000)
    drain(away)
    asked, _ = maintenance_operations.of_order(desk, manager, order_id)
    assert [one.state for one in asked] == ["requested"]
    sandbox.control("clock", {"advance_seconds": 60})
    drain(desk)
    assert history.detail(desk, manager, order_id).order.refunded == 10_0000


def test_refusals_before_anything_is_asked(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = pay_order(desk, manager, sandbox)
    with pytest.raises(ReasonMissing):
        ask(desk, manager, order_id, "refund", 10_0000, why=" ")
    with pytest.raises(OperationTooMuch):
        ask(desk, manager, order_id, "refund", 100_0001)
    with pytest.raises(NothingToOperate):
        maintenance_operations.ask(
            desk,
            manager,
            order_id,
            Possible(kind="capture", reference="nope", most=1),
            1,
            "",
            create.new_form_key(),
        )
    choice = offered(desk, manager, order_id)["refund"]
    with pytest.raises(NotAllowed):
        maintenance_operations.ask(
            desk, person(desk, "admin"), order_id, choice, 1_0000, "x", create.new_form_key()
        )
    assert offered(desk, person(desk, "finance"), order_id).keys() == {"refund"}
    assert maintenance_operations.of_order(desk, manager, order_id)[0] == ()
