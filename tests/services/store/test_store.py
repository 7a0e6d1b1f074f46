"""The store: migrations that run once, rows that nobody changes, a world that is not mixed, texts that any database keeps."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError, IntegrityError

from services import clock
from services.access import SYSTEM, audit
from services.desk import Desk
from services.store import (
    Connection,
    DatabaseRefused,
    Store,
    access,
    engine,
    meta,
    open_store,
    schema,
)
from services.store.databases import sqlite_warning
from services.store.locks import insert_new, put
from services.store.orders import orders
from tests.support import postgres
from tests.support.desk import settings_for
from tests.support.public import order_with_page
from tests.support.sandbox import ROOT


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = str(tmp_path / "desk.db")
    return postgres.migrated(path) if postgres.SERVER else f"sqlite:///{path}"


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = open_store(url, demo=True)
    yield opened
    opened.close()


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(settings_for(tmp_path), store)


def refusal(url: str, *, demo: bool = True) -> DatabaseRefused:
    with pytest.raises(DatabaseRefused) as refused:
        open_store(url, demo=demo)
    return refused.value


def test_a_database_of_the_other_world_is_refused(store: Store, url: str) -> None:
    assert refusal(url, demo=False).reason == "mixed_worlds"


def test_a_read_only_database_is_refused_at_start(store: Store, url: str) -> None:
    if postgres.SERVER:
        option = {"options": "-c default_transaction_read_only=on"}
        read_only = make_url(url).update_query_dict(option).render_as_string(hide_password=False)
    else:
        read_only = url.replace("sqlite:///", "sqlite:///file:") + "?mode=ro&uri=true"
    assert refusal(read_only).reason == "read_only"


def test_a_database_that_a_newer_version_made_is_refused(store: Store, url: str) -> None:
    with store.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert refusal(url).reason == "newer"


def test_what_cannot_be_reached_or_is_no_database_is_refused_without_its_password(tmp_path: Path) -> None:
    away = refusal("postgresql://desk:canary-password@127.0.0.1:1/desk")
    assert away.reason == "unreachable"
    assert "canary-password" not in str(away)
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 99)
    assert refusal(f"sqlite:///{tmp_path / 'letter.db'}").reason == "unusable"


def test_migrations_started_at_once_run_once(tmp_path: Path) -> None:
    path = str(tmp_path / "fresh.db")
    url = postgres.empty(path) if postgres.SERVER else f"sqlite:///{path}"
    script = "import sys; from services.store import open_store; open_store(sys.argv[1], demo=True)"
    together = [subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT) for _ in range(3)]
    assert [process.wait(30) for process in together] == [0, 0, 0]


@pytest.mark.sqlite
def test_the_migrations_make_the_tables_of_the_schema(store: Store) -> None:
    with store.read() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.base.metadata) == []


def test_the_newest_migration_is_alembics_last(store: Store) -> None:
    assert engine.newest_revision() == ScriptDirectory(str(engine.MIGRATIONS)).get_current_head()
    with store.read() as tx:
        assert engine.revision(tx) == MigrationContext.configure(tx).get_current_revision()


@pytest.mark.sqlite
def test_a_file_put_in_the_databases_place_is_read_and_written_from_then_on(store: Store) -> None:
    with store.write() as tx:
        meta.put_text(tx, "test", "as it was")
    store.truncate_log()
    file = store.file
    assert file
    backup = file.with_name("backup.db")
    shutil.copyfile(file, backup)
    with store.write() as tx:
        meta.put_text(tx, "test", "since then")
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink()
    backup.replace(file)
    with store.read() as tx:
        assert meta.text(tx, "test") == "as it was"
    with store.write() as tx:
        meta.put_text(tx, "test", "written")
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("SELECT value FROM meta WHERE name = 'test'").fetchall() == [("written",)]


@pytest.mark.sqlite
def test_sqlite_commits_to_disk_and_holds_references(store: Store) -> None:
    for transaction in (store.read, store.write):
        with transaction() as tx:
            found = {
                name: tx.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            }
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL


@pytest.mark.parametrize(
    ("version", "warned"),
    [
        ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.45.0", True), ("3.50.6", True), ("3.50.7", False),
        ("3.51.2", True), ("3.51.3", False), ("3.52.0", False), ("4.0.0", False),
    ],
)  # fmt: skip
def test_a_sqlite_whose_log_may_lose_a_commit_is_told(
    monkeypatch: pytest.MonkeyPatch, version: str, warned: bool
) -> None:
    monkeypatch.setattr("sqlite3.sqlite_version", version)
    monkeypatch.setattr("sqlite3.sqlite_version_info", tuple(map(int, version.split("."))))
    assert sqlite_warning() == (version if warned else None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET action = 'x'", "DELETE FROM audit", "UPDATE events SET kind = 'x'", "DELETE FROM events",
        pytest.param("TRUNCATE audit", marks=pytest.mark.postgres),
        pytest.param("TRUNCATE events", marks=pytest.mark.postgres),
    ],
)  # fmt: skip
def test_what_happened_cannot_be_changed(desk: Desk, statement: str) -> None:
    order, _ = order_with_page(desk)
    with desk.store.write() as tx:
        audit.record(tx, SYSTEM, "tested", "test:1")
        add_event(tx, order)
    with pytest.raises(DatabaseError, match="append-only"), desk.store.write() as tx:
        tx.execute(text(statement))


def test_a_changed_audit_row_breaks_the_chain(store: Store) -> None:
    with store.write() as tx:
        for number in range(3):
            audit.record(tx, SYSTEM, "tested", f"test:{number}", note="é\0 ß", at=1.5)
    with store.read() as tx:
        assert access.broken_link(tx) is None
    with store.write() as tx:  # as somebody with the database in hand could
        trigger = "audit_no_update" if store.sqlite else "audit_append_only ON audit"
        tx.execute(text(f"DROP TRIGGER {trigger}"))
        tx.execute(text("UPDATE audit SET subject = 'test:9' WHERE id = 2"))
    with store.read() as tx:
        assert access.broken_link(tx) == 2


def test_a_row_that_refers_to_nothing_is_refused(store: Store) -> None:
    with pytest.raises(IntegrityError), store.write() as tx:
        add_event(tx, 12345)


def test_amounts_beyond_32_bits_and_times_to_the_microsecond_come_back_as_they_were(desk: Desk) -> None:
    amount, now = 9_000_000_000_000_0000, clock.now().replace(microsecond=123457)
    order, _ = order_with_page(desk, amount=amount, created_at=now)
    with desk.store.read() as tx:
        found = orders.order(tx, order)
        total = tx.scalar(text("SELECT sum(amount) FROM orders"))
    assert found is not None
    assert (found.amount, found.created_at, int(total or 0)) == (amount, now, amount)


def test_a_character_that_no_database_keeps_is_replaced_wherever_it_comes_from(desk: Desk) -> None:
    order, _ = order_with_page(desk, last_name="Mar\0chand\ud800", failure_detail={"said": "a\0b\udfffc"})
    with desk.store.write() as tx:
        found = orders.order(tx, order)
        assert found is not None
        assert found.last_name == "Mar�chand�"
        assert found.failure_detail == {"said": "a\0b�c"}  # JSON spells its NUL
        assert orders.page_by_token(tx, "no\0token") is None
        assert orders.page_by_hipay_order_id(tx, "demo", "\ud800") is None
        assert orders.find_orders(tx, orders.Filter(text="mar\0chand"), None, now=clock.now(), limit=9) == [
            found
        ]


@pytest.mark.parametrize(
    ("search", "hit"),
    [
        ("LEFÈVRE", True), ("lefevre-muller", True), ("müller zoe", True), ("straße", True), ("STRASSE", True),
        ("50%", True), ("5_%", False), ("%", True), ("_", False), ("zoé martin", False), ("a\\b", True),
    ],
)  # fmt: skip
def test_a_search_minds_neither_case_nor_accents_and_takes_signs_as_they_are(
    desk: Desk, search: str, hit: bool
) -> None:
    order_with_page(desk, "A-1", description="Straße 50% a\\b")
    with desk.store.read() as tx:
        assert orders.count_orders(tx, orders.Filter(text=search), None, now=clock.now()) == hit


def test_an_insert_that_meets_its_equal_says_so_and_goes_on(desk: Desk) -> None:
    order, _ = order_with_page(desk)
    with desk.store.write() as tx:
        assert insert_new(tx, schema.meta.meta, ("name",), name="a", value="1")
        assert not insert_new(tx, schema.meta.meta, ("name",), name="a", value="2")
        put(tx, schema.meta.meta, {"name": "b"}, value="1")
        put(tx, schema.meta.meta, {"name": "b"}, value="2")
        assert add_event(tx, order, identity="told:1")
        assert not add_event(tx, order, identity="told:1")
        values = {row.name: row.value for row in tx.execute(select(schema.meta.meta))}
        assert (values["a"], values["b"]) == ("1", "2")
        assert len(orders.events_of(tx, order)) == 1


def add_event(tx: Connection, order: int, identity: str | None = None) -> bool:
    return orders.add_event(
        tx,
        identity=identity,
        order=order,
        at=clock.now(),
        kind="created",
        actor_kind="user",
        actor_id="u",
        data={},
    )
