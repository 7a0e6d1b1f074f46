"""The program's side: the parent process it keeps, and a call from beginning to end. Any thread may call."""

import atexit
import contextlib
import logging
import os
import pickle
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from services.parsing import child, results
from services.parsing.bounds import SMALL, Bounds
from services.parsing.errors import (
    NO_ANSWER,
    NO_PARENT,
    ParsingDied,
    ParsingError,
    ParsingStoodStill,
    ParsingTooHeavy,
    ParsingTooSlow,
)
from services.processes import start_module

log = logging.getLogger(__name__)
R = TypeVar("R")
# Keeps libraries from starting threads in the parent, which is to fork.
_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}  # fmt: skip
_MOST_FRAME = 256 << 20  # bytes of one result
_AT_ONCE = 4  # children of one program, each for what is small and for what is not


def _free() -> dict[bool, threading.BoundedSemaphore]:
    return {small: threading.BoundedSemaphore(_AT_ONCE) for small in (True, False)}


_PLACES = _free()
_LOOK = 0.5  # seconds between two looks at whether a child works
_WORKS = 0.001  # seconds of the processor: less is standing still, however busy the machine is
_REAPED = 10.0  # seconds until the parent has said how a child ended
_STOPPING = 5.0


def prepare() -> None:
    """Start the parent process, so that the first call need not wait until the readers are loaded."""
    _PARENT.control()


def run(
    function: Callable[..., R],
    *arguments: Any,
    size: int,
    bounds: Bounds | None = None,
    tell: Callable[[int], None] | None = None,
) -> R:
    """What a function of a module returns for these arguments, in a child. ``size``: bytes of what it reads.

    With ``tell`` the function is given a ``tell`` of its own, and each number it is told comes here. Raises what the function
    raises of DeskError and OSError, ParsingTooHeavy, ParsingTooSlow, ParsingStoodStill, ParsingDied.
    """
    found: list[R] = list(_results(function, arguments, size, bounds, several=False, tell=tell))
    if len(found) != 1:
        raise ParsingDied("no result")
    return found[0]


def stream(
    function: Callable[..., Iterator[R]], *arguments: Any, size: int, bounds: Bounds | None = None
) -> Iterator[R]:
    """What a generator function of a module yields, in a child that is one result ahead at most. Raises as ``run``.

    Closed, or forgotten, before its end, the child is killed.
    """
    yield from _results(function, arguments, size, bounds, several=True, tell=None)


def _results(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    size: int,
    bounds: Bounds | None,
    *,
    several: bool,
    tell: Callable[[int], None] | None,
) -> Iterator[Any]:
    bounds = bounds or Bounds.of(size)
    asked = child.request(function, arguments, bounds, several=several, tells=tell is not None)
    with _PLACES[size <= SMALL], contextlib.closing(_Call(bounds)) as call:
        call.send(asked)
        while True:
            kind, body = call.frame()
            if kind == b"e":
                return
            if kind == b"r":
                yield _unpacked(body)
            elif kind == b"t" and tell is not None and len(body) == child.PLACE.size:
                tell(*child.PLACE.unpack(body))
            elif kind == b"m":
                raise ParsingTooHeavy
            elif kind == b"x":
                error = _unpacked(body)
                raise error if isinstance(error, Exception) else ParsingDied("wrong answer")
            else:
                name, _, trace = body[: child.SHOWN].decode(errors="replace").partition("\n")
                log.error("a reader failed on what it was given: %s", trace)
                raise ParsingDied(name[:100] if kind == b"f" else "wrong answer")


def _unpacked(body: bytes) -> Any:
    try:
        return results.unpack(body)
    except pickle.UnpicklingError as error:
        log.error("a child answered what does not cross: %s", error)
        raise ParsingDied("wrong answer") from None


