"""Connections that ask for nothing, or never to the end, keep nobody out."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.desk import open_test_desk
from tests.support.public import body, serving, signed

HALF = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
SECONDS = 2.0  # what is in time has to be so on a busy machine, too


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    desk = open_test_desk(tmp_path)
    with serving(desk, head_seconds=SECONDS) as client:
        yield client
    desk.close()


@pytest.fixture
def connection(client: httpx.Client) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", client.base_url.port or 0), timeout=60) as connection:
        yield connection


def closed(connection: socket.socket) -> bool:
    """Whether the other side ends it, within the socket's minute."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def drip(connection: socket.socket, text: bytes) -> None:
    for byte in text:
        connection.sendall(bytes([byte]))
        time.sleep(SECONDS / 10)


@pytest.mark.parametrize("first", [b"", HALF])
def test_a_head_that_does_not_come_ends_the_connection(connection: socket.socket, first: bytes) -> None:
    connection.sendall(first)
    assert closed(connection)


def test_bytes_now_and_then_win_no_time(connection: socket.socket) -> None:
    with pytest.raises(ConnectionError):  # else forty times the limit would pass
        drip(connection, HALF * 10)


def test_nor_does_a_first_request_that_was_whole(connection: socket.socket) -> None:
    connection.sendall(HALF + b"\r\n")
    assert connection.recv(4096).startswith(b"HTTP/1.1 200")
    connection.sendall(HALF)
    while data := connection.recv(
        4096
    ):  # the rest of the first answer; it times out unless the connection ends
        assert b"HTTP/1.1 200" not in data


def test_who_asks_in_time_may_take_it_over_the_body(client: httpx.Client, connection: socket.socket) -> None:
    raw = body()
    head = f"POST /notify/demo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in signed(raw).items())
    connection.sendall(f"{head}\r\n".encode() + raw[:10])
    time.sleep(SECONDS * 2)
    connection.sendall(raw[10:])
    assert connection.recv(4096).startswith(b"HTTP/1.1 202")
