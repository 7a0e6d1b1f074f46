"""A worker's lanes say that they turn; one that hangs, has died or fails at every turn is told, and no clock fools it."""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from services import clock, restore_guard
from services.alarms import stopped_workers
from services.alarms.handling import close, to_do
from services.alarms.sweep import sweep
from services.desk import Desk
from services.entrypoints import worker
from services.heartbeats import (
    LANES,
    Heartbeats,
    WorkerWatch,
    still_working,
    watching_workers,
)
from services.imports.loading import lease, process, supervisor
from services.orders import steps
from services.orders.steps import runner
from services.orders.steps.lanes import Lanes
from services.store import Store, heartbeats, schema
from services.store.orders.steps import Step
from tests.support.desk import person
from tests.support.sandbox import wait_for

STEP = Step(
    id=1,
    order=1,
    kind="mail",
    account="demo",
    tries=0,
    first_due_at=datetime.now(UTC),
    fence=1,
    leased_until=datetime.now(UTC),
)


class Seconds:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def stored_signs(desk: Desk) -> dict[str, datetime]:
    with desk.store.read() as tx:
        return heartbeats.signs(tx, LANES)


def store_signs(desk: Desk, *lanes: str, at: datetime | None = None) -> None:
    with desk.store.write() as tx:
        heartbeats.store_signs(tx, dict.fromkeys(lanes, at or datetime.now(UTC)))


def names(watch: WorkerWatch) -> tuple[str, ...]:
    return tuple(lane for lane, _ in watch.standstill.lanes) if watch.standstill else ()


