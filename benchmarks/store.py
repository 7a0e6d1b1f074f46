"""What the store's hot paths cost, as multiples of one bare statement of the driver, measured alternately in one run.

    python -m benchmarks.store                                            a SQLite file in a temporary folder
    python -m benchmarks.store postgresql://user:password@host/database   an empty database that may be filled

Prints a table: the path, what it is compared with, the ratio of their times, and both times for orientation. A time is
the limit of the fastest tenth of the runs: what else the machine does at that moment counts least there.
"""

import sqlite3
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from benchmarks.payment_requests import filled_form
from services import clock
from services.access import SYSTEM, Actor, Grant, audit
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.orders import create, history
from services.orders.drafts import Draft
from services.settings import Settings
from services.store import access, open_store
from services.store.orders import orders, steps
from services.store.orders.orders import Filter

ORDERS, ROUNDS, WARM_UP = 10_000, 200, 20
_NAMES = ("Marchand", "Lefèvre", "Müller", "Rossi", "Kowalska", "de Vries", "García", "Dubois")


@dataclass(frozen=True)
class HotPath:
    name: str
    run: Callable[[], object]
    against: str
    bare: Callable[[], object]


def main(url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = _desk(url or f"sqlite:///{Path(folder) / 'bench.db'}")
        actor = _fill(desk)
        driver = _driver(desk.settings.database)
        print(f"{desk.store.engine.dialect.name}, {ORDERS:,} orders, the fastest tenth of {ROUNDS} runs")
        print(f"{'path':34} {'bare statement':28} {'ratio':>6} {'path ms':>8} {'bare ms':>8}")
        for path in _paths(desk, actor, driver):
            mine, bare = _measured(path)
            print(f"{path.name:34} {path.against:28} {mine / bare:6.1f} {mine * 1e3:8.2f} {bare * 1e3:8.2f}")
        driver.close()
        desk.close()


def _paths(desk: Desk, actor: Actor, driver: Any) -> list[HotPath]:
    number = count()
    mark = "?" if desk.store.sqlite else "%s"

    def draft() -> Draft:
        return filled_form(f"N-{next(number)}")

    def take() -> None:
        with desk.store.write() as tx:
            steps.take(
                tx, "bench", clock.now(), timedelta(seconds=150), {"page": ("demo",), "read": ("demo",)}
            )

    def append() -> None:
        with desk.store.write() as tx:
            audit.record(tx, SYSTEM, "bench", "test:1")

    def insert() -> None:
        driver.execute(f"INSERT INTO meta (name, value) VALUES ({mark}, 'x')", (uuid.uuid4().hex,))
        driver.commit()

    def select(where: str = "") -> Callable[[], object]:
        statement = f"SELECT * FROM orders {where} ORDER BY created_at DESC, id DESC LIMIT 25"

        def run() -> None:
            driver.execute(statement).fetchall()
            driver.commit()

        return run

    def page(chosen: Filter, number: int = 1) -> Callable[[], object]:
        return lambda: history.find(desk, actor, chosen, number)

    like = select("WHERE search LIKE '%kowalska%'")
    return [
        HotPath(
            "create an order",
            lambda: create.create(desk, actor, draft(), uuid.uuid4().hex),
            "INSERT, COMMIT",
            insert,
        ),
        HotPath("take a due step", take, "INSERT, COMMIT", insert),
        HotPath("append to the audit trail", append, "INSERT, COMMIT", insert),
        HotPath("list, first page", page(Filter()), "SELECT 25 newest", select()),
        HotPath("list, page 300", page(Filter(), 300), "SELECT 25 newest", select()),
        HotPath("list, by badge: open", page(Filter(badges=("open",))), "SELECT 25 newest", select()),
        HotPath("list, search of a name", page(Filter(text="Kowalska")), "SELECT 25 newest, LIKE", like),
        HotPath("list, search without a hit", page(Filter(text="zzz")), "SELECT 25 newest, LIKE", like),
    ]


def _measured(path: HotPath) -> tuple[float, float]:
    """The times of the path and of its bare statement in seconds, run alternately."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(WARM_UP + ROUNDS):
        for run, seconds in zip((path.run, path.bare), times, strict=True):
            begun = time.perf_counter()
            run()
            if round_ >= WARM_UP:
                seconds.append(time.perf_counter() - begun)
    return statistics.quantiles(times[0], n=10)[0], statistics.quantiles(times[1], n=10)[0]


def _desk(url: str) -> Desk:
    settings = Settings(database_url=SecretStr(url), sandbox_url="http://127.0.0.1:1")
    desk = Desk(settings, open_store(settings.database, demo=True))
    prepare_demo(desk)
    return desk


def _fill(desk: Desk) -> Actor:
    """Ten thousand orders over a year, a fifth of them with a due step; the person who sent them."""
    now, actor = (
        clock.now(),
        Actor(kind="user", id=uuid.uuid4().hex, name="Camille", email="camille@example.com"),
    )
    with desk.store.write() as tx:
        access.add_user(
            tx,
            id=actor.id,
            issuer="bench",
            subject=actor.id,
            email=actor.email,
            name=actor.name,
            created_at=now,
            signed_in_at=now,
            seen_at=now,
            disabled=False,
        )
        access.set_grants(tx, actor.id, "table", [Grant("manager")], at=now, granted_by="bench")
        for number in range(ORDERS):
            created = now - timedelta(minutes=number * 50)
            order = orders.add_order(
                tx,
                account="demo",
                order_id=f"B-{number}",
                channel="link",
                form_key=uuid.uuid4().hex,
                mark=uuid.uuid4().hex,
                first_name="Zoé",
                last_name=_NAMES[number % len(_NAMES)],
                email=f"customer{number}@example.com",
                phone="",
                language="fr",
                amount=12_5000 + number,
                currency="EUR",
                description="Lampe de bureau",
                reference_1=f"F-2026-{number}",
                capture="now",
                expires_at=created + timedelta(days=7),
                created_at=created,
                actor_kind="user",
                actor_id=actor.id,
                sender_name=actor.name,
                delivery="sent",
                availability="open",
                payment="captured" if number % 3 else "unpaid",
            )
            if number % 5 == 0:
                steps.schedule(tx, order, "read", "demo", now)
    return actor


def _driver(url: str) -> Any:
    """A connection of the driver itself, which stays open."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(parsed.database or "")
        connection.execute("PRAGMA synchronous=FULL")
        return connection
    return psycopg.connect(parsed.set(drivername="postgresql").render_as_string(hide_password=False))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
