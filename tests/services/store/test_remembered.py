"""What is read again is not read twice, is never older than the last commit of any process, and is one reader's own."""

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlalchemy import text

from services import clock
from services.access import Actor, Grant, NotAllowed, Right, require, rights
from services.desk import Desk
from services.orders import history
from services.store import Connection, Store, access, meta
from services.store.orders.orders import Filter
from services.store.remembered import remembered
from tests.support.sandbox import ROOT


@pytest.fixture
def store(desk: Desk) -> Store:
    return desk.store


def _counter(store: Store) -> tuple[Callable[[], str], list[int]]:
    """A read through the memory, and how often it asked the database."""
    asked: list[int] = []

    def of(tx: Connection) -> str:
        asked.append(1)
        return meta.text(tx, "test") or ""

    def read() -> str:
        with store.read() as tx:
            return remembered(tx, "test", lambda: of(tx))

    return read, asked


def _put(store: Store, value: str) -> None:
    with store.write() as tx:
        meta.put_text(tx, "test", value)


def test_what_did_not_change_is_asked_for_once(store: Store) -> None:
    _put(store, "one")

    def asked_in_five_reads() -> int:
        read, asked = _counter(store)
        assert [read() for _ in range(5)] == ["one"] * 5
        return len(asked)

    # On PostgreSQL a commit in any database of the server is a new version: other tests commit now and then.
    undisturbed = 1 if store.sqlite else 50
    assert any(asked_in_five_reads() <= 1 for _ in range(undisturbed))


def test_the_next_read_after_a_write_sees_it(store: Store) -> None:
    read, _ = _counter(store)
    for number in range(20):
        _put(store, str(number))
        assert read() == str(number)


def test_what_another_process_writes_is_seen(store: Store) -> None:
    read, _ = _counter(store)
    _put(store, "here")
    assert read() == "here"
    script = (
        "import sys; from services.store import meta, open_store; store = open_store(sys.argv[1], demo=True)\n"
        "with store.write() as tx: meta.put_text(tx, 'test', 'there')"
    )
    url = store.engine.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", script, url], cwd=ROOT, check=True)
    assert read() == "there"


def test_a_value_that_was_read_before_a_commit_is_not_given_after_it(store: Store) -> None:
    """A reader that began before a write stores its old value under the old version only."""
    _put(store, "old")
    with store.read() as tx:
        tx.execute(text("SELECT 1"))
        thread = threading.Thread(target=_put, args=(store, "new"))
        thread.start()
        thread.join()
        remembered(tx, "test", lambda: meta.text(tx, "test"))
    read, _ = _counter(store)
    assert read() == "new"


def test_a_write_is_read_by_itself_and_not_remembered_before_it_commits(store: Store) -> None:
    read, _ = _counter(store)
    _put(store, "before")
    with suppress(ZeroDivisionError), store.write() as tx:
        meta.put_text(tx, "test", "never")
        assert remembered(tx, "test", lambda: meta.text(tx, "test")) == "never"
        raise ZeroDivisionError
    assert read() == "before"


def test_a_snapshot_is_one_transaction(store: Store) -> None:
    with store.snapshot():
        with store.read() as first:
            pass
        with store.read() as second, store.read() as third:
            assert first is second is third
    with store.read() as other:
        assert other is not first


def test_a_write_within_a_snapshot_is_read_after_it(store: Store) -> None:
    read, _ = _counter(store)
    with store.snapshot():
        for number in range(5):
            _put(store, str(number))
            assert read() == str(number)


def test_a_refusal_within_a_snapshot_leaves_the_rest_readable(store: Store) -> None:
    read, _ = _counter(store)
    _put(store, "there")
    with store.snapshot():
        with suppress(ZeroDivisionError), store.read():
            raise ZeroDivisionError
        assert read() == "there"


def test_who_waits_within_a_snapshot_sees_the_change_come(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.store.engine._SNAPSHOT_SECONDS", 0.0)
    read, _ = _counter(store)
    _put(store, "old")
    with store.snapshot():
        assert read() == "old"
        thread = threading.Thread(target=_put, args=(store, "new"))
        thread.start()
        thread.join()
        assert read() == "new"


def test_a_role_taken_away_is_gone_at_the_next_reading(desk: Desk, manager: Actor) -> None:
    with desk.store.read() as tx:
        assert Right.SEND in rights(tx, manager)
    with desk.store.write() as tx:
        access.set_grants(tx, manager.id, "table", [], at=clock.now(), granted_by="test")
    with desk.store.read() as tx, pytest.raises(NotAllowed):
        require(tx, manager, Right.SEND, "")


def test_a_list_is_of_the_accounts_that_its_reader_may_see(desk: Desk, manager: Actor) -> None:
    history.find(desk, manager, Filter())
    with desk.store.write() as tx:
        access.set_grants(
            tx, manager.id, "table", [Grant("manager", "elsewhere")], at=clock.now(), granted_by="test"
        )
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            history.orders, "count_orders", lambda tx, chosen, accounts, now: asked.append(accounts) or 0
        )
        patch.setattr(history.orders, "find_orders", lambda *_, **__: [])
        history.find(desk, manager, Filter())
    assert asked == [frozenset({"elsewhere"})]
