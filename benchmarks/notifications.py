"""How fast stored notifications are worked off: a thousand orders, three each, by workers in processes of their own.

    python -m benchmarks.notifications                                            SQLite in a temporary folder, one worker
    python -m benchmarks.notifications postgresql://user:password@host/database   an empty database that may be filled, two

The notifications are stored beforehand and no dashboard runs; the sandbox answers the reads that follow. Beside them stands
what none can do without, measured in the same run: as many transactions on as many connections, each of them an event
inserted and its notification and order changed.
"""

import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import make_url

import services.store.orders.notifications
from benchmarks.payment_requests import add_open_order
from benchmarks.receiver import notification
from services import clock
from services.settings.sources import ROOT
from services.store import Store, open_store, schema
from tests.support.sandbox import RunningSandbox, start_sandbox

ORDERS, STATUSES = 1_000, (116, 117, 118)
_FORM = "application/x-www-form-urlencoded"


def main(url: str | None) -> None:
    sandbox = start_sandbox()
    try:
        with tempfile.TemporaryDirectory() as folder:
            database = url or f"sqlite:///{Path(folder) / 'bench.db'}"
            workers = 1 if make_url(database).get_backend_name() == "sqlite" else 2
            store = open_store(database, demo=True)
            many = _fill(store)
            with _at_work(database, Path(folder), sandbox, workers):
                rate = _rate(store, many)
            bare = _bare(database, many, workers)
            store.close()
            print(
                f"{many:,} notifications, {workers} worker(s), {store.engine.dialect.name}: {rate:.0f} a second"
            )
            print(f"bare transactions: {bare:.0f} a second, {bare / rate:.1f} times as many")
    finally:
        sandbox.stop()


def _fill(store: Store) -> int:
    """Requests with an open page, and HiPay's notifications of each, the orders mixed as they come."""
    now = clock.now()
    with store.write() as tx:
        for number in range(ORDERS):
            add_open_order(tx, f"B-{number}", f"customer{number}@example.com")
        for status in STATUSES:
            for number in range(ORDERS):
                body = notification(f"B-{number}", status, now.strftime("%Y-%m-%dT%H:%M:%S+0000"))
                services.store.orders.notifications.store(
                    tx,
                    account="demo",
                    identity=f"{number}:{status}",
                    content_type=_FORM,
                    body=body,
                    received_at=now,
                )
    return ORDERS * len(STATUSES)


@contextmanager
def _at_work(database: str, folder: Path, sandbox: RunningSandbox, many: int) -> Iterator[None]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ETERMINAL_")}
    environment = inherited | {
        "ETERMINAL_DATABASE_URL": database,
        "ETERMINAL_DATA_DIR": str(folder),
        "ETERMINAL_SECRETS": str(folder / "none"),
        "ETERMINAL_SANDBOX_URL": sandbox.url,
        "ETERMINAL_SANDBOX_SMTP_PORT": str(sandbox.smtp_port),
    }
    command = [sys.executable, "-m", "services.worker"]
    running = [subprocess.Popen(command, cwd=ROOT, env=environment) for _ in range(many)]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def _rate(store: Store, many: int) -> float:
    """Notifications a second, from the first that was worked off to the last."""
    table = schema.orders.notifications
    left = select(func.count()).select_from(table).where(table.c.state == "received")
    limit = time.monotonic() + 300
    while True:
        with store.read() as tx:
            if not tx.scalar(left):
                times = tx.execute(select(func.min(table.c.worked_at), func.max(table.c.worked_at))).one()
                states = tx.execute(select(table.c.state, func.count()).group_by(table.c.state)).all()
                print("what became of them:", dict(tuple(row) for row in states))
                return float(many / (times[1] - times[0]).total_seconds())
        assert time.monotonic() < limit, "they were not worked off"
        time.sleep(0.5)


def _bare(database: str, many: int, connections: int) -> float:
    """Bare transactions a second, on connections of processes of their own."""
    with ProcessPoolExecutor(connections, get_context("spawn")) as pool:
        each = many // connections
        parts = [pool.submit(_transactions, database, n * each, each) for n in range(connections)]
        return sum(each / part.result() for part in parts)


def _transactions(database: str, first: int, many: int) -> float:
    """Seconds, of the transactions alone."""
    store, now = open_store(database), clock.now()
    with store.read() as tx:
        notifications = list(
            tx.execute(
                select(schema.orders.notifications)
                .order_by(schema.orders.notifications.c.id)
                .offset(first)
                .limit(many)
            )
        )
    begun = time.perf_counter()
    for row in notifications:
        with store.write() as tx:
            tx.execute(
                insert(schema.orders.events).values(
                    order=row.order,
                    at=now,
                    kind="bare",
                    actor_kind="system",
                    actor_id="bench",
                    data={},
                    identity=uuid.uuid4().hex,
                )
            )
            tx.execute(
                update(schema.orders.notifications)
                .where(schema.orders.notifications.c.id == row.id)
                .values(worked_at=now)
            )
            tx.execute(
                update(schema.orders.orders)
                .where(schema.orders.orders.c.id == row.order)
                .values(checked_at=now)
            )
    seconds = time.perf_counter() - begun
    store.close()
    return seconds


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
