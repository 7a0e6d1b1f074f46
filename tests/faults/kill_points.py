"""SIGKILL at every point of a piece of work: before and after each commit, each call to HiPay and to the mail server.

The work is done in a process of its own that ends itself at its n-th point, on a desk of its own for each n, until it
comes to its end before the n-th.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from services import clock
from services.access import Actor
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.hipay.client import HiPay
from services.orders.steps import send_mail
from services.store import Connection, Store
from tests.support import forked
from tests.support.desk import open_test_desk, person
from tests.support.sandbox import RunningSandbox, clock_of

PATIENCE = 60


@dataclass
class Attempt:
    """The ``at``-th point; ``over`` once the work has come to its end before it."""

    at: int
    desk: Desk
    manager: Actor
    own_links: bool
    over: bool = False

    def kill(self, work: Callable[..., object], *arguments: object) -> None:
        """Do ``work(desk, *arguments)`` in a process that dies at the point."""
        settings = self.desk.settings
        log = settings.data_dir / "killed.log"
        same = {
            "own_links": self.own_links,
            "database_url": settings.database,
            "sandbox_url": settings.sandbox_url,
            "sandbox_smtp_port": settings.sandbox_smtp_port,
        }
        process = forked.begin(_work, settings.data_dir, same, self.at, work, arguments, log=log)
        process.join(PATIENCE)
        assert process.exitcode in (0, -signal.SIGKILL), f"point {self.at}: {log.read_text()}"
        self.over = process.exitcode == 0


def attempts(
    folder: Path,
    sandbox: RunningSandbox,
    *,
    every: int = 1,
    most: int,
    own_links: bool = False,
    **sandbox_is: object,
) -> Iterator[Attempt]:
    """One after another every ``every``-th point, at most up to ``most``; the clock is the sandbox's meanwhile."""
    clock.use(sandbox.clock)
    try:
        for at in count(every, every):
            assert at < most
            sandbox.reset()
            sandbox.control("settings", sandbox_is)
            home = folder / str(at)
            home.mkdir()
            desk = open_test_desk(
                home, own_links=own_links, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port
            )
            try:
                prepare_demo(desk)
                attempt = Attempt(at, desk, person(desk, "manager"), own_links)
                yield attempt
            finally:
                desk.close()
            if attempt.over:
                return
    finally:
        clock.use(None)


def _work(
    folder: Path, same: dict[str, Any], at: int, work: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    desk = open_test_desk(folder, **same)
    client = httpx.Client(base_url=same["sandbox_url"], trust_env=False, timeout=60)
    clock.use(clock_of(client, ttl=PATIENCE))  # nobody moves it before this process has ended
    _die_at(at)
    work(desk, *arguments)


def death(at: int) -> Callable[[], None]:
    """A point of this process, which does not outlive its ``at``-th one."""
    left = at

    def point() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return point


def die_at_commits(point: Callable[[], None]) -> None:
    """From now on each commit of this process has a point before it, and one after it."""
    write = Store.write

    @contextmanager
    def killing_write(store: Store) -> Iterator[Connection]:
        with write(store) as tx:
            yield tx
            point()
        point()

    Store.write = killing_write  # type: ignore[method-assign,assignment]


def _die_at(at: int) -> None:
    point = death(at)

    def around(call: Callable[..., Any]) -> Callable[..., Any]:
        def called(*args: Any, **more: Any) -> Any:
            point()
            answer = call(*args, **more)
            point()
            return answer

        return called

    die_at_commits(point)
    for name in ("create_page", "read_order", "read_operation", "maintain"):
        setattr(HiPay, name, around(getattr(HiPay, name)))
    send_mail.deliver = around(send_mail.deliver)
