"""The program's side of a call, from the request to its results. Any thread may call."""

import atexit
import contextlib
import gc
import importlib
import logging
import os
import pickle
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any, TypeVar

from services.parsing import child, results
from services.parsing.bounds import SMALL, Bounds
from services.parsing.errors import (
    NO_ANSWER,
    ParsingDied,
    ParsingError,
    ParsingStalled,
    ParsingTooHeavy,
    ParsingTooSlow,
)
from services.parsing.parent_process import ParentProcess
from services.parsing.readers import PAYOUT_FILES

log = logging.getLogger(__name__)
R = TypeVar("R")
_MOST_FRAME = 256 << 20  # bytes of one result
_AT_ONCE = 4  # children of one program for small inputs, and as many for the others
_POLL_SECONDS = 0.5  # between two checks whether a child works
_WORKING = 0.001  # seconds of the processor between two checks: a child with less makes no progress
_REAP_SECONDS = 10.0  # in which the parent reports how a child ended


def _new_slots() -> dict[bool, threading.BoundedSemaphore]:
    return {small: threading.BoundedSemaphore(_AT_ONCE) for small in (True, False)}


_SLOTS = _new_slots()


def _reset_slots() -> None:
    """In a fork of this process nobody has a slot."""
    global _SLOTS
    _SLOTS = _new_slots()


os.register_at_fork(after_in_child=_reset_slots)


def prepare() -> None:
    """Start the parent process, so that the first call need not wait until the readers are loaded."""
    _PARENT.start()


def fork_parent() -> None:
    """As ``prepare``, by a fork of this process, for a program that reads payout files alone. Call it first of all, in a process
    whose environment is ``ONE_THREAD``'s: the fork must know no setting and no database, and have no thread."""
    for name in PAYOUT_FILES:
        importlib.import_module(name)
    gc.freeze()  # what both have loaded stays shared
    _PARENT.fork(PAYOUT_FILES)


def run(
    function: Callable[..., R],
    *arguments: Any,
    size: int,
    bounds: Bounds | None = None,
    progress: Callable[[int], None] | None = None,
) -> R:
    """The result of a function of a module for these arguments, computed in a child. ``size``: bytes of its input.

    ``progress``: the function gets a ``progress`` of its own; each number that it calls it with is passed to this one. Raises
    each DeskError and OSError of the function, ParsingTooHeavy, ParsingTooSlow, ParsingStalled, ParsingDied.
    """
    found: list[R] = list(_results(function, arguments, size, bounds, several=False, progress=progress))
    if len(found) != 1:
        raise ParsingDied("no result")
    return found[0]


def stream(
    function: Callable[..., Iterator[R]],
    *arguments: Any,
    size: int,
    bounds: Bounds | None = None,
    progress: Callable[[int], None] | None = None,
) -> Generator[R]:
    """The results that a generator function of a module yields in a child, which computes one result ahead at most.

    If the stream is closed or dropped before its end, the child is killed. ``progress``, and raises as ``run``.
    """
    yield from _results(function, arguments, size, bounds, several=True, progress=progress)


def _results(
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
    size: int,
    bounds: Bounds | None,
    *,
    several: bool,
    progress: Callable[[int], None] | None,
) -> Iterator[Any]:
    bounds = bounds or Bounds.of(size)
    asked = child.request(function, arguments, bounds, several=several, reports=progress is not None)
    with _SLOTS[size <= SMALL], contextlib.closing(_Call(bounds)) as call:
        call.send(asked)
        while True:
            kind, body = call.frame()
            if kind == b"e":
                return
            if kind == b"r":
                yield _unpacked(body)
            elif kind == b"t" and progress is not None and len(body) == child.NUMBER.size:
                progress(*child.NUMBER.unpack(body))
            elif kind == b"m":
                raise ParsingTooHeavy
            elif kind == b"x":
                error = _unpacked(body)
                raise error if isinstance(error, Exception) else ParsingDied("wrong answer")
            else:
                name, _, trace = body[: child.SHOWN].decode(errors="replace").partition("\n")
                log.error("a reader failed on its input: %s", trace)
                raise ParsingDied(name[:100] if kind == b"f" else "wrong answer")


def _unpacked(body: bytes) -> Any:
    try:
        return results.unpack(body)
    except pickle.UnpicklingError as error:
        log.error("a child answered with a type that is not allowed: %s", error)
        raise ParsingDied("wrong answer") from None


class _Call:
    """One child, from its request on. When the call is closed, the parent kills a child that still runs."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds, self._left = bounds, bounds.output
        self._data, theirs = socket.socketpair()
        self._pipe, write = os.pipe()
        self._status = b""  # what the parent has reported of the child
        try:
            self._parent = _PARENT.fork_child(theirs.fileno(), write)
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
                raise self._end_error() from None

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
                raise self._end_error()
            content += piece
        return bytes(content)

    def _wait(self, event: int) -> None:
        """Wait until the child sends or receives. Raises ParsingError if it makes no progress, or has ended and left its socket
        to a process of its own."""
        poll = select.poll()
        poll.register(self._data, event)
        since, used = time.monotonic(), None
        while not poll.poll(1000 * min(_POLL_SECONDS, self._bounds.stall_seconds)):
            passed, now = time.monotonic() - since, self._used()
            if self._status.count(b"\n") == 2 and not poll.poll(0):
                raise self._end_error()
            if used is None or now - used > _WORKING:
                since, used = time.monotonic(), now
            elif passed > self._bounds.stall_seconds:
                raise ParsingStalled

    def _used(self) -> float:
        """Seconds of the processor that the child has used; before there is a child, those of the parent. Seconds of the clock
        where the system does not report them (not Linux)."""
        self._read_status(0)
        process = int(self._status.split(b"\n")[0] or self._parent) if b"\n" in self._status else self._parent
        try:
            return time.clock_gettime((~process << 3) | 2)  # clock_getcpuclockid(3), as Linux makes it
        except OSError:
            return time.monotonic()

    def _read_status(self, seconds: float) -> bool:
        """Read what the parent has reported by now; False if it reports no more."""
        poll = select.poll()
        poll.register(self._pipe, select.POLLIN)
        if len(self._status) < child.STATUS_BYTES and poll.poll(1000 * seconds):
            piece = os.read(self._pipe, child.STATUS_BYTES)
            self._status += piece
            return bool(piece)
        return False

    def _end_error(self) -> ParsingError:
        limit = time.monotonic() + _REAP_SECONDS
        while self._status.count(b"\n") < 2 and self._read_status(max(0.0, limit - time.monotonic())):
            pass
        _, _, ended = self._status.partition(b"\n")
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


_PARENT = ParentProcess()
atexit.register(_PARENT.at_exit)
