"""However a child ends, its caller is told what it was, and goes on."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services import parsing
from services.parsing import Bounds, ParsingDied, ParsingStalled, ParsingTooHeavy, ParsingTooSlow, calls
from services.processes import bare_environment
from services.settings.sources import ROOT
from services.settlements.errors import NotASettlementFile
from tests.support import readers

SMALL = Bounds(memory=200 << 20, seconds=1, output=8 << 20, file=1 << 20, stall_seconds=0.6)
PATIENCE = 20.0  # seconds


def waited_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_result_and_results() -> None:
    assert parsing.run(readers.double, b"ab", size=2) == b"abab"
    assert parsing.run(readers.double, bytes(20 << 20), size=20 << 20) == bytes(40 << 20)
    assert list(parsing.stream(readers.count, 1000, size=0)) == list(range(1000))


def test_a_refusal_is_raised_as_itself_and_how_far_it_is_comes_along() -> None:
    with pytest.raises(NotASettlementFile) as refused:
        parsing.run(readers.refuse, "pdf", size=0)
    assert refused.value.looks_like == "pdf"
    with pytest.raises(FileNotFoundError):
        parsing.run(readers.missing, size=0)
    places: list[int] = []
    assert parsing.run(readers.reports_progress, 50, size=0, progress=places.append) == 50
    assert places == list(range(50))


@pytest.mark.parametrize(
    ("reader", "arguments", "error", "how"),
    [
        (readers.loop, (), ParsingTooSlow, ""),
        (readers.sleep, (), ParsingStalled, ""),
        (readers.allocate, (), ParsingTooHeavy, ""),
        (readers.abort, (), ParsingTooHeavy, ""),  # as an allocator that gets no memory
        (readers.killed, (), ParsingDied, "SIGKILL"),
        (readers.fault, (), ParsingDied, "SIGSEGV"),
        (readers.end, (3,), ParsingDied, "3"),
        (readers.fail, (), ParsingDied, "ValueError"),
        (readers.double, (bytes(5 << 20),), ParsingTooHeavy, ""),  # more than may be given back
    ],
)
def test_each_end_is_told_by_what_it_was(reader: Any, arguments: Any, error: Any, how: str) -> None:
    with pytest.raises(error) as ended:
        parsing.run(reader, *arguments, size=0, bounds=SMALL)
    assert ended.value.fields() == ({"how": how} if how else {})
    assert parsing.run(readers.double, b"a", size=1) == b"aa"


def test_the_log_says_where_a_reader_failed_and_nothing_of_what_it_read(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(ParsingDied):
        parsing.run(readers.fail, size=0)
    assert "in fail" in caplog.text
    assert "an error of the reader" not in caplog.text.replace(
        'raise ValueError("an error of the reader")', ""
    )


def test_a_file_and_a_stream_without_end_are_ended(tmp_path: Path) -> None:
    with pytest.raises(ParsingTooHeavy):
        parsing.run(readers.fill, str(tmp_path / "full"), size=0, bounds=SMALL)
    assert (tmp_path / "full").stat().st_size <= SMALL.file
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ParsingTooHeavy):
        for _ in parsing.stream(readers.pour, size=0, bounds=SMALL):
            pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10


def test_what_comes_slowly_is_not_standing_still() -> None:
    assert list(parsing.stream(readers.slowly, 20, size=0, bounds=SMALL)) == list(range(20))


def test_a_caller_that_is_slow_is_not_a_child_that_stands_still() -> None:
    found = parsing.stream(readers.pour, size=0, bounds=SMALL)
    next(found)
    time.sleep(1.5 * SMALL.stall_seconds)
    next(found)
    found.close()  # type: ignore[attr-defined]


def test_what_nobody_waits_for_is_killed() -> None:
    found = parsing.stream(_who_then_sleeps, size=0)
    process = next(found)
    assert not gone(process)
    found.close()  # type: ignore[attr-defined]
    waited_for(lambda: gone(process))


def _who_then_sleeps() -> Any:
    yield os.getpid()
    time.sleep(600)


def test_what_a_child_has_begun_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_PARENT", calls.ParentProcess())
    parent = parsing.run(readers.about, size=0)["parents"]
    with pytest.raises(ParsingDied) as ended:
        parsing.run(readers.leave, 7, size=0)
    assert ended.value.how == "7"
    waited_for(lambda: not Path(f"/proc/{parent}/task/{parent}/children").read_text())
    calls._PARENT.at_exit()


def test_what_is_small_never_waits_behind_what_takes_long() -> None:
    large = [parsing.stream(readers.pour, size=calls.SMALL + 1) for _ in range(calls._AT_ONCE)]
    for one in large:
        next(one)
    assert parsing.run(readers.double, b"a", size=calls.SMALL) == b"aa"
    for one in large:
        one.close()  # type: ignore[attr-defined]


def test_two_at_once_and_more_than_there_are_places() -> None:
    found: list[int] = []

    def one() -> None:
        found.extend(parsing.stream(readers.slowly, 3, size=0))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(8 * [0, 1, 2])


def test_neither_knows_a_secret_and_the_parent_runs_no_thread(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ETERMINAL_SECRET", "hidden")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(calls, "_PARENT", calls.ParentProcess())
    about = parsing.run(readers.about, size=0)
    for environment in (about["own"], about["parent"]):
        assert not {name for name in environment if name.startswith(("ETERMINAL", "PG", "HIPAY"))}
        assert environment["TMPDIR"] == str(tmp_path)
    assert about["temporary"] == str(tmp_path)
    assert about["threads"] == 1
    forbidden = {"sqlalchemy", "alembic", "psycopg", "sqlite3", "streamlit", "httpx", "services.store"}
    assert not forbidden & set(about["modules"])
    assert about["descriptors"] <= 5  # the standard three, its socket, and the folder that is being listed
    calls._PARENT.at_exit()


def test_a_fork_that_becomes_the_parent_knows_no_more_and_goes_on_after_its_death() -> None:
    script = (
        "import json, os, signal, sys, time\nfrom services import parsing\nparsing.fork_parent()\n"
        "sys.stdin.read()\nimport sqlalchemy\nfrom tests.support import readers\n"
        "print(json.dumps(about := parsing.run(readers.about, size=0)))\n"
        "os.kill(about['parents'], signal.SIGKILL)\n"
        "while parsing.calls._PARENT._process.poll() is None: time.sleep(0.01)\n"
        "print(parsing.run(readers.double, b'a', size=1))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=bare_environment() | parsing.ONE_THREAD,
        input="a database",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=PATIENCE,
    )
    found, again = ended.stdout.splitlines()
    about = json.loads(found)
    assert (about["threads"], about["input"], again) == (1, "/dev/null", "b'aa'")
    assert not {"sqlalchemy", "alembic", "sqlite3", "services.store"} & set(about["modules"])
    assert about["descriptors"] <= 5
    waited_for(lambda: gone(about["parents"]))


def test_a_parent_that_was_killed_takes_its_children_along_and_is_begun_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calls, "_PARENT", calls.ParentProcess())
    about = parsing.run(readers.about, size=0)
    found = parsing.stream(_who_then_sleeps, size=0)
    child = next(found)
    os.kill(about["parents"], signal.SIGKILL)
    with pytest.raises(ParsingDied):
        next(found)
    waited_for(lambda: gone(child))
    assert parsing.run(readers.double, b"a", size=1) == b"aa"
    calls._PARENT.at_exit()


def test_all_ends_with_a_program_that_is_killed() -> None:
    script = (
        "from services import parsing\nfrom tests.support import readers\n"
        "from tests.unit.parsing.test_parsing import _who_then_sleeps\n"
        "about = parsing.run(readers.about, size=0)\n"
        "found = parsing.stream(_who_then_sleeps, size=0)\n"
        "print(about['parents'], next(found), flush=True)\n"
        "next(found)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        parent, child = map(int, program.stdout.readline().split())
        assert not gone(parent)
        program.kill()
    waited_for(lambda: gone(parent) and gone(child))


def test_a_child_that_was_taken_over_runs_nothing_here(tmp_path: Path) -> None:
    with pytest.raises(ParsingDied):
        parsing.run(readers.hostile, f"touch {tmp_path}/here", size=0)
    assert not (tmp_path / "here").exists()


def test_a_fork_of_the_program_has_a_parent_of_its_own() -> None:
    about = parsing.run(readers.about, size=0)
    ours, theirs = socket.socketpair()
    process = os.fork()
    if process == 0:
        with suppress(BaseException):
            other = parsing.run(readers.about, size=0)["parents"]
            theirs.sendall(b"same" if other == about["parents"] else b"other")
            calls._PARENT.at_exit()
        os._exit(0)
    theirs.close()
    with ours:
        assert ours.recv(16) == b"other"
    os.waitpid(process, 0)
    assert parsing.run(readers.about, size=0)["parents"] == about["parents"]


def test_more_may_be_used_for_more_bytes() -> None:
    small, large = Bounds.of(60_000), Bounds.of(1 << 30)
    assert (small.seconds, large.seconds) == (20, 20 + 3 * 1024)
    assert replace(small, memory=0).memory < small.memory < 1 << 30
    assert (small.patient, large.patient) == (False, True)
