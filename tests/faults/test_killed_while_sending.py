"""SIGKILL at every point of sending: the link ends up sent, one URL was mailed, at most two mails with one Message-ID."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import clock, worker
from services.accounts.demo import prepare_demo
from services.desk import Desk
from services.hipay.sandbox import clock_source
from services.orders import create, history
from tests.support.desk import open_test_desk, person
from tests.support.drafts import draft
from tests.support.sandbox import ROOT, RunningSandbox

pytestmark = pytest.mark.faults
MOST_POINTS = 60


def work(desk: Desk, folder: Path, sandbox: RunningSandbox, at: int) -> subprocess.CompletedProcess[str]:
    arguments = [str(folder), sandbox.url, str(sandbox.smtp_port), str(at)]
    command = [sys.executable, "-m", "tests.faults.killed_worker", *arguments]
    environment = {**os.environ, "ETERMINAL_DATABASE_URL": desk.settings.database}
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


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
        desk = open_test_desk(folder, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
        prepare_demo(desk)
        manager = person(desk, "manager")
        order_id = create.create(desk, manager, draft(), create.new_form_key())
        killed = work(desk, folder, sandbox, at)
        finished = "done" in killed.stdout
        assert finished or killed.returncode == -9, killed.stderr
        for _ in range(3):  # the lease of the dead ends, another worker takes over
            sandbox.control("clock", {"advance_seconds": 200})
            worker.drain(desk)
        found = history.detail(desk, manager, order_id)
        desk.close()
        mails = sandbox.mails()
        assert found.order.delivery == "sent", f"point {at}"
        assert found.url is not None
        assert 1 <= len(mails) <= 2, f"point {at}"
        assert all(found.url in mail["text"] for mail in mails), f"point {at}"
        assert len({mail["message_id"] for mail in mails}) == 1, f"point {at}"
    assert at > 12  # all of sending was walked through
