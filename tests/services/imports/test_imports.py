"""A file on its way: broken off anywhere and gone on with, taken back, too heavy, two at once. Nothing is seen before all is there."""

import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from services import clock
from services.access import SYSTEM, Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.errors import FileKnown, FileUnknown, NotToCancel
from services.imports.loading import (
    follow_up,
    lease,
    load,
    process,
    supervisor,
)
from services.imports.loading.lease import Lease
from services.reconciliation.matching import rejoin
from services.store import Store, databases
from services.store.settlements.files import import_tries, settlement_files
from tests.support.desk import open_test_desk, person, settings_for
from tests.support.open_alarms import open_alarms
from tests.support.orders import store_paid_order
from tests.support.payouts import NEWEST, csv, import_file, import_line, lines_of
from tests.support.stored_join import assert_join_is_current, count_visible_lines, join_contents


class Died(BaseException):
    """The process is gone, here."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few lines in each block and transaction, so that a small file has many."""
    for module, name, value in (
        (load, "ROWS", 4),
        (load, "BATCH", 2),
        (rejoin, "BATCH", 3),
        (rejoin, "GAP_SECONDS", 0),
        (follow_up, "_LINES", 3),
        (follow_up, "_ORDERS", 2),
        (process, "_DELETED_AT_ONCE", 2),
    ):
        monkeypatch.setattr(module, name, value)


def sale(order: str, amount: str = "10.00", operation: str = "Sale") -> str:
    return f"1;77;T-{order};{order};{amount};EUR;;;;;{operation};{amount};EUR;F-{order};2026-11-20"


OLD = csv(sale("A-1"), sale("A-2", "-0.30", "Fixed fee"), sale("A-3"))
# A known line, one that has changed, a twin, and the sale that a fee of the older file belongs to.
NEW = csv(
    sale("A-1"),
    sale("A-3", "11.00"),
    sale("A-2"),
    sale("A-4"),
    sale("A-4"),
    sale("WEB-9"),
    sale("A-1", "-1.00", "Refund"),
)


def receive(desk: Desk, actor: Actor, raw: bytes = NEW, name: str = "new.csv") -> int:
    return files.receive(desk, actor, "demo", name, BytesIO(raw), answers=NEWEST)


def state(desk: Desk, file: int) -> str:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    return found.state if found else "gone"


def prepared(folder: Path) -> Path:
    """The database of a desk that waits for the new file, the older one complete."""
    opened = open_test_desk(folder)
    for number in (1, 2, 3):
        store_paid_order(opened, f"A-{number}")
    actor = person(opened, "finance")
    import_file(opened, actor, "demo", "old.csv", OLD)
    receive(opened, actor)
    opened.close()
    return folder / "sandbox.db"


@contextmanager
def copied(database: Path, folder: Path) -> Iterator[Desk]:
    folder.mkdir()
    shutil.copy(database, folder / "sandbox.db")
    settings = settings_for(folder)
    opened = Desk(settings, Store(databases.make_engine(settings.database)))
    yield opened
    opened.close()


@contextmanager
def dying(after: int) -> Iterator[list[int]]:
    """The process dies before its transaction of this number."""
    done, write = [0], Lease.write

    @contextmanager
    def counted(self: Lease, **how: bool) -> Iterator[Any]:
        if done[0] == after:
            raise Died
        with write(self, **how) as tx:
            yield tx
        done[0] += 1

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lease, "write", counted)
        yield done


@pytest.mark.sqlite
def test_broken_off_before_any_of_its_transactions_it_comes_to_the_same(tmp_path: Path) -> None:
    begun = prepared(tmp_path / "begun")
    with copied(begun, tmp_path / "undisturbed") as desk, dying(-1) as steps:
        background.work_off(desk)
        assert_join_is_current(desk)
        wanted = join_contents(desk)
    assert steps[0] > 10

    for number in range(steps[0]):
        with copied(begun, tmp_path / str(number)) as desk:
            seen = count_visible_lines(desk)
            with dying(number), pytest.raises(Died):
                background.work_off(desk)
            if files.running(desk, SYSTEM):
                assert count_visible_lines(desk) == seen
                assert [one.name for one in files.files(desk, SYSTEM)] == ["old.csv"]
            background.work_off(desk)
            assert len(files.files(desk, SYSTEM)) == 2
            assert join_contents(desk) == wanted, number


