"""What HiPay only tells is never money: signed notifications through the public receiver, against what the sandbox shows."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import delete, select

from services import clock
from services.access import CUSTOMER, Actor, NotAllowed
from services.alarms import kinds
from services.alarms.handling import close, to_do
from services.alarms.sweep import sweep
from services.demo.drain import drain
from services.desk import Desk
from services.imports import background
from services.notices import choices
from services.notices.post import find
from services.orders import (
    confirm,
    history,
    link_rules,
    links,
    maintenance_operations,
    notifications,
    open_page,
)
from services.orders.confirm import AccountAsked, NotificationsChanged, WhyMissing
from services.orders.errors import BeingConfirmed
from services.orders.history import Detail
from services.orders.unconfirmed import answered
from services.store import schema
from services.store.orders import orders
from services.store.schema.reconciliation import order_positions
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.notices import all_notices
from tests.support.orders import send_order
from tests.support.public import body, serving, signed
from tests.support.refold import refold
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True, own_links=True)

AMOUNT = 15_0000


@pytest.fixture
def receiver(desk: Desk) -> Iterator[httpx.Client]:
    with serving(desk) as client:
        yield client


def send(desk: Desk, actor: Actor, *, pressed: bool = True, **changes: Any) -> int:
    order = send_order(desk, actor, amount="15", **changes)
    if pressed:
        open_page.open_hipay_page(desk, found(desk, order).order.link_token)
    return order


def found(desk: Desk, order: int) -> Detail:
    return history.detail(desk, CUSTOMER, order)


def tell(desk: Desk, receiver: httpx.Client, order: int, **changes: Any) -> None:
    """A notification of a payment of this order that never was, with the right signature, worked off."""
    detail = found(desk, order)
    fields = {
        "custom_data[eterminal_order]": detail.order.mark,
        "mid": "",
        "date_updated": clock.now().isoformat(),
        **changes,
    }
    raw = body(detail.pages[-1].hipay_order_id, fields.pop("status", 118), **fields)
    assert receiver.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202
    notifications.work_off(desk)


def pay(desk: Desk, sandbox: RunningSandbox, order: int) -> None:
    sandbox.control("pay", {"orderids": [found(desk, order).pages[-1].hipay_order_id], "outcome": "accept"})


def later(sandbox: RunningSandbox, **time: float) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(**time).total_seconds()})


def kinds_of(desk: Desk, order: int) -> list[str]:
    return [event.kind for event in found(desk, order).events]


def open_alarms(desk: Desk, order: int) -> list[str]:
    return [alarm.kind for alarm in found(desk, order).alarms if alarm.closed_at is None]


def positions(desk: Desk) -> list[Any]:
    while background.work_off(desk):
        pass
    with desk.store.read() as tx:
        return list(tx.execute(select(order_positions)))


def until_the_alarm(desk: Desk, sandbox: RunningSandbox, order: int) -> None:
    drain(desk)
    for _ in range(6):
        later(sandbox, minutes=5)
        drain(desk)
    assert open_alarms(desk, order) == ["payment_unconfirmed"]


@contextmanager
def gone(desk: Desk) -> Iterator[None]:
    """The settings no longer name the account."""
    with desk.store.write() as tx:
        for table in ("orders", "pages", "steps", "alarms"):
            tx.exec_driver_sql(f"UPDATE {table} SET account = 'departed'")
    yield


def test_a_forged_notification_is_never_money_and_a_real_payment_is(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    tell(desk, receiver, order)
    seen = found(desk, order)
    assert (seen.badge, seen.order.payment, seen.order.captured, seen.order.paid_at) == (
        "unconfirmed",
        "unconfirmed",
        0,
        None,
    )
    assert [one.transaction.captured for one in seen.unconfirmed] == [AMOUNT]
    listed = history.find(desk, manager, orders.Filter(badges=("unconfirmed",)))
    assert [one.id for one in listed.orders] == [order]
    assert maintenance_operations.of_order(desk, person(desk, "finance"), order) == ((), ())

    drain(desk)  # HiPay is asked, and knows no such payment
    assert kinds_of(desk, order)[-2:] == ["payment_told", "payment_absent"]
    later(sandbox, minutes=10)
    drain(desk)
    assert open_alarms(desk, order) == []
    later(sandbox, minutes=10)
    drain(desk)
    assert open_alarms(desk, order) == ["payment_unconfirmed"]
    assert found(desk, order).badge == "unconfirmed"
    [position] = positions(desk)
    assert (position.captured_units, position.paid_at) == (0, None)
    later(sandbox, days=1)
    drain(desk)
    assert kinds_of(desk, order).count("payment_absent") == 1
    waits = found(desk, order).waiting["read"] - clock.now()
    assert timedelta(hours=23) < waits < timedelta(hours=25)

    close(desk, manager, found(desk, order).alarms[0].id, "not in HiPay's console")
    assert (found(desk, order).order.payment, open_alarms(desk, order)) == ("unpaid", [])
    open_page.open_hipay_page(desk, found(desk, order).order.link_token)
    pay(desk, sandbox, order)
    history.check_now(desk, manager, [order])
    drain(desk)
    seen = found(desk, order)
    assert (seen.badge, seen.order.captured) == ("paid", AMOUNT)
    [position] = positions(desk)
    assert position.captured_units == AMOUNT


def test_the_alarm_ends_by_itself_when_the_payment_is_shown_after_all(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    pay(desk, sandbox, order)
    with desk.hipay("demo") as client:
        read = client.read_order(found(desk, order).pages[-1].hipay_order_id)
    assert read is not None
    tell(desk, receiver, order, transaction_reference=read.observations[0].reference)
    for minutes in (0, 16):  # its answers lagged behind
        later(sandbox, minutes=minutes)
        with desk.store.write() as tx:
            answered(tx, order, [page.id for page in found(desk, order).pages], ())
    assert open_alarms(desk, order) == ["payment_unconfirmed"]
    history.check_now(desk, manager, [order])
    drain(desk)
    assert found(desk, order).badge == "paid"
    [alarm] = [one for one in found(desk, order).alarms if one.kind == "payment_unconfirmed"]
    assert (alarm.closed_by, alarm.closing_reason) == ("worker", kinds.RESOLVED)


@pytest.mark.parametrize("fault", [{"kind": "down"}, {"kind": "5xx"}, {"kind": "refuse", "code": 1000001}])
def test_while_hipay_does_not_answer_nothing_is_alarmed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client, fault: dict[str, Any]
) -> None:
    order = send(desk, manager)
    tell(desk, receiver, order)
    for path in ("/v3/order", "/v1/transaction"):
        sandbox.control("faults", {**fault, "path": path})
    for _ in range(8):
        later(sandbox, minutes=20)
        drain(desk)
    assert "payment_unconfirmed" not in open_alarms(desk, order)
    assert "payment_absent" not in kinds_of(desk, order)
    assert found(desk, order).badge == "unconfirmed"


def test_when_hipay_refuses_reads_an_alarm_opens_for_the_account(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    administrator = person(desk, "admin", email="alex@example.com")
    order = send(desk, manager)
    pay(desk, sandbox, order)
    tell(desk, receiver, order)
    for path in ("/v3/", "/v1/transaction"):
        sandbox.control("faults", {"kind": "refuse", "code": 1000005, "path": path})
    for _ in range(4):  # it answers every hour that it may not
        drain(desk)
        later(sandbox, hours=2)
    assert (found(desk, order).badge, open_alarms(desk, order)) == ("unconfirmed", [])
    [alarm] = to_do(desk, administrator).free.alarms
    assert (alarm.kind, alarm.detail) == ("payments_not_read", {"code": 1000005})
    sandbox.control("faults", {"kind": "off"})
    drain(desk)
    assert found(desk, order).order.captured == AMOUNT
    assert to_do(desk, administrator).free.alarms == ()


def test_made_up_refusals_wear_no_link_out(desk: Desk, manager: Actor, receiver: httpx.Client) -> None:
    order = send(desk, manager)
    token = found(desk, order).order.link_token
    for number in range(open_page.ATTEMPTS):
        tell(desk, receiver, order, status=113, transaction_reference=f"forged {number}")
    drain(desk)
    pressed = open_page.open_hipay_page(desk, token)
    assert [page.url for page in found(desk, order).pages] == [pressed.url]


def test_an_unconfirmed_payment_is_read_beyond_the_links_end(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager, expires_at=clock.now() + timedelta(hours=2))
    later(sandbox, days=3)
    drain(desk)
    assert found(desk, order).waiting == {}
    tell(desk, receiver, order)
    until_the_alarm(desk, sandbox, order)


def test_nothing_is_sent_and_nothing_is_done_while_a_payment_is_being_confirmed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    links.resend(desk, manager, order, "again", reminder=True)
    tell(desk, receiver, order)
    offered = link_rules.offer(desk, manager, order)
    assert offered is not None
    assert {type(why) for why in offered.refusals.values()} == {BeingConfirmed}
    assert set(offered.refusals) == {"resend", "readdress", "remind", "cancel", "extend", "correct", "renew"}
    with pytest.raises(BeingConfirmed):
        links.cancel(desk, manager, order, "k")
    token = found(desk, order).order.link_token
    assert open_page.open_hipay_page(desk, token) == open_page.Destination("confirming")
    assert "votre paiement est en cours" in receiver.get(f"/p/{token}").text.lower()
    for _ in range(3):
        later(sandbox, minutes=3)
        drain(desk)
    assert len(sandbox.mails()) == 1  # neither sent nor withdrawn
    assert found(desk, order).order.delivery == "queued"
    until_the_alarm(desk, sandbox, order)
    close(desk, manager, found(desk, order).alarms[0].id, "no such payment")
    later(sandbox, minutes=3)
    drain(desk)
    later(sandbox, minutes=3)
    drain(desk)
    assert len(sandbox.mails()) == 2  # it was no payment: the reminder leaves
    assert set(link_rules.offer(desk, manager, order).refusals) < set(offered.refusals)  # type: ignore[union-attr]


def test_a_mail_that_waits_is_withdrawn_once_the_payment_is_confirmed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    links.resend(desk, manager, order, "again")
    tell(desk, receiver, order)
    pay(desk, sandbox, order)
    drain(desk)
    later(sandbox, minutes=2)
    drain(desk)
    seen = found(desk, order)
    assert (seen.order.payment, seen.order.delivery, len(sandbox.mails())) == ("captured", "withdrawn", 1)


def test_a_confirmed_payment_is_not_changed_by_notifications(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    pay(desk, sandbox, order)
    history.check_now(desk, manager, [order])
    drain(desk)
    reference = next(e.data["reference"] for e in found(desk, order).events if e.kind == "payment")
    tell(desk, receiver, order, status=125, refunded_amount="15.00", transaction_reference=reference)
    tell(desk, receiver, order, status=129, transaction_reference=reference)
    tell(desk, receiver, order, transaction_reference="another")
    seen = found(desk, order)
    assert (seen.badge, seen.order.captured, seen.order.refunded, seen.order.charged_back) == (
        "paid",
        AMOUNT,
        0,
        0,
    )
    assert open_alarms(desk, order) == []
    until_the_alarm(desk, sandbox, order)  # of the one that HiPay does not know
    assert found(desk, order).badge == "paid"


def test_no_notice_of_an_unconfirmed_payment_is_sent(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    choices.choose(desk, manager, frozenset({"paid", "charged_back", "refused"}))
    order = send(desk, manager)
    for status in (118, 113, 129):
        tell(desk, receiver, order, status=status, transaction_reference=f"forged {status}")
    find(desk)
    with desk.store.read() as tx:
        assert all_notices(tx) == []
    pay(desk, sandbox, order)
    drain(desk)
    find(desk)
    with desk.store.read() as tx:
        assert [one.kind for one in all_notices(tx)] == ["paid"]


def test_a_notification_alone_does_not_settle_an_unknown_operation(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    pay(desk, sandbox, order)
    history.check_now(desk, manager, [order])
    drain(desk)
    finance = person(desk, "finance")
    _, (refund,) = maintenance_operations.of_order(desk, finance, order)
    sandbox.control("faults", {"kind": "lost", "path": "/v1/maintenance", "count": 1})
    maintenance_operations.ask(desk, finance, order, refund, 5_0000, "a gift", "k")
    for kind in ("/v3/order", "/v3/transaction", "/v1/transaction"):
        sandbox.control("faults", {"kind": "5xx", "path": kind})
    drain(desk)
    [asked], _ = maintenance_operations.of_order(desk, finance, order)
    assert asked.state == "unknown"
    tell(
        desk,
        receiver,
        order,
        status=126,
        refunded_amount="5.00",
        transaction_reference=refund.reference,
        **{"operation[id]": asked.operation_id, "operation[amount]": "5.00"},
    )
    [asked], _ = maintenance_operations.of_order(desk, finance, order)
    assert (asked.state, found(desk, order).order.refunded) == ("unknown", 0)


def test_of_an_account_that_has_gone_a_person_confirms(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    finance = person(desk, "finance")
    order = send(desk, manager)
    tell(desk, receiver, order)
    assert confirm.confirmable(desk, finance, order) == ()
    with pytest.raises(AccountAsked):
        confirm.confirm(desk, finance, order, (), "seen", "k0")
    with gone(desk):
        drain(desk)
        sweep(desk)
        assert open_alarms(desk, order) == ["payment_unconfirmable"]
        assert [alarm.kind for alarm in to_do(desk, manager).mine.alarms] == ["payment_unconfirmable"]
        shown = confirm.confirmable(desk, finance, order)
        assert [(one.captured, one.product) for one in shown] == [(AMOUNT, "visa")]
        assert confirm.confirmable(desk, manager, order) == ()
        with pytest.raises(NotAllowed):
            confirm.confirm(desk, manager, order, shown, "seen", "k1")
        with pytest.raises(WhyMissing):
            confirm.confirm(desk, finance, order, shown, " ", "k1")
        with pytest.raises(NotificationsChanged):
            confirm.confirm(desk, finance, order, (), "seen", "k1")
        assert found(desk, order).badge == "unconfirmed"
        for _ in range(2):
            confirm.confirm(desk, finance, order, shown, "Élodie Marchand showed it in HiPay's console", "k1")
        seen = found(desk, order)
        assert (seen.badge, seen.order.captured, seen.unconfirmed) == ("paid", AMOUNT, ())
        [event] = [one for one in seen.events if one.kind == "payment_confirmed"]
        assert event.data["why"] == "… … showed it in HiPay's console"
        assert (event.actor_id, kinds_of(desk, order).count("payment")) == (finance.id, 1)
        assert [row.action for row in audit_of(desk)].count("payment_confirmed") == 1
        sweep(desk)
        assert open_alarms(desk, order) == []
        [position] = positions(desk)
        assert position.captured_units == AMOUNT


def test_closing_the_alarm_of_a_removed_account_dismisses_the_payment(
    desk: Desk, manager: Actor, receiver: httpx.Client
) -> None:
    order = send(desk, manager)
    tell(desk, receiver, order)
    with gone(desk):
        sweep(desk)
        close(desk, manager, found(desk, order).alarms[0].id, "not in the console")
        sweep(desk)
        assert (found(desk, order).order.payment, open_alarms(desk, order)) == ("unpaid", [])


def test_a_payment_without_a_source_is_read_once_and_an_alarm_opens_if_hipay_does_not_show_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, receiver: httpx.Client
) -> None:
    """The migration: what stands stays; open and paid orders are read, and the newest read counts from then on."""
    real, forged, over, waits = (send(desk, manager) for _ in range(4))
    pay(desk, sandbox, real)
    with desk.hipay("demo") as client:
        read = client.read_order(found(desk, real).pages[-1].hipay_order_id)
    assert read is not None
    with desk.store.write() as tx:
        tx.execute(delete(schema.orders.steps))
        for order, reference in ((real, read.observations[0].reference), (forged, "forged")):
            orders.add_event(
                tx,
                identity=f"payment:payment:{order}",
                order=order,
                page=found(desk, order).pages[-1].id,
                at=clock.now(),
                kind="payment",
                actor_kind="hipay",
                actor_id="hipay",
                data={
                    "reference": reference,
                    "status": 118,
                    "currency": "EUR",
                    "authorised": AMOUNT,
                    "captured": AMOUNT,
                },
            )
            refold(tx, order)
        orders.change_order(tx, over, expires_at=clock.now() - timedelta(days=1))
    module = importlib.import_module("services.store.migrations.versions.0009_confirmed")
    for _ in range(2):  # the second finds nothing to do
        with desk.store.engine.begin() as tx, Operations.context(MigrationContext.configure(tx)):
            module.upgrade()
    with desk.store.read() as tx:
        due = tx.execute(select(schema.orders.steps.c.order, schema.orders.steps.c.kind)).all()
    assert sorted(map(tuple, due)) == [(order, "read") for order in (real, forged, waits)]
    later(sandbox, seconds=5)
    drain(desk)
    assert [found(desk, order).badge for order in (real, forged)] == ["paid", "paid"]
    assert [event.data.get("source") for event in found(desk, real).events if event.kind == "payment"] == [
        None,
        "read",
    ]
    for _ in range(4):
        later(sandbox, minutes=6)
        drain(desk)
    assert (open_alarms(desk, real), open_alarms(desk, forged)) == ([], ["payment_unshown"])
    assert found(desk, forged).order.captured == AMOUNT
