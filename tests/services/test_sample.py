"""The sample month, shortened: every story ends as it should while the dashboard's own worker runs, and the files tie."""

from collections import Counter

import pytest

from services import clock, sample, worker
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.orders import history
from services.reconciliation import payout_views
from services.store import orders as rows
from tests.support.desk import open_test_desk, person
from tests.support.payouts import import_file, lines_of
from tests.support.sandbox import RunningSandbox


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "DAYS", 4)
    monkeypatch.setattr(sample, "CLOCK_SECONDS", 0)


def test_every_story_ends_and_every_file_ties(desk: Desk, sandbox: RunningSandbox) -> None:
    both = person(desk, "manager", "finance")
    running = worker.start(desk)
    try:
        sample.make(desk, both, lambda done, text: None)
    finally:
        running.stop()
    found = history.find(desk, both, rows.Filter())
    badges = Counter(history.badge(order, clock.now()) for order in found.orders)
    assert badges["paid"] >= 3
    assert not badges.keys() & {"preparing", "failed", "uncertain"}
    listed = sandbox.api("GET", "/v1/settlement", params={"per_page": 50}).json()["settlements"]
    for payout in listed:
        raw = sandbox.api("GET", f"/v1/settlement/{payout['settlementid']}/raw.csv").content
        import_file(desk, both, "demo", f"{payout['settlementid']}.csv", raw)
    lines = lines_of(desk)
    sales = lines[lines["kind"] == "sale"]
    ours = ~sales["file_order"].str.startswith("WEB-")
    assert set(sales.loc[ours, "outcome"]) == {"matched"}
    assert set(sales.loc[~ours, "outcome"]) == {"unmatched"}
    assert {one.state for one in payout_views.payouts(desk, both)} == {"tied"}
    with pytest.raises(sample.SampleMade):
        sample.make(desk, both, lambda done, text: None)


def test_only_who_may_send_makes_it_and_only_in_the_sandbox(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(NotAllowed):
        sample.make(desk, person(desk, "finance"), lambda done, text: None)
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    real = open_test_desk(tmp_path_factory.mktemp("real"), accounts={"shop": account})
    with pytest.raises(sample.SampleOnlyInSandbox):
        sample.make(real, Actor("user", "nobody"), lambda done, text: None)
    real.close()
