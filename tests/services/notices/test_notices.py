"""Notices to the sender against the sandbox: off until chosen, each fact mailed once, never to a customer."""

import threading
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services import clock
from services.access import WORKER, Actor, Grant, NotAllowed, users
from services.accounts.options import OPTIONS
from services.accounts.pauses import pause, resume
from services.demo.drain import drain
from services.desk import Desk
from services.entrypoints import worker
from services.hipay.observations import Observation
from services.notices import NoAddress
from services.notices.choices import choose, chosen
from services.notices.facts import KINDS, Fact, announced_at, ends_tomorrow, fact
from services.notices.post import find, post
from services.orders import create, history, open_page
from services.orders.record import record_observation
from services.reconciliation.views.overview import overview
from services.store import access, accounts
from services.store.orders import notices, orders
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.notices import all_notices
from tests.support.observations import observation
from tests.support.orders import send_order
from tests.support.sandbox import RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)

MINE = "camille@example.com"


def happens(desk: Desk, sandbox: RunningSandbox, order_id: int, path: str, **what: Any) -> None:
    page = history.detail(desk, _system(desk), order_id).pages[-1].hipay_order_id
    named = {"orderids": [page]} if path == "pay" else {"orderid": page}
    sandbox.control(path, {**named, **what})
    history.check_now(desk, _system(desk), [order_id])
    drain(desk)


def _system(_desk: Desk) -> Actor:
    return Actor(kind="system", id="system")


