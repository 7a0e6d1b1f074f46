"""A disk without room: imports wait in words and go on by themselves, nothing is half-stored, and what must not stop goes on."""

import socket
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from services import disk_space
from services.access import Actor
from services.alarms.handling import to_do
from services.alarms.sweep import sweep
from services.desk import Desk
from services.disk_space import NoRoom, Room, RoomShort
from services.imports import background, files
from services.imports.loading import (
    follow_up,
    load,
    process,
    supervisor,
)
from services.imports.received.folder import Watch
from services.reconciliation.matching import rejoin
from services.store import STORE_AWAY, StoreFull, alarms
from services.store.alarm_conditions import Condition
from services.store.orders import notifications
from services.store.settlements.files import import_tries, settlement_files
from tests.support.desk import person
from tests.support.full_database import no_room
from tests.support.orders import store_paid_order
from tests.support.payouts import csv
from tests.support.public import body, serving, signed
from tests.support.stored_join import assert_join_is_current, count_visible_lines

pytestmark = pytest.mark.desk(keep_free_mb=0, settlements_folder="hipay")

TOO_MUCH = 1_000_000  # megabytes: more than the disk of any machine that runs tests has free


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, value in (
        (load, "ROWS", 4),
        (load, "BATCH", 2),
        (rejoin, "BATCH", 3),
        (rejoin, "GAP_SECONDS", 0),
        (follow_up, "_LINES", 3),
    ):
        monkeypatch.setattr(module, name, value)


def full(desk: Desk) -> Desk:
    """The same installation where nothing is left of what is to be kept free."""
    return replace(desk, settings=desk.settings.model_copy(update={"keep_free_mb": TOO_MUCH}))


def lines(count: int, start: str = "A") -> bytes:
    return csv(
        *(f"1;77;T-{start}{n};{start}-{n};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20" for n in range(count))
    )


def receive(desk: Desk, actor: Actor, raw: bytes, name: str = "a.csv") -> int:
    return files.receive(desk, actor, "demo", name, BytesIO(raw))


def row(desk: Desk, file: int) -> Any:
    with desk.store.read() as tx:
        return settlement_files.get(tx, file)


@pytest.mark.sqlite  # a PostgreSQL's disk is not seen from here
def test_below_what_is_kept_free_nothing_is_imported_but_orders_are_made(desk: Desk, finance: Actor) -> None:
    file = receive(desk, finance, lines(7))
    for _ in range(3):
        assert not background.work_off(full(desk))
    assert (row(desk, file).state, row(desk, file).tries) == ("waiting", 0)
    store_paid_order(full(desk), "A-1")
    assert background.work_off(desk)
    assert (row(desk, file).state, count_visible_lines(desk)) == ("complete", 7)


