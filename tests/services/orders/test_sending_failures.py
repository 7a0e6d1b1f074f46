"""What goes wrong while a link is sent is said: by an alarm, by a pause, in the timeline."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest

from services.access import Actor
from services.accounts.pauses import pauses, resume
from services.alarms.sweep import sweep
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.client import HiPay
from services.hipay.errors import UntrustedUrl
from services.mail.errors import AuthRefused
from services.orders import history
from services.orders.history import Detail
from services.orders.retry import backoff
from services.orders.steps import send_mail
from tests.support.desk import person
from tests.support.orders import create_order
from tests.support.payouts import import_line
from tests.support.sandbox import ROOT, RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)


def later(desk: Desk, sandbox: RunningSandbox, **time: float) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(**time).total_seconds()})
    drain(desk)


def found(desk: Desk, order_id: int) -> Detail:
    return history.detail(desk, Actor(kind="system", id="system"), order_id)


def open_alarms(desk: Desk, order_id: int) -> list[str]:
    return [alarm.kind for alarm in found(desk, order_id).alarms if alarm.closed_at is None]


def test_a_page_elsewhere_is_alarmed_and_nothing_is_mailed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*_: Any) -> Any:
        raise UntrustedUrl("evil.example")

    monkeypatch.setattr(HiPay, "create_page", elsewhere)
    order_id = create_order(desk, manager)
    drain(desk)
    later(desk, sandbox, hours=30)
    assert found(desk, order_id).badge == "failed"
    [alarm] = found(desk, order_id).alarms
    assert (alarm.kind, alarm.detail) == ("untrusted_url", {"host": "evil.example"})
    assert sandbox.mails() == []


def test_a_gateway_that_stays_away_is_given_up_after_a_day_and_shown(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("faults", {"kind": "5xx", "path": "/v1/hpayment"})
    order_id = create_order(desk, manager)
    drain(desk)
    for _ in range(5):
        later(desk, sandbox, hours=4)
        assert found(desk, order_id).badge == "preparing"
    later(desk, sandbox, hours=5)
    sweep(desk)
    seen = found(desk, order_id)
    assert (seen.badge, seen.order.failure, seen.can_retry) == ("failed", "hipay_unavailable", True)
    assert open_alarms(desk, order_id) == ["page_failed"]
    assert "page" not in seen.waiting
    assert sandbox.mails() == []


def test_many_that_failed_at_once_do_not_come_back_at_once() -> None:
    for tries, plain in ((1, 5), (2, 10), (5, 80), (40, 1800)):
        gaps = {backoff(tries).total_seconds() for _ in range(50)}
        assert len(gaps) > 25
        assert 0.75 * plain <= min(gaps) < max(gaps) <= 1.25 * plain


def test_a_mail_server_that_refuses_the_password_pauses_the_queue(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def refused(*message: object, **_: object) -> Any:
        asked.append(message)
        raise AuthRefused("auth", 535, "5.7.8 bad credentials")

    with monkeypatch.context() as patched:
        patched.setattr(send_mail, "deliver", refused)
        first, second = (
            create_order(desk, manager, order_id="A-1"),
            create_order(desk, manager, order_id="A-2"),
        )
        drain(desk)
        later(desk, sandbox, minutes=10)
    assert len(asked) == 1  # the second was not even tried
    with desk.store.read() as tx:
        assert [(one.subject, one.reason) for one in pauses(tx, "demo")] == [("mail", "smtp_auth_refused")]
    assert [found(desk, one).order.delivery for one in (first, second)] == ["queued", "queued"]
    resume(desk, person(desk, "admin"), "demo")
    later(desk, sandbox, minutes=2)
    assert [found(desk, one).badge for one in (first, second)] == ["open", "open"]


def test_an_answer_lost_after_the_last_byte_is_said_in_the_timeline(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_drop": "after_data"})
    order_id = create_order(desk, manager)
    drain(desk)
    sandbox.control("settings", {"smtp_drop": None})
    later(desk, sandbox, minutes=10)
    told = [event for event in found(desk, order_id).events if event.kind.startswith("mail_")]
    assert [event.kind for event in told] == ["mail_retry", "mail_sent"]
    assert told[0].data["error"] == "mail_delivery_unknown"
    assert told[1].data["again"] is True


def test_a_chargeback_after_the_payout_is_the_orders_state(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager, order_id="A-1", amount="10")
    drain(desk)
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
    history.check_now(desk, manager, [order_id])
    drain(desk)
    import_line(desk, file_order="A-1")
    assert found(desk, order_id).badge == "paid"
    sandbox.control("chargeback", {"orderid": "A-1"})
    history.check_now(desk, manager, [order_id])
    drain(desk)
    seen = found(desk, order_id)
    assert (seen.badge, seen.order.payment, seen.order.charged_back) == (
        "charged_back",
        "charged_back",
        10_0000,
    )
    assert len(seen.settled) == 1


def test_a_worker_that_is_told_to_stop_ends_its_step_and_exits_with_0(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager)
    sandbox.control("faults", {"kind": "slow", "path": "/v1/hpayment", "delay_ms": 1500, "count": 1})
    process = subprocess.Popen(
        [sys.executable, "-m", "services.worker"],
        cwd=ROOT,
        env=_environment(desk, sandbox),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: not sandbox.control("faults")["faults"], "the call to HiPay")
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, err
    assert found(desk, order_id).order.availability == "open"  # what was begun is written


_TOLD_AT_THE_WORST_MOMENT = """
import os, signal, threading, time
from dataclasses import replace
from services.entrypoints import worker

class Wake(threading.Event):
    def clear(self):
        with self._cond:  # as Event.clear itself does
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.1)
            self._flag = False

opened = worker.desk_or_exit
worker.desk_or_exit = lambda: replace(opened(), wake=Wake())
worker.main()
"""


def test_a_signal_while_the_worker_checks_whether_it_was_woken_ends_it_too(
    desk: Desk, sandbox: RunningSandbox
) -> None:
    command = [sys.executable, "-c", _TOLD_AT_THE_WORST_MOMENT]
    done = subprocess.run(command, cwd=ROOT, env=_environment(desk, sandbox), timeout=30, check=False)
    assert done.returncode == 0


def _environment(desk: Desk, sandbox: RunningSandbox) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ETERMINAL_")}
    return inherited | {
        "ETERMINAL_DATA_DIR": str(desk.settings.data_dir),
        "ETERMINAL_DATABASE_URL": desk.settings.database,
        "ETERMINAL_SECRETS": str(desk.settings.data_dir / "none.toml"),
        "ETERMINAL_SANDBOX_URL": sandbox.url,
        "ETERMINAL_SANDBOX_SMTP_PORT": str(sandbox.smtp_port),
    }
