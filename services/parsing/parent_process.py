"""The parent process of this program (`parent`): started when a call needs it, and asked to fork a child for each call."""

import os
import socket
import subprocess
import threading
from typing import Final

from services.parsing.errors import NO_PARENT, ParsingDied
from services.processes import start_module

# Keeps libraries from starting threads in the parent, which is to fork.
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # fmt: skip
_STOP_SECONDS = 5.0


class ParentProcess:
    """The parent process of this program. It is started when it is needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
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
                    environment=_ONE_THREAD,
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
