"""One call in a child that the parent has just forked: bounded, then answered in frames on a socket.

A frame: its kind (one byte), the length of what follows (eight), and that:

    r   a result, as `results.pack`        t   how far it is (eight bytes)
    e   the end, nothing follows           x   an exception for the caller, as `results.pack`
    m   memory was refused                 f   any other exception, an error of the reader: its class, and where
"""

import ctypes
import errno
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from typing import Any, Final

from services.errors import DeskError
from services.parsing import results
from services.parsing.bounds import Bounds

HEAD: Final = struct.Struct("<cQ")
PLACE: Final = struct.Struct("<q")
SAID: Final = 64  # bytes: the most that the parent says of a child on its pipe
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
SHOWN: Final = 20_000  # bytes of an exception's class and where it was raised


def request(
    function: Any, arguments: tuple[Any, ...], bounds: Bounds, *, several: bool, tells: bool
) -> bytes:
    """What the child is told first: the function by name, pickled by us and read by it."""
    body = pickle.dumps((bounds, several, tells, function, arguments), protocol=5)
    return PLACE.pack(len(body)) + body


def adopt_orphans() -> None:
    """From now on children of this process's children come to it when theirs ends (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def bind_to_parent(parent: int) -> None:
    """End with the parent, even where it is killed (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def answer(data: socket.socket) -> None:
    """Read the request, bound this process, and answer."""
    (length,) = PLACE.unpack(_received(data, PLACE.size))
    bounds, several, tells, function, arguments = pickle.loads(_received(data, length))  # noqa: S301 (our own program's)
    bounds.set_here()
    try:
        options = {"tell": lambda place: _send(data, b"t", PLACE.pack(int(place)))} if tells else {}
        found = function(*arguments, **options)
        for result in found if several else (found,):
            _send(data, b"r", results.pack(result))
        _send(data, b"e")
    except MemoryError:
        _send(data, b"m")
    except DeskError as refusal:
        _send(data, b"x", results.pack(refusal))
    except OSError as error:
        if error.errno == errno.EFBIG:  # its bound of a file
            _send(data, b"m")
        else:  # no room on the disk, a file that is gone: nothing that the reader is to blame for
            _send(data, b"x", results.pack(OSError(error.errno, error.strerror)))
    except Exception as error:  # noqa: BLE001 (told to the caller)
        # not its own text, which may quote what a stranger wrote
        where = "".join(traceback.format_tb(error.__traceback__, limit=-20))
        _send(data, b"f", f"{type(error).__name__}\n{where}".encode()[:SHOWN])


def _send(data: socket.socket, kind: bytes, body: bytes = b"") -> None:
    data.sendall(HEAD.pack(kind, len(body)))
    data.sendall(body)


def _received(data: socket.socket, length: int) -> bytes:
    parts, left = [], length
    while left:
        piece = data.recv(min(left, 1 << 20))
        if not piece:
            os._exit(0)  # the caller has gone
        parts.append(piece)
        left -= len(piece)
    return b"".join(parts)
