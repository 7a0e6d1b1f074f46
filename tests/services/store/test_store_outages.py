"""A store that is away or full: an error of its own, and one line in the log for all threads together."""

import threading

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from services.desk import Desk
from services.entrypoints import worker
from services.imports import background
from services.store import STORE_AWAY, StoreFull, outages
from services.store.outages import Outages
from tests.support.full_database import no_room
from tests.support.sandbox import wait_for


def test_a_disk_without_room_is_told_from_a_store_that_is_away(desk: Desk) -> None:
    def write() -> None:
        with desk.store.write() as tx:
            tx.execute(
                text("INSERT INTO meta (name, value) VALUES ('much', :much)"), {"much": "secret" * 20_000}
            )

    with no_room(desk), pytest.raises(StoreFull) as raised:
        write()
    assert isinstance(raised.value, STORE_AWAY)
    assert "secret" not in str(raised.value)
    assert desk.store.outages.full
    with desk.store.read() as tx:
        assert tx.scalar(text("SELECT count(*) FROM meta WHERE name = 'much'")) == 0
    write()


def test_all_threads_of_a_worker_say_once_that_the_store_is_away_and_once_that_it_is_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(background, "_AGAIN_SECONDS", 0.02)
    monkeypatch.setattr(outages, "QUIET_SECONDS", 0.5)
    begin, failed, away = desk.store.engine.raw_connection, set[str](), threading.Event()

    def connect() -> object:
        if away.is_set():
            failed.add(threading.current_thread().name)
            raise (desk.store.engine.dialect.loaded_dbapi.OperationalError)("no such host")
        return begin()

    monkeypatch.setattr(desk.store.engine, "raw_connection", connect)
    running = worker.start(desk)
    try:
        away.set()
        wait_for(lambda: len(failed) >= 4, "every thread to notice")
        away.clear()
        wait_for(lambda: "answers again" in caplog.text, "the store to be back")
    finally:
        running.stop()
    lines = [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]
    assert [record.getMessage().split("(")[0].split(",")[0].strip() for record in lines] == [
        "the store does not answer",
        "the store answers again",
    ]
    assert not any(record.exc_info for record in lines)


def test_while_it_lasts_it_is_said_again_now_and_then(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr(outages.time, "monotonic", lambda: now[0])
    found = Outages()
    for _ in range(130):
        found.met("away", OperationalError.__name__)
        now[0] += 5
    assert len(caplog.records) == 3
    found.answered()
    assert len(caplog.records) == 3  # another thread may still fail at what it does
    now[0] += 60
    found.answered(wrote=False)
    found.answered()
    assert len(caplog.records) == 4
    found.met("full", OperationalError.__name__)
    now[0] += 60
    found.answered(wrote=False)  # a reader knows nothing of room
    assert (found.full, len(caplog.records)) == (True, 5)
    found.answered()
    assert (found.full, len(caplog.records)) == (False, 6)
