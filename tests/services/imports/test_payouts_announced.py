"""Payouts that HiPay announces: fetched at once, tried again without a file, an alarm while it is missing."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from services import clock
from services.access import WORKER, Actor
from services.alarms.handling import to_do
from services.alarms.kinds import RESOLVED
from services.alarms.sweep import sweep
from services.desk import Desk
from services.imports.background import fetch_next
from services.imports.received import fetch_requests
from services.store.schema.alarms import alarms
from tests.support.payout_fetch import (
    announce,
    fetch,
    settle,
    stored_files,
)
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


def test_a_notification_fetches_its_payout(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    [first], _ = settle(sandbox, "A1"), settle(sandbox, "A2")
    announce(desk, first)
    while fetch_next(desk):
        pass
    assert [one.hipay_settlement for one in stored_files(desk)] == [first]
    seen = fetch_requests.read_fetching(desk, finance, "demo")
    assert seen.announced_at is not None
    announce(desk, first)  # the same again
    assert not fetch_next(desk)


def test_a_notification_before_its_file_is_tried_again(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    announce(desk, payout)
    while fetch_next(desk):
        pass
    waiting = fetch_requests.read_fetching(desk, finance, "demo").under_way
    assert waiting is not None
    assert (waiting.state, waiting.failure) == ("waiting", "payout_file_not_there")
    assert timedelta(minutes=4) < waiting.due_at - clock.now() <= timedelta(minutes=5)
    sandbox.control("settings", {"settlement_files": True})
    sandbox.control("clock", {"advance_seconds": 301})
    assert fetch_next(desk)
    assert len(stored_files(desk)) == 1


def test_a_payout_without_a_file_opens_an_alarm_until_the_file_is_fetched(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    [payout] = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    seen = fetch(desk, finance)
    assert seen.last is not None
    assert (seen.last.state, seen.last.missed) == ("failed", 1)
    assert (seen.payouts[0].here, seen.payouts[0].failure) == ("absent", "payout_file_not_there")
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    sandbox.control("clock", {"advance_seconds": timedelta(days=1, seconds=60).total_seconds()})
    for _ in range(2):
        sweep(desk)
    [alarm] = to_do(desk, finance).free.alarms
    assert (alarm.kind, alarm.account, alarm.detail["settlement"]) == ("payout_without_file", "demo", payout)
    sandbox.control("settings", {"settlement_files": True})
    fetch(desk, finance)
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    with desk.store.read() as tx:
        [closed] = tx.execute(select(alarms).where(alarms.c.kind == "payout_without_file"))
    assert (closed.closed_by, closed.closing_reason) == (WORKER.id, RESOLVED)