@pytest.mark.sqlite  # a PostgreSQL's disk is not seen from here
def test_an_import_stops_where_it_is_and_goes_on_from_there(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        store_paid_order(desk, f"A-{number}")
    file, required, asked = receive(desk, finance, lines(12)), Room.require, [0]

    def require(self: Room, **more: int) -> None:
        asked[0] += 1
        required(replace(self, keep_free=TOO_MUCH << 20) if asked[0] > 6 else self, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Room, "require", require)
        with pytest.raises(RoomShort):
            background.work_off(desk)
    found = row(desk, file)
    assert (found.state, found.tries, found.failure) == ("running", 0, "no_room_short")
    assert (set(found.failure_detail), count_visible_lines(desk)) == ({"free", "needed"}, 0)
    assert 0 < found.lines_done < 12
    background.work_off(desk)
    assert (row(desk, file).state, row(desk, file).failure, count_visible_lines(desk)) == ("complete", "", 12)
    assert_join_is_current(desk)


@pytest.mark.parametrize("pages", [0, 3])
def test_a_database_that_is_full_stops_no_file_for_good_and_counts_no_try(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    """As the real process ends: with a word to whoever began it."""
    file, child = receive(desk, finance, lines(240)), supervisor.ImportProcess(desk)
    monkeypatch.setattr(load, "BATCH", 30)
    monkeypatch.setattr(load, "ROWS", 60)
    monkeypatch.setattr(child, "_start", lambda: None)

    class Ended:
        returncode = process.FULL

        def poll(self) -> int:
            return self.returncode

    for _ in range(import_tries.MAX_TRIES + 2):
        with no_room(desk, pages):
            with pytest.raises((NoRoom, StoreFull)):
                background.work_off(desk)
            child._process = Ended()  # type: ignore[assignment]
            try:
                child.poll()
            except STORE_AWAY:
                assert child._ended == process.FULL
        child.poll()
    found = row(desk, file)
    assert (found.tries, count_visible_lines(desk)) == (0, 0)
    assert (found.state, found.failure) in (("running", "no_room"), ("waiting", ""))
    with desk.store.write():
        pass
    background.work_off(desk)
    assert (row(desk, file).state, count_visible_lines(desk)) == ("complete", 240)


@pytest.mark.sqlite  # a PostgreSQL's disk is not seen from here
def test_a_file_that_needs_too_much_says_so_and_lets_the_others_go_first(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    large, small = receive(desk, finance, lines(40, "L")), receive(desk, finance, lines(3, "S"), "b.csv")
    with monkeypatch.context() as patch:
        patch.setattr(process, "_GROWTH", (TOO_MUCH << 20) // row(desk, large).size * 2)
        patch.setattr(process, "_needs", _only_large(process._needs))
        background.work_off(desk)
        assert [row(desk, one).state for one in (large, small)] == ["waiting", "complete"]
        assert row(desk, large).failure == "no_room_short"
        assert not process.waiting(desk.store)  # nothing is begun again and again for it
    assert process.waiting(desk.store)
    background.work_off(desk)
    assert row(desk, large).state == "complete"


def _only_large(needs: Any) -> Any:
    return lambda file: needs(file) if file.size > 1_000 else {"database": 0}


@pytest.mark.parametrize("how", [pytest.param("short", marks=pytest.mark.sqlite), "full", "full disk"])
def test_nothing_stays_of_a_file_that_there_was_no_room_to_receive(
    desk: Desk, finance: Actor, how: str
) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError(28, "No space left on device")

    if how == "short":
        with pytest.raises(RoomShort):
            receive(full(desk), finance, lines(3))
    elif how == "full":
        with no_room(desk), pytest.raises(StoreFull):
            receive(desk, finance, lines(20_000))
    else:
        with pytest.raises(NoRoom), disk_space.raising_no_room():
            files.receive(desk, finance, "demo", "a.csv", Broken())
    with desk.store.read() as tx:
        left = settlement_files.listed(tx, ("receiving", "waiting"))
    assert [one.state for one in left] in (
        [],
        ["receiving"],
    )  # it is swept, where even that could not be stored
    assert receive(desk, finance, lines(20_000))


def test_the_watched_folder_waits(desk: Desk, tmp_path: Path) -> None:
    place = tmp_path / "hipay"
    with zipfile.ZipFile(place / "a.zip", "w") as packed:
        packed.writestr("a.csv", lines(3))
    short = Watch(full(desk), still=0)
    for _ in range(3):
        short.poll()
    assert [path.name for path in place.iterdir()] == ["a.zip"]
    watch = Watch(desk, still=0)
    for _ in range(3):
        watch.poll()
        background.work_off(desk)
    assert count_visible_lines(desk) == 3


def test_what_hipay_tells_is_asked_for_again_and_not_half_stored(desk: Desk) -> None:
    raw = body(**{"cdata1": "x" * 200_000})
    with serving(desk) as client:
        with no_room(desk):
            answer = client.post("/notify/demo", content=raw, headers=signed(raw))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
        with desk.store.read() as tx:
            assert notifications.waiting(tx, 10) == []
        assert client.post("/notify/demo", content=raw, headers=signed(raw)).status_code == 202


@pytest.mark.sqlite  # a PostgreSQL's disk is not seen from here
def test_it_is_an_alarm_while_it_lasts_of_the_machine_that_it_is_about(desk: Desk) -> None:
    admin, short = person(desk, "admin"), full(desk)
    with desk.store.write() as tx:
        other = Condition(
            kind="no_room", identity="no_room:other:1", account="", order=None, detail={"machine": "other"}
        )
        alarms.raise_condition(tx, other, disk_space.clock.now())
    for _ in range(2):
        sweep(short)
        found = {one.detail["machine"] for one in to_do(desk, admin).free.alarms}
        assert found == {"other", socket.gethostname()}
    sweep(desk)
    assert [one.detail["machine"] for one in to_do(desk, admin).free.alarms] == ["other"]


def test_a_full_disk_does_not_send_temporary_files_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_space.tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(
        disk_space.tempfile, "_get_default_tempdir", lambda: str(Path.cwd())
    )  # where it would end
    assert disk_space.temporary_folder() == tmp_path
    assert disk_space.tempfile.gettempdir() == str(tmp_path)


def test_of_a_disk_with_temporary_files_only_a_tenth_is_kept(tmp_path: Path) -> None:
    shared = Room(1 << 20, disk_space.temporary_folder())
    assert shared.has()
    assert not Room(TOO_MUCH << 20, disk_space.temporary_folder()).has()
    apart = Room(TOO_MUCH << 20, None)  # PostgreSQL: only temporary files are here
    assert apart.has()
    assert not apart.has(temporary=TOO_MUCH << 20)
