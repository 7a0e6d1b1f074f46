"""The parent process of this program (`parent`): started when a call needs it, and asked to fork a child for each call."""

import os
import signal
import socket
import subprocess
import threading
import time
import traceback
from collections.abc import Collection
from typing import Final

from services.parsing.errors import NO_PARENT, ParsingDied
from services.processes import start_module

# Keeps libraries from starting threads in the parent, which is to fork.
ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # fmt: skip
_STOP_SECONDS = 5.0


class ParentProcess:
    """The parent process of this program. It is started when it is needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | _Fork | None = None
        self._control: socket.socket | None = None
        self._starter = 0  # the process that started it: a fork of ours starts one of its own
        os.register_at_fork(after_in_child=self._new_lock)

    def _new_lock(self) -> None:
        self._lock = threading.Lock()

    def fork_child(self, data: int, pipe: int) -> int:
        """Let the parent fork a child that answers on these descriptors; the parent's process id."""
        with self._lock:
            for last in (False, True):
                control, process = self._running()
                try:
                    socket.send_fds(control, [b"c"], [data, pipe])
                except OSError:
                    self._end()
                    if last:
                        raise ParsingDied(NO_PARENT) from None
                else:
                    return process
        raise AssertionError

    def start(self) -> None:
        with self._lock:
            self._running()

    def fork(self, readers: Collection[str]) -> None:
        """Begin it as a fork of this process, with these readers: what both load is loaded once.

        Call it before this process knows a setting or a database, and before it has a thread or an open file of its own;
        its environment must be ``ONE_THREAD``'s.
        """
        ours, theirs = socket.socketpair()
        process = os.fork()
        if process == 0:
            _become_parent(theirs, readers)
        theirs.close()
        self._process, self._control, self._starter = _Fork(process), ours, os.getpid()

    def _running(self) -> tuple[socket.socket, int]:
        if self._starter != os.getpid():
            if self._control is not None:
                self._control.close()
            self._process = self._control = None
        if self._process is None or self._control is None or self._process.poll() is not None:
            self._end()
            ours, theirs = socket.socketpair()
            with theirs:
                self._process = start_module(
                    "services.parsing.parent",
                    str(theirs.fileno()),
                    environment=ONE_THREAD,
                    pass_fds=[theirs.fileno()],
                )
            self._control, self._starter = ours, os.getpid()
        return self._control, self._process.pid

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = None

    def at_exit(self) -> None:
        if self._starter == os.getpid():
            with self._lock:
                self._end()


class _Fork:
    """A fork of this process, with those methods of a Popen that are needed here."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            process, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if process else None
        return self._code

    def wait(self, seconds: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        limit = None if seconds is None else time.monotonic() + seconds
        while (code := self.poll()) is None:
            if limit is not None and time.monotonic() > limit:
                raise subprocess.TimeoutExpired("fork", seconds or 0)
            time.sleep(0.005)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


def _become_parent(control: socket.socket, readers: Collection[str]) -> None:
    """Let this fork be the parent, with nothing of the process that it is a fork of but what is loaded."""
    from services.parsing import (
        parent,
    )  # which is a program, too: it must not be loaded before it runs as one

    code = 1
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDWR), 0)  # what our own program reads there is not for the parent
        os.dup2(control.fileno(), 3)
        os.closerange(4, os.sysconf("SC_OPEN_MAX"))
        parent.serve(socket.socket(fileno=3), readers)
        code = 0
    except BaseException:  # noqa: BLE001 (whatever it is: a fork must not continue as the program)
        traceback.print_exc()
    finally:
        os._exit(code)
