"""SIGKILL at every point of a list being sent: each row ends up as one order, its link mailed."""

from collections import Counter
from pathlib import Path

import pytest

from services import worker
from services.accounts.demo import prepare_demo
from services.batches import sending
from services.batches.rows import Rules
from services.orders import history
from services.store.orders import Filter
from tests.faults.test_killed_while_sending import _clock, work  # noqa: F401 - the fixture follows the sandbox's clock
from tests.support.desk import open_test_desk, person
from tests.support.sandbox import RunningSandbox
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.faults
ROWS = 2
MOST_POINTS = 120


def test_killed_at_every_fifth_point(tmp_path: Path, sandbox: RunningSandbox) -> None:
    at, finished = 0, False
    while not finished:
        at += 5  # the points between are those of one order's sending, walked through there
        assert at < MOST_POINTS
        sandbox.reset()
        folder = tmp_path / str(at)
        folder.mkdir()
        desk = open_test_desk(folder, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
        prepare_demo(desk)
        manager = person(desk, "manager")
        preview = sending.look(
            desk, manager, "demo", as_csv([row(n) for n in range(ROWS)]), Rules("fr", 7, "fr")
        )
        sending.start(desk, manager, "demo", "x", preview.good, days=7, per_minute=600, form_key="k")
        killed = work(desk, folder, sandbox, at)
        finished = "done" in killed.stdout
        assert finished or killed.returncode == -9, killed.stderr
        for _ in range(4):  # the lease of the dead ends, another worker takes over
            sandbox.control("clock", {"advance_seconds": 200})
            worker.drain(desk)
        [found] = sending.listing(desk, manager).shown
        orders = history.find(desk, manager, Filter()).orders
        desk.close()
        assert (found.batch.state, found.created, found.waiting, found.refused) == ("done", ROWS, 0, 0), (
            f"point {at}"
        )
        assert sorted(order.email for order in orders) == [f"client{n}@example.com" for n in range(ROWS)], (
            f"point {at}"
        )
        assert {order.delivery for order in orders} == {"sent"}, f"point {at}"
        mailed = Counter(mail["message_id"] for mail in sandbox.mails())
        assert len(mailed) == ROWS, f"point {at}"
        assert max(mailed.values()) <= 2, f"point {at}"
    assert at > 12
