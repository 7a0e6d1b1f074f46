"""A list of requests through a real sandbox: each row once, at its pace, paused, resumed, cancelled, refused in words."""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services import clock
from services.access import SYSTEM, Actor, NotAllowed
from services.accounts import pauses
from services.bulk import request_table, sending
from services.bulk.errors import (
    BatchOver,
    NothingToSend,
    PaceRefused,
    UnknownBatch,
)
from services.bulk.rows import Rules
from services.demo.drain import drain
from services.desk import Desk
from services.orders import create, history
from services.orders.errors import AccountNotReady
from services.orders.warnings import HABIT_LEAST
from services.store import access
from services.store.orders import batches, orders
from services.store.orders.orders import Filter
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.desk(sandbox=True)

RULES = Rules("fr", 7, "fr")


def begin(desk: Desk, actor: Actor, rows: list[list[Any]], *, per_minute: int = 600, key: str = "k") -> int:
    preview = request_table.preview(desk, actor, "demo", as_csv(rows), RULES)
    assert not preview.bad
    return sending.start(
        desk, actor, "demo", "list.csv", preview.good, days=7, per_minute=per_minute, form_key=key
    )


def finish(desk: Desk, sandbox: RunningSandbox) -> None:
    """Work until nothing is due any more, the clock moving on as it must."""
    while any(found.batch.state == "running" for found in sending.listing(desk, SYSTEM).shown):
        drain(desk)
        sandbox.control("clock", {"advance_seconds": 30})
    drain(desk)