def mine(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return [mail for mail in sandbox.mails() if mail["to"] == [MINE]]


def states(desk: Desk) -> list[tuple[str, str]]:
    with desk.store.read() as tx:
        return [(row.kind, row.state) for row in all_notices(tx)]


def test_nothing_is_told_until_it_is_chosen_and_nothing_that_was_before(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    assert chosen(desk, manager) == frozenset()
    first = send_order(desk, manager)
    happens(desk, sandbox, first, "pay", outcome="accept")
    post(desk)
    sandbox.control("clock", {"advance_seconds": 60})
    assert choose(desk, manager, ["paid", "nonsense"]) is True
    assert choose(desk, manager, ["paid"]) is False
    assert audit_of(desk)[0].detail == {"kinds": ["paid"]}
    post(desk)
    assert mine(sandbox) == []

    second = send_order(desk, manager, order_id="A-2")
    happens(desk, sandbox, second, "pay", outcome="accept")
    for _ in range(3):
        post(desk)
    [mail] = mine(sandbox)
    assert "€1,250.50" in mail["subject"]
    assert mail["subject"].startswith("[TEST] Paid")
    assert f"/payment-requests?order={second}" in mail["text"]
    assert "A-2" in mail["text"]
    assert states(desk) == [("paid", "sent")]


def test_each_fact_of_a_payment_in_the_persons_own_language(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    users.save_language(desk, manager, "fr")
    choose(desk, manager, KINDS)
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="decline", reason="4010103")
    post(desk)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    happens(desk, sandbox, order_id, "chargeback")
    post(desk)
    subjects = sorted(mail["subject"] for mail in mine(sandbox))
    assert [subject.split("\u00a0:")[0] for subject in subjects] == [
        "[TEST] Impayé",
        "[TEST] Paiement refusé",
        "[TEST] Payé",
    ]
    refused = next(mail for mail in mine(sandbox) if "refusé" in mail["subject"])
    assert "Le même lien peut encore servir jusqu’au" in refused["text"]
    assert "<script" not in refused["html"]


def test_what_is_not_so_any_more_is_not_told(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["refused", "not_delivered"])
    refused = send_order(desk, manager, order_id="A-1")
    sandbox.control("settings", {"smtp_reply": "550 no such mailbox"})
    not_mailed = send_order(desk, manager, order_id="A-2")
    sandbox.control("settings", {"smtp_reply": None})
    happens(desk, sandbox, refused, "pay", outcome="decline", reason="4010103")
    find(desk)
    assert sorted(states(desk)) == [("not_delivered", "queued"), ("refused", "queued")]
    for order_id in (refused, not_mailed):  # the second by the link that its sender had copied
        happens(desk, sandbox, order_id, "pay", outcome="accept")
    post(desk)
    assert sorted(states(desk)) == [("not_delivered", "dropped"), ("refused", "dropped")]
    assert mine(sandbox) == []


def test_a_payment_first_seen_when_it_is_collected_or_settled_is_told(desk: Desk, manager: Actor) -> None:
    choose(desk, manager, ["paid"])
    before, after = (
        create.create(desk, manager, draft(order_id=name), create.new_form_key()) for name in ("A-1", "A-2")
    )
    with desk.store.write() as tx:
        tx.exec_driver_sql("DELETE FROM steps")
        for order_id, status, at in (
            (before, 118, clock.now() - timedelta(days=20)),
            (before, 122, clock.now()),
            (after, 122, clock.now()),
        ):
            page = orders.pages_of(tx, order_id)[-1]
            record_observation(
                tx, desk, order_id, page.id, seen_at(page.hipay_order_id, status, at), actor=WORKER
            )
    find(desk)
    find(desk)
    with desk.store.read() as tx:
        assert [(row.kind, row.order) for row in all_notices(tx)] == [("paid", after)]


def seen_at(order_id: str, status: int, at: datetime) -> Observation:
    return observation(order_id, reference=f"R{order_id}", status=status, at=at)


def test_who_may_send_no_more_is_told_no_more(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    with desk.store.write() as tx:
        access.set_grants(tx, manager.id, "table", [Grant("finance")], at=clock.now(), granted_by="test")
    post(desk)
    assert states(desk) == [("paid", "dropped")]
    assert mine(sandbox) == []


def test_what_a_customer_typed_is_text(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager, last_name="<script>alert(1)</script>")
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    post(desk)
    [mail] = mine(sandbox)
    assert "<script>" not in mail["html"]
    assert "&lt;script&gt;" in mail["html"]


def test_a_refused_mail_is_told_once_the_way_is_free(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["not_delivered"])
    sandbox.control("settings", {"smtp_reply": "550 no such mailbox"})
    send_order(desk, manager)
    sandbox.control("settings", {"smtp_reply": "451 later"})
    post(desk)
    assert states(desk) == [("not_delivered", "queued")]
    sandbox.control("settings", {"smtp_reply": None})
    sandbox.control("clock", {"advance_seconds": 300})
    post(desk)
    [mail] = mine(sandbox)
    assert "not delivered" in mail["subject"]


def test_a_mail_that_may_have_left_is_tried_once_more_under_the_same_id(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    sandbox.control("settings", {"smtp_drop": "after_data"})
    for _ in range(4):
        post(desk)
        sandbox.control("clock", {"advance_seconds": 600})
    assert states(desk) == [("paid", "uncertain")]
    assert 1 <= len(mine(sandbox)) <= 2
    assert len({mail["message_id"] for mail in mine(sandbox)}) == 1


def test_a_worker_that_dies_after_taking_it_leaves_it_to_the_next(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    from services.notices.post import LEASE

    find(desk)
    with desk.store.write() as tx:
        dead = notices.take(tx, clock.now(), LEASE)
    assert dead is not None
    post(desk)
    assert mine(sandbox) == []
    sandbox.control("clock", {"advance_seconds": LEASE.total_seconds() + 1})
    post(desk)
    assert len(mine(sandbox)) == 1
    with desk.store.write() as tx:
        assert notices.write(tx, dead, state="failed") is False
    assert states(desk) == [("paid", "sent")]


def test_four_workers_at_once_send_one(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    workers = [threading.Thread(target=post, args=(desk,)) for _ in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert len(mine(sandbox)) == 1


def test_a_link_that_ends_tomorrow_is_told_in_the_morning_once(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    choose(desk, manager, ["expires"])
    zone = ZoneInfo("Europe/Paris")
    order_id = send_order(desk, manager, expires_at=clock.now() + timedelta(days=5))
    paid = send_order(desk, manager, expires_at=clock.now() + timedelta(days=5), references=("F-2",))
    post(desk)
    assert mine(sandbox) == []
    morning = announced_at(history.detail(desk, manager, order_id).order.expires_at, zone)
    sandbox.control("clock", {"advance_seconds": (morning - clock.now()).total_seconds() + 60})
    happens(desk, sandbox, paid, "pay", outcome="accept")
    post(desk)
    post(desk)
    [mail] = mine(sandbox)
    assert "Ends tomorrow, unpaid" in mail["subject"]
    assert f"order={order_id}" in mail["text"]


@pytest.mark.parametrize(
    ("times", "words"), [(0, "They have not opened it."), (1, "opened it 1 time."), (2, "opened it 2 times.")]
)
def test_the_notice_of_an_end_says_how_often_the_customer_opened_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, times: int, words: str
) -> None:
    choose(desk, manager, ["expires"])
    with desk.store.write() as tx:
        accounts.save_section(
            tx, "demo", OPTIONS, "", {"own_link": True}, at=clock.now(), actor_kind="system", actor_id="test"
        )
    order_id = send_order(desk, manager, expires_at=clock.now() + timedelta(days=5))
    token = history.detail(desk, manager, order_id).order.link_token
    for _ in range(times):
        open_page.open_hipay_page(desk, token)
        sandbox.control("clock", {"advance_seconds": 60})
    morning = announced_at(history.detail(desk, manager, order_id).order.expires_at, ZoneInfo("Europe/Paris"))
    sandbox.control("clock", {"advance_seconds": (morning - clock.now()).total_seconds() + 60})
    post(desk)
    [mail] = mine(sandbox)
    assert words in mail["text"]
    [ending] = overview(desk, manager).expiring.orders
    assert overview(desk, manager).expiring.opened == {ending.id: times}


def test_while_mail_is_paused_a_notice_waits(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
    post(desk)
    assert mine(sandbox) == []
    resume(desk, person(desk, "admin"), "demo")
    sandbox.control("clock", {"advance_seconds": 300})
    post(desk)
    assert len(mine(sandbox)) == 1


def test_only_the_sender_is_told(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    other = person(desk, "manager", name="Ada", email="ada@example.com")
    choose(desk, other, KINDS)
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    post(desk)
    assert {tuple(mail["to"]) for mail in sandbox.mails()} == {("elodie.marchand@example.com",)}


def test_rights_and_a_missing_address(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        choose(desk, person(desk, "finance"), ["paid"])
    nowhere = person(desk, "manager", email="")
    with pytest.raises(NoAddress):
        choose(desk, nowhere, ["paid"])
    assert choose(desk, nowhere, []) is False


def test_the_running_worker_tells(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    choose(desk, manager, ["paid"])
    order_id = send_order(desk, manager)
    happens(desk, sandbox, order_id, "pay", outcome="accept")
    running = worker.start(desk)
    try:
        wait_for(lambda: mine(sandbox), "the notice")
    finally:
        running.stop()


def test_which_events_are_facts() -> None:
    def seen(status: int, capture: str = "now", **data: Any) -> Fact | None:
        return fact(7, capture, 9, "payment", {"status": status, "reference": "R", **data})

    assert seen(118, captured=5) == Fact("paid", "paid:7", {"units": 5})
    assert seen(116, authorised=5) is None  # collected at once: the collection is what counts
    assert seen(116, "later", authorised=5) == Fact("paid", "held:7", {"units": 5, "held": True})
    assert seen(113, reason_code=4010103) == Fact("refused", "refused:7:R", {"reason_code": 4010103})
    assert seen(129) == Fact("charged_back", "charged_back:7:R")
    assert seen(120, captured=5) == seen(122, captured=5) == seen(124, captured=5) == seen(118, captured=5)
    assert seen(120) is None
    assert seen(125, captured=5, refunded=5) is None
    assert fact(7, "now", 9, "mail_bounced", {}) == Fact("not_delivered", "mail_bounced:9", {"error": ""})
    assert fact(7, "now", 9, "mail_sent", {}) is None


@pytest.mark.parametrize(
    ("made", "ends", "now", "told"),
    [
        ("2026-11-20T12:00", "2026-11-25T10:00", "2026-11-24T07:59", False),
        ("2026-11-20T12:00", "2026-11-25T10:00", "2026-11-24T08:00", True),
        ("2026-11-20T12:00", "2026-11-25T10:00", "2026-11-25T10:00", False),
        (
            "2026-11-24T09:00",
            "2026-11-25T10:00",
            "2026-11-24T10:00",
            False,
        ),  # made the day before: nothing to recall
        ("2026-10-20T12:00", "2026-10-26T02:30", "2026-10-25T08:00", True),  # the night of the clock change
    ],
)
def test_when_an_end_is_told(made: str, ends: str, now: str, told: bool) -> None:
    zone = ZoneInfo("Europe/Paris")
    at = [datetime.fromisoformat(text).replace(tzinfo=zone) for text in (made, ends, now)]
    assert (ends_tomorrow(1, at[0], at[1], zone, at[2]) is not None) == told
