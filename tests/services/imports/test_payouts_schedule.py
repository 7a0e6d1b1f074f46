"""Payouts that are fetched by schedule: when it is on, what it fetches, when it tries again."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services import clock
from services.access import Actor
from services.alarms.handling import to_do
from services.alarms.sweep import sweep
from services.desk import Desk
from services.disk_space import NoRoom
from services.imports.background import fetch_next
from services.imports.errors import HoursOutOfRange
from services.imports.received import fetch_requests, fetch_schedule
from services.imports.received.fetch import _Run
from services.imports.received.fetch_schedule import Automatic
from services.store.settlements.files import payout_requests
from tests.support.desk import open_test_desk, person
from tests.support.payout_fetch import (
    fetch,
    finance_api,
    http_answer,
    settle,
    stored_files,
)
from tests.support.sandbox import RunningSandbox
from tests.unit.hipay import wire
from tests.unit.hipay.wire import serve

pytestmark = pytest.mark.desk(sandbox=True)


def test_payouts_are_fetched_by_schedule_where_it_is_on(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    fetch_schedule.request_due(desk)
    assert not fetch_next(desk)  # the sandbox's are there to be added by hand first
    admin = person(desk, "admin")
    with pytest.raises(HoursOutOfRange):
        fetch_schedule.save(desk, admin, "demo", Automatic(True, 0))
    assert fetch_schedule.save(desk, admin, "demo", Automatic(True, 6))
    assert not fetch_schedule.save(desk, admin, "demo", Automatic(True, 6))
    settle(sandbox)
    for _ in range(3):
        fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert not fetch_next(desk)
    assert len(stored_files(desk)) == 1
    sandbox.control("clock", {"advance_seconds": 6 * 3600 + 1})
    settle(sandbox, "A2")
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert len(stored_files(desk)) == 2


@pytest.mark.parametrize(
    ("environment", "credentials", "on"),
    [
        ("production", True, True),
        ("production", False, False),
        ("stage", True, False),
        ("sandbox", True, False),
    ],
)
def test_the_schedule_is_on_by_default_only_in_production_with_finance_credentials(
    tmp_path: Path, environment: str, credentials: bool, on: bool
) -> None:
    account = {"name": "Shop", "environment": environment, "login": "l", "password": "p", "passphrase": "x"}
    account |= {"finance_login": "f", "finance_password": "g"} if credentials else {}
    desk = open_test_desk(tmp_path, accounts={"shop": account}, public_url="https://pay.example.com")
    assert fetch_requests.read_fetching(desk, person(desk, "finance"), "shop").automatic.on is on
    desk.close()


def test_old_payouts_are_not_fetched_by_schedule_but_by_a_person(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(True))
    settle(sandbox)
    sandbox.control("clock", {"advance_seconds": timedelta(days=80).total_seconds()})
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    assert stored_files(desk) == []
    sandbox.control("clock", {"advance_seconds": timedelta(days=2).total_seconds()})
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    fetch(desk, finance)
    assert len(stored_files(desk)) == 1


def test_when_hipay_does_not_answer_only_the_schedule_tries_again(desk_at: Any) -> None:
    with serve(finance_api()) as server:
        url = server.url
    desk = desk_at(url)
    seen = fetch(desk, person(desk, "finance"))
    assert seen.last is not None
    assert (seen.last.state, seen.last.failure) == ("failed", "hipay_unreachable")
    with desk.store.write() as tx:
        payout_requests.add(
            tx,
            account="demo",
            source=payout_requests.SCHEDULE,
            settlement_id="",
            form_key="s",
            due_at=clock.now(),
            actor_kind="worker",
            actor_id="worker",
        )
    assert fetch_next(desk)
    later = fetch_requests.read_fetching(desk, person(desk, "finance"), "demo").under_way
    assert later is not None
    assert (later.state, later.failure) == ("waiting", "hipay_unreachable")
    # A person does not wait for it.
    assert fetch_requests.request_fetch(desk, person(desk, "finance"), "demo", "now") == later.id
    assert fetch_next(desk)


@pytest.mark.parametrize("trouble", [ValueError("a fault of ours"), NoRoom()])
def test_a_fault_of_ours_is_tried_again_within_minutes_for_the_schedule(
    desk_at: Any, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    def failing(*_: Any) -> Any:
        raise trouble

    monkeypatch.setattr(_Run, "_new", failing)
    desk = desk_at("http://127.0.0.1:9")
    fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(on=True, hours=48))
    fetch_schedule.request_due(desk)
    assert fetch_next(desk)
    with desk.store.read() as tx:
        last = payout_requests.last_scheduled(tx, "demo")
    assert last is not None
    assert (last.state, last.due_at - clock.now() < timedelta(minutes=6)) == ("waiting", True)


def test_a_refused_list_is_asked_for_again_before_the_schedules_next_hours(desk_at: Any) -> None:
    with serve(wire.say(http_answer({"error": {"code": 1000005}}, "403 Forbidden"))) as server:
        desk = desk_at(server.url)
        fetch_schedule.save(desk, person(desk, "admin"), "demo", Automatic(on=True, hours=48))
        for hours, due in ((0, True), (3, False), (5, True)):
            clock.use(lambda hours=hours: timedelta(hours=hours))
            fetch_schedule.request_due(desk)
            assert fetch_next(desk) is due, hours
    clock.use(None)
