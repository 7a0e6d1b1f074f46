"""SIGKILL at every point of a press: the next press leads to a page, whose address is the only one ever handed out."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import clock, worker
from services.accounts.demo import prepare_demo
from services.hipay.sandbox import clock_source
from services.orders import create, history, pressing
from services.orders.pressing import LinkBusy
from tests.support.desk import open_test_desk, person
from tests.support.drafts import draft
from tests.support.sandbox import ROOT, RunningSandbox

pytestmark = pytest.mark.faults
MOST_POINTS = 20


@pytest.fixture(autouse=True)
def _clock(sandbox: RunningSandbox) -> Iterator[None]:
    clock.use(clock_source(sandbox.url, ttl=0))
    yield
    clock.use(None)


@pytest.mark.parametrize("duplicate_order", ["fresh", "refuse"])
def test_killed_at_every_point(tmp_path: Path, sandbox: RunningSandbox, duplicate_order: str) -> None:
    at, finished = 0, False
    while not finished:
        at += 1
        assert at < MOST_POINTS
        sandbox.reset()
        sandbox.control("settings", {"duplicate_order": duplicate_order})
        folder = tmp_path / str(at)
        folder.mkdir()
        desk = open_test_desk(
            folder, own_links=True, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port
        )
        prepare_demo(desk)
        manager = person(desk, "manager")
        order_id = create.create(desk, manager, draft(order_id="A-1"), create.new_form_key())
        worker.drain(desk)
        token = history.detail(desk, manager, order_id).order.link_token
        arguments = [str(folder), sandbox.url, str(sandbox.smtp_port), str(at), token]
        killed = subprocess.run(
            [sys.executable, "-m", "tests.faults.killed_press", *arguments],
            cwd=ROOT, env={**os.environ, "ETERMINAL_DATABASE_URL": desk.settings.database}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        finished = "done" in killed.stdout
        assert finished or killed.returncode == -9, killed.stderr
        try:
            led = pressing.press(
                desk, token, wait=lambda _: sandbox.control("clock", {"advance_seconds": 60})
            )
        except LinkBusy:
            pytest.fail(f"point {at}: the claim of the dead never ended")
        seen = history.detail(desk, manager, order_id)
        desk.close()
        assert led.url is not None
        assert led.url == seen.pages[-1].url, f"point {at}"
        assert [page.url for page in seen.pages if page.url] == [led.url], f"point {at}"
        assert seen.badge == "open", f"point {at}"
    assert at > 6  # all of it was walked through
