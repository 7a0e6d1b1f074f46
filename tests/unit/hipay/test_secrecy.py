"""Whom the client talks to, and what it never tells: certificates, proxies, logs."""

import logging
import socket
import ssl
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from services.hipay.errors import BadCertificate, HiPayError, Unreachable
from tests.unit.hipay import wire
from tests.unit.hipay.support import GOOD, PASSWORD, client, failure, page, told
from tests.unit.hipay.wire import Wire, say, serve


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


def test_an_open_connection_is_used_again_and_a_closed_one_is_not() -> None:
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
