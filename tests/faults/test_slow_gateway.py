"""A gateway that answers slowly, or byte by byte, holds up only its own: not the mails, not another account, not the screen."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

import pytest

from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.entrypoints import worker
from services.hipay.client import HiPay
from services.orders import create, history, notifications
from services.orders.steps import create_page, runner
from tests.support.desk import open_test_desk
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox, start_sandbox, wait_for

pytestmark = pytest.mark.faults
SLOW, TOTAL = 1.0, 2.0  # seconds of an answer, and that a call may take: of 20 and 60
CREDENTIALS = {
    "environment": "sandbox",
    "login": "sandbox",
    "password": "sandbox",
    "passphrase": "sandbox-passphrase",
}

WAITED = (
    "waited for the slow one, or the machine was as slow"  # then it is tried once more (tests/conftest.py)
)


@dataclass(frozen=True)
class Desks(Desk):
    """A desk whose accounts have a HiPay each."""

    urls: Mapping[str, str] = field(default_factory=dict)

    @contextmanager
    def hipay(self, key: str) -> Iterator[HiPay]:
        with HiPay(self.settings.all_accounts[key], sandbox_url=self.urls[key], seconds=TOTAL) as client:
            yield client


@pytest.fixture(scope="module")
def _hung() -> Iterator[RunningSandbox]:
    running = start_sandbox()
    yield running
    running.stop()


@pytest.fixture
def hung(_hung: RunningSandbox) -> RunningSandbox:
    """The HiPay of the account ``slow``."""
    _hung.reset()
    return _hung


@pytest.fixture
def desk(sandbox: RunningSandbox, hung: RunningSandbox, tmp_path: Path) -> Iterator[Desk]:
    accounts: dict[str, Any] = {key: {"name": key, **CREDENTIALS} for key in ("slow", "quick")}
    opened = open_test_desk(
        tmp_path, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port, accounts=accounts
    )
    prepare_demo(opened)
    yield Desks(opened.settings, opened.store, urls={"slow": hung.url, "quick": sandbox.url})
    opened.close()


@contextmanager
def at_work(desk: Desk) -> Iterator[None]:
    running = worker.start(desk)
    try:
        yield
    finally:
        running.stop()


def send(desk: Desk, manager: Actor, account: str, order_id: str) -> int:
    return create.create(desk, manager, draft(account=account, order_id=order_id), create.new_form_key())


def sent(desk: Desk, manager: Actor, order: int) -> bool:
    return history.detail(desk, manager, order).order.delivery == "sent"


def test_no_order_waits_for_another_and_none_for_another_accounts_gateway(
    desk: Desk, manager: Actor, hung: RunningSandbox
) -> None:
    hung.control("faults", {"kind": "slow", "delay_ms": SLOW * 1000})
    slow = [send(desk, manager, "slow", f"S-{n}") for n in range(3)]
    quick = send(desk, manager, "quick", "Q-1")
    begun = monotonic()
    with at_work(desk):
        wait_for(lambda: sent(desk, manager, quick), "the quick account's mail")
        assert not any(sent(desk, manager, order) for order in slow), WAITED
        wait_for(lambda: all(sent(desk, manager, order) for order in slow), "the slow account's mails")
    assert monotonic() - begun < len(slow) * SLOW, WAITED  # beside each other


def test_a_mail_leaves_while_as_many_pages_as_may_be_are_asked_for(
    desk: Desk, manager: Actor, hung: RunningSandbox
) -> None:
    first = send(desk, manager, "slow", "S-1")
    runner.run_next(desk, "page")  # its page is there, its mail is due
    hung.control("faults", {"kind": "slow", "path": "/v1/hpayment", "delay_ms": SLOW * 1000})
    others = [send(desk, manager, "slow", f"O-{n}") for n in range(6)]
    with at_work(desk):
        wait_for(lambda: sent(desk, manager, first), "the mail")
        assert not any(sent(desk, manager, order) for order in others), WAITED


def test_a_dripping_answer_is_told_while_it_lasts_and_given_up_in_time(
    desk: Desk, manager: Actor, hung: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(create_page, "backoff", lambda _tries: timedelta(seconds=0.5))
    hung.control("faults", {"kind": "drip", "path": "/v1/hpayment", "delay_ms": 200})
    order = send(desk, manager, "slow", "S-1")

    def unanswered() -> timedelta:
        return history.detail(desk, manager, order).unanswered or timedelta(0)

    with at_work(desk):
        wait_for(lambda: unanswered() > timedelta(seconds=TOTAL / 2), "the call")
        wait_for(lambda: history.detail(desk, manager, order).order.failure, "its end", 3 * TOTAL)
        assert unanswered() == timedelta(0)
        hung.control("faults", {"kind": "off"})
        wait_for(lambda: sent(desk, manager, order), "the next try")


def test_no_mail_waits_for_notifications(desk: Desk, manager: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    over = Event()
    monkeypatch.setattr(notifications, "work_off", lambda _desk, **_: over.wait(60))
    order = send(desk, manager, "quick", "Q-1")
    with at_work(desk):
        wait_for(lambda: sent(desk, manager, order), "the mail")
        over.set()
