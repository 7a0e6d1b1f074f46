"""Payouts that a person fetches from HiPay, against the real sandbox."""

import hashlib
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from services import clock
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.imports.background import fetch_next
from services.imports.errors import NoPayoutsThere, PayoutUnknown
from services.imports.received import fetch_requests, fetch_schedule
from services.imports.received.fetch_schedule import Automatic
from services.store.schema import fetching
from services.store.settlements.files import hipay_list, payout_requests
from tests.support.accounts import STAGE, audit_of
from tests.support.desk import open_test_desk, person
from tests.support.payout_fetch import (
    fetch,
    settle,
    stored_files,
)
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


def test_a_press_fetches_every_new_payout_once(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    [first], [second] = settle(sandbox, "A1"), settle(sandbox, "A2")
    seen = fetch(desk, finance)
    assert seen.last is not None
    assert (seen.last.state, seen.last.wanted, seen.last.fetched, seen.last.missed) == ("done", 2, 2, 0)
    assert {(one.name, one.source, one.hipay_settlement) for one in stored_files(desk)} == {
        (f"settlement-{first}.csv", "hipay", first),
        (f"settlement-{second}.csv", "hipay", second),
    }
    raw = sandbox.api("GET", f"/v1/settlement/{first}/raw.csv").content
    assert hashlib.sha256(raw).hexdigest() in {one.sha256 for one in stored_files(desk)}
    assert [one.here for one in seen.payouts] != ["absent", "absent"]
    assert (seen.total, seen.absent) == (2, 0)
    assert [row.action for row in audit_of(desk)].count("payout_fetched") == 2

    again = fetch(desk, finance)
    assert again.last is not None
    assert (again.last.wanted, again.last.fetched, len(stored_files(desk))) == (0, 0, 2)


def test_a_payout_asked_for_by_its_id_is_fetched_and_is_unchanged_the_second_time(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    with pytest.raises(PayoutUnknown):
        fetch_requests.request_fetch(desk, finance, "demo", "key", "4711")
    [first], _ = settle(sandbox, "A1"), settle(sandbox, "A2")
    with desk.store.write() as tx:  # listed, nothing fetched
        hipay_list.list_settlement(
            tx,
            {"account": "demo", "settlement_id": first},
            recent=True,
            at=clock.now(),
            amount=1,
            currency="EUR",
            date_value="",
            figures={},
        )
    seen = fetch(desk, finance, first)
    assert seen.last is not None
    assert (seen.last.state, seen.last.fetched, [one.hipay_settlement for one in stored_files(desk)]) == (
        "done",
        1,
        [first],
    )
    again = fetch(desk, finance, first)
    assert again.last is not None
    assert (again.last.fetched, again.last.unchanged, len(stored_files(desk))) == (0, 1, 1)


def test_a_payout_issued_again_is_fetched_as_a_new_file(
    desk: Desk, finance: Actor, sandbox: RunningSandbox
) -> None:
    [payout] = settle(sandbox)
    fetch(desk, finance)
    sandbox.control("correct-settlement", {"id": int(payout)})
    seen = fetch(desk, finance)
    assert seen.last is not None
    assert (seen.last.fetched, len({one.sha256 for one in stored_files(desk)})) == (1, 2)
    assert not seen.payouts[0].changed


def test_a_second_press_and_a_colleagues_press_return_the_first_request(desk: Desk, finance: Actor) -> None:
    first = fetch_requests.request_fetch(desk, finance, "demo", "one")
    assert fetch_requests.request_fetch(desk, finance, "demo", "one") == first
    assert fetch_requests.request_fetch(desk, person(desk, "finance"), "demo", "two") == first
    seen = fetch_requests.read_fetching(desk, finance, "demo")
    assert seen.under_way is not None
    assert (seen.under_way.id, seen.under_way.state) == (first, "waiting")


def test_only_finance_may_fetch_and_only_an_admin_sets_the_schedule(desk: Desk) -> None:
    for role in ("manager", "admin"):
        with pytest.raises(NotAllowed):
            fetch_requests.request_fetch(desk, person(desk, role), "demo", role)
        with pytest.raises(NotAllowed):
            fetch_requests.read_fetching(desk, person(desk, role), "demo")
    with pytest.raises(NotAllowed):
        fetch_schedule.save(desk, person(desk, "finance"), "demo", Automatic(True))


def test_an_account_of_the_test_platform_cannot_fetch(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path, **STAGE)
    finance = person(desk, "finance")
    with pytest.raises(NoPayoutsThere):
        fetch_requests.request_fetch(desk, finance, "shop", "key")
    assert not fetch_requests.read_fetching(desk, finance, "shop").possible
    desk.close()


def test_several_workers_fetch_each_payout_once(desk: Desk, finance: Actor, sandbox: RunningSandbox) -> None:
    settle(sandbox, "A1")
    settle(sandbox, "A2")
    for number in range(4):
        with desk.store.write() as tx:
            payout_requests.add(
                tx,
                account="demo",
                source=payout_requests.SCHEDULE,
                settlement_id="",
                form_key=f"k{number}",
                due_at=clock.now(),
                actor_kind="worker",
                actor_id="worker",
            )

    def run() -> None:
        for _ in range(20):
            fetch_next(desk)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    while fetch_next(desk):
        pass
    with desk.store.read() as tx:
        done = list(tx.execute(select(fetching.payout_requests)))
    assert [row.state for row in done] == ["done"] * 4
    assert sum(row.fetched for row in done) == 2
    assert len(stored_files(desk)) == 2
