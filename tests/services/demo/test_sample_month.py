"""The sample month, shortened: every story ends as it should while the dashboard's own worker runs, and the files tie."""

from collections import Counter
from typing import Any

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.bulk import expected
from services.demo import sample_month, sample_state
from services.demo.sample_shop import Shop
from services.desk import Desk
from services.entrypoints import worker
from services.hipay.errors import HiPayError
from services.hipay.sandbox import clock_source
from services.orders import history, templates
from services.reconciliation.views import payout_list
from services.store.orders import orders
from tests.support.accounts import audit_of
from tests.support.desk import open_test_desk, person
from tests.support.payouts import lines_of
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


@pytest.fixture(autouse=True)
def _short(desk: Desk, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.use(clock_source(sandbox.url, ttl=0, seconds=30))  # the sample moves it itself
    monkeypatch.setattr(sample_month, "DAYS", 4)
    monkeypatch.setattr(sample_month, "CLOCK_SECONDS", 0)


def test_every_story_ends_and_every_file_ties(desk: Desk, sandbox: RunningSandbox) -> None:
    both = person(desk, "manager", "finance")
    running = worker.start(desk)
    try:
        sample_month.make(desk, both, lambda done, text: None)
    finally:
        running.stop()
    found = history.find(desk, both, orders.Filter())
    badges = Counter(history.badge(order, clock.now()) for order in found.orders)
    assert badges["paid"] >= 3
    assert not badges.keys() & {"preparing", "failed", "uncertain"}
    shown = payout_list.list_payouts(desk, both)
    assert shown
    assert {one.state for one in shown} == {"tied"}  # the files are there
    listed = sandbox.api("GET", "/v1/settlement", params={"per_page": 50}).json()["settlements"]
    assert {one.settlement_id for one in shown} == {str(one["settlementid"]) for one in listed}
    lines = lines_of(desk)
    sales = lines[lines["kind"] == "sale"]
    ours = ~sales["file_order"].str.startswith("WEB-")
    assert set(sales.loc[ours, "outcome"]) == {"matched"}
    # The website's list names every second of its own sales.
    assert sorted(sales.loc[~ours, "outcome"]) == ["matched", "unmatched"]
    assert expected.count(desk, both, "demo") == 1
    assert [one.name for one in templates.listing(desk, both, "demo")] == ["Acompte"]
    assert sum(order.order_id.startswith("ATELIER-") for order in found.orders) == 4
    assert [row.action for row in audit_of(desk)].count("sample_made") == 1
    with pytest.raises(sample_month.SampleMade):
        sample_month.make(desk, both, lambda done, text: None)


@pytest.mark.parametrize("cut_off", ["refused", "killed"])
def test_an_attempt_that_is_cut_off_leaves_the_clock_right_and_the_way_free(
    desk: Desk, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    manager = person(desk, "manager")
    sell = Shop.sell

    def cut(shop: Shop, *given: Any) -> None:
        sell(shop, *given)
        raise Killed if cut_off == "killed" else HiPayError

    monkeypatch.setattr(Shop, "sell", cut)
    if cut_off == "killed":  # nothing more is done, as when the process is gone
        monkeypatch.setattr(sample_state, "reset_clock", lambda desk: None)
    with pytest.raises((Killed, HiPayError)):
        sample_month.make(desk, manager, lambda done, text: None)
    assert "sample_made" not in [row.action for row in audit_of(desk)]
    monkeypatch.undo()
    monkeypatch.setattr(sample_month, "DAYS", 4)
    monkeypatch.setattr(sample_month, "CLOCK_SECONDS", 0)
    assert (sandbox.control("clock")["offset_seconds"] != 0) == (cut_off == "killed")
    sample_state.reset_clock(desk)  # the next start
    assert sandbox.control("clock")["offset_seconds"] == 0
    sample_month.make(desk, manager, lambda done, text: None)
    assert sample_state.made(desk)
    sandbox.control("clock", {"advance_seconds": 60})
    sample_state.reset_clock(desk)  # a clock that a person moved later is theirs
    assert sandbox.control("clock")["offset_seconds"] == 60


class Killed(BaseException):
    """The process ends."""


def test_only_who_may_send_makes_it_and_only_in_the_sandbox(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with pytest.raises(NotAllowed):
        sample_month.make(desk, person(desk, "finance"), lambda done, text: None)
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    real = open_test_desk(tmp_path_factory.mktemp("real"), accounts={"shop": account})
    with pytest.raises(sample_month.SampleOnlyInSandbox):
        sample_month.make(real, Actor(kind="user", id="nobody"), lambda done, text: None)
    real.close()
