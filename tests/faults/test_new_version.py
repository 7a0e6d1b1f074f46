"""A new version is deployed over links that are under way: the tables are brought up to date, and the links finish."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services import clock
from services.access import Actor
from services.accounts.options import Options, save
from services.demo.drain import drain
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.hipay.sandbox import clock_source
from services.orders import (
    create,
    history,
    links,
    maintenance_operations,
    open_page,
)
from services.store import open_store
from tests.support.desk import open_test_desk, person
from tests.support.drafts import draft
from tests.support.first_version import as_the_first_version_left_it
from tests.support.sandbox import RunningSandbox

pytestmark = [pytest.mark.faults, pytest.mark.sqlite]


@pytest.fixture
def desk(tmp_path: Path, sandbox: RunningSandbox) -> Iterator[Desk]:
    (tmp_path / "before").mkdir()
    opened = open_test_desk(tmp_path / "before", sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
    prepare_demo(opened)
    clock.use(clock_source(sandbox.url, ttl=0, seconds=30))
    yield opened
    clock.use(None)
    opened.close()


def test_links_under_way_finish(desk: Desk, sandbox: RunningSandbox, tmp_path: Path) -> None:
    manager, admin = person(desk, "manager"), person(desk, "admin")

    def send(order_id: str, **changes: Any) -> int:
        return create.create(desk, manager, draft(order_id=order_id, **changes), create.new_form_key())

    # collected later, its capture asked; and paid, but not yet seen
    held, unseen = send("HELD", capture="later"), send("UNSEEN")
    drain(desk)
    sandbox.control("pay", {"orderids": ["HELD", "UNSEEN"], "outcome": "accept"})
    history.check_now(desk, manager, [held])
    drain(desk)
    [capture] = [
        one for one in maintenance_operations.of_order(desk, manager, held)[1] if one.kind == "capture"
    ]
    maintenance_operations.ask(desk, manager, held, capture, capture.most, "", create.new_form_key())
    # its page is there, its mail waits for the mail server
    sandbox.control("settings", {"smtp_reply": "451 later"})
    waiting = send("WAITING")
    drain(desk)
    sandbox.control("settings", {"smtp_reply": None})
    # our own link, with a reminder that waits
    save(desk, admin, "demo", Options(own_link=True))
    ours = send("OURS")
    drain(desk)
    token = history.detail(desk, manager, ours).order.link_token
    links.resend(desk, manager, ours, create.new_form_key(), reminder=True)
    begun = send("BEGUN")  # written, and nothing more

    as_the_first_version_left_it(desk, tmp_path / "after.db")
    sandbox.control("clock", {"advance_seconds": 300})
    after = Desk(desk.settings, open_store(f"sqlite:///{tmp_path / 'after.db'}", demo=True))
    try:
        history.check_now(after, manager, [unseen])
        drain(after)
        assert open_page.open_hipay_page(after, token).url is not None
        assert badges(after, manager, held, unseen, waiting, ours, begun) == [
            "paid",
            "paid",
            "open",
            "open",
            "open",
        ]
    finally:
        after.store.close()
    to = [mail["subject"] for mail in sandbox.mails()]
    assert len(to) == 6  # one of each link, and the reminder
    assert sum("Rappel" in subject for subject in to) == 1


def badges(desk: Desk, actor: Actor, *orders: int) -> list[str]:
    return [history.detail(desk, actor, order_id).badge for order_id in orders]


def test_a_reminder_that_the_schedule_had_asked_for_is_still_one(
    desk: Desk, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    manager = person(desk, "manager")
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    drain(desk)
    links.resend(desk, manager, order_id, "reminder:1:after:2:0", reminder=True)
    as_the_first_version_left_it(desk, tmp_path / "after.db")
    after = Desk(desk.settings, open_store(f"sqlite:///{tmp_path / 'after.db'}", demo=True))
    try:
        assert [one.reminder for one in history.detail(after, manager, order_id).messages] == [
            "",
            "by_schedule",
        ]
    finally:
        after.store.close()
