"""A real sandbox in a process of its own, for whatever test needs a HiPay and a mailbox."""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, TypeVar

import httpx

ROOT = Path(__file__).resolve().parents[2]
LOGIN = PASSWORD = "sandbox"
PASSPHRASE = "sandbox-passphrase"
READY = re.compile(r"sandbox ready http=(\S+):(\d+) smtp=(\S+):(\d+)\n")
T = TypeVar("T")


@dataclass
class RunningSandbox:
    url: str
    smtp_port: int
    process: subprocess.Popen[str]
    errors: IO[str]  # what it wrote to stderr
    client: httpx.Client
    _offset: timedelta | None = None  # of its clock, until something may have moved it

    def control(self, path: str, json: dict[str, Any] | None = None) -> Any:
        """GET /control/`path`, or POST it with `json`; the answer's JSON. Fails the test when refused."""
        address, self._offset = f"/control/{path}", None
        answer = self.client.get(address) if json is None else self.client.post(address, json=json)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def reset(self) -> None:
        self.control("reset", {})

    def clock(self) -> timedelta:
        """For ``clock.use``, where nobody but ``control`` moves the sandbox's clock: its offset, not asked for at each call."""
        if self._offset is None:
            self._offset = timedelta(seconds=float(self.control("clock")["offset_seconds"]))
        return self._offset

    def mails(self) -> list[dict[str, Any]]:
        """Every mail received, newest first, each with its html, text, headers and raw."""
        listed = self.client.get("/mailbox/messages").json()
        return [self.client.get(f"/mailbox/messages/{each['id']}").json() for each in listed]

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call of HiPay's APIs with the sandbox's credentials."""
        return self.client.request(method, path, auth=(LOGIN, PASSWORD), **more)

    def complaints(self) -> str:
        """What it has written to stderr so far: nothing, when all is well."""
        self.errors.seek(0)
        return self.errors.read()

    def kill(self) -> None:
        """SIGKILL: nothing is said, nothing is saved."""
        self.client.close()
        self.process.kill()
        self._end()

    def stop(self) -> int:
        """SIGTERM; the exit status."""
        self.client.close()
        self.process.send_signal(signal.SIGTERM)
        return self._end()

    def _end(self) -> int:
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout:
                self.process.stdout.close()
            self.errors.close()


def clock_of(sandbox: httpx.Client, ttl: float = 0) -> Callable[[], timedelta]:
    """The sandbox's offset for ``clock.use``: asked again after ``ttl`` seconds and waited for, however busy the machine is.

    The product's own source goes on with what it knew when no answer comes within a second.
    """
    offset, stale_at = timedelta(0), 0.0

    def source() -> timedelta:
        nonlocal offset, stale_at
        if time.monotonic() >= stale_at:
            offset = timedelta(seconds=float(sandbox.get("/control/clock").json()["offset_seconds"]))
            stale_at = time.monotonic() + ttl
        return offset

    return source


def start_sandbox(*, port: int = 0, smtp_port: int = 0, data: Path | None = None) -> RunningSandbox:
    """Start one (free ports unless told) and wait until it is ready; it ends with this process at the latest."""
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--smtp-port", str(smtp_port)]
    if data:
        command += ["--data", str(data)]
    errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a pipe that nobody reads would fill up and stop it
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "SANDBOX_DIE_WITH_PARENT": "1"},
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
    )
    assert process.stdout
    readable, _, _ = select.select([process.stdout], [], [], 60)
    ready = READY.fullmatch(process.stdout.readline()) if readable else None
    if ready is None:
        process.kill()
        process.communicate()
        errors.seek(0)
        raise AssertionError(f"the sandbox did not start: {errors.read()}")
    url = f"http://{ready[1]}:{ready[2]}"
    # trust_env off: no proxy stands between two processes of one machine.
    client = httpx.Client(base_url=url, trust_env=False, timeout=60)
    return RunningSandbox(url, int(ready[4]), process, errors, client)


def wait_for(condition: Callable[[], T | None], what: str = "the condition", seconds: float = 60) -> T:
    """The first true value of `condition`, asked again and again; fails the test when time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")
