"""PostgreSQL restarted under a running application: what was asked for is done afterwards, nothing has to be started anew."""

import pytest
from streamlit.testing.v1 import AppTest

import services
from services import clock
from services.desk import Desk
from services.entrypoints import worker
from services.orders import create, history
from services.store import StoreError
from tests.support import postgres
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.public import body, order_with_page, serving, signed
from tests.support.sandbox import ROOT, RunningSandbox, clock_of, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.desk(sandbox=True)]


@pytest.fixture
def desk(desk: Desk, sandbox: RunningSandbox) -> Desk:
    clock.use(clock_of(sandbox.client))
    return desk


def test_the_worker_waits_and_goes_on(
    desk: Desk, sandbox: RunningSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    manager = person(desk, "manager")
    first = create.create(desk, manager, draft(), create.new_form_key())
    sandbox.control("faults", {"kind": "slow", "delay_ms": 500, "path": "/v1/hpayment", "count": 1})
    running = worker.start(desk)
    try:
        wait_for(lambda: sandbox.control("orders"), "the call to HiPay to be under way")
        with postgres.restarting(desk.settings.database):
            with pytest.raises(StoreError):
                create.create(desk, manager, draft(), create.new_form_key())
            wait_for(lambda: caplog.records, "the worker to notice")
        second = create.create(desk, manager, draft(), create.new_form_key())
        sandbox.control("clock", {"advance_seconds": 200})  # the lease of the step that could not be written
        for order in (first, second):
            wait_for(lambda order=order: history.detail(desk, manager, order).badge == "open", "the link", 25)
    finally:
        running.stop()
    assert 2 <= len(sandbox.mails()) <= 3
    assert "elodie" not in caplog.text


def test_hipay_is_asked_to_come_again_and_a_screen_is_there_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_with_page(desk, "A-1")
    monkeypatch.setattr(services.desk, "current", lambda: desk)
    screen = AppTest.from_file(str(ROOT / "pages" / "main.py"), default_timeout=60)
    screen.session_state["actor"] = person(desk, "manager")
    screen.session_state["language"] = "en"
    screen.run()
    assert not screen.exception
    raw = body()
    with serving(desk) as client:
        assert client.get("/health").status_code == 200
        with postgres.restarting(desk.settings.database):
            answer = client.post("/notify/demo", content=raw, headers=signed(raw))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert client.get("/health").status_code == 503
            screen.run()
        assert client.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202
        assert client.get("/health").status_code == 200
    screen.run()
    assert not screen.exception
    assert not screen.error
