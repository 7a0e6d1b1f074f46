"""Child processes that never outlive this one, and the ports that they listen on."""

import ctypes
import gc
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from services.settings.sources import ROOT

_PR_SET_PDEATHSIG = 1
_BARE = ("PATH", "TMPDIR", "LANG", "LC_ALL", "TZ")
_STOPPING = (
    30.0  # seconds that a child gets between SIGTERM and SIGKILL: the worker's last step may take twenty
)


@dataclass(frozen=True)
class Child:
    name: str
    process: subprocess.Popen[bytes]


def bare_environment() -> dict[str, str]:
    """The environment of a process that needs no setting of ours: no secret, but the place of temporary files."""
    return {name: os.environ[name] for name in _BARE if name in os.environ}


def start(name: str, arguments: Sequence[str], environment: dict[str, str] | None = None) -> Child:
    """Run ``python arguments…`` from the project's folder, in a process group of its own.

    Call it from the main thread: the kernel ends the child when the thread that started it ends, even by SIGKILL (Linux).
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | (environment or {}),
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=end_with_parent(os.getpid()),  # noqa: PLW1509 (two system calls)
    )
    return Child(name, process)


def start_module(
    module: str,
    *arguments: str,
    given: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
    ends_with_us: bool = False,
) -> subprocess.Popen[bytes]:
    """Run one of our modules without our environment, in a process group of its own. ``given``: what it reads as JSON from its
    standard input, since everybody on the machine may see the arguments.

    ``ends_with_us``: with the thread that calls this (Linux). A screen's thread ends with each click.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=bare_environment() | dict(environment or {}),
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        start_new_session=True,
        pass_fds=pass_fds,
        preexec_fn=end_with_parent(os.getpid()) if ends_with_us else None,  # noqa: PLW1509 (two system calls)
    )
    if given is not None:
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(given).encode())
    return process


def search_cycles_rarely() -> None:
    """From now on Python's search for cycles passes over what is loaded, and begins after many more allocations: rows are many
    thousand, and have no cycles. For a process that reads rows and then ends."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(100_000, 20, 100)


def stop(children: Sequence[Child]) -> None:
    """Ask each child's group to end, the last started first; after thirty seconds end them by force."""
    for child in reversed(children):
        _signal(child, signal.SIGTERM)
    limit = time.monotonic() + _STOPPING
    for child in reversed(children):
        try:
            child.process.wait(max(0.0, limit - time.monotonic()))
        except subprocess.TimeoutExpired:
            _signal(child, signal.SIGKILL)
            child.process.wait()


def answers(host: str, port: int, path: str = "/health") -> bool:
    """Whether a GET of ``path`` is answered 200 within two seconds."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def refusal(host: str, port: int) -> str:
    """The system's message why no server could listen there now; "" if one could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def wait_for(ready: Callable[[], bool], child: Child, seconds: float) -> bool:
    """Wait until ``ready()`` is true; False if the child ends before, or the time is over."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit and child.process.poll() is None:
        if ready():
            return True
        time.sleep(0.05)
    return False


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, number)


def end_with_parent(parent: int, by: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """The function that a child calls before it runs, so that it ends with the thread that started it (Linux).

    ``by``: the signal that the kernel then sends to the child.
    """
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def in_child() -> None:
        prctl(_PR_SET_PDEATHSIG, by)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return in_child
