"""SIGKILL at every point of a press: the next press leads to a page, whose address is the only one ever handed out."""

from pathlib import Path

import pytest

from services.demo.drain import drain
from services.orders import create, history, open_page
from services.orders.open_page import LinkBusy
from tests.faults.kill_points import attempts
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("duplicate_order", ["fresh", "refuse"])
def test_killed_at_every_point(tmp_path: Path, sandbox: RunningSandbox, duplicate_order: str) -> None:
    at = 0
    for attempt in attempts(tmp_path, sandbox, most=20, own_links=True, duplicate_order=duplicate_order):
        at, desk, manager = attempt.at, attempt.desk, attempt.manager
        order_id = create.create(desk, manager, draft(order_id="A-1"), create.new_form_key())
        drain(desk)
        token = str(history.detail(desk, manager, order_id).order.link_token)
        attempt.kill(open_page.open_hipay_page, token)
        try:
            led = open_page.open_hipay_page(
                desk, token, wait=lambda _: sandbox.control("clock", {"advance_seconds": 60})
            )
        except LinkBusy:
            pytest.fail(f"point {at}: the claim of the dead never ended")
        seen = history.detail(desk, manager, order_id)
        assert led.url is not None
        assert led.url == seen.pages[-1].url, f"point {at}"
        assert [page.url for page in seen.pages if page.url] == [led.url], f"point {at}"
        assert seen.badge == "open", f"point {at}"
    assert at > 6  # all of it was walked through
