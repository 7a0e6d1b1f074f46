"""The real process that imports: ended by SIGKILL, by SIGTERM and by its own bounds, while the application goes on."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from services import parsing
from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.imports.loading import process
from services.imports.loading.supervisor import ImportProcess
from services.store.settlements.files import settlement_files
from tests.support.orders import store_paid_order
from tests.support.payouts import csv
from tests.support.sandbox import ROOT
from tests.support.stored_join import assert_join_is_current, count_visible_lines

pytestmark = pytest.mark.faults
PATIENCE = 180.0
LINES = 24_000


@pytest.fixture
def desk(desk: Desk) -> Desk:
    for number in range(1, 20):
        store_paid_order(desk, f"A-{number}")
    return desk


def made() -> bytes:
    return csv(*(f"1;77;T-{n};A-{n % 400};10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20" for n in range(LINES)))


def until(holds: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.01)


def row(desk: Desk, file: int) -> Any:
    with desk.store.read() as tx:
        found = settlement_files.get(tx, file)
    assert found is not None
    return found


def stored(desk: Desk) -> int:
    with desk.store.read() as tx:
        return int(tx.exec_driver_sql("SELECT count(*) FROM payout_lines").scalar_one())


def begun(child: ImportProcess, desk: Desk, file: int, lines: int) -> subprocess.Popen[bytes]:
    """The process, once it is at the file and so many lines are stored."""
    before = row(desk, file).tries

    def enough() -> bool:
        child.poll()
        return row(desk, file).tries > before and stored(desk) >= lines

    until(enough)
    assert child._process is not None
    return child._process


def ended(child: ImportProcess, desk: Desk, file: int, state: str) -> None:
    def over() -> bool:
        child.poll()
        found = row(desk, file)
        return found.state == state and found.follow_up is None

    until(over)


def test_killed_twice_it_goes_on_and_comes_to_the_same(desk: Desk, finance: Actor) -> None:
    child = ImportProcess(desk)
    file = files.receive(desk, finance, "demo", "payout.csv", BytesIO(made()))
    try:
        for lines in (5_000, 15_000):
            process = begun(child, desk, file, lines)
            process.send_signal(signal.SIGKILL)
            process.wait(PATIENCE)
            assert (row(desk, file).state, count_visible_lines(desk)) == ("running", 0)
        ended(child, desk, file, "complete")
    finally:
        child.stop()
    while background.catch_up(desk):
        pass
    assert count_visible_lines(desk) == stored(desk) == LINES
    assert_join_is_current(desk)


def test_the_application_stops_it_and_it_goes_on_at_the_next_start(desk: Desk, finance: Actor) -> None:
    file = files.receive(desk, finance, "demo", "payout.csv", BytesIO(made()))
    for lines in (1, 5_000, 10_000, 15_000):
        child = ImportProcess(desk)
        process = begun(child, desk, file, lines)
        child.stop()
        assert process.returncode == 0
        assert (row(desk, file).state, row(desk, file).tries, count_visible_lines(desk)) == ("running", 0, 0)
    stopping = threading.Event()
    with background.background(desk, stopping):
        until(lambda: row(desk, file).state == "complete")
        stopping.set()
    assert count_visible_lines(desk) == LINES


def test_a_file_beyond_its_bounds_fails_in_words_and_the_next_is_imported(
    desk: Desk, finance: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = "" if desk.store.sqlite else "import psycopg; "  # loaded when the database is opened
    probe = (
        f"{driver}import services.imports.loading.process; print(open('/proc/self/statm').read().split()[0])"
    )
    pages = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        env=os.environ | parsing.ONE_THREAD,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    file = files.receive(desk, finance, "demo", "payout.csv", BytesIO(made()))
    child = ImportProcess(desk)
    try:
        with monkeypatch.context() as patch:
            # Room to begin, but not for the file.
            patch.setattr(process, "MEMORY_BYTES", int(pages) * resource.getpagesize() + (20 << 20))
            ended(child, desk, file, "failed")
        assert row(desk, file).failure in ("import_too_heavy", "import_died")
        assert count_visible_lines(desk) == 0
        small = files.receive(
            desk,
            finance,
            "demo",
            "small.csv",
            BytesIO(csv("1;77;T-1;A-1;10.00;EUR;;;;;Sale;10.00;EUR;;2026-11-20")),
        )
        ended(child, desk, small, "complete")
        until(lambda: stored(desk) == 1)
    finally:
        child.stop()
    assert count_visible_lines(desk) == 1