@pytest.fixture
def later() -> Iterator[Callable[[timedelta], None]]:
    """Lets time pass."""
    passed = [timedelta(0)]
    clock.use(lambda: passed[0])

    def wait(time: timedelta) -> None:
        passed[0] += time

    yield wait
    clock.use(None)


def test_one_that_the_machine_stopped_too_often_rests_says_so_and_comes_again_by_itself(
    desk: Desk, finance: Actor, later: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        supervisor.ImportProcess, "_start", lambda _: None
    )  # it lasts: here the work is done by hand
    file, other = receive(desk, finance), receive(desk, finance, OLD, "other.csv")
    for _ in range(import_tries.MAX_TRIES):
        with dying(2), pytest.raises(Died):
            background.work_off(desk)
    for rest in (10, 20, 40, 60, 60):
        supervisor.ImportProcess(desk).poll()
        background.work_off(desk)  # the others go on
        assert (state(desk, file), state(desk, other)) == ("running", "complete")
        [found] = files.running(desk, finance)
        assert found.failure == "import_stopped"
        assert files.next_try(found) == found.alive_at + timedelta(minutes=rest)
        assert [one.kind for one in open_alarms(desk, finance)] == ["payout_file_failed"]
        later(timedelta(minutes=rest, seconds=-5))
        assert not background.work_off(desk)
        later(timedelta(seconds=10))
        with dying(2), pytest.raises(Died):
            background.work_off(desk)
    later(timedelta(hours=1))
    background.work_off(desk)
    assert (state(desk, file), count_visible_lines(desk)) == ("complete", 8)
    assert open_alarms(desk, finance) == []


@pytest.mark.parametrize(
    ("code", "wanted"),
    [(-signal.SIGKILL, "running"), (-signal.SIGTERM, "running"), (-signal.SIGSEGV, "failed"), (1, "failed")],
)
def test_only_a_death_of_its_own_fails_it_for_good(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch, code: int, wanted: str
) -> None:
    class Dead:
        returncode = code

        def poll(self) -> int:
            return code

    monkeypatch.setattr(supervisor.ImportProcess, "_start", lambda _: None)
    file, child = receive(desk, finance), supervisor.ImportProcess(desk)
    for number in range(import_tries.MAX_TRIES):
        assert state(desk, file) == ("running" if number else "waiting")
        with dying(2), pytest.raises(Died):
            background.work_off(desk)
        child._process = Dead()  # type: ignore[assignment]
        child.poll()
    [found] = files.running(desk, finance)
    assert (found.state, found.failure) == (wanted, "import_died" if wanted == "failed" else "import_stopped")
    if wanted == "failed":
        background.work_off(desk)
        assert (count_visible_lines(desk), len(lines_of(desk))) == (0, 0)
        files.retry(desk, finance, file)
        background.work_off(desk)
        assert (state(desk, file), count_visible_lines(desk)) == ("complete", 7)


def test_one_that_is_stopped_goes_on_and_does_not_count_as_dead(desk: Desk, finance: Actor) -> None:
    file = receive(desk, finance)
    for _ in range(import_tries.MAX_TRIES + 1):
        stopping = threading.Event()
        with stopped_after(3, stopping):
            process.work_off(desk.store, "me", desk.settings.all_accounts, stopping)
        assert state(desk, file) == "running"
    background.work_off(desk)
    assert state(desk, file) == "complete"


@contextmanager
def stopped_after(count: int, stopping: threading.Event) -> Iterator[None]:
    """It is told to stop after so many transactions."""
    done, write = [0], Lease.write

    @contextmanager
    def counted(self: Lease, **how: bool) -> Iterator[Any]:
        with write(self, **how) as tx:
            yield tx
        done[0] += 1
        if done[0] == count:
            stopping.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lease, "write", counted)
        yield


