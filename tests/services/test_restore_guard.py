"""A backup that is put back sends nothing until an administrator says so; starts, upgrades and further machines do not stop."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from services import clock, restore_guard, store
from services.access import Actor, NotAllowed
from services.accounts.options import OPTIONS
from services.demo.drain import drain
from services.desk import Desk, open_desk
from services.entrypoints import worker
from services.entrypoints.periodic import Rounds
from services.hipay.errors import NotAuthorised
from services.hipay.sandbox import clock_source
from services.orders import (
    create,
    history,
    links,
    open_page,
)
from services.orders.open_page import Destination
from services.restore_guard import (
    Marker,
    MarkerWatch,
    marker_path,
    read_marker,
)
from services.settings import Settings
from services.store import accounts, meta
from tests.support import postgres
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import send_order
from tests.support.sandbox import RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)


@pytest.fixture
def opened() -> Iterator[list[Desk]]:
    """Every desk that ``start`` opens is closed at the end."""
    desks: list[Desk] = []
    yield desks
    for one in desks:
        one.close()


def start(opened: list[Desk], settings: Settings, **changes: Any) -> Desk:
    """A process begins, with the settings it was given."""
    desk = open_desk(settings.model_copy(update=changes))
    restore_guard.hold_if_restored(desk.store, desk.settings)
    clock.use(clock_source(settings.sandbox_url, ttl=0, seconds=30))
    opened.append(desk)
    return desk


def backup(desk: Desk, name: str) -> dict[str, Any]:
    """A copy of the database as it is now; the settings that open it."""
    if desk.store.sqlite:
        copy = desk.settings.data_dir / f"{name}.db"
        with (
            closing(sqlite3.connect(str(desk.store.engine.url.database))) as here,
            closing(sqlite3.connect(copy)) as there,
        ):
            here.backup(there)
        return {"database_url": SecretStr(f"sqlite:///{copy}")}
    url, copied = make_url(desk.settings.database), f"{make_url(desk.settings.database).database}_{name}"
    desk.store.close()
    postgres.create(copied, str(url.database))
    postgres._made.add(copied)
    return {"database_url": SecretStr(postgres.url_of(copied))}


def send(desk: Desk, actor: Actor, **changes: object) -> int:
    order = send_order(desk, actor, **changes)
    restore_guard.examine(desk.store, desk.settings)
    return order


def pending(desk: Desk, actor: Actor) -> None:
    """An order whose e-mail has not left when the backup is made, and has soon after."""
    create.create(desk, actor, draft(), create.new_form_key())


def test_first_starts_later_starts_and_upgrades_go_on(
    desk: Desk, manager: Actor, opened: list[Desk], sandbox: RunningSandbox
) -> None:
    send(desk, manager)
    marker_path(desk.settings).unlink()
    with desk.store.write() as tx:
        store.restore_guard.store_epoch(tx, {})  # a version that kept no marker has made this database
    for _ in range(3):
        again = start(opened, desk.settings)
        assert restore_guard.current_hold(again.store) is None
        send(again, manager, order_id=f"A-{len(opened)}", references=(f"F-{len(opened)}",))
    assert len(sandbox.mails()) == 4
    marker = read_marker(marker_path(desk.settings))
    with desk.store.read() as tx:
        assert marker == Marker(store.restore_guard.epoch(tx)["id"], 0, store.restore_guard.newest_event(tx))


def test_a_backup_put_back_mails_nothing_until_it_is_released(
    desk: Desk, manager: Actor, opened: list[Desk], sandbox: RunningSandbox
) -> None:
    restore_guard.examine(desk.store, desk.settings)
    pending(desk, manager)
    copy = backup(desk, "copy")
    drain(desk)
    restore_guard.examine(desk.store, desk.settings)
    assert len(sandbox.mails()) == 1  # it has left after the backup was made

    again = start(opened, desk.settings, **copy)
    for _ in range(3):
        drain(again)
        Rounds().run_due(again)
        sandbox.control("clock", {"advance_seconds": 120})
    assert len(sandbox.mails()) == 1
    held = restore_guard.current_hold(again.store)
    assert held is not None
    assert (held.reason, held.waiting) == ("older", {"page": 1})
    assert audit_of(again)[0].action == "backup.held"

    another = start(opened, desk.settings, **copy)  # a restart, another process: it stays held
    assert restore_guard.current_hold(another.store) is not None
    with pytest.raises(NotAllowed):
        restore_guard.release(again.store, again.settings, manager)
    admin = person(again, "admin")
    assert restore_guard.release(again.store, again.settings, admin) is True
    assert restore_guard.release(again.store, again.settings, admin) is False
    sandbox.control("clock", {"advance_seconds": 120})
    drain(again)
    assert len(sandbox.mails()) == 2
    assert restore_guard.current_hold(start(opened, desk.settings, **copy).store) is None


def test_while_it_is_held_payments_are_read_and_customers_led_nowhere(
    desk: Desk, manager: Actor, opened: list[Desk], sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager)
    with desk.store.write() as tx:
        accounts.save_section(
            tx, "demo", OPTIONS, "", {"own_link": True}, at=clock.now(), actor_kind="system", actor_id="test"
        )
    own = send(desk, manager, order_id="A-2", references=("F-2",))
    copy = backup(desk, "copy")
    token = history.detail(desk, manager, own).order.link_token
    send(desk, manager, order_id="A-3", references=("F-3",))
    again = start(opened, desk.settings, **copy)
    page = history.detail(again, manager, order_id).pages[-1].hipay_order_id
    sandbox.control("pay", {"orderids": [page], "outcome": "accept"})
    history.check_now(again, manager, [order_id])
    drain(again)
    assert history.detail(again, manager, order_id).badge == "paid"
    with pytest.raises(NotAuthorised):
        open_page.open_hipay_page(again, str(token))
    links.resend(again, manager, own, create.new_form_key())
    before = len(sandbox.mails())
    drain(again)
    assert len(sandbox.mails()) == before
    restore_guard.release(again.store, again.settings, person(again, "admin"))
    assert isinstance(open_page.open_hipay_page(again, str(token)), Destination)


def test_another_database_and_an_older_release_are_held(
    desk: Desk, manager: Actor, opened: list[Desk]
) -> None:
    send(desk, manager)
    copy = backup(desk, "copy")
    path = marker_path(desk.settings)
    restore_guard.write_marker(path, Marker("another", 0, 0))
    again = start(opened, desk.settings, **copy)
    held = restore_guard.current_hold(again.store)
    assert held is not None
    assert held.reason == "other"
    restore_guard.release(again.store, again.settings, person(again, "admin"))
    restore_guard.write_marker(
        path, Marker("another", 0, 10)
    )  # a second machine of that installation comes up
    assert restore_guard.current_hold(start(opened, desk.settings, **copy).store) is None
    assert (read_marker(path) or Marker("", 0, 0)).release == 1
    first = start(opened, desk.settings)  # the database as it was before the release
    held = restore_guard.current_hold(first.store)
    assert held is not None
    assert held.reason == "older"


def test_a_database_put_back_under_a_running_worker_is_noticed(desk: Desk, manager: Actor) -> None:
    send(desk, manager)
    now = 0.0
    watch = MarkerWatch(desk.store, desk.settings, seconds=lambda: now)
    assert watch.may_work()
    marker = read_marker(marker_path(desk.settings))
    assert marker is not None
    restore_guard.write_marker(marker_path(desk.settings), Marker(marker.id, 0, marker.event + 100))
    assert watch.may_work()  # looked a moment ago
    assert restore_guard.current_hold(desk.store) is None
    create.create(desk, manager, draft(order_id="A-2", references=("F-2",)), create.new_form_key())
    now = 10.0
    assert watch.may_work()
    assert restore_guard.current_hold(desk.store) is not None


def test_the_running_worker_keeps_the_marker(desk: Desk, manager: Actor) -> None:
    running = worker.start(desk)
    try:
        create.create(desk, manager, draft(), create.new_form_key())

        def level() -> bool:
            marker = read_marker(marker_path(desk.settings))
            with desk.store.read() as tx:
                return marker is not None and marker.event == store.restore_guard.newest_event(tx) > 0

        wait_for(level, "the marker", 40)
    finally:
        running.stop()


@pytest.mark.parametrize("garbled", [None, b"", b"[]", b'{"id": 1}', b"\xff"])
def test_a_past_without_a_marker(
    desk: Desk, manager: Actor, opened: list[Desk], garbled: bytes | None
) -> None:
    send(desk, manager)
    path = marker_path(desk.settings)
    path.unlink()
    if garbled is not None:
        path.write_bytes(garbled)
    again = start(opened, desk.settings)
    if again.store.sqlite:
        held = restore_guard.current_hold(again.store)
        assert held is not None
        assert held.reason == "unmarked"
        return
    now = 0.0
    watch = MarkerWatch(again.store, again.settings, seconds=lambda: now)
    for now in (0.0, 20.0, 44.0):  # noqa: B007 - the watch looks at it
        assert not watch.may_work()
        assert restore_guard.current_hold(again.store) is None
    now = 60.0
    assert watch.may_work()
    assert restore_guard.current_hold(again.store) is not None


@pytest.mark.postgres
def test_a_further_machine_joins_a_living_installation(
    desk: Desk, manager: Actor, opened: list[Desk], tmp_path: Path
) -> None:
    send(desk, manager)
    other = start(
        opened, desk.settings, database_url=SecretStr(desk.settings.database), data_dir=tmp_path / "other"
    )
    now = 0.0
    watch = MarkerWatch(other.store, other.settings, seconds=lambda: now)
    assert not watch.may_work()
    with desk.store.write() as tx:
        nothing = timedelta(0)
        meta.claim_round(tx, "round:notices", clock.now(), nothing, nothing)  # a worker there takes its turn
    now = 3.0
    assert watch.may_work()
    assert restore_guard.current_hold(other.store) is None
    assert read_marker(marker_path(other.settings)) is not None


def test_an_empty_database_beside_an_old_marker_is_a_first_start(
    tmp_path: Path, opened: list[Desk], sandbox: RunningSandbox
) -> None:
    settings = Settings(data_dir=tmp_path, sandbox_url=sandbox.url, sandbox_smtp_port=sandbox.smtp_port)
    if postgres.SERVER:
        settings = settings.model_copy(
            update={"database_url": SecretStr(postgres.migrated(settings.database))}
        )
    restore_guard.write_marker(marker_path(settings), Marker("former", 3, 500))
    assert restore_guard.current_hold(start(opened, settings).store) is None
    clock.use(None)


def test_a_machine_that_can_keep_no_marker_works_all_the_same(
    desk: Desk, manager: Actor, opened: list[Desk], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    send(desk, manager)
    again = start(opened, desk.settings, database_url=SecretStr(desk.settings.database), data_dir=blocked)
    assert restore_guard.current_hold(again.store) is None
    assert "not noticed" in caplog.text


def test_many_processes_at_once_agree(desk: Desk, manager: Actor) -> None:
    send(desk, manager)
    found: list[str] = []
    processes = [
        threading.Thread(target=lambda: found.append(restore_guard.examine(desk.store, desk.settings)))
        for _ in range(6)
    ]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert found == ["free"] * 6
    assert list(desk.settings.data_dir.glob("*.epoch*")) == [marker_path(desk.settings)]
