"""SIGKILL at every point of a list being sent: each row ends up as one order, its link mailed."""

from collections import Counter
from pathlib import Path

import pytest

from services.bulk import request_table, sending
from services.bulk.rows import Rules
from services.demo.drain import drain
from services.orders import history
from services.store.orders.orders import Filter
from tests.faults.kill_points import attempts
from tests.support.sandbox import RunningSandbox
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.faults
ROWS = 2


def test_killed_at_every_fifth_point(tmp_path: Path, sandbox: RunningSandbox) -> None:
    at = 0
    # The points between are those of one order's sending, walked through there.
    for attempt in attempts(tmp_path, sandbox, every=5, most=120):
        at, desk, manager = attempt.at, attempt.desk, attempt.manager
        preview = request_table.preview(
            desk, manager, "demo", as_csv([row(n) for n in range(ROWS)]), Rules("fr", 7, "fr")
        )
        sending.start(desk, manager, "demo", "x", preview.good, days=7, per_minute=600, form_key="k")
        attempt.kill(drain)
        for _ in range(4):  # the lease of the dead ends, another worker takes over
            sandbox.control("clock", {"advance_seconds": 200})
            drain(desk)
        [found] = sending.listing(desk, manager).shown
        orders = history.find(desk, manager, Filter()).orders
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