def poll_for(watch: WorkerWatch, seconds: Seconds, passed: float) -> WorkerWatch:
    """The watch after it has polled every ten seconds for that many seconds."""
    for _ in range(int(passed // 10)):
        seconds.now += 10
        watch.poll()
    return watch


@contextmanager
def working(desk: Desk) -> Iterator[None]:
    running = worker.start(desk)
    try:
        yield
    finally:
        running.stop()


@pytest.mark.parametrize("held", [False, True], ids=["free", "held"])
def test_every_lane_of_a_worker_writes_a_heartbeat(desk: Desk, held: bool) -> None:
    """So does one over a backup that was put back: it sends nothing on purpose, and has not stopped."""
    if held:
        restore_guard.hold_unmarked(desk.store)
    with working(desk):
        assert wait_for(lambda: set(stored_signs(desk)) == set(LANES), 15)
        desk.worker_watch.poll()
        assert desk.worker_watch.alive
        assert desk.worker_watch.standstill is None


def test_a_process_writes_the_heartbeats_of_all_its_lanes_at_most_once_per_interval(desk: Desk) -> None:
    life = Heartbeats(desk.store, every=0.3)
    for lane in ("work", "rounds"):
        life.beat(lane)
    first = stored_signs(desk)
    life.beat("rounds")
    life.beat("work")
    assert stored_signs(desk) == first
    time.sleep(0.35)
    life.beat("rounds")
    second = stored_signs(desk)
    assert second["work"] > first["work"]  # that it turned before is told along
    time.sleep(0.35)
    life.beat("rounds")
    assert stored_signs(desk)["work"] == second["work"]  # and that it has not since is not told


def test_a_lane_that_stops_is_reported_while_the_others_go_on(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    hung = datetime.now(UTC)
    store_signs(desk, *LANES, at=hung)
    watch.poll()
    assert watch.alive
    for _ in range(13):
        store_signs(desk, *(lane for lane in LANES if lane != "payouts"))
        poll_for(watch, seconds, 10)
    still = watch.standstill
    assert still is not None
    assert still.lanes == (("payouts", hung),)
    assert not still.whole
    assert not watch.alive
    store_signs(desk, "payouts")
    assert poll_for(watch, seconds, 10).standstill is None
    assert watch.alive


def test_a_long_step_is_not_reported_as_a_standstill(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    store_signs(desk, *LANES)
    watch.poll()
    assert poll_for(watch, seconds, 100).alive  # a step of a minute, two writes that came late, a look
    assert poll_for(watch, seconds, 20).standstill is not None


def test_without_any_worker_a_standstill_of_all_lanes_is_reported(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    assert poll_for(watch, seconds, 110).standstill is None
    assert not watch.alive
    still = poll_for(watch, seconds, 10).standstill
    assert still is not None
    assert still.whole


def test_old_heartbeats_are_not_reported_until_two_minutes_after_the_start(desk: Desk) -> None:
    yesterday, seconds = datetime.now(UTC) - timedelta(days=1), Seconds()
    store_signs(desk, *LANES, at=yesterday)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    assert not watch.alive
    assert watch.standstill is None
    still = poll_for(watch, seconds, 120).standstill
    assert still is not None
    assert (still.whole, still.since) == (True, yesterday)


def test_a_clock_that_jumps_is_not_reported_as_a_standstill(desk: Desk) -> None:
    seconds = Seconds()
    store_signs(desk, *LANES)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    clock.use(lambda: timedelta(days=40))
    try:
        assert poll_for(watch, seconds, 100).alive
        store_signs(
            desk, *LANES, at=datetime.now(UTC) + timedelta(hours=2)
        )  # of another machine, or the clock was set back
        assert poll_for(watch, seconds, 110).alive
        store_signs(desk, *LANES, at=datetime.now(UTC) - timedelta(hours=2))
        assert poll_for(watch, seconds, 110).alive
    finally:
        clock.use(None)


def test_time_in_which_the_watch_could_not_poll_does_not_count_as_a_standstill(desk: Desk) -> None:
    seconds = Seconds()
    store_signs(desk, *LANES)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    seconds.now += 3600  # the database was away, or this process stood still itself
    watch.poll()
    assert watch.standstill is None
    assert poll_for(watch, seconds, 120).standstill is not None
    seconds.now += 3600
    watch.poll()
    assert watch.standstill is not None  # what was known stays known


def test_long_work_writes_heartbeats_while_it_runs(desk: Desk) -> None:
    life, stopping = Heartbeats(desk.store, every=0.0), threading.Event()

    def loop() -> None:
        still_working()
        stopping.set()

    thread = threading.Thread(target=life.keep_going, args=("folder", loop, stopping))
    thread.start()
    thread.join()
    still_working()  # in no lane: nothing
    assert set(stored_signs(desk)) == {"folder"}


@pytest.mark.parametrize("ending", [MemoryError(), SystemExit(3), None])
def test_a_lane_that_raises_an_error_is_logged_and_starts_again(
    desk: Desk, caplog: pytest.LogCaptureFixture, ending: BaseException | None
) -> None:
    runs, stopping = [], threading.Event()

    def loop() -> None:
        runs.append(1)
        if len(runs) == 2:
            stopping.set()
        elif ending is not None:
            raise ending

    with caplog.at_level(logging.CRITICAL, logger="services.heartbeats"):
        desk.heartbeats.keep_going("work", loop, stopping, pause=0.01)
    assert len(runs) == 2
    assert ("broke off" in caplog.text) is True


def test_a_lane_goes_on_when_the_database_is_unavailable(tmp_path: Path) -> None:
    life = Heartbeats(Store(create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'none.db'}")))
    life.beat("work")


def alarms(desk: Desk) -> list[tuple[str, bool]]:
    with desk.store.read() as tx:
        found = tx.execute(select(schema.alarms.alarms).order_by(schema.alarms.alarms.c.id)).all()
    return [(row.kind, row.closed_at is None) for row in found]


def test_the_dashboard_raises_the_alarm_and_closes_it_when_the_worker_is_back(desk: Desk) -> None:
    seconds = Seconds()
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, seconds=seconds)
    store_signs(desk, *LANES)
    watch.poll()
    stopped_workers.note(desk)
    assert alarms(desk) == []
    poll_for(watch, seconds, 120)
    for _ in range(2):  # once, however often
        stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", True)]
    sweep(desk)  # a worker that begins again does not end it before its lanes turn
    assert alarms(desk) == [("no_worker", True)]
    store_signs(desk, *(lane for lane in LANES if lane != "imports"))
    poll_for(watch, seconds, 10)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("worker_part_still", True)]
    [alarm] = to_do(desk, person(desk, "admin")).free.alarms
    assert alarm.detail["lanes"] == ["imports"]
    assert to_do(desk, person(desk, "manager")).free.alarms == ()
    store_signs(desk, *LANES)
    poll_for(watch, seconds, 10)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("worker_part_still", False)]


def test_a_dashboard_that_has_just_started_does_not_close_the_alarm(desk: Desk) -> None:
    seconds = Seconds()
    store_signs(desk, *LANES, at=datetime.now(UTC) - timedelta(hours=5))
    vars(desk)["worker_watch"] = poll_for(WorkerWatch(desk.store, seconds=seconds), seconds, 130)
    stopped_workers.note(desk)
    vars(desk)["worker_watch"] = another = WorkerWatch(desk.store)
    another.poll()
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", True)]


def test_an_alarm_that_a_person_closed_is_raised_again_only_for_the_next_standstill(desk: Desk) -> None:
    seconds, admin = Seconds(), person(desk, "admin")
    store_signs(desk, *LANES)
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    poll_for(watch, seconds, 130)
    stopped_workers.note(desk)
    [alarm] = to_do(desk, admin).free.alarms
    close(desk, admin, alarm.id, "known")
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False)]
    store_signs(desk, *LANES)
    poll_for(watch, seconds, 130)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("no_worker", True)]


