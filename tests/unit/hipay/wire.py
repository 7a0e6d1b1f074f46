"""A server of raw sockets for one test: it misbehaves exactly as told."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Behaviour = Callable[[socket.socket, bytes], None]


@dataclass
class Wire:
    """``url`` of the server; ``requests`` are the bytes of each request it read, head and body."""

    url: str
    requests: list[bytes] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


@contextmanager
def serve(behave: Behaviour, *, read: bool = True) -> Iterator[Wire]:
    """Accept connections one by one; ``read`` the request first, then behave, then close."""
    listener = socket.create_server(("127.0.0.1", 0))
    wire = Wire(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def run() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    request = _request(connection) if read else b""
                    wire.requests.append(request)
                    behave(connection, request)
                except OSError:
                    continue  # the client has left: what many of these tests are about

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield wire
    finally:
        wire.stopping.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(15)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(body: bytes, status: str = "200 OK", *headers: str, length: int | None = None) -> bytes:
    """A whole response; ``length`` to lie about the body's."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def say(response: bytes) -> Behaviour:
    return lambda connection, _: connection.sendall(response)
