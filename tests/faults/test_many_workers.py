"""Four workers on one database, killed at random while 25 links are sent: nothing is lost, nothing is sent twice over."""

import random
import time
from collections import defaultdict
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from sqlalchemy import select

import services.store.schema
from services import clock, store
from services.access import Actor
from services.desk import Desk
from services.orders import create, history
from services.store import access
from services.store.orders import steps
from tests.faults import one_of_many
from tests.support import forked
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox, clock_of, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.desk(sandbox=True)]
ORDERS, WORKERS, WAVES, KILLS_A_WAVE = 25, 4, 3, 7
PATIENCE = 300  # seconds, of a machine that is busy with other things
LEASE_IS_OVER = {"advance_seconds": 200}


class Team:
    """The four workers; one that is killed has a successor at once."""

    def __init__(self, desk: Desk, folder: Path, sandbox: RunningSandbox) -> None:
        self._arguments = (folder, desk.settings.database, sandbox.url, sandbox.smtp_port)
        self._workers = [self._one() for _ in range(WORKERS)]

    def _one(self) -> ForkServerProcess:
        return forked.begin(one_of_many.work, *self._arguments)

    def kill(self, which: int) -> None:
        self._workers[which].kill()
        self._workers[which].join()
        self._workers[which] = self._one()

    def stuck(self, desk: Desk) -> bool:
        """Whether all that is left to send is leased to the dead, or due later."""
        alive = {process.pid for process in self._workers}
        with desk.store.read() as tx:
            left = list(
                tx.execute(
                    select(services.store.schema.orders.steps).where(
                        services.store.schema.orders.steps.c.kind != "read"
                    )
                )
            )
        now = clock.now()
        return all(
            step.due_at > now and (step.leased_by is None or int(step.leased_by.split(":")[1]) not in alive)
            for step in left
        )

    def stop(self) -> None:
        for process in self._workers:
            process.kill()
            process.join()


@pytest.fixture
def desk(desk: Desk, sandbox: RunningSandbox) -> Desk:
    clock.use(clock_of(sandbox.client, ttl=0.1))
    return desk


@pytest.mark.parametrize("duplicate_order", ["fresh", "refuse"])
def test_random_kills_lose_nothing(
    desk: Desk, tmp_path: Path, sandbox: RunningSandbox, duplicate_order: str
) -> None:
    sandbox.control("settings", {"duplicate_order": duplicate_order})
    # So slow that many are killed in the middle of a call.
    sandbox.control("faults", {"kind": "slow", "delay_ms": 60})
    manager = person(desk, "manager")
    orders = [
        create.create(desk, manager, draft(order_id=f"M-{number}"), create.new_form_key())
        for number in range(ORDERS)
    ]
    seed = random.randrange(1 << 32)
    print("seed", seed)  # what a failure shows
    chance = random.Random(seed)
    team = Team(desk, tmp_path, sandbox)
    try:
        for _ in range(WAVES):
            begun = len(sandbox.control("orders"))
            wait_for(
                lambda begun=begun: len(sandbox.control("orders")) > begun or sent(desk, orders),
                "work",
                PATIENCE,
            )
            for _ in range(KILLS_A_WAVE):
                time.sleep(chance.uniform(0.02, 0.25))
                team.kill(chance.randrange(WORKERS))
            sandbox.control("clock", LEASE_IS_OVER)
        for _ in range(30):
            if wait_for(lambda: outcome(desk, orders, team), "the workers", PATIENCE) == "sent":
                break
            sandbox.control("clock", LEASE_IS_OVER)
    finally:
        team.stop()
    check(desk, manager, sandbox, orders)


def sent(desk: Desk, orders: list[int]) -> bool:
    with desk.store.read() as tx:
        return all(set(steps.steps_of(tx, order)) <= {"read"} for order in orders)


def outcome(desk: Desk, orders: list[int], team: Team) -> str | None:
    if sent(desk, orders):
        return "sent"
    return "stuck" if team.stuck(desk) else None


def check(desk: Desk, manager: Actor, sandbox: RunningSandbox, orders: list[int]) -> None:
    mails = defaultdict(list)
    for mail in sandbox.mails():
        mails[mail["message_id"]].append(mail)
    assert len(mails) <= ORDERS
    for order_id in orders:
        found = history.detail(desk, manager, order_id)
        [message] = found.messages
        copies = mails[message.message_id]
        if message.tries == 2 and found.order.delivery == "uncertain":
            assert len(copies) <= 2  # killed twice with its mail in hand: a person is told to look
            continue
        assert found.order.delivery == "sent", (
            f"{found.order.order_id}: {[event.kind for event in found.events]}"
        )
        assert 1 <= len(copies) <= 2
        assert found.url is not None
        assert all(found.url in mail["text"] for mail in copies)
    with desk.store.read() as tx:
        assert access.broken_link(tx) is None
        assert (
            len(
                {page.url for order in orders for page in store.orders.orders.pages_of(tx, order) if page.url}
            )
            == ORDERS
        )