def test_the_watch_polls_in_its_thread_and_logs_once_that_the_database_is_unavailable(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []
    with watching_workers(desk.worker_watch, lambda: told.append(1), every=0.01):
        assert wait_for(lambda: len(told) > 3, 5)
    nowhere = WorkerWatch(Store(create_engine("sqlite:////nowhere/none.db")))
    with watching_workers(nowhere, lambda: told.append(1), every=0.01):
        time.sleep(0.2)
    assert caplog.text.count("cannot be read") == 1


def test_a_call_that_never_returns_is_reported_as_a_standstill(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that takes longer than all its calls can: its lane still turns, and yet something waits for ever."""
    waiting, lanes = threading.Event(), Lanes(desk, "here")
    monkeypatch.setattr(runner, "take", lambda *_: STEP)
    monkeypatch.setattr(runner, "run", lambda *_: waiting.wait(10))
    monkeypatch.setattr(steps.lanes, "HANGS_SECONDS", 0.1)
    assert lanes.begin_next()
    assert not lanes.hang()
    time.sleep(0.15)
    assert lanes.hang()
    waiting.set()
    lanes.wait(5)
    assert not lanes.hang()


def test_a_step_whose_thread_cannot_start_gives_its_place_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lanes = Lanes(desk, "here")
    monkeypatch.setattr(runner, "take", lambda *_: STEP)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", _no_thread)
        with pytest.raises(RuntimeError):
            lanes.begin_next()
    monkeypatch.setattr(steps.lanes, "HANGS_SECONDS", 0.0)
    assert not lanes.hang()


def _no_thread(_: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")


def test_imports_whose_process_cannot_start_are_reported_as_a_standstill(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = supervisor.ImportProcess(desk)
    child.poll()
    assert set(stored_signs(desk)) == {"imports"}  # there is nothing to import
    desk.heartbeats._due = 0.0
    before = stored_signs(desk)
    monkeypatch.setattr(process, "waiting", lambda *_: True)
    monkeypatch.setattr(supervisor, "spawn", _no_process)
    with pytest.raises(OSError, match="fork"):
        child.poll()
    assert stored_signs(desk) == before


def test_imports_whose_process_dies_at_each_start_are_reported_as_a_standstill(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of one that first takes its turn, and looks as if it worked."""
    child = supervisor.ImportProcess(desk)
    monkeypatch.setattr(process, "waiting", lambda *_: True)
    monkeypatch.setattr(supervisor, "spawn", lambda _, owner, *__: _dying(desk, owner))
    monkeypatch.setattr(supervisor, "_LONGEST_PAUSE_SECONDS", 0.0)

    def look() -> None:
        child.poll()
        assert child._process is not None
        child.poll()  # it is at work …
        child._process.communicate()  # … and dies

    for _ in range(supervisor._MOST_DEATHS + 1):
        look()
    assert child._deaths >= supervisor._MOST_DEATHS
    desk.heartbeats._due = 0.0
    before = stored_signs(desk)
    look()
    assert stored_signs(desk) == before


def _no_process(*_: object) -> None:
    raise OSError("fork: no memory")


def _dying(desk: Desk, owner: str) -> "subprocess.Popen[bytes]":
    lease.acquire(desk.store, owner, (), threading.Event())
    return subprocess.Popen(["sh", "-c", "read line; exit 1"], stdin=subprocess.PIPE)


def test_an_import_process_that_loses_its_lease_and_goes_on_is_killed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = supervisor.ImportProcess(desk)
    monkeypatch.setattr(process, "waiting", lambda *_: True)
    monkeypatch.setattr(supervisor, "spawn", lambda *_: _deaf())
    monkeypatch.setattr(supervisor, "_HUNG_SECONDS", 0.2)
    child.poll()
    hangs = child._process
    assert hangs is not None
    assert lease.acquire(desk.store, child._owner, [], threading.Event())
    time.sleep(0.3)
    child.poll()
    assert hangs.poll() is None  # it holds its lease: it works
    lease.release(desk.store, child._owner)
    time.sleep(0.3)
    child.poll()
    assert hangs.returncode == -signal.SIGKILL
    assert child._deaths == 1


def _deaf() -> subprocess.Popen[bytes]:
    """A process that neither ends nor hears SIGTERM."""
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    return subprocess.Popen([sys.executable, "-c", deaf])
