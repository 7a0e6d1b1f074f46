"""What several do at the same moment: each finds what the others have done, and nobody waits for ever."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from services import clock, store
from services.access import SYSTEM, WORKER, audit, sign_in
from services.accounts.pauses import pause
from services.desk import Desk
from services.orders import states
from services.orders.record import record
from services.store import access, accounts, alarms, meta
from services.store.lease import LeaseLost
from services.store.orders import steps
from tests.support.public import order_with_page

LEASE = timedelta(seconds=10)
PAGES = {"page": ("demo",)}


def together(*acts: Callable[[], object]) -> None:
    """Run each act in a thread of its own, all begun at the same moment. Raises what one of them raised."""
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait(60)
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(run, act) for act in acts]:
            done.result(30)


def test_the_audit_chain_holds_whoever_writes(desk: Desk) -> None:
    def write() -> None:
        for _ in range(20):
            with desk.store.write() as tx:
                audit.record(tx, SYSTEM, "tested", "test:1")

    together(*[write] * 8)
    with desk.store.read() as tx:
        assert len(access.audit_rows(tx, limit=1000)) == 160
        assert access.broken_link(tx) is None


def test_who_audits_before_a_row_and_who_audits_after_it_do_not_wait_for_each_other(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    half_way = threading.Barrier(2)

    def meet() -> None:
        if not desk.store.sqlite:  # there a second writer has not begun yet
            half_way.wait(30)

    def before() -> None:
        with desk.store.write() as tx:
            audit.record(tx, SYSTEM, "tested", "test:1")
            meet()
            store.orders.orders.lock(tx, order)

    def after() -> None:
        with desk.store.write() as tx:
            store.orders.orders.lock(tx, order)
            meet()
            audit.record(tx, SYSTEM, "tested", "test:2")

    together(before, after)
    with desk.store.read() as tx:
        told = [row.subject for row in access.audit_rows(tx, limit=2)]
    assert sorted(told) == ["test:1", "test:2"]


def test_what_is_rolled_back_is_audited_no_more(desk: Desk) -> None:
    def broken_off() -> None:
        with desk.store.write() as tx:
            audit.record(tx, SYSTEM, "tested", "test:1")
            raise LookupError

    with pytest.raises(LookupError):
        broken_off()
    with desk.store.write() as tx:
        audit.record(tx, SYSTEM, "tested", "test:2")
    with desk.store.read() as tx:
        assert [row.subject for row in access.audit_rows(tx, limit=9)] == ["test:2"]


def test_an_order_that_two_write_to_counts_both(desk: Desk) -> None:
    orders = [order_with_page(desk, f"A-{number}")[0] for number in range(20)]

    def write(order: int, kind: str) -> None:
        with desk.store.write() as tx:
            record(tx, order, kind, WORKER)

    for order in orders:
        together(
            lambda order=order: write(order, "mail_sent"), lambda order=order: write(order, "page_opened")
        )
    with desk.store.read() as tx:
        for order in orders:
            found = store.orders.orders.order(tx, order)
            assert found is not None
            events = [
                states.Event(row.kind, row.at, row.data) for row in store.orders.orders.events_of(tx, order)
            ]
            folded = states.fold(found.channel, found.amount, events)
            assert (
                (found.delivery, found.availability)
                == (folded.delivery, folded.availability)
                == ("sent", "open")
            )


def test_what_two_are_the_first_to_write_is_written_once(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    claimed, users = [], []

    def first() -> None:
        now = clock.now()
        with desk.store.write() as tx:
            claimed.append(meta.claim_task(tx, "sample", now=100.0, stale_before=0.0))
        with desk.store.write() as tx:
            pause(tx, "demo", "gateway", "credentials_refused")
        with desk.store.write() as tx:
            accounts.save_check(tx, "demo", "mail", "ok", {}, at=now, actor_kind="user", actor_id="u")
        with desk.store.write() as tx:
            alarms.open_alarm(
                tx, identity="late", account="demo", order=order, kind="late", detail={}, opened_at=now
            )
        with desk.store.write() as tx:
            steps.schedule(tx, order, "read", "demo", now)
        users.append(sign_in.local_user(desk).id)

    together(*[first] * 6)
    assert sorted(claimed) == [False] * 5 + [True]
    assert len(set(users)) == 1
    with desk.store.read() as tx:
        assert len(alarms.alarms_of(tx, order)) == 1
        assert len(accounts.pauses(tx, "demo")) == len(accounts.checks(tx, "demo")) == 1
        actions = [row.action for row in access.audit_rows(tx)]
        assert sorted(actions) == ["account.paused", "user.created"]


def test_no_step_is_taken_twice(desk: Desk) -> None:
    now, taken = clock.now(), []
    for number in range(24):
        order, _ = order_with_page(desk, f"A-{number}")
        with desk.store.write() as tx:
            steps.schedule(tx, order, "page", "demo", now)

    def work() -> None:
        for _ in range(60):
            with desk.store.write() as tx:
                step = steps.take(tx, threading.current_thread().name, now, LEASE, PAGES)
            if step:
                taken.append(step.id)

    together(*[work] * 4)
    assert len(taken) == len(set(taken)) == 24


@pytest.mark.postgres
def test_a_worker_does_not_wait_for_another(desk: Desk) -> None:
    now = clock.now()
    for number in range(2):
        order, _ = order_with_page(desk, f"A-{number}")
        with desk.store.write() as tx:
            steps.schedule(tx, order, "page", "demo", now)
    with desk.store.write() as one, desk.store.write() as two:
        two.execute(text("SET LOCAL lock_timeout = '1s'"))
        first = steps.take(one, "one", now, LEASE, PAGES)
        second = steps.take(two, "two", now, LEASE, PAGES)
    assert first is not None
    assert second is not None
    assert first.id != second.id


def test_a_step_that_is_there_comes_earlier_never_later(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    now = clock.now()
    with desk.store.write() as tx:
        for minutes in (10, 20, 5, 15):
            steps.schedule(tx, order, "read", "demo", now + timedelta(minutes=minutes))
        assert steps.steps_of(tx, order) == {"read": now + timedelta(minutes=5)}


def test_a_late_worker_cannot_write_over_its_successor(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    now = clock.now()
    with desk.store.write() as tx:
        steps.schedule(tx, order, "page", "demo", now)
        first = steps.take(tx, "one", now, LEASE, PAGES)
        assert first is not None
        assert steps.take(tx, "two", now, LEASE, PAGES) is None
        second = steps.take(tx, "two", now + timedelta(seconds=11), LEASE, PAGES)
        assert second is not None
        steps.lock_step(tx, second)
        with pytest.raises(LeaseLost):
            steps.lock_step(tx, first)
        steps.finish(tx, second)
        with pytest.raises(LeaseLost):
            steps.lock_step(tx, second)
