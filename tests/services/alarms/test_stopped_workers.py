"""A worker's lanes say that they turn; one that hangs, has died or fails at every turn is told, and no clock fools it."""

import logging
import subprocess
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
from services.imports import lease, process, supervisor
from services.orders import steps
from services.orders.steps import runner
from services.orders.steps.lanes import Lanes
from services.store import Store, heartbeats
from services.store.orders.steps import Step
from services.store.schema import orders
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


def kept(desk: Desk) -> dict[str, datetime]:
    with desk.store.read() as tx:
        return heartbeats.signs(tx, LANES)


def say(desk: Desk, *lanes: str, at: datetime | None = None) -> None:
    with desk.store.write() as tx:
        heartbeats.store_signs(tx, dict.fromkeys(lanes, at or datetime.now(UTC)))


def names(watch: WorkerWatch) -> tuple[str, ...]:
    return tuple(lane for lane, _ in watch.standstill.lanes) if watch.standstill else ()


def looked(watch: WorkerWatch, seconds: Seconds, passed: float) -> WorkerWatch:
    """The watch after it has looked every ten seconds meanwhile."""
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
def test_every_lane_of_a_worker_gives_a_sign(desk: Desk, held: bool) -> None:
    """So does one over a backup that was put back: it sends nothing on purpose, and has not stopped."""
    if held:
        restore_guard.hold_unmarked(desk.store)
    with working(desk):
        assert wait_for(lambda: set(kept(desk)) == set(LANES), 15)
        desk.worker_watch.poll()
        assert desk.worker_watch.alive
        assert desk.worker_watch.standstill is None


def test_a_process_writes_at_most_once_in_its_time_for_all_its_lanes(desk: Desk) -> None:
    life = Heartbeats(desk.store, every=0.3)
    for lane in ("work", "rounds"):
        life.beat(lane)
    first = kept(desk)
    life.beat("rounds")
    life.beat("work")
    assert kept(desk) == first
    time.sleep(0.35)
    life.beat("rounds")
    second = kept(desk)
    assert second["work"] > first["work"]  # that it turned before is told along
    time.sleep(0.35)
    life.beat("rounds")
    assert kept(desk)["work"] == second["work"]  # and that it has not since is not told


