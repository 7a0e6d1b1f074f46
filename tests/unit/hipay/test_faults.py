"""Every way the network and the gateway can fail, over real sockets, and the error each becomes."""

import contextlib
import json
import logging
import socket
import ssl
import struct
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from services.hipay import http
from services.hipay.errors import (
    AnswerTooLarge,
    BadAnswer,
    BadCertificate,
    DuplicateOrder,
    HiPayError,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    PageOver,
    Refused,
    Unavailable,
    Unreachable,
    UntrustedUrl,
)
from tests.unit.hipay import wire
from tests.unit.hipay.support import PASSWORD, client, page
from tests.unit.hipay.wire import Wire, say, serve

GOOD = json.dumps(
    {"forwardUrl": "http://127.0.0.1:1/payment/web/pay/1", "mid": "0001", "test": True}
).encode()


def failure(url: str, *, seconds: float = 5.0) -> HiPayError:
    """What creating a page at ``url`` fails with."""
    with client(url, seconds=seconds) as hipay, pytest.raises(HiPayError) as failed:
        hipay.create_page(page())
    return failed.value


def answered(response: bytes) -> HiPayError:
    with serve(say(response)) as server:
        return failure(server.url)


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
    with serve(behave, read=read) as server:
        error = failure(server.url)
    assert isinstance(error, OutcomeUnknown)
    assert (error.reason, error.retry) == ("reset", True)


@pytest.mark.parametrize(
    "start", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"]
)
def test_the_answer_stops_coming(start: bytes) -> None:
    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(start)
        server.stopping.wait(10)

    started = time.monotonic()
    with serve(behave) as server:
        error = failure(server.url, seconds=0.3)
        assert time.monotonic() - started < 3
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
        error = failure(server.url, seconds=0.4)
        assert 0.4 <= time.monotonic() - started < 3
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


def told(code: int, status: str, description: str = "", *, wrapped: bool = False) -> bytes:
    body: dict[str, object] = {"code": code, "message": "Words", "description": description}
    return wire.http(json.dumps({"error": body} if wrapped else body).encode(), status)


@pytest.mark.parametrize(
    ("response", "error", "values"),
    [
        (wire.http(b"oops", "500 Internal Server Error"), Unavailable, {"status": 500, "hipay_code": None}),
        (wire.http(b"", "503 Service Unavailable"), Unavailable, {"status": 503}),
        (wire.http(b"{}", "429 Too Many Requests"), Unavailable, {"status": 429}),
        (told(1000008, "400 Bad Request"), Unavailable, {"hipay_code": 1000008}),
        (told(1000001, "401 Unauthorized"), NotAuthorised, {"status": 401, "hipay_code": 1000001}),
        (told(1000005, "403 Forbidden"), NotAuthorised, {"hipay_code": 1000005}),
        (told(1000009, "403 Forbidden"), NotAuthorised, {"hipay_code": 1000009}),
        (told(1000003, "400 Bad Request"), NotAuthorised, {"hipay_code": 1000003}),
        (told(1000001, "401 Unauthorized", wrapped=True), NotAuthorised, {"hipay_code": 1000001}),
        (wire.http(b"<html>who?</html>", "401 Unauthorized"), NotAuthorised, {"hipay_code": None}),
        (told(3010004, "400 Bad Request"), DuplicateOrder, {"hipay_code": 3010004}),
        *(
            (told(code, "400 Bad Request"), PageOver, {"hipay_code": code})
            for code in range(3010005, 3010009)
        ),
        (
            told(1010101, "400 Bad Request", "Parameter: orderid"),
            Refused,
            {"field": "orderid", "hipay_code": 1010101},
        ),
        (
            told(1010202, "400 Bad Request", "The 'merchant_display_name' is long"),
            Refused,
            {"field": "merchant_display_name"},
        ),
        (
            told(1020001, "400 Bad Request", "no amount"),
            Refused,
            {"field": None, "message": "Words no amount"},
        ),
        (told(3010002, "400 Bad Request"), Refused, {"field": None, "hipay_code": 3010002}),
        (told(3020210, "400 Bad Request"), Refused, {"hipay_code": 3020210}),
    ],
)
def test_a_refusal_has_its_name(response: bytes, error: type[HiPayError], values: dict[str, object]) -> None:
    refused = answered(response)
    assert type(refused) is error
    assert {name: getattr(refused, name) for name in values} == values
    assert refused.retry is (error is Unavailable)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/pay", "https://evil.example/pay", "https://hipay.com.evil.example/", "https://evilhipay.com/",
        "http://secure-gateway.hipay-tpp.com/pay", "https://hipay.com@evil.example/", "https://u@api.hipay.com/",
        "https://api.hipay.com:8443/", "https://api.hipay.com\\@evil.example/", "https://api.hipay.com/a b", "//api.hipay.com/",
        "javascript:alert(1)", "https://", "https://[::1", "http://127.0.0.1.evil.example/", "http://10.0.0.1/", "https://аpi.hipay.com/",
    ],
)  # fmt: skip
def test_a_payment_page_elsewhere_is_refused(url: str) -> None:
    error = answered(wire.http(json.dumps({"forwardUrl": url}).encode()))
    assert isinstance(error, UntrustedUrl)
    assert not error.retry


