"""From *Send* to the mail accepted, HiPay answering after 400 ms: how much of that is ours.

    python -m benchmarks.send

The sandbox runs as a process of its own, with its mailbox; the worker in a thread, as in the dashboard. Each request is sent
when the one before it has left: once with HiPay's own address in the e-mail, which needs one call, and once with our own
link, which needs none. Ours is what passes outside the wait for HiPay's answer: the database, the e-mail's text, the worker's
turns and the mail server on this machine.
"""

import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.payment_requests import filled_form
from benchmarks.people import finance
from services import clock
from services.access import Actor
from services.accounts.options import OPTIONS
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.entrypoints import dashboard_lifespan, worker
from services.orders import create
from services.orders.drafts import propose_order_id
from services.settings import Settings
from services.store import accounts, open_store
from services.store.orders import orders
from tests.support.sandbox import start_sandbox

RUNS, WARM_UP, ANSWER_MS = 60, 5, 400


@dataclass(frozen=True)
class Way:
    name: str
    own_link: bool
    waited: float  # seconds, for HiPay


WAYS = (Way("HiPay's address, one call", False, ANSWER_MS / 1000), Way("our own link, no call", True, 0.0))


def main() -> None:
    sandbox = start_sandbox()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                data_dir=Path(folder), sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port
            )
            desk = Desk(settings, open_store(settings.database, demo=True))
            prepare_demo(desk)
            actor = finance(desk)
            sandbox.control("faults", {"kind": "slow", "delay_ms": ANSWER_MS})
            sys.setswitchinterval(dashboard_lifespan.TURN)
            running = worker.start(desk)
            print(f"{RUNS} requests each way, HiPay answering after {ANSWER_MS} ms; milliseconds of ours")
            print(f"{'the e-mail holds':28} {'median':>7} {'p95':>7} {'slowest':>8}")
            for way in WAYS:
                times = [one - way.waited for one in _sent(desk, actor, way)]
                p95 = statistics.quantiles(times, n=20)[-1]
                print(f"{way.name:28} {_ms(statistics.median(times)):>7} {_ms(p95):>7} {_ms(max(times)):>8}")
            running.stop()
            desk.close()
    finally:
        sandbox.stop()


def _sent(desk: Desk, actor: Actor, way: Way) -> list[float]:
    """Seconds from the press to the mail server's answer."""
    with desk.store.write() as tx:
        accounts.save_section(
            tx,
            "demo",
            OPTIONS,
            "",
            {"own_link": way.own_link},
            at=clock.now(),
            actor_kind="system",
            actor_id="bench",
        )
    times = []
    for _ in range(WARM_UP + RUNS):
        draft = filled_form(propose_order_id(clock.now()))
        begun, pressed_at = time.perf_counter(), clock.now()
        order = create.create(desk, actor, draft, create.new_form_key())
        while (sent_at := _sent_at(desk, order)) is None:
            assert time.perf_counter() - begun < 60, "it was not sent"
            time.sleep(0.05)  # seldom: polling takes time from the work
        times.append((sent_at - pressed_at).total_seconds())
    return times[WARM_UP:]


def _sent_at(desk: Desk, order: int) -> datetime | None:
    with desk.store.read() as tx:
        found = orders.order(tx, order)
        return found.sent_at if found else None


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f}"


if __name__ == "__main__":
    main()
