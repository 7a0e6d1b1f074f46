"""Sending when the world changes under it: settings emptied, accounts paused, order ids that meet, pages that are over."""

from datetime import timedelta
from typing import Any

import pytest

from services import clock
from services.access import Actor
from services.accounts.configuration import save_email_settings
from services.accounts.pauses import pause, pauses, resume
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.client import HiPay
from services.hipay.errors import PageOver
from services.mail.errors import Rejected
from services.orders import history
from services.orders.errors import OrderIdTaken
from services.orders.steps import send_mail
from tests.support.desk import person
from tests.support.orders import create_order
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)

SENDER = "boutique@maison-demo.example"


def later(desk: Desk, sandbox: RunningSandbox, **time: float) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(**time).total_seconds()})
    drain(desk)


def set_sender(desk: Desk, address: str) -> None:
    save_email_settings(desk, person(desk, "admin"), "demo", "", {"sender_address": address})


def paused(desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised")


def resumed(desk: Desk) -> None:
    resume(desk, person(desk, "admin"), "demo")


def lose_the_next_page(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})


def pages(desk: Desk, actor: Actor, order_id: int) -> list[tuple[str, str]]:
    return [(page.hipay_order_id, page.state) for page in history.detail(desk, actor, order_id).pages]


def test_a_payment_made_while_the_account_is_paused_is_seen_once_it_is_resumed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager, expires_at=clock.now() + timedelta(minutes=30))
    drain(desk)
    sandbox.control("pay", {"all_open": True, "outcome": "accept"})
    paused(desk)
    later(desk, sandbox, hours=3)
    assert history.detail(desk, manager, order_id).badge == "expired"
    resumed(desk)
    later(desk, sandbox, minutes=2)
    assert history.detail(desk, manager, order_id).badge == "paid"