class _Call:
    """One child, from the asking on. When it is closed, the parent kills a child that still runs."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._left = bounds, bounds.output
        self._data, theirs = socket.socketpair()
        self._pipe, write = os.pipe()
        self._said = b""  # by the parent
        try:
            self._parent = _PARENT.ask(theirs.fileno(), write)
        except BaseException:
            self.close()
            raise
        finally:
            theirs.close()
            os.close(write)
        self._data.setblocking(False)

    def close(self) -> None:
        self._data.close()
        os.close(self._pipe)

    def send(self, content: bytes) -> None:
        left = memoryview(content)
        while left:
            self._wait(select.POLLOUT)
            try:
                left = left[self._data.send(left[: 1 << 20]) :]
            except ConnectionError:
                raise self._how_it_ended() from None

    def frame(self) -> tuple[bytes, bytes]:
        """The next frame's kind and body. Raises ParsingError."""
        kind, length = child.HEAD.unpack(self._read(child.HEAD.size))
        self._left -= length
        if length > _MOST_FRAME or self._left < 0:
            raise ParsingTooHeavy
        return kind, self._read(length)

    def _read(self, length: int) -> bytes:
        content = bytearray()
        while len(content) < length:
            self._wait(select.POLLIN)
            try:
                piece = self._data.recv(min(length - len(content), 1 << 20))
            except ConnectionError:
                piece = b""
            if not piece:
                raise self._how_it_ended()
            content += piece
        return bytes(content)

    def _wait(self, event: int) -> None:
        """Until the child gives or takes something. Raises ParsingError where it stands still, or has ended and left its socket to
        a process of its own."""
        poll = select.poll()
        poll.register(self._data, event)
        since, used = time.monotonic(), None
        while not poll.poll(1000 * min(_LOOK, self._bounds.still)):
            passed, now = time.monotonic() - since, self._used()
            if self._said.count(b"\n") == 2 and not poll.poll(0):
                raise self._how_it_ended()
            if used is None or now - used > _WORKS:
                since, used = time.monotonic(), now
            elif passed > self._bounds.still:
                raise ParsingStoodStill

    def _used(self) -> float:
        """Seconds of the processor that the child has used, or before there is one, the parent; where the system does not
        tell (not Linux), those of the clock."""
        self._hear(0)
        process = int(self._said.split(b"\n")[0] or self._parent) if b"\n" in self._said else self._parent
        try:
            return time.clock_gettime((~process << 3) | 2)  # clock_getcpuclockid(3), as Linux makes it
        except OSError:
            return time.monotonic()

    def _hear(self, seconds: float) -> bool:
        """What the parent has said by now; False when it says no more."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        if len(self._said) < child.SAID and poll.poll(1000 * seconds):
            piece = os.read(self._pipe, child.SAID)
            self._said += piece
            return bool(piece)
        return False

    def _how_it_ended(self) -> ParsingError:
        limit = time.monotonic() + _REAPED
        while self._said.count(b"\n") < 2 and self._hear(max(0.0, limit - time.monotonic())):
            pass
        _, _, ended = self._said.partition(b"\n")
        if not ended.endswith(b"\n"):
            return ParsingDied(NO_ANSWER)
        code, used = ended.split()
        error = _ended(int(code), float(used), self._bounds)
        log.warning("a child that parses ended with %s after %s s of the processor", int(code), float(used))
        return error


def _ended(code: int, used: float, bounds: Bounds) -> ParsingError:
    if -code == signal.SIGXCPU or (-code == signal.SIGKILL and used >= 0.9 * bounds.seconds):
        return ParsingTooSlow()
    if -code in (signal.SIGABRT, signal.SIGXFSZ):  # an allocator that gets no memory aborts
        return ParsingTooHeavy()
    return ParsingDied.of(code)


class _Parent:
    """The parent process of this program: begun when it is needed, and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._of = 0  # the process that began it: a fork of ours begins its own
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        global _PLACES
        self._lock, _PLACES = threading.Lock(), _free()

    def ask(self, data: int, pipe: int) -> int:
        """Have a child forked that answers on these descriptors; the parent's process id."""
        with self._lock:
            for last in (False, True):
                control, process = self._alive()
                try:
                    socket.send_fds(control, [b"c"], [data, pipe])
                except OSError:
                    self._end()
                    if last:
                        raise ParsingDied(NO_PARENT) from None
                else:
                    return process
        raise AssertionError

    def control(self) -> None:
        with self._lock:
            self._alive()

    def _alive(self) -> tuple[socket.socket, int]:
        if self._of != os.getpid():
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
            self._control, self._of = ours, os.getpid()
        return self._control, self._process.pid

    def _end(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_STOPPING)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._control = None

    def at_exit(self) -> None:
        if self._of == os.getpid():
            with self._lock:
                self._end()


_PARENT = _Parent()
atexit.register(_PARENT.at_exit)
