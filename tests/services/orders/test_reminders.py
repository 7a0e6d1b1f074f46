"""Reminders by schedule, against the sandbox: each once, in daylight, never after it makes no sense any more."""

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.accounts import reminders
from services.accounts.pauses import pause, resume
from services.accounts.reminders import ReminderDays, ReminderHours, Reminders
from services.demo.drain import drain
from services.desk import Desk
from services.entrypoints import worker
from services.mail.delivery_status import RecipientStatus, Report
from services.orders import create, history, links
from services.orders.bounces import record_bounce
from services.orders.history import Detail
from services.orders.reminders import remind
from services.store.orders import orders
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.orders import send_order
from tests.support.sandbox import RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)

PARIS = ZoneInfo("Europe/Paris")
MONDAY = datetime(2026, 11, 30, 10, tzinfo=PARIS)


@pytest.fixture
def desk(desk: Desk, sandbox: RunningSandbox) -> Desk:
    go_to(sandbox, MONDAY)
    return desk


def go_to(sandbox: RunningSandbox, moment: datetime) -> None:
    sandbox.control("clock", {"set": moment.isoformat()})


def switch_on(desk: Desk, *, before: tuple[int, ...] = (), after: tuple[int, ...] = (), **more: Any) -> None:
    reminders.save(desk, person(desk, "admin"), "demo", Reminders(before=before, after=after, **more))


def send(desk: Desk, actor: Actor, *, days: int = 14, **changes: Any) -> int:
    return send_order(desk, actor, **{"expires_at": clock.now() + timedelta(days=days), **changes})


def work(desk: Desk, sandbox: RunningSandbox) -> None:
    """A round, and the worker until the reminders have left: HiPay is asked before."""
    remind(desk)
    drain(desk)
    sandbox.control("clock", {"advance_seconds": 150})
    drain(desk)


def seen(desk: Desk, order_id: int) -> Detail:
    return history.detail(desk, Actor(kind="system", id="system"), order_id)


def kinds(desk: Desk, order_id: int) -> list[str]:
    return [event.kind for event in seen(desk, order_id).events]


def reminded(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return [mail for mail in sandbox.mails() if "Reminder:" in mail["subject"] or "Rappel" in mail["subject"]]


def test_off_until_it_is_switched_on(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=3))
    work(desk, sandbox)
    assert reminded(sandbox) == []


