"""``/healthz`` and ``/readyz``: no when nothing can be stored, the tables are another version's, or no worker works."""

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from services import health
from services.desk import Desk
from services.health import StoreProbe
from services.heartbeats import LANES, WorkerWatch
from services.store import heartbeats, probe
from tests.support.desk import nobody_else_writes, open_test_desk
from tests.support.public import serving


@pytest.fixture
def desk(desk: Desk) -> Desk:
    with desk.store.write() as tx:
        heartbeats.store_signs(tx, dict.fromkeys(LANES, datetime.now(UTC)))
    desk.worker_watch.poll()
    return desk


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look at the store each time, and little patience."""
    monkeypatch.setattr(health, "StoreProbe", lambda desk: StoreProbe(desk, every=0, patience=0.3))


def ready(desk: Desk) -> tuple[int, dict[str, Any]]:
    with serving(desk) as client:
        answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_all_is_well(desk: Desk) -> None:
    with serving(desk) as client:
        answer = client.get("/readyz")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ready",
            "checks": {"database": "ok", "tables": "ok", "worker": "ok"},
        }
        assert answer.headers["cache-control"] == "no-store"
        assert client.get("/healthz").json() == {"status": "alive"}
        assert client.get("/health").json() == {"status": "ok"}
        for path in ("/healthz", "/readyz"):
            assert (client.head(path).status_code, client.head(path).content) == (200, b"")
            assert client.post(path).status_code == 405
            assert client.get(path, headers={"host": "elsewhere.example"}).status_code == 404


def test_no_worker(desk: Desk) -> None:
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, limit=0.3)
    watch.poll()
    time.sleep(0.35)
    watch.poll()
    status, checks = ready(desk)
    assert status == 503
    assert checks["worker"].startswith("no worker has given a sign of life")


def test_a_process_that_has_seen_no_worker_is_not_ready(tmp_path: Path) -> None:
    desk = open_test_desk(tmp_path)
    status, checks = ready(desk)
    assert (status, checks["worker"]) == (503, "no worker has given a sign of life yet")
    desk.close()


@pytest.mark.usefixtures("quick")
def test_while_another_program_locks_the_database_it_is_not_ready(desk: Desk) -> None:
    probe_began = time.monotonic()
    with nobody_else_writes(desk), serving(desk) as client:
        first = client.get("/readyz")
        began = time.monotonic()
        again = client.get("/readyz")
        assert time.monotonic() - began < 0.2  # what is overdue is not waited for again
        assert time.monotonic() - probe_began < 2.0
    assert (first.status_code, again.status_code) == (503, 503)
    assert first.json()["checks"]["database"].startswith("it has not answered for")
    assert ready(desk)[0] == 200


@pytest.mark.usefixtures("quick")
def test_no_room_and_no_right_to_write(desk: Desk) -> None:
    if not desk.store.sqlite:
        pytest.skip("of SQLite's files")

    with closing(sqlite3.connect(str(desk.store.file))) as connection:
        connection.execute("VACUUM")  # migrations leave free pages, which need no room

    def full(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # as many as there are

    event.listen(desk.store.engine, "connect", full)
    desk.store.engine.dispose()
    status, checks = ready(desk)
    assert (status, checks["database"]) == (503, "nothing can be stored: there is no room on its disk")
    event.remove(desk.store.engine, "connect", full)
    desk.store.engine.dispose()

    def closed(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    event.listen(desk.store.engine, "connect", closed)
    desk.store.engine.dispose()
    status, checks = ready(desk)
    assert (status, checks["database"]) == (503, "nothing can be stored: it can only be read")
    event.remove(desk.store.engine, "connect", closed)
    desk.store.engine.dispose()
    assert ready(desk)[0] == 200


@pytest.mark.usefixtures("quick")
def test_tables_of_another_version(desk: Desk) -> None:
    with desk.store.write() as tx:
        newest = tx.scalar(text("SELECT version_num FROM alembic_version"))
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    status, checks = ready(desk)
    assert (status, checks["tables"]) == (503, "they are of another version than this program")
    with desk.store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})
    assert ready(desk)[0] == 200


def test_however_often_it_is_asked_it_writes_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    writes: list[int] = []
    write = probe.write

    def counted(store: Any) -> None:
        writes.append(1)
        write(store)

    monkeypatch.setattr(probe, "write", counted)
    with serving(desk) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get("/readyz").status_code, range(100)))
    assert set(answers) == {200}
    assert len(writes) == 1
