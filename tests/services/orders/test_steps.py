"""Leases and fences: who holds a step, who only thinks so, and whose steps are taken first."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest

from services import clock
from services.access import WORKER
from services.desk import Desk
from services.hipay.client import HiPay
from services.orders import history
from services.orders.record import record
from services.orders.steps import read_payment, runner
from services.store.lease import LeaseLost
from services.store.orders import maintenance_operations, orders, steps
from services.store.orders.steps import Step
from tests.support.desk import person
from tests.support.public import order_with_page

LEASE = timedelta(minutes=1)


def schedule(desk: Desk, order: int, kind: str, *, ago: float = 0) -> None:
    with desk.store.write() as tx:
        steps.schedule(tx, order, kind, "demo", clock.now() - timedelta(minutes=ago))


def take(desk: Desk, owner: str = "worker", *, ahead: float = 0, lease: timedelta = LEASE) -> Step | None:
    with desk.store.write() as tx:
        return steps.take(
            tx, owner, clock.now() + timedelta(minutes=ahead), lease, dict.fromkeys(runner.RUN, ("demo",))
        )


def test_whoever_was_thought_dead_writes_over_no_successor(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "page")
    stale, successor = take(desk), take(desk, ahead=2)
    assert stale is not None
    assert successor is not None
    with desk.store.write() as tx:
        steps.lock_step(tx, successor)
        steps.finish(tx, successor)
        steps.schedule(tx, order, "mail", "demo", clock.now())
    assert take(desk) is not None  # the next step, with as many leases as the stale one knew
    with pytest.raises(LeaseLost), desk.store.write() as tx:
        steps.lock_step(tx, stale)


def test_a_step_of_many_calls_outlasts_no_lease(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it taken meanwhile, what was read would be lost, each time anew."""
    order, _ = order_with_page(desk)
    with desk.store.write() as tx:
        page = orders.pages_of(tx, order)[0]
        record(tx, order, "created", WORKER)
    schedule(desk, order, "read")
    late, asked = timedelta(0), list[str]()

    def slow(_client: HiPay, order_id: str) -> None:
        nonlocal late
        late += timedelta(seconds=70)
        clock.use(lambda: late)
        asked.append(order_id)
        assert take(desk, "another") is None

    monkeypatch.setattr(HiPay, "read_order", slow)
    monkeypatch.setattr(read_payment, "_worth_reading", lambda _tx, _order: [page] * 4)
    try:
        assert runner.run_next(desk, "worker")
    finally:
        clock.use(None)
    assert len(asked) == 4
    with desk.store.read() as tx:
        found = orders.order(tx, order)
    assert found is not None
    assert found.checked_at is not None  # it was written


def test_a_fault_gives_back_only_ones_own_lease(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "read")

    def overtaken(desk: Desk, step: Step) -> None:
        assert take(desk, "another", ahead=60, lease=timedelta(hours=3)) is not None
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(runner.RUN, "read", overtaken)
    assert runner.run_next(desk, "worker")
    assert take(desk, "third", ahead=120) is None


def test_a_link_goes_before_the_reads(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "read", ago=60)
    schedule(desk, order, "mail")
    first, second = take(desk), take(desk)
    assert first is not None
    assert second is not None
    assert (first.kind, second.kind) == ("mail", "read")


def test_a_step_comes_earlier_never_later(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "read", ago=1)
    schedule(desk, order, "read", ago=-60)
    assert take(desk) is not None


def test_what_is_asked_for_anew_has_its_whole_day_before_it_is_given_up(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "page", ago=30 * 60)
    assert take(desk, lease=timedelta(0)) is not None
    with desk.store.write() as tx:
        steps.schedule(tx, order, "page", "demo", clock.now(), anew=True)
    again = take(desk)
    assert again is not None
    assert again.tries == 1
    assert clock.now() - again.first_due_at < timedelta(minutes=1)


def test_steps_of_an_account_that_the_settings_lost_wait(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "page")
    without = desk.settings.model_copy(update={"accounts": {"other": desk.account("demo")}})
    assert not runner.run_next(Desk(without, desk.store), "worker")
    with desk.store.read() as tx:
        assert steps.steps_of(tx, order).keys() == {"page"}
        assert orders.events_of(tx, order) == []
    assert not caplog.records
    assert take(desk) is not None


@pytest.mark.postgres
def test_a_worker_and_a_notification_of_one_order_do_not_wait_for_each_other(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    schedule(desk, order, "read")
    step = take(desk)
    assert step is not None
    both = threading.Barrier(2)

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(0.3)  # met, each would hold what the other needs

    def work() -> None:
        with desk.store.write() as tx:
            steps.lock_step(tx, step)
            meet()
            record(tx, order, "mail_sent", WORKER)
            steps.finish(tx, step)

    def notify() -> None:
        with desk.store.write() as tx:
            record(tx, order, "page_opened", WORKER)
            meet()
            steps.schedule(tx, order, "read", "demo", clock.now())

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work), pool.submit(notify)]:
            done.result()
    with desk.store.read() as tx:
        stored = orders.order(tx, order)
    assert stored is not None
    assert (stored.delivery, stored.availability) == ("sent", "open")


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("page", "failed"), ("mail", "failed"), ("copy", "copy_mail_failed"), ("operation", "operation_unknown"),
        ("read", "payment_not_read"),
    ],
)  # fmt: skip
def test_what_can_never_succeed_ends_after_a_day_where_people_see_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str, ends: str
) -> None:
    manager, (order, _) = person(desk, "manager"), order_with_page(desk)
    with desk.store.write() as tx:
        for message in ("link", "copy"):
            orders.add_message(
                tx,
                order=order,
                page=None,
                kind=message,
                recipient="zoe@example.com",
                message_id=message,
                body=b"",
                state="queued",
                created_at=clock.now(),
            )
        maintenance_operations.add(
            tx,
            order=order,
            account="demo",
            reference="T",
            kind="refund",
            amount=1,
            currency="EUR",
            why="w",
            form_key="k",
            operation_id="O",
            created_at=clock.now(),
            actor_kind="user",
            actor_id="u",
        )
    schedule(desk, order, kind)

    def fault(_desk: Desk, _step: Step) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setitem(runner.RUN, kind, fault)
    assert runner.run_next(desk, "worker")
    assert kind in history.detail(desk, manager, order).waiting  # tried again
    clock.use(lambda: timedelta(hours=25))
    try:
        assert runner.run_next(desk, "worker")
        assert not runner.run_next(desk, "worker")
        found = history.detail(desk, manager, order)
    finally:
        clock.use(None)
    shown = {found.badge, *(event.kind for event in found.events), *(alarm.kind for alarm in found.alarms)}
    assert ends in shown
    assert (kind in found.waiting) == (kind == "read")  # which is tried once a day
