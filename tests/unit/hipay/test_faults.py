"""Every way the network and the gateway can fail, over real sockets, and the error each becomes."""

import contextlib
import socket
import struct
import time

import pytest

from services.hipay import http
from services.hipay.errors import (
    AnswerTooLarge,
    BadAnswer,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    Unreachable,
)
from tests.unit.hipay import wire
from tests.unit.hipay.support import GOOD, answered, client, failure, page, told
from tests.unit.hipay.wire import say, serve


def reset(connection: socket.socket, _: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_refused_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(f"http://127.0.0.1:{port}")
    assert isinstance(error, Unreachable)
    assert (error.reason, error.retry) == ("refused", True)


def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    error = failure("http://nowhere.invalid")
    assert isinstance(error, Unreachable)
    assert (error.reason, error.host) == ("dns", "nowhere.invalid")


def test_nobody_accepts() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        with contextlib.ExitStack() as held:
            for _ in range(4):  # fill the backlog, so that the next handshake gets no answer
                waiting = held.enter_context(socket.socket())
                waiting.setblocking(False)
                waiting.connect_ex(listener.getsockname())
            error = failure(f"http://127.0.0.1:{listener.getsockname()[1]}", seconds=0.3)
    assert isinstance(error, Unreachable)
    assert error.reason == "timeout"


@pytest.mark.parametrize("read", [False, True])
@pytest.mark.parametrize("behave", [lambda *_: None, reset])
def test_the_connection_ends_without_an_answer(behave: wire.Behaviour, read: bool) -> None:
    def end(connection: socket.socket, request: bytes) -> None:
        # Before the first byte has come it may still be a connection that never stood: nothing was sent then.
        connection.recv(1, socket.MSG_PEEK)
        behave(connection, request)

    with serve(behave if read else end, read=read) as server:
        error = failure(server.url)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.retry) == ("reset", True)


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"]
)
def test_the_answer_stops_coming(start: bytes) -> None:
    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        server.stopping.wait(60)

    started = time.monotonic()
    with serve(behave) as server:
        error = failure(server.url, seconds=1)
        assert time.monotonic() - started < 30
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "timeout"


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n"]
)
def test_an_answer_in_drips_ends_with_the_total_time(head: bytes) -> None:
    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(head or b"HTTP/1.1 ")
        while not server.stopping.wait(0.02):
            connection.sendall(b"1")

    started = time.monotonic()
    with serve(behave) as server:
        error = failure(server.url, seconds=1)
        assert 1 <= time.monotonic() - started < 30
    assert isinstance(error, OutcomeUnknown)
    assert error.reason == "timeout"


def test_a_short_body() -> None:
    error = answered(wire.http(GOOD, length=len(GOOD) + 5))
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.retry) == ("short", True)


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "not_http"),
        (b"\x16\x03\x01\x02\x00\x01\x00", "not_http"),
        (wire.http(b"\x00\xff garbage"), "not_json"),
        (wire.http(b""), "not_json"),
        (wire.http(b"[" * 50_000), "not_json"),
        (wire.http(b'{"forwardUrl": NaN}'), "not_json"),
        (wire.http(b"<!DOCTYPE html><HTML><body>Welcome</body></html>"), "html"),
        (wire.http(b"{}"), "no_forward_url"),
        (wire.http(b'{"forwardUrl": null}'), "no_forward_url"),
        (wire.http(b'{"forwardUrl": 7}'), "no_forward_url"),
        (wire.http(b"[]"), "not_an_object"),
        (wire.http(b"null"), "not_an_object"),
        (wire.http(b"", "204 No Content"), "not_json"),
        (wire.http(GOOD, "302 Found", "Location: http://127.0.0.1:1/"), "redirect"),
        (wire.http(GOOD, "307 Temporary Redirect", "Location: /v1/hpayment"), "redirect"),
        (wire.http(GOOD, "200 OK", "Content-Encoding: gzip"), "encoded"),
        (wire.http(b"<html>no</html>", "400 Bad Request"), "no_code"),
        (wire.http(b'{"message": "no"}', "404 Not Found"), "no_code"),
    ],
)
def test_an_answer_that_is_not_hipays(response: bytes, problem: str) -> None:
    error = answered(response)
    assert isinstance(error, BadAnswer)
    assert (error.problem, error.retry) == (problem, True)


@pytest.mark.parametrize("length", [10_000_000, None])
def test_a_huge_answer_is_not_read_to_its_end(length: int | None) -> None:
    sent = 0

    def behave(connection: socket.socket, _: bytes) -> None:
        nonlocal sent
        size = "" if length is None else f"Content-Length: {length}\r\n"
        connection.sendall(f"HTTP/1.1 200 OK\r\n{size}\r\n".encode())
        for _part in range(1000):
            connection.sendall(b"x" * 10_000)
            sent += 10_000

    with serve(behave) as server:
        error = failure(server.url)
    assert isinstance(error, AnswerTooLarge)
    assert error.limit == http.ANSWER_MAX
    assert sent < 10_000_000


def test_an_answer_of_one_megabyte_is_read() -> None:
    body = GOOD + b" " * (http.ANSWER_MAX - len(GOOD))
    with serve(say(wire.http(body))) as server, client(server.url) as hipay:
        assert hipay.create_page(page()).mid == "1"
    assert isinstance(answered(wire.http(body + b" ")), AnswerTooLarge)


def test_a_settlement_file_that_is_cut_or_absent() -> None:
    with serve(say(wire.http(b"a;b\n1;2\n", length=100))) as server, client(server.url) as hipay:
        pieces = hipay.settlement_file("1", "csv")
        assert next(pieces) == b"a;b\n1;2\n"
        with pytest.raises(OutcomeUnknown):
            next(pieces)
    for code, status, error in (
        (1010201, "404 Not Found", NotFound),
        (1000005, "403 Forbidden", NotAuthorised),
    ):
        response = told(code, status, wrapped=True)
        with serve(say(response)) as server, client(server.url) as hipay, pytest.raises(error):
            next(hipay.settlement_file("1", "csv"))


def test_a_settlement_file_may_be_larger_than_an_answer() -> None:
    with serve(say(wire.http(b"x" * 3_000_000))) as server, client(server.url) as hipay:
        assert sum(map(len, hipay.settlement_file("1", "txt"))) == 3_000_000


def test_a_settlement_file_has_a_limit_and_a_deadline_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(say(wire.http(b"x" * 300_000))) as server, client(server.url) as hipay:
        with pytest.raises(AnswerTooLarge):
            list(hipay.settlement_file("1", "csv", limit=200_000))
        assert sum(map(len, hipay.settlement_file("1", "csv", limit=300_000))) == 300_000

    def trickle(connection: socket.socket, _: bytes) -> None:
        connection.sendall(wire.http(b"a", length=1000))
        while True:  # a byte now and then: no single read is slow
            connection.sendall(b"a")
            time.sleep(0.05)

    monkeypatch.setattr("services.hipay.client._FILE_SECONDS", 0.5)
    with serve(trickle) as server, client(server.url) as hipay, pytest.raises(OutcomeUnknown) as failed:
        list(hipay.settlement_file("1", "csv"))
    assert failed.value.reason == "timeout"
