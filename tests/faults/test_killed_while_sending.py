"""SIGKILL at every point of sending: the link ends up sent, one URL was mailed, at most two mails with one Message-ID."""

from pathlib import Path

import pytest

from services.demo.drain import drain
from services.orders import create, history
from tests.faults.kill_points import attempts
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("duplicate_order", ["fresh", "refuse"])
def test_killed_at_every_point(tmp_path: Path, sandbox: RunningSandbox, duplicate_order: str) -> None:
    at = 0
    for attempt in attempts(tmp_path, sandbox, most=60, duplicate_order=duplicate_order):
        at, desk, manager = attempt.at, attempt.desk, attempt.manager
        order_id = create.create(desk, manager, draft(), create.new_form_key())
        attempt.kill(drain)
        for _ in range(3):  # the lease of the dead ends, another worker takes over
            sandbox.control("clock", {"advance_seconds": 200})
            drain(desk)
        found = history.detail(desk, manager, order_id)
        mails = sandbox.mails()
        assert found.order.delivery == "sent", f"point {at}"
        assert found.url is not None
        assert 1 <= len(mails) <= 2, f"point {at}"
        assert all(found.url in mail["text"] for mail in mails), f"point {at}"
        assert len({mail["message_id"] for mail in mails}) == 1, f"point {at}"
    assert at > 12  # all of sending was walked through
