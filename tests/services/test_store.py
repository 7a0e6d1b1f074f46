"""The store: transactions that wait, migrations that run once, rows that nobody changes, a world that is not mixed."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from services import clock
from services.access import SYSTEM, audit
from services.store import DatabaseRefused, Store, open_store
from services.store import access as access_rows
from services.store import steps as due
from tests.support.sandbox import ROOT


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
def store(url: str) -> Store:
    return open_store(url, demo=True)


def test_a_database_of_the_other_world_is_refused(store: Store, url: str) -> None:
    with pytest.raises(DatabaseRefused) as refusal:
        open_store(url, demo=False)
    assert refusal.value.reason == "mixed_worlds"


def test_a_read_only_database_is_refused_at_start(store: Store, url: str) -> None:
    with pytest.raises(DatabaseRefused) as refusal:
        open_store(url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true", demo=True)
    assert refusal.value.reason == "read_only"


def test_migrations_started_twice_at_once_run_once(tmp_path: Path) -> None:
    script = "import sys; from services.store import open_store; open_store(sys.argv[1], demo=True)"
    url = f"sqlite:///{tmp_path / 'fresh.db'}"
    together = [subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(30) for process in together] == [0, 0, 0]


def test_writers_wait_for_their_turn(store: Store) -> None:
    def write(number: int) -> None:
        for count in range(20):
            with store.write() as tx:
                audit.record(tx, SYSTEM, "tested", f"test:{number}-{count}")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as tx:
        assert len(access_rows.audit_rows(tx, limit=1000)) == 160
        assert access_rows.broken_link(tx) is None


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET action = 'x'", "DELETE FROM audit", "DELETE FROM events"]
)
def test_what_happened_cannot_be_changed(store: Store, statement: str) -> None:
    with store.write() as tx:
        audit.record(tx, SYSTEM, "tested", "test:1")
    if "events" in statement:
        with store.write() as tx:
            tx.execute(
                text(
                    "INSERT INTO orders (account, order_id, channel, form_key, mark, first_name, last_name, email, phone,"
                    " language, amount, currency, description, capture, expires_at, created_at, actor_kind, actor_id,"
                    " sender_name, search, delivery, availability, payment, authorised, captured, refunded, charged_back,"
                    " failure, failure_detail, events_seen, copy_to, reference_1, reference_2, reference_3, reference_4,"
                    " reference_5) VALUES ('a','o','link','k','m','','','','','fr',1,'EUR','d','now','2026-01-01',"
                    "'2026-01-01','u','u','','','','','',0,0,0,0,'','{}',0,'','','','','','')"
                )
            )
            tx.execute(
                text(
                    'INSERT INTO events ("order", at, kind, actor_kind, actor_id, data)'
                    " VALUES (1,'2026-01-01','created','u','u','{}')"
                )
            )
    with pytest.raises(DatabaseError, match="append-only"), store.write() as tx:
        tx.execute(text(statement))


def test_a_changed_audit_row_breaks_the_chain(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            audit.record(tx, SYSTEM, "tested", f"test:{number}")
    with store.write() as tx:  # as somebody with the file in hand could
        tx.execute(text("DROP TRIGGER audit_no_update"))
        tx.execute(text("UPDATE audit SET subject = 'test:9' WHERE id = 2"))
    with store.read() as tx:
        assert access_rows.broken_link(tx) == 2


def test_a_late_worker_cannot_write_over_its_successor(store: Store) -> None:
    now = clock.now()
    with store.write() as tx:
        tx.execute(text("PRAGMA foreign_keys=OFF"))
    with store.write() as tx:
        tx.execute(text("PRAGMA defer_foreign_keys=ON"))
        due.schedule(tx, 1, "page", "demo", now)
        first = due.take(tx, "one", now, timedelta(seconds=10))
        assert first is not None
        assert due.take(tx, "two", now, timedelta(seconds=10)) is None
        second = due.take(tx, "two", now + timedelta(seconds=11), timedelta(seconds=10))
        assert second is not None
        due.hold(tx, second)
        with pytest.raises(due.LeaseLost):
            due.hold(tx, first)
        due.finish(tx, second)
        with pytest.raises(due.LeaseLost):
            due.hold(tx, second)