@pytest.mark.parametrize(
    "url",
    [
        "https://stage-secure-gateway.hipay-tpp.com/payment/web/pay/df4d", "https://api.hipay.com:443/x", "https://HIPAY.com/",
        "http://127.0.0.1:8502/payment/web/pay/1", "http://localhost:8502/pay", "http://[::1]:8502/pay",
    ],
)  # fmt: skip
def test_hipays_hosts_and_for_the_sandbox_this_machine_are_taken(url: str) -> None:
    with (
        serve(say(wire.http(json.dumps({"forwardUrl": url}).encode()))) as server,
        client(server.url) as hipay,
    ):
        assert hipay.create_page(page()).forward_url == url


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


@pytest.fixture
def certificate(tmp_path: Path) -> Callable[[], ssl.SSLContext]:
    """A server's context with a certificate for localhost that nobody vouches for."""
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
    )
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=True)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "server.pem"
    path.write_bytes(pem + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def context() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    return context


def test_a_certificate_nobody_vouches_for_is_refused_before_anything_is_sent(
    certificate: Callable[[], ssl.SSLContext],
) -> None:
    read: list[bytes] = []

    def behave(connection: socket.socket, _: bytes) -> None:
        with certificate().wrap_socket(connection, server_side=True) as secured:
            read.append(secured.recv(1000))

    with serve(behave, read=False) as server:
        error = failure(server.url.replace("http://127.0.0.1", "https://localhost"))
    assert isinstance(error, BadCertificate)
    assert (error.reason, error.retry, read) == ("certificate", False, [])


def test_a_server_that_speaks_no_tls() -> None:
    with serve(say(b"220 smtp ready\r\n"), read=False) as server:
        error = failure(server.url.replace("http://", "https://"))
    assert type(error) is Unreachable
    assert error.reason == "tls"


def test_the_environments_proxy_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(say(wire.http(GOOD))) as proxy, serve(say(wire.http(GOOD))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        with client(server.url) as hipay:
            hipay.create_page(page())
        assert (len(server.requests), proxy.requests) == (1, [])


def test_no_secret_in_a_log_a_message_or_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    responses = [told(1000001, "401 Unauthorized"), b"", wire.http(b"x"), wire.http(GOOD), b"garbage\r\n\r\n"]

    def behave(connection: socket.socket, _: bytes) -> None:
        connection.sendall(responses.pop(0))

    texts: list[str] = []
    with serve(behave) as server, client(server.url) as hipay:
        texts.append(repr(hipay))
        for _ in range(len(responses)):
            try:
                texts.append(repr(hipay.create_page(page())))
            except HiPayError as error:
                texts += ["".join(traceback.format_exception(error)), repr(error), str(error.fields())]
        sent = b"".join(server.requests)
    assert b"Authorization: Basic Y2FuYXJ5LWxvZ2luOmNhbmFyeS1wYXNzd29yZA==" in sent
    for secret in (PASSWORD, "canary-login", "canary-passphrase", "Y2FuYXJ5"):
        assert secret not in caplog.text + "".join(texts)


def test_a_kept_connection_is_used_again_and_a_closed_one_is_not() -> None:
    connections: list[Wire] = []
    keep = wire.http(GOOD).replace(b"Connection: close\r\n", b"")

    def behave(connection: socket.socket, _: bytes) -> None:
        connections.append(server)
        connection.sendall(keep)
        connection.recv(65536)
        connection.sendall(keep)

    with serve(behave) as server, client(server.url) as hipay:
        for _ in range(4):
            hipay.create_page(page())
    assert len(connections) == 2
