"""Real servers for tests: started on free ports, waited for, and stopped with everything they started."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import streamlit

ROOT = Path(__file__).resolve().parents[2]
INDEX = Path(streamlit.__file__).with_name("static") / "index.html"


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago, each a different one."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def answers(port: int, path: str = "/") -> bool:
    """Whether a GET on the loopback address is answered without a server's error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def until(holds: Callable[[], object], seconds: float = 30, what: str = "the condition") -> None:
    """Wait until ``holds()``; fail when it does not in time."""
    limit = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < limit, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.02)


@contextmanager
def server(
    arguments: Sequence[str],
    port: int,
    log: Path,
    *,
    path: str = "/",
    environment: dict[str, str] | None = None,
    cwd: Path = ROOT,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python arguments…`` until the block ends; its output goes to ``log``, shown when it does not come up."""
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("ETERMINAL_", "STREAMLIT_"))
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            env=clean | (environment or {}),
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        limit = time.monotonic() + 60
        while not answers(port, path):
            if process.poll() is not None or time.monotonic() > limit:
                raise AssertionError(f"the server did not come up:\n{log.read_text(errors='replace')}")
            time.sleep(0.05)
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the process's group: SIGTERM, after twenty seconds SIGKILL."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
