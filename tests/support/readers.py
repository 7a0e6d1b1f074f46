"""Readers that misbehave, to be run in a child (`services.parsing`)."""

import ctypes
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.mail.delivery_status import Report
from services.mail.reports import read_report
from services.settlements.errors import NotASettlementFile


def double(text: bytes) -> bytes:
    return 2 * text


def refuse(looks_like: str) -> None:
    raise NotASettlementFile(looks_like)


def fail() -> None:
    raise ValueError("an error of the reader")


def missing() -> bytes:
    return Path("/nowhere/at/all").read_bytes()


def loop() -> None:
    while True:
        pass


def sleep() -> None:
    time.sleep(600)


def allocate() -> int:
    return len([bytes(1 << 20) for _ in range(1 << 20)])


def abort() -> None:
    os.abort()


def end(code: int) -> None:
    os._exit(code)


def leave(code: int) -> None:
    """Ends, and leaves a process behind that holds its socket."""
    if os.fork():
        os._exit(code)
    time.sleep(600)


def fault() -> None:
    ctypes.string_at(0)


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fill(file: str) -> None:
    with Path(file).open("wb") as stream:
        while True:
            stream.write(bytes(1 << 16))


def count(most: int) -> Iterator[int]:
    yield from range(most)


def pour() -> Iterator[bytes]:
    while True:
        yield bytes(1 << 16)


def slowly(numbers: int) -> Iterator[int]:
    for number in range(numbers):
        time.sleep(0.05)
        yield number


def reports_progress(most: int, progress: Callable[[int], None]) -> int:
    for place in range(most):
        progress(place)
    return most


def about() -> dict[str, Any]:
    """What a child knows of the world."""
    own, of_parent = (
        dict(line.split("=", 1) for line in Path(f"/proc/{process}/environ").read_text().split("\0") if line)
        for process in (os.getpid(), os.getppid())
    )
    threads = len(os.listdir(f"/proc/{os.getppid()}/task"))
    import sys

    return {
        "own": own,
        "parent": of_parent,
        "threads": threads,
        "input": os.readlink(f"/proc/{os.getppid()}/fd/0"),
        "temporary": tempfile.gettempdir(),
        "process": os.getpid(),
        "parents": os.getppid(),
        "modules": sorted(sys.modules),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


@dataclass
class Hostile:
    """Runs a command where it is unpickled by a careless reader."""

    command: str

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def hostile(command: str) -> Hostile:
    return Hostile(command)


def report_or_death(raw: bytes) -> Report | None:
    """Reads a delivery report; ``deadly`` in it kills the reader, ``deadly for the worker`` the program that asked, too."""
    if b"deadly for the worker" in raw:
        parent = Path(f"/proc/{os.getppid()}/stat").read_text()
        os.kill(int(parent.rpartition(")")[2].split()[1]), signal.SIGKILL)
    if b"deadly" in raw:
        killed()
    return read_report(raw)