def test_cancelled_while_it_runs_nothing_stays(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_line(desk, order="A-9")
    file, before, take = receive(desk, finance), join_contents(desk), load._load_block

    def cancelled(lease: Lease, run: Any, block: Any) -> None:
        take(lease, run, block)
        if state(desk, file) == "running":
            files.cancel(desk, finance, file)

    monkeypatch.setattr(load, "_load_block", cancelled)
    background.work_off(desk)
    assert (state(desk, file), join_contents(desk)) == ("cancelled", before)
    with pytest.raises(NotToCancel):
        files.cancel(desk, finance, file)
    monkeypatch.undo()
    again = receive(desk, finance)  # the same bytes may come once more
    background.work_off(desk)
    assert (state(desk, again), count_visible_lines(desk)) == ("complete", 8)
    with pytest.raises(NotToCancel):
        files.cancel(desk, finance, again)


def test_cancelled_while_it_waits_it_is_never_read(desk: Desk, finance: Actor) -> None:
    file = receive(desk, finance)
    files.cancel(desk, finance, file)
    background.work_off(desk)
    assert (state(desk, file), count_visible_lines(desk)) == ("cancelled", 0)


def test_two_files_at_once_take_their_turns(desk: Desk, finance: Actor) -> None:
    store_paid_order(desk, "A-1")
    first, second = receive(desk, finance, OLD, "old.csv"), receive(desk, finance)
    with pytest.raises(FileKnown):
        receive(desk, finance)
    assert [one.state for one in files.running(desk, finance)] == ["waiting", "waiting"]
    background.work_off(desk)
    assert [state(desk, one) for one in (first, second)] == ["complete", "complete"]
    assert_join_is_current(desk)


def test_only_one_process_works_at_a_time(desk: Desk, finance: Actor) -> None:
    receive(desk, finance)
    other = lease.acquire(desk.store, "another", (), threading.Event())
    assert other is not None
    assert not process.work_off(desk.store, "me", desk.settings.all_accounts)
    assert not lease.is_free(desk.store)
    lease.release(desk.store, "me")  # not ours to give
    assert not lease.is_free(desk.store)
    lease.release(desk.store, "another")
    assert process.work_off(desk.store, "me", desk.settings.all_accounts)


def test_who_lost_the_turn_writes_nothing_more(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, take = receive(desk, finance), load._load_block

    def taken_over(held: Lease, run: Any, block: Any) -> None:
        monkeypatch.setattr(load, "_load_block", take)
        lease.release(desk.store, "slow")
        assert process.work_off(desk.store, "quick", desk.settings.all_accounts)
        take(held, run, block)

    monkeypatch.setattr(load, "_load_block", taken_over)
    process.work_off(desk.store, "slow", desk.settings.all_accounts)
    assert (state(desk, file), count_visible_lines(desk)) == ("complete", 7)
    assert_join_is_current(desk)


def test_a_reception_that_broke_off_is_swept(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell():
                raise ConnectionError
            return super().read(10)

    with pytest.raises(ConnectionError):
        files.receive(desk, finance, "demo", "x.csv", Broken(NEW))
    [left] = files.running(desk, finance)
    assert left.state == "receiving"
    background.work_off(desk)
    assert state(desk, left.id) == "receiving"  # it may be slow
    monkeypatch.setattr(process, "_STALE", -process._STALE)
    background.work_off(desk)
    assert state(desk, left.id) == "gone"


def test_a_retry_is_of_a_file_that_failed(desk: Desk, finance: Actor) -> None:
    file = receive(desk, finance, b"%PDF-1.7")
    with pytest.raises(FileUnknown):
        files.retry(desk, finance, file)
    background.work_off(desk)
    assert state(desk, file) == "failed"
    files.retry(desk, finance, file)
    background.work_off(desk)
    assert state(desk, file) == "failed"


def test_a_file_too_heavy_fails_by_itself(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = receive(desk, finance)

    def heavy(*_: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(load, "_load_block", heavy)
    background.work_off(desk)
    [found] = files.running(desk, finance)
    assert (found.id, found.state, found.failure) == (file, "failed", "import_too_heavy")