def test_a_lane_that_stands_still_is_told_while_the_others_go_on(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    hung = datetime.now(UTC)
    say(desk, *LANES, at=hung)
    watch.poll()
    assert watch.alive
    for _ in range(13):
        say(desk, *(lane for lane in LANES if lane != "payouts"))
        looked(watch, seconds, 10)
    still = watch.standstill
    assert still is not None
    assert still.lanes == (("payouts", hung),)
    assert not still.whole
    assert not watch.alive
    say(desk, "payouts")
    assert looked(watch, seconds, 10).standstill is None
    assert watch.alive


def test_one_long_step_is_no_standstill(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    say(desk, *LANES)
    watch.poll()
    assert looked(watch, seconds, 100).alive  # a step of a minute, two writes that came late, a look
    assert looked(watch, seconds, 20).standstill is not None


def test_no_worker_at_all(desk: Desk) -> None:
    seconds = Seconds()
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    assert looked(watch, seconds, 110).standstill is None
    assert not watch.alive
    still = looked(watch, seconds, 10).standstill
    assert still is not None
    assert still.whole


def test_the_signs_of_yesterday_say_nothing_at_a_start_until_two_minutes_have_passed(desk: Desk) -> None:
    yesterday, seconds = datetime.now(UTC) - timedelta(days=1), Seconds()
    say(desk, *LANES, at=yesterday)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    assert not watch.alive
    assert watch.standstill is None
    still = looked(watch, seconds, 120).standstill
    assert still is not None
    assert (still.whole, still.since) == (True, yesterday)


def test_jumps_of_any_clock_raise_nothing(desk: Desk) -> None:
    seconds = Seconds()
    say(desk, *LANES)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    clock.use(lambda: timedelta(days=40))
    try:
        assert looked(watch, seconds, 100).alive
        say(
            desk, *LANES, at=datetime.now(UTC) + timedelta(hours=2)
        )  # of another machine, or the clock was set back
        assert looked(watch, seconds, 110).alive
        say(desk, *LANES, at=datetime.now(UTC) - timedelta(hours=2))
        assert looked(watch, seconds, 110).alive
    finally:
        clock.use(None)


def test_while_nobody_could_look_nothing_was_proved(desk: Desk) -> None:
    seconds = Seconds()
    say(desk, *LANES)
    watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    seconds.now += 3600  # the database was away, or this process stood still itself
    watch.poll()
    assert watch.standstill is None
    assert looked(watch, seconds, 120).standstill is not None
    seconds.now += 3600
    watch.poll()
    assert watch.standstill is not None  # what was known stays known


def test_long_work_says_that_it_goes_on(desk: Desk) -> None:
    life, stopping = Heartbeats(desk.store, every=0.0), threading.Event()

    def loop() -> None:
        still_working()
        stopping.set()

    thread = threading.Thread(target=life.keep_going, args=("folder", loop, stopping))
    thread.start()
    thread.join()
    still_working()  # in no lane: nothing
    assert set(kept(desk)) == {"folder"}


@pytest.mark.parametrize("ending", [MemoryError(), SystemExit(3), None])
def test_a_lane_that_breaks_off_is_told_in_the_log_and_begins_again(
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


def test_a_store_that_is_away_does_not_stop_the_lane(tmp_path: Path) -> None:
    life = Heartbeats(Store(create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'none.db'}")))
    life.beat("work")


def alarms(desk: Desk) -> list[tuple[str, bool]]:
    with desk.store.read() as tx:
        found = tx.execute(select(orders.alarms).order_by(orders.alarms.c.id)).all()
    return [(row.kind, row.closed_at is None) for row in found]


def test_the_dashboard_raises_the_alarm_and_it_ends_by_itself(desk: Desk) -> None:
    seconds = Seconds()
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, seconds=seconds)
    say(desk, *LANES)
    watch.poll()
    stopped_workers.note(desk)
    assert alarms(desk) == []
    looked(watch, seconds, 120)
    for _ in range(2):  # once, however often
        stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", True)]
    sweep(desk)  # a worker that begins again does not end it before its lanes turn
    assert alarms(desk) == [("no_worker", True)]
    say(desk, *(lane for lane in LANES if lane != "imports"))
    looked(watch, seconds, 10)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("worker_part_still", True)]
    [alarm] = to_do(desk, person(desk, "admin")).free.alarms
    assert alarm.detail["lanes"] == ["imports"]
    assert to_do(desk, person(desk, "manager")).free.alarms == ()
    say(desk, *LANES)
    looked(watch, seconds, 10)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("worker_part_still", False)]


def test_a_dashboard_that_has_just_begun_leaves_the_alarm_alone(desk: Desk) -> None:
    seconds = Seconds()
    say(desk, *LANES, at=datetime.now(UTC) - timedelta(hours=5))
    vars(desk)["worker_watch"] = looked(WorkerWatch(desk.store, seconds=seconds), seconds, 130)
    stopped_workers.note(desk)
    vars(desk)["worker_watch"] = another = WorkerWatch(desk.store)
    another.poll()
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", True)]


def test_closed_by_a_person_it_is_raised_again_for_the_next_standstill_only(desk: Desk) -> None:
    seconds, admin = Seconds(), person(desk, "admin")
    say(desk, *LANES)
    vars(desk)["worker_watch"] = watch = WorkerWatch(desk.store, seconds=seconds)
    watch.poll()
    looked(watch, seconds, 130)
    stopped_workers.note(desk)
    [alarm] = to_do(desk, admin).free.alarms
    close(desk, admin, alarm.id, "known")
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False)]
    say(desk, *LANES)
    looked(watch, seconds, 130)
    stopped_workers.note(desk)
    assert alarms(desk) == [("no_worker", False), ("no_worker", True)]


def test_the_thread_looks_by_itself_and_says_once_that_it_cannot(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[int] = []
    with watching_workers(desk.worker_watch, lambda: told.append(1), every=0.01):
        assert wait_for(lambda: len(told) > 3, 5)
    nowhere = WorkerWatch(Store(create_engine("sqlite:////nowhere/none.db")))
    with watching_workers(nowhere, lambda: told.append(1), every=0.01):
        time.sleep(0.2)
    assert caplog.text.count("cannot be read") == 1


def test_a_call_that_never_comes_back_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_step_for_which_there_is_no_thread_gives_its_place_back(
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


def test_imports_that_cannot_begin_are_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    child = supervisor.ImportProcess(desk)
    child.poll()
    assert set(kept(desk)) == {"imports"}  # there is nothing to import
    desk.heartbeats._due = 0.0
    before = kept(desk)
    monkeypatch.setattr(process, "waiting", lambda *_: True)
    monkeypatch.setattr(supervisor, "spawn", _no_process)
    with pytest.raises(OSError, match="fork"):
        child.poll()
    assert kept(desk) == before


def test_imports_whose_process_dies_at_each_start_are_told(
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
    before = kept(desk)
    look()
    assert kept(desk) == before


def _no_process(*_: object) -> None:
    raise OSError("fork: no memory")


def _dying(desk: Desk, owner: str) -> "subprocess.Popen[bytes]":
    lease.acquire(desk.store, owner, (), threading.Event())
    return subprocess.Popen(["sh", "-c", "read line; exit 1"], stdin=subprocess.PIPE)
