"""The real process that makes exports: killed while it works, on a disk that fills up, with its worker gone."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from services import disk_space, exports
from services.access import Actor
from services.desk import Desk
from services.exports import supervisor
from services.exports.kinds import Lines
from services.exports.supervisor import ExportProcess
from services.store import engine, kept_exports
from services.store.settlements.lines.line_filter import LineFilter
from tests.support.desk import person, settings_for
from tests.support.orders import store_paid_order
from tests.support.payouts import csv, import_file
from tests.support.small_disk import fill, small_disk

pytestmark = pytest.mark.faults
PATIENCE = 120.0
LINES = 8_000


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(disk_space.tempfile, "tempdir", str(folder))
    monkeypatch.setattr(supervisor, "_PAUSE_SECONDS", 0.1)
    return folder


def fill_desk(desk: Desk, actor: Actor, lines: int = LINES) -> None:
    for number in range(1, 20):
        store_paid_order(desk, f"A-{number}")
    rows = (f"1;77;T-{n};A-{n % 400};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20" for n in range(lines))
    import_file(desk, actor, "demo", "payout.csv", csv(*rows))


def ask(desk: Desk, actor: Actor) -> None:
    exports.request(desk, actor, Lines(chosen=LineFilter()), "xlsx", "en")


def until(holds: Callable[[], bool], child: ExportProcess | None = None) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit
        if child is not None:
            child.poll()
        time.sleep(0.02)


def only(desk: Desk, actor: Actor) -> exports.KeptExport:
    [found] = exports.kept(desk, actor)
    return found


def at_work(desk: Desk, actor: Actor, child: ExportProcess) -> subprocess.Popen[bytes]:
    """The process, once it has written rows."""
    until(lambda: only(desk, actor).rows > 0 and only(desk, actor).state == "running", child)
    assert child._process is not None
    return child._process


def chunks(desk: Desk) -> int:
    with desk.store.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM export_chunks").scalar_one())


def left(temporary: Path) -> list[str]:
    return [path.name for path in temporary.glob("eterminal-exports-*")]


def test_a_killed_process_leaves_no_file_and_the_export_is_made_anew(
    desk: Desk, finance: Actor, temporary: Path
) -> None:
    fill_desk(desk, finance)
    ask(desk, finance)
    child = ExportProcess(desk)
    killed = at_work(desk, finance, child)
    assert left(temporary)
    killed.kill()
    killed.wait()
    until(lambda: child._process is not killed, child)
    assert only(desk, finance).under_way
    assert chunks(desk) == 0
    until(lambda: only(desk, finance).state == "ready", child)
    assert only(desk, finance).rows == LINES
    assert exports.content(desk, finance, only(desk, finance).id).startswith(b"PK")
    until(lambda: child._process is None, child)
    assert left(temporary) == []


def test_a_process_that_dies_each_time_is_said_in_a_sentence(
    desk: Desk, finance: Actor, temporary: Path
) -> None:
    fill_desk(desk, finance)
    ask(desk, finance)
    child = ExportProcess(desk)
    for _ in range(3):
        killed = at_work(desk, finance, child)
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        until(lambda dead=killed: child._process is not dead, child)  # type: ignore[misc]
        with desk.store.write() as tx:  # its rows, as the next one begins
            tx.exec_driver_sql("UPDATE exports SET rows_done = 0")
    until(lambda: only(desk, finance).state == "failed", child)
    assert only(desk, finance).failure == "export_died"
    child.stop()
    assert left(temporary) == []


def test_a_worker_that_stops_gives_the_export_to_the_next(
    desk: Desk, finance: Actor, temporary: Path
) -> None:
    fill_desk(desk, finance)
    ask(desk, finance)
    first = ExportProcess(desk)
    at_work(desk, finance, first)
    first.stop()
    assert left(temporary) == []
    second = ExportProcess(desk)
    until(lambda: only(desk, finance).state == "ready", second)
    second.stop()


def test_the_temporary_files_of_a_worker_that_was_killed_are_deleted(desk: Desk, temporary: Path) -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()
    for worker in (ended.pid, os.getpid()):
        (temporary / f"eterminal-exports-{worker}-x").mkdir()
    ExportProcess(desk)
    assert left(temporary) == [f"eterminal-exports-{os.getpid()}-x"]


@pytest.mark.sqlite
def test_a_disk_that_fills_up_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with small_disk(tmp_path / "disk", 48) as disk:
        monkeypatch.setattr(disk_space.tempfile, "tempdir", str(disk))
        settings = settings_for(disk, keep_free_mb=0)
        desk = Desk(settings, engine.open_store(settings.database, demo=True))
        finance = person(desk, "finance")
        fill_desk(desk, finance)
        ask(desk, finance)
        child = ExportProcess(desk)
        at_work(desk, finance, child)
        other = fill(disk)
        until(lambda: child._process is None, child)
        other.unlink()
        until(lambda: only(desk, finance).state == "failed", child)
        assert only(desk, finance).failure in ("no_room", "no_room_short")
        assert chunks(desk) == 0
        ask(desk, finance)
        until(lambda: exports.kept(desk, finance)[0].state == "ready", child)
        child.stop()
        with desk.store.read() as tx:
            assert not kept_exports.due(tx, exports.kept(desk, finance)[0].created_at)
        desk.close()