def test_the_time_of_a_pause_is_not_the_orders(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = create_order(desk, manager)
    paused(desk)
    drain(desk)
    later(desk, sandbox, hours=25)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/hpayment", "count": 1})
    resumed(desk)
    later(desk, sandbox, minutes=2)
    later(desk, sandbox, minutes=2)
    assert history.detail(desk, manager, order_id).badge == "open"


def test_a_worker_that_was_away_for_a_day_does_not_give_up_at_its_first_try(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager)
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/hpayment", "count": 1})
    later(desk, sandbox, hours=30)
    assert history.detail(desk, manager, order_id).badge == "preparing"
    later(desk, sandbox, minutes=2)
    assert history.detail(desk, manager, order_id).badge == "open"


def test_no_page_is_made_that_no_mail_can_carry(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = create_order(desk, manager)
    set_sender(desk, "")
    drain(desk)
    later(desk, sandbox, minutes=10)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.failure) == ("preparing", "account_not_ready")
    assert sandbox.control("orders") == []
    set_sender(desk, SENDER)
    later(desk, sandbox, minutes=2)
    assert history.detail(desk, manager, order_id).badge == "open"
    assert len(sandbox.mails()) == 1


def test_a_copy_that_cannot_be_written_does_not_send_the_link_twice(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = send_mail.deliver

    def emptied_meanwhile(*message: Any, **envelope: Any) -> Any:
        accepted = deliver(*message, **envelope)
        set_sender(desk, "")
        return accepted

    monkeypatch.setattr(send_mail, "deliver", emptied_meanwhile)
    order_id = create_order(desk, manager, copy_to_sender=True)
    drain(desk)
    later(desk, sandbox, minutes=10)
    found = history.detail(desk, manager, order_id)
    assert found.order.delivery == "sent"
    assert found.events[-1].kind == "copy_mail_failed"
    assert len(sandbox.mails()) == 1


def test_a_refused_copy_is_recorded_and_is_not_the_orders_failure(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver = send_mail.deliver

    def refuse_the_copy(message: bytes, *, recipients: list[str], **more: Any) -> Any:
        if recipients == [manager.email]:
            raise Rejected("recipient", 550, f"<{manager.email}>: user unknown")
        return deliver(message, recipients=recipients, **more)

    monkeypatch.setattr(send_mail, "deliver", refuse_the_copy)
    order_id = create_order(desk, manager, copy_to_sender=True)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.failure) == ("open", "")
    assert found.events[-1].data["fields"]["answer"] == "<…@…>: user unknown"


def test_events_keep_no_address_that_a_server_quotes(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "550 <Elodie.Marchand@example.com> is no user here"})
    order_id = create_order(desk, manager)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (
        "Elodie" in found.order.failure_detail["answer"]
    )  # what the sender reads is in the order, which can be erased
    assert found.events[-1].kind == "mail_failed"
    assert "elodie" not in str([event.data for event in found.events]).lower()


def test_nor_a_name_without_its_domain(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_reply": "550 elodie.marchand: no such user (Élodie MARCHAND)"})
    order_id = create_order(desk, manager)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert found.events[-1].data["fields"]["answer"] == "…: no such user (… …)"
    assert found.events[-1].data["error"] == found.order.failure


def test_a_next_page_takes_an_order_id_that_no_order_has(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    create_order(desk, manager, order_id="A-1-2")
    drain(desk)
    lose_the_next_page(sandbox)
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)
    later(desk, sandbox, seconds=20)
    assert pages(desk, manager, order_id) == [("A-1", "lost"), ("A-1-3", "open")]


def test_an_order_id_that_a_next_page_has_is_taken(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    lose_the_next_page(sandbox)
    create_order(desk, manager, order_id="A-1")
    drain(desk)
    later(desk, sandbox, seconds=20)
    with pytest.raises(OrderIdTaken):
        create_order(desk, manager, order_id="A-1-2")


@pytest.mark.parametrize(
    ("code", "outcome", "badge", "availability"),
    [
        (3010007, None, "open", "open"),
        (3010008, "decline", "open", "open"),
        (3010005, "accept", "paid", "taken"),
        (3010005, "pending", "pending", "taken"),
        (3010006, None, "failed", "failed"),  # completed, HiPay says, and does not show by whom
        (3010006, "accept", "paid", "taken"),
    ],
)
def test_a_page_that_is_over_is_followed_by_another_only_if_it_is_unpaid(
    desk: Desk,
    manager: Actor,
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    code: int,
    outcome: str | None,
    badge: str,
    availability: str,
) -> None:
    make = HiPay.create_page

    def over_the_second_time(client: HiPay, request: Any) -> Any:
        if request.order_id == "A-1" and sandbox.control("orders"):
            raise PageOver(code)
        return make(client, request)

    monkeypatch.setattr(HiPay, "create_page", over_the_second_time)
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)  # the answer is lost
    if outcome:
        sandbox.control("pay", {"orderids": ["A-1"], "outcome": outcome})
    later(desk, sandbox, seconds=20)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.availability) == (badge, availability)
    assert len(sandbox.mails()) == (1 if badge == "open" else 0)


def test_a_dispute_that_is_won_gives_the_money_back(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
    seen = []
    for act in (
        {"chargeback": {"amount": "12.00"}},
        {"chargeback-refund": {}},
        {"chargeback": {"amount": "12.00"}},
        {"chargeback": {}},
    ):
        later(desk, sandbox, minutes=5)
        [(path, body)] = act.items()
        sandbox.control(path, {"orderid": "A-1", **body})
        history.check_now(desk, manager, [order_id])
        drain(desk)
        order = history.detail(desk, manager, order_id).order
        seen.append((order.payment, order.charged_back))
    assert seen == [
        ("charged_back", 12_0000),
        ("captured", 0),
        ("charged_back", 12_0000),
        ("charged_back", 1250_5000),
    ]


def test_a_customer_who_comes_back_while_hipay_is_asked_is_not_forgotten(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)
    read = HiPay.read_order

    def paid_right_after(client: HiPay, hipay_order_id: str) -> Any:
        seen = read(client, hipay_order_id)
        monkeypatch.setattr(HiPay, "read_order", read)
        sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
        history.check_now(desk, manager, [order_id])
        return seen

    monkeypatch.setattr(HiPay, "read_order", paid_right_after)
    later(desk, sandbox, hours=3)
    assert history.detail(desk, manager, order_id).badge == "paid"


def test_credentials_refused_at_a_read_pause_the_account(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager)
    drain(desk)
    wrong = desk.account("demo").model_copy(update={"login": "nobody"})
    broken = Desk(desk.settings.model_copy(update={"accounts": {"demo": wrong}}), desk.store)
    history.check_now(broken, manager, [order_id])
    drain(broken)
    with desk.store.read() as tx:
        assert [one.subject for one in pauses(tx, "demo")] == ["gateway"]


def test_a_mail_that_may_have_left_is_never_said_not_to_have(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_drop": "after_data"})
    order_id = create_order(desk, manager, expires_at=clock.now() + timedelta(minutes=15))
    drain(desk)
    later(desk, sandbox, minutes=20)
    assert history.detail(desk, manager, order_id).order.delivery == "uncertain"
    assert len(sandbox.mails()) == 1


def test_the_money_of_anothers_order_with_a_lost_pages_id_is_not_ours(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    theirs = {
        "orderid": "A-1",
        "description": "theirs",
        "amount": "5.00",
        "currency": "EUR",
        "operation": "Sale",
    }
    assert sandbox.api("POST", "/v1/hpayment", data=theirs).status_code == 200
    order_id = create_order(desk, manager, order_id="A-1", amount="5,00")
    drain(desk)
    assert pages(desk, manager, order_id) == [("A-1", "lost"), ("A-1-2", "open")]
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
    history.check_now(desk, manager, [order_id])
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.captured) == ("open", 0)
    assert [alarm.kind for alarm in found.alarms] == ["quarantined"]