def test_each_rule_once_in_the_customers_language(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    switch_on(desk, before=(4,), after=(2,))
    order_id = send(desk, manager, language="fr")
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    for _ in range(3):
        work(desk, sandbox)
    [mail] = reminded(sandbox)
    assert mail["subject"].startswith("[TEST] Rappel")
    assert mail["to"] == ["elodie.marchand@example.com"]
    assert (kinds(desk, order_id).count("reminded_by_schedule"), seen(desk, order_id).order.delivery) == (
        1,
        "sent",
    )
    go_to(sandbox, MONDAY + timedelta(days=10, minutes=5))
    for _ in range(3):
        work(desk, sandbox)
    assert len(reminded(sandbox)) == 2
    assert len({mail["message_id"] for mail in sandbox.mails()}) == 3


def test_only_in_daylight_and_not_on_a_sunday(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    switch_on(desk, after=(5,))
    go_to(sandbox, MONDAY.replace(hour=22))
    send(desk, manager)
    go_to(sandbox, MONDAY.replace(hour=22, minute=30) + timedelta(days=5))  # Saturday night
    work(desk, sandbox)
    go_to(sandbox, MONDAY + timedelta(days=6))  # Sunday
    work(desk, sandbox)
    assert reminded(sandbox) == []
    go_to(sandbox, MONDAY + timedelta(days=7))
    work(desk, sandbox)
    assert len(reminded(sandbox)) == 1


def test_no_reminder_after_a_payment_even_without_a_notification(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    switch_on(desk, after=(2,))
    told, untold = send(desk, manager), send(desk, manager, order_id="A-2", references=("F-2",))
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    pages = {one: seen(desk, one).pages[-1].hipay_order_id for one in (told, untold)}
    sandbox.control("pay", {"orderids": [pages[told]], "outcome": "accept"})
    history.check_now(desk, manager, [told])
    drain(desk)
    sandbox.control("pay", {"orderids": [pages[untold]], "outcome": "accept"})
    work(desk, sandbox)
    assert reminded(sandbox) == []
    assert "reminded_by_schedule" not in kinds(desk, told)
    assert "mail_withdrawn" in kinds(desk, untold)  # queued, and then HiPay was asked
    assert seen(desk, untold).badge == "paid"


def test_nor_when_a_person_asks_for_it(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    paid, unpaid = send(desk, manager), send(desk, manager, order_id="A-2", references=("F-2",))
    go_to(sandbox, MONDAY.replace(hour=23))  # a person knows what time it is
    page = seen(desk, paid).pages[-1].hipay_order_id
    sandbox.control("pay", {"orderids": [page], "outcome": "accept"})  # and nobody has told us
    for order_id in (paid, unpaid):
        links.resend(desk, manager, order_id, create.new_form_key(), reminder=True)
    drain(desk)
    [mail] = reminded(sandbox)
    assert "A-2" in mail["text"]
    assert kinds(desk, paid)[-1] == "mail_withdrawn"
    assert seen(desk, paid).badge == "paid"
    assert seen(desk, unpaid).order.delivery == "sent"


def test_while_hipay_is_away_a_reminder_waits(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager)
    sandbox.control("faults", {"kind": "down", "path": "/v3/order"})
    go_to(sandbox, MONDAY + timedelta(hours=1))
    links.resend(desk, manager, order_id, create.new_form_key(), reminder=True)
    drain(desk)
    assert reminded(sandbox) == []
    sandbox.control("faults", {"kind": "off"})
    sandbox.control("clock", {"advance_seconds": 150})
    drain(desk)
    assert len(reminded(sandbox)) == 1


def test_never_after_it_came_back_and_again_at_another_address(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    remind(desk)
    message = seen(desk, order_id).messages[0]
    with desk.store.write() as tx:
        assert record_bounce(
            tx, Report((message.message_id,), (RecipientStatus("failed", frozenset(), "5.1.1", "unknown"),))
        )
    work(desk, sandbox)
    assert reminded(sandbox) == []
    assert "reminder_dropped" in kinds(desk, order_id)
    assert seen(desk, order_id).badge == "bounced"


@pytest.mark.parametrize("what", ["expired", "called off", "erased", "switched off"])
def test_never_once_it_makes_no_sense(desk: Desk, manager: Actor, sandbox: RunningSandbox, what: str) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager, days=3)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
        links.remind_by_schedule(tx, desk, orders.order(tx, order_id), "reminder:x", days=2, by="after")  # type: ignore[arg-type]
    if what == "expired":
        go_to(sandbox, MONDAY + timedelta(days=4))
    if what == "switched off":
        switch_on(desk)
    with desk.store.write() as tx:
        if what == "called off":
            orders.change_order(tx, order_id, availability="cancelled")
        if what == "erased":
            orders.change_order(tx, order_id, erased_at=clock.now())
    resume(desk, person(desk, "admin"), "demo")
    work(desk, sandbox)
    assert reminded(sandbox) == []
    assert not seen(desk, order_id).waiting.get("mail")


def test_while_sending_is_paused_nobody_is_reminded(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
    work(desk, sandbox)
    assert "reminded_by_schedule" not in kinds(desk, order_id)
    resume(desk, person(desk, "admin"), "demo")
    work(desk, sandbox)
    assert len(reminded(sandbox)) == 1


def test_a_reminder_by_hand_takes_the_turn(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    links.resend(desk, manager, order_id, create.new_form_key(), reminder=True)
    drain(desk)
    go_to(sandbox, MONDAY + timedelta(days=3, minutes=30))
    work(desk, sandbox)
    assert len(reminded(sandbox)) == 1


def test_one_that_may_have_left_is_tried_once_more_under_the_same_id(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    sandbox.control("settings", {"smtp_drop": "after_data"})
    for _ in range(4):
        work(desk, sandbox)
    assert seen(desk, order_id).order.delivery == "uncertain"
    assert 1 <= len(reminded(sandbox)) <= 2
    assert len({mail["message_id"] for mail in reminded(sandbox)}) == 1


def test_four_workers_at_once_queue_one(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    switch_on(desk, after=(2,))
    order_id = send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    workers = [threading.Thread(target=remind, args=(desk,)) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert kinds(desk, order_id).count("reminded_by_schedule") == 1


def test_the_running_worker_reminds(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    switch_on(desk, after=(2,))
    send(desk, manager)
    go_to(sandbox, MONDAY + timedelta(days=2, minutes=5))
    remind(desk)
    drain(desk)  # HiPay is asked
    sandbox.control("clock", {"advance_seconds": 150})
    running = worker.start(desk)
    try:
        wait_for(lambda: reminded(sandbox), "the reminder", 30)
    finally:
        running.stop()


def test_who_may_set_it_and_what(desk: Desk, manager: Actor) -> None:
    admin = person(desk, "admin")
    with pytest.raises(NotAllowed):
        reminders.save(desk, manager, "demo", Reminders(before=(1,)))
    for days in ((0,), (61,), (1, 2, 3, 4)):
        with pytest.raises(ReminderDays):
            reminders.save(desk, admin, "demo", Reminders(before=days))
    for hours in ((9, 9), (18, 9), (-1, 9), (9, 25)):
        with pytest.raises(ReminderHours):
            reminders.save(
                desk, admin, "demo", Reminders(before=(1,), after=(), from_hour=hours[0], to_hour=hours[1])
            )
    assert reminders.save(desk, admin, "demo", Reminders(before=(3, 1, 3))) is True
    assert audit_of(desk)[0].detail == {"before": [1, 3], "after": [], "hours": [9, 18], "sundays": False}
    since = reminders.shown(desk, admin, "demo").since
    assert reminders.save(desk, admin, "demo", Reminders(before=(1, 3), to_hour=20)) is True
    assert reminders.shown(desk, admin, "demo").since == since  # the days stand: nothing is due anew
    assert reminders.save(desk, admin, "demo", Reminders(before=(1, 3), to_hour=20)) is False