def test_each_good_row_becomes_one_order_and_one_mail(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    batch = begin(desk, manager, [row(1), row(2, **{"N° de commande": ""}), row(3)])
    assert begin(desk, manager, [row(1)]) == batch  # the same press once more
    finish(desk, sandbox)
    [found] = sending.listing(desk, manager).shown
    assert (found.batch.state, found.created, found.waiting, found.refused) == ("done", 3, 0, 0)
    orders = history.find(desk, manager, Filter()).orders
    assert sorted(order.email for order in orders) == [f"client{n}@example.com" for n in (1, 2, 3)]
    assert {order.delivery for order in orders} == {"sent"}
    assert {order.actor_id for order in orders} == {manager.id}
    assert f"-{batch}-0002" in next(order.order_id for order in orders if order.email.startswith("client2"))
    assert len(sandbox.mails()) == 3
    with desk.store.read() as tx:  # no second copy of the customers' data stays behind
        assert {str(one.data) for one in batches.rows_in(tx, batch, "created")} == {"{}"}


def test_rows_leave_at_the_pace_that_was_set(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    begin(desk, manager, [row(n) for n in range(10)], per_minute=2)
    drain(desk)
    made = [sending.listing(desk, manager).shown[0].created]
    for _ in range(3):
        sandbox.control("clock", {"advance_seconds": 31})
        drain(desk)
        made.append(sending.listing(desk, manager).shown[0].created)
    assert made == [1, 2, 3, 4]
    sandbox.control("clock", {"advance_seconds": 3600})  # after an hour away there is no burst
    drain(desk)
    assert sending.listing(desk, manager).shown[0].created == 5
    assert sending.listing(desk, manager).shown[0].left == timedelta(minutes=2.5)


def test_paused_resumed_and_cancelled(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    batch = begin(desk, manager, [row(n) for n in range(5)], per_minute=1)
    drain(desk)
    sending.pause(desk, manager, batch)
    sandbox.control("clock", {"advance_seconds": 600})
    drain(desk)
    assert sending.listing(desk, manager).shown[0].created == 1
    colleague = person(desk, "manager")
    sending.resume(desk, colleague, batch)
    drain(desk)
    assert sending.listing(desk, manager).shown[0].created == 2
    assert history.find(desk, manager, Filter()).orders[0].actor_id == colleague.id
    sending.cancel(desk, manager, batch)
    sandbox.control("clock", {"advance_seconds": 600})
    drain(desk)
    [found] = sending.listing(desk, manager).shown
    assert (found.batch.state, found.created, found.waiting) == ("cancelled", 2, 3)
    for turn in (sending.pause, sending.resume, sending.cancel):
        with pytest.raises(BatchOver):
            turn(desk, manager, batch)
        with pytest.raises(UnknownBatch):
            turn(desk, manager, 999)


def test_a_problem_since_the_preview_is_stored_with_its_row(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    batch = begin(desk, manager, [row(1), row(2), row(3)])
    create.create(desk, manager, draft(order_id="C-2"), create.new_form_key())
    with desk.store.write() as tx:
        third = batches.rows_in(tx, batch, "waiting")[2]
        late = (clock.now() + timedelta(minutes=1)).isoformat()
        batches.change_row(tx, batch, 3, data={**third.data, "expires_at": late})
    finish(desk, sandbox)
    [found] = sending.listing(desk, manager).shown
    assert (found.created, found.refused, found.batch.state) == (1, 2, "done")
    taken, expired = sending.refused(desk, manager, batch)
    assert (taken.line, taken.problems) == (3, {"order_id": ["order_id_taken", {"order_id": "C-2"}]})
    assert list(expired.problems) == ["expires_at"]


def test_a_paused_account_makes_the_list_wait_and_then_it_goes_on(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    begin(desk, manager, [row(1)])
    with desk.store.write() as tx:
        pauses.pause(tx, "demo", "gateway", "hipay_not_authorised")
    drain(desk)
    [found] = sending.listing(desk, manager).shown
    assert (found.batch.state, found.batch.reason, found.waiting) == ("running", "account_not_ready", 1)
    pauses.resume(desk, person(desk, "admin"), "demo")
    finish(desk, sandbox)
    [found] = sending.listing(desk, manager).shown
    assert (found.batch.state, found.batch.reason, found.created) == ("done", "", 1)


def test_a_role_taken_away_stops_the_list(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    begin(desk, manager, [row(1), row(2)])
    with desk.store.write() as tx:
        access.set_grants(tx, manager.id, "table", (), at=clock.now(), granted_by="test")
    drain(desk)
    [found] = sending.listing(desk, SYSTEM).shown
    assert (found.batch.state, found.batch.reason, found.created, found.waiting) == (
        "paused",
        "not_allowed",
        0,
        2,
    )


def test_a_fault_of_ours_refuses_one_row_and_the_others_are_sent(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = begin(desk, manager, [row(1), row(2)])
    real = sending.create_in

    def failing(tx: Any, desk: Desk, actor: Actor, draft: Any, key: str) -> int:
        if draft.email.startswith("client1"):
            raise ZeroDivisionError
        return real(tx, desk, actor, draft, key)

    monkeypatch.setattr(sending, "create_in", failing)
    finish(desk, sandbox)
    [found] = sending.listing(desk, manager).shown
    assert (found.batch.state, found.created, found.refused) == ("done", 1, 1)
    assert sending.refused(desk, manager, batch)[0].problems == {"": ["batch", {}]}


def test_the_preview_compares_rows_with_stored_orders(desk: Desk, manager: Actor) -> None:
    create.create(
        desk,
        manager,
        draft(order_id="C-2", email="client3@example.com", amount="12,50", references=("F-4",)),
        create.new_form_key(),
    )
    rows = [row(n) for n in range(1, 5)]
    rows += [
        row(3, **{"N° de commande": "C-5"}),
        row(6, **{"N° de facture": "", "Courriel": "anna@müller.de"}),
    ]
    preview = request_table.preview(desk, manager, "demo", as_csv(rows), RULES)
    assert [(bad.line.number, bad.problems[0].error.code) for bad in preview.bad] == [(3, "order_id_taken")]
    assert [good.warnings for good in preview.good] == [
        (),
        ("still_open",),
        ("reference_used",),
        ("same_in_file", "reference_in_file", "still_open"),
        ("invoice_number_missing", "address_internationalised"),
    ]
    assert preview.totals == {"EUR": 5 * 12_5000}


def test_the_preview_sees_twins_whatever_their_case_and_whether_they_are_being_paid(
    desk: Desk, manager: Actor
) -> None:
    form = draft(order_id="H-1", email="Client1@Example.com", amount="12,50", references=("H-1",))
    order_id = create.create(desk, manager, form, create.new_form_key())
    with desk.store.write() as tx:
        orders.write_state(
            tx, order_id, {"payment": "authorised", "expires_at": clock.now() - timedelta(days=1)}
        )
    table = [row(1), row(2), row(3, **{"Courriel": "CLIENT2@example.com", "N° de facture": "F-2"})]
    preview = request_table.preview(desk, manager, "demo", as_csv(table), RULES)
    assert [good.warnings for good in preview.good] == [
        ("still_open",),
        (),
        ("same_in_file", "reference_in_file"),
    ]


def test_a_list_that_has_not_ended_is_shown_however_old(desk: Desk, manager: Actor) -> None:
    first = begin(desk, manager, [row(1)])
    sending.pause(desk, manager, first)
    for number in range(2, 6):
        sending.cancel(desk, manager, begin(desk, manager, [row(number)], key=f"k{number}"))
    found = sending.listing(desk, manager, most=2)
    assert [one.batch.id - first for one in found.shown] == [4, 3, 0]
    assert found.total == 5
    sending.resume(desk, manager, first)


def test_the_preview_warns_of_a_mistyped_address_and_an_unusual_amount(desk: Desk, manager: Actor) -> None:
    for number in range(HABIT_LEAST):
        create.create(
            desk,
            manager,
            draft(order_id=f"H-{number}", amount="10", references=(f"H-{number}",)),
            create.new_form_key(),
        )
    rows = [
        row(1),
        row(2, **{"Courriel": "anna@gmial.com"}),
        row(3, **{"Montant": "101,00"}),
        row(4, **{"Montant": "100,00"}),
    ]
    preview = request_table.preview(desk, manager, "demo", as_csv(rows), RULES)
    assert [good.warnings for good in preview.good] == [(), ("address_mistyped",), ("amount_unusual",), ()]


def test_a_preview_of_a_thousand_rows_takes_five_seconds_at_most(desk: Desk, manager: Actor) -> None:
    for number in range(HABIT_LEAST):
        create.create(
            desk,
            manager,
            draft(order_id=f"H-{number}", amount="10", references=(f"H-{number}",)),
            create.new_form_key(),
        )
    raw = as_csv([row(n, **{"Courriel": f"client{n}@firm{n}.example.com"}) for n in range(1000)])
    began = time.process_time()
    preview = request_table.preview(desk, manager, "demo", raw, RULES)
    assert len(preview.good) == 1000
    assert time.process_time() - began < 5


def test_who_may_not_and_what_cannot(desk: Desk, manager: Actor) -> None:
    preview = request_table.preview(desk, manager, "demo", as_csv([row(1)]), RULES)
    finance = person(desk, "finance")
    with pytest.raises(NotAllowed):
        request_table.preview(desk, finance, "demo", as_csv([row(1)]), RULES)
    with pytest.raises(NotAllowed):
        sending.start(desk, finance, "demo", "x", preview.good, days=7, per_minute=1, form_key="f")
    with pytest.raises(NothingToSend):
        sending.start(desk, manager, "demo", "x", (), days=7, per_minute=1, form_key="f")
    for pace in (0, 601):
        with pytest.raises(PaceRefused):
            sending.start(desk, manager, "demo", "x", preview.good, days=7, per_minute=pace, form_key="f")
    with desk.store.write() as tx:
        pauses.pause(tx, "demo", "mail", "smtp_auth_refused")
    with pytest.raises(AccountNotReady):
        sending.start(desk, manager, "demo", "x", preview.good, days=7, per_minute=1, form_key="f")
    assert sending.listing(desk, manager).shown == ()


def test_a_files_name_is_never_a_path(desk: Desk, manager: Actor) -> None:
    preview = request_table.preview(desk, manager, "demo", as_csv([row(1)]), replace(RULES, decimal=","))
    sending.start(
        desk, manager, "demo", "../../etc\\passwd.csv", preview.good, days=7, per_minute=1, form_key="f"
    )
    assert sending.listing(desk, manager).shown[0].batch.name == "passwd.csv"
