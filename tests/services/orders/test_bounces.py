"""Delivery reports in a real mailbox change the order whose Message-ID they name, once, and nothing else."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from services import clock, store
from services.access import Actor
from services.alarms.sweep import sweep
from services.checklist.measure import measure
from services.checklist.overview import last_checks
from services.demo.drain import drain
from services.desk import Desk
from services.entrypoints import worker
from services.notices.choices import choose
from services.notices.post import post
from services.orders import bounces, create, history, links
from services.orders.history import Detail
from tests.support.desk import person
from tests.support.imap import PASSWORD, Imap
from tests.support.orders import send_order
from tests.support.reports import exim, holiday, prose, standard
from tests.support.sandbox import RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)


@pytest.fixture
def imap() -> Iterator[Imap]:
    with Imap() as running:
        yield running


@pytest.fixture
def desk(desk: Desk, imap: Imap) -> Desk:
    return reading(desk, imap.url)


def reading(desk: Desk, url: str, **more: Any) -> Desk:
    return replace(desk, settings=desk.settings.model_copy(update={"imap_url": SecretStr(url), **more}))


def seen(desk: Desk, order_id: int) -> Detail:
    return history.detail(desk, Actor(kind="system", id="system"), order_id)


def returned(message_id: str, **more: str) -> bytes:
    return standard(message_id, **{"recipient": "elodie.marchand@example.com", **more})  # type: ignore[arg-type]


def message_id(desk: Desk, order_id: int, kind: str = "link") -> str:
    return str([one for one in seen(desk, order_id).messages if one.kind == kind][-1].message_id)


def kinds(desk: Desk, order_id: int) -> list[str]:
    return [event.kind for event in seen(desk, order_id).events]


def check(desk: Desk) -> tuple[str, str]:
    [found] = [one for one in last_checks(desk, "demo") if one.name == "delivery_reports"]
    return found.status, found.reason


def test_an_email_that_came_back(desk: Desk, manager: Actor, imap: Imap, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["not_delivered"])
    order_id = send_order(desk, manager)
    other = send_order(desk, manager, order_id="A-2")
    imap.add(
        returned(
            message_id(desk, order_id), diagnostic="smtp; 550 elodie.marchand@example.com: no Élodie here"
        )
    )
    for _ in range(3):
        bounces.read_mailbox(desk)
    found = seen(desk, order_id)
    assert (found.order.delivery, found.badge) == ("bounced", "bounced")
    assert kinds(desk, order_id).count("mail_bounced") == 1
    [event] = [one for one in found.events if one.kind == "mail_bounced"]
    assert event.data == {"number": 1, "status": "5.1.1", "answer": "550 …@…: no … here"}
    assert (event.actor_kind, event.page) == ("worker", None)
    assert seen(desk, other).badge == "open"

    sweep(desk)
    [alarm] = seen(desk, order_id).alarms
    assert alarm.kind == "mail_bounced"
    post(desk)
    assert [mail["subject"].split(":")[0] for mail in sandbox.mails() if mail["to"] == [manager.email]] == [
        "[TEST] E-mail not delivered"
    ]
    links.readdress(desk, manager, order_id, "elodie@example.org", create.new_form_key())
    drain(desk)
    sweep(desk)
    found = seen(desk, order_id)
    assert found.badge == "open"
    assert found.alarms[0].closed_at is not None


def test_a_report_of_an_earlier_email_comes_late(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    first = message_id(desk, order_id)
    links.readdress(desk, manager, order_id, "elodie@example.org", create.new_form_key())
    drain(desk)
    imap.add(returned(first))
    bounces.read_mailbox(desk)
    assert "mail_bounced" in kinds(desk, order_id)
    assert seen(desk, order_id).order.delivery == "sent"


def test_a_delay_is_recorded_once_and_is_no_bounce(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    imap.add(returned(message_id(desk, order_id), action="delayed", status="4.4.1"))
    imap.add(exim(message_id(desk, order_id), warning=True, recipient="elodie.marchand@example.com"))
    bounces.read_mailbox(desk)
    assert kinds(desk, order_id).count("mail_delayed") == 1
    assert seen(desk, order_id).badge == "open"
    sweep(desk)
    assert seen(desk, order_id).alarms == ()
    imap.add(returned(message_id(desk, order_id), status="4.4.7"))  # in the end it gives up
    bounces.read_mailbox(desk)
    assert seen(desk, order_id).badge == "bounced"


def test_a_delay_that_quotes_an_order_is_no_bounce(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    imap.add(
        prose(
            message_id(desk, order_id),
            "Delayed",
            "Your message 'Order C-512' is delayed. We will keep trying.",
        )
    )
    bounces.read_mailbox(desk)
    assert "mail_delayed" in kinds(desk, order_id)
    assert seen(desk, order_id).badge == "open"


def test_a_failure_at_an_address_it_was_passed_on_to_is_recorded_and_is_no_bounce(
    desk: Desk, manager: Actor, imap: Imap
) -> None:
    order_id = send_order(desk, manager)
    imap.add(
        returned(
            message_id(desk, order_id), recipient="colleague@example.org", action="delayed", status="4.4.1"
        )
    )
    bounces.read_mailbox(desk)
    assert kinds(desk, order_id)[-1] not in ("mail_delayed", "mail_not_passed_on")
    imap.add(returned(message_id(desk, order_id), recipient="colleague@example.org"))
    bounces.read_mailbox(desk)
    [event] = [one for one in seen(desk, order_id).events if one.kind == "mail_not_passed_on"]
    assert (event.data["status"], seen(desk, order_id).badge) == ("5.1.1", "open")
    assert "colleague" not in str(event.data)
    sweep(desk)
    assert seen(desk, order_id).alarms == ()
    imap.add(
        returned(
            message_id(desk, order_id),
            recipient="colleague@example.org",
            original="Elodie.Marchand@Example.com",
        )
    )
    bounces.read_mailbox(desk)  # an alias at the recipient's own server
    assert seen(desk, order_id).badge == "bounced"


def test_what_is_forged_unknown_or_no_report_changes_nothing(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    before = kinds(desk, order_id)
    imap.add(returned("<176.1.42@elsewhere.example>"))  # names the customer's address, and not our e-mail
    imap.add(returned("no id"))
    imap.add(holiday(message_id(desk, order_id)))
    imap.add(b"\xff\xfe garbage \0\r\n\r\n" + b"x" * 1000)
    imap.add(b"x" * 3_000_000)
    bounces.read_mailbox(desk)
    assert kinds(desk, order_id) == before
    assert seen(desk, order_id).badge == "open"
    assert check(desk) == ("ok", "")


def test_an_email_that_never_left_cannot_come_back(
    desk: Desk, manager: Actor, imap: Imap, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "450 later"})
    order_id = send_order(desk, manager)
    imap.add(returned(message_id(desk, order_id)))
    bounces.read_mailbox(desk)
    assert "mail_bounced" not in kinds(desk, order_id)


def test_the_copy_that_came_back_is_not_the_customers(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager, copy_to_sender=True)
    imap.add(returned(message_id(desk, order_id, "copy"), recipient=manager.email))
    bounces.read_mailbox(desk)
    assert "copy_mail_bounced" in kinds(desk, order_id)
    assert seen(desk, order_id).badge == "open"


def test_of_an_erased_customer_nothing_is_quoted(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    name = message_id(desk, order_id)
    with desk.store.write() as tx:
        store.orders.orders.change_order(
            tx, order_id, erased_at=clock.now(), email="", first_name="—", last_name=""
        )
    imap.add(returned(name, diagnostic="smtp; 550 Elodie Marchand has left"))
    bounces.read_mailbox(desk)
    [event] = [one for one in seen(desk, order_id).events if one.kind == "mail_bounced"]
    assert event.data["answer"] == ""


def test_reading_goes_on_where_the_connection_broke(desk: Desk, manager: Actor, imap: Imap) -> None:
    orders = [
        send_order(desk, manager, order_id=f"A-{number}", references=(f"F-{number}",)) for number in range(3)
    ]
    for order_id in orders:
        imap.add(returned(message_id(desk, order_id)))
    imap.cut_after = 1
    bounces.read_mailbox(desk)
    assert check(desk) == ("warning", "away")
    assert [seen(desk, order_id).badge for order_id in orders] == ["bounced", "open", "open"]
    fetched = len([one for one in imap.commands if "FETCH" in one])
    bounces.read_mailbox(desk)
    assert check(desk) == ("ok", "")
    assert [seen(desk, order_id).badge for order_id in orders] == ["bounced"] * 3
    assert len([one for one in imap.commands if "FETCH" in one]) == fetched + 2  # the first is not read twice
    assert all(kinds(desk, order_id).count("mail_bounced") == 1 for order_id in orders)
    imap.validity += 1  # a restored mailbox: all is read anew, nothing is told twice
    bounces.read_mailbox(desk)
    assert all(kinds(desk, order_id).count("mail_bounced") == 1 for order_id in orders)


def test_another_mailbox_is_read_from_its_own_beginning(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    imap.add(b"an old mail")
    bounces.read_mailbox(desk)
    with Imap() as other:
        other.add(returned(message_id(desk, order_id)))
        bounces.read_mailbox(reading(desk, other.url))
    assert seen(desk, order_id).badge == "bounced"


def test_the_check_list_shows_whether_the_mailbox_can_be_read(
    desk: Desk, manager: Actor, imap: Imap, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert check(reading(desk, "")) == ("unknown", "unset")
    assert check(desk) == ("unknown", "never")
    measure(desk, person(desk, "admin"), "demo")
    assert check(desk) == ("ok", "")
    closed = reading(desk, imap.url_with(password="canary-word"))
    bounces.read_mailbox(closed)
    assert check(closed) == ("failed", "closed")
    imap.fault = "garbage"
    bounces.read_mailbox(desk)
    assert check(desk) == ("failed", "garbled")
    imap.fault = ""
    bounces.read_mailbox(desk)
    sandbox.control("clock", {"advance_seconds": timedelta(hours=2).total_seconds()})
    assert check(desk) == ("warning", "late")
    assert "canary-word" not in caplog.text
    assert PASSWORD not in caplog.text


def test_the_running_worker_reads(desk: Desk, manager: Actor, imap: Imap) -> None:
    order_id = send_order(desk, manager)
    imap.add(returned(message_id(desk, order_id)))
    running = worker.start(desk)
    try:
        wait_for(lambda: seen(desk, order_id).badge == "bounced", "the report", 30)
        wait_for(lambda: check(desk) == ("ok", ""), "the end of the reading", 30)
    finally:
        running.stop()


def test_delivery_reports_go_to_the_address_of_the_setting(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    desk = reading(desk, "", return_path="bounces@example.com")
    send_order(desk, manager)
    [mail] = sandbox.mails()
    assert mail["from"] == "bounces@example.com"
    assert "bounces@example.com" not in mail["headers"]["From"]
