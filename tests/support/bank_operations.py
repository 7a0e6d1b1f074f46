"""Operations on a paid order of the sandbox: asked, done or refused by the bank, and what the product shows of them."""

from typing import Any

from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.orders import create, history, maintenance_operations
from services.store.alarms import StoredAlarm
from tests.support.orders import pay_order
from tests.support.sandbox import RunningSandbox


def paid(desk: Desk, actor: Actor, sandbox: RunningSandbox, **changes: object) -> int:
    return pay_order(desk, actor, sandbox, order_id="A-1", **changes)


def read_now(desk: Desk, actor: Actor, order_id: int) -> None:
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


def open_alarms(desk: Desk, actor: Actor, order_id: int) -> list[StoredAlarm]:
    return [alarm for alarm in history.detail(desk, actor, order_id).alarms if alarm.closed_at is None]


def open_kinds(desk: Desk, actor: Actor, order_id: int) -> list[str]:
    return [alarm.kind for alarm in open_alarms(desk, actor, order_id)]


def events_of_kind(desk: Desk, actor: Actor, order_id: int, kind: str) -> list[dict[str, Any]]:
    return [event.data for event in history.detail(desk, actor, order_id).events if event.kind == kind]


def console(sandbox: RunningSandbox, operation: str, **fields: str) -> None:
    """An operation that somebody makes in HiPay's console."""
    [transaction] = sandbox.api("GET", "/v3/order/A-1").json()["transactions"]
    answer = sandbox.api(
        "POST", f"/v1/maintenance/transaction/{transaction['id']}", data={"operation": operation, **fields}
    )
    assert answer.status_code == 200, answer.text
