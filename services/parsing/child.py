"""One call in a child that the parent has just forked: bounded, then answered in frames on a socket.

A frame: its kind (one byte), the length of what follows (eight), and that:

    r   a result, as `results.pack`        t   its progress (eight bytes)
    e   the end, nothing follows           x   an exception for the caller, as `results.pack`
    m   memory was refused                 f   any other exception, an error of the reader: its class, and where
"""

import ctypes
import errno
import os
import pickle
import socket
import struct
import sys
import traceback
from typing import Any, Final

from services.errors import DeskError
from services.parsing import results
from services.parsing.bounds import Bounds

HEAD: Final = struct.Struct("<cQ")
NUMBER: Final = struct.Struct("<q")
STATUS_BYTES: Final = 64  # the most that the parent reports of a child on its pipe
_PR_SET_CHILD_SUBREAPER = 36
SHOWN: Final = 20_000  # bytes of an exception's class and where it was raised


def request(
    function: Any, arguments: tuple[Any, ...], bounds: Bounds, *, several: bool, reports: bool
) -> bytes:
    """The request that a child reads: the function by name with its arguments, pickled by us."""
    body = pickle.dumps((bounds, several, reports, function, arguments), protocol=5)
    return NUMBER.pack(len(body)) + body


def adopt_orphans() -> None:
    """From now on this process becomes the parent of its children's children when their own parent ends (Linux)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)


def answer(data: socket.socket) -> None:
    """Read the request, bound this process, and answer."""
    (length,) = NUMBER.unpack(_received(data, NUMBER.size))
    bounds, several, reports, function, arguments = pickle.loads(_received(data, length))  # noqa: S301 (our own program's)
    bounds.apply()
    try:
        options = {"progress": lambda place: _send(data, b"t", NUMBER.pack(int(place)))} if reports else {}
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
        else:  # no room on the disk, or a file that was removed: the reader is not the cause
            _send(data, b"x", results.pack(OSError(error.errno, error.strerror)))
    except Exception as error:  # noqa: BLE001 (the caller raises it)
        # not the exception's own text, which may quote the untrusted input
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
