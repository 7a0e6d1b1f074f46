"""One message to one SMTP server, phase by phase, so that a break says whether the message may have arrived.

Until the final dot is sent nothing was accepted, and trying again is safe. Between the dot and the server's answer nobody
knows: ``DeliveryUnknown``. After a 250 it is sent, whatever happens to the rest of the session (RFC 5321, 4.5.3.2.6).
"""

import os
import smtplib
import socket
import ssl
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.mail.errors import (
    AuthRefused,
    DeliveryError,
    DeliveryUnknown,
    Rejected,
    Retryable,
    StarttlsGone,
    TlsRefused,
    Utf8Missing,
)
from services.mail.smtp_url import Server, parse_smtp_url

_LOST = (smtplib.SMTPServerDisconnected, OSError)
_CONNECT_SECONDS = 10.0
# A whole session: shorter than the lease of the mail step, so that no second worker hands the message over meanwhile.
_WITHIN_SECONDS = 90.0


@dataclass(frozen=True)
class Accepted:
    """``answer``: the server's text, which names its queue id; the timeline shows it."""

    answer: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a check found: ``encrypted`` and ``authenticated`` as the URL asks; ``utf8``: whether SMTPUTF8 is offered."""

    host: str
    port: int
    encrypted: bool
    authenticated: bool
    utf8: bool


class _Session(smtplib.SMTP):
    """A session that is cut off after ``within`` seconds: a server that answers byte by byte exceeds no timeout of a single answer."""

    def __init__(self, *args: Any, within: float, **options: Any) -> None:
        self._ends_at = time.monotonic() + within
        self._limit: threading.Timer | None = None
        self._line: socket.socket | None = None
        super().__init__(*args, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        # of each of the server's addresses; a handshake is bounded as a whole
        made: socket.socket = super()._get_socket(host, port, min(timeout, _CONNECT_SECONDS))  # type: ignore[misc]
        made.settimeout(timeout)
        # The same connection under a number of its own: STARTTLS takes the socket's away.
        self._line = socket.socket(fileno=os.dup(made.fileno()))
        self._limit = threading.Timer(max(0.0, self._ends_at - time.monotonic()), _cut, [self._line])
        self._limit.daemon = True
        self._limit.start()
        return made

    def close(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
        if self._line is not None:
            self._line.close()
        super().close()


class _TlsSession(_Session, smtplib.SMTP_SSL):
    pass


def _cut(line: socket.socket) -> None:
    with line, suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def deliver(
    message: bytes,
    *,
    smtp_url: str,
    sender: str,
    recipients: Sequence[str],
    timeout: float = 30.0,
    within: float = _WITHIN_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Accepted:
    """Hand the message over. All recipients are accepted or nothing is sent. ``timeout`` in seconds, for each answer of
    the server, ``within`` for all of them; ``tls`` takes the place of the system's certificate authorities.

    Raises DeliveryError: Retryable, Rejected, DeliveryUnknown, or SessionRefused (pause the queue); SmtpUrlInvalid.
    """
    server = parse_smtp_url(smtp_url)
    with _open(server, timeout, within, tls) as smtp:
        _envelope(smtp, sender, recipients)
        return Accepted(_hand_over(smtp, message))


def check_session(smtp_url: str, *, timeout: float = 10.0, tls: ssl.SSLContext | None = None) -> Session:
    """Open a session as ``deliver`` would, and send nothing. Raises as ``deliver`` does."""
    server = parse_smtp_url(smtp_url)
    with _open(server, timeout, 3 * timeout, tls) as smtp:
        _expect(smtp, "connect", "NOOP")
        encrypted = isinstance(smtp.sock, ssl.SSLSocket)
        return Session(
            host=server.host,
            port=server.port,
            encrypted=encrypted,
            authenticated=bool(server.user),
            utf8=smtp.has_extn("smtputf8"),
        )


@contextmanager
def _open(
    server: Server, timeout: float, within: float, tls: ssl.SSLContext | None
) -> Iterator[smtplib.SMTP]:
    smtp = _connect(server, timeout, within, tls)
    try:
        _greet(smtp)
        if server.tls in ("required", "optional"):
            _start_tls(smtp, server, tls or _authorities())
        if server.user:
            _authenticate(smtp, server)
        yield smtp
        with suppress(smtplib.SMTPException, OSError):
            _hurry(smtp)
            smtp.quit()
    finally:
        smtp.close()


def _hurry(smtp: smtplib.SMTP) -> None:
    """Shorten the timeout of QUIT: it must not delay the record of what was accepted."""
    if smtp.sock is not None:
        smtp.sock.settimeout(min(smtp.timeout, 2.0))


@lru_cache(maxsize=1)
def _authorities() -> ssl.SSLContext:
    """The system's certificate authorities: reading them takes longer than a message."""
    return ssl.create_default_context()


def _connect(server: Server, timeout: float, within: float, tls: ssl.SSLContext | None) -> smtplib.SMTP:
    # smtplib would ask the DNS for this machine's full name, for seconds where there is none.
    name = socket.gethostname()
    name = name if "." in name and name.isascii() else "[127.0.0.1]"
    try:
        if server.tls == "implicit":
            return _TlsSession(
                server.host, server.port, name, timeout=timeout, within=within, context=tls or _authorities()
            )
        return _Session(server.host, server.port, name, timeout=timeout, within=within)
    except smtplib.SMTPConnectError as error:
        raise Retryable("connect", error.smtp_code, _line(error.smtp_error)) from error
    except _LOST as error:
        raise _lost_or_refused("connect", error) from error


def _lost_or_refused(stage: str, error: Exception) -> DeliveryError:
    """A certificate or a protocol that does not fit needs a person; a connection lost in the handshake, another try."""
    refused = isinstance(error, ssl.SSLError) and not isinstance(
        error, ssl.SSLEOFError | ssl.SSLZeroReturnError
    )
    return (TlsRefused if refused else Retryable)(stage, 0, _line(str(error)))


def _greet(smtp: smtplib.SMTP) -> None:
    with _losable("ehlo"):
        code, answer = smtp.ehlo()
        if not 200 <= code < 300:
            code, answer = smtp.helo()
    if not 200 <= code < 300:
        raise Retryable("ehlo", code, _line(answer))


def _start_tls(smtp: smtplib.SMTP, server: Server, tls: ssl.SSLContext) -> None:
    if not smtp.has_extn("starttls"):
        if server.tls == "required":
            raise StarttlsGone("starttls")
        return
    try:
        smtp.starttls(context=tls)
    except smtplib.SMTPResponseException as error:
        # A server that offers STARTTLS and refuses it, or whoever answers in its place, gets nothing in the clear.
        kind = Retryable if 400 <= error.smtp_code < 500 else StarttlsGone
        raise kind("starttls", error.smtp_code, _line(error.smtp_error)) from error
    except _LOST as error:
        raise _lost_or_refused("starttls", error) from error
    _greet(smtp)


def _authenticate(smtp: smtplib.SMTP, server: Server) -> None:
    """AUTH PLAIN, else LOGIN, in UTF-8 (RFC 4616): smtplib's own prefers CRAM-MD5 and fails on an accent."""
    offered = smtp.esmtp_features.get("auth", "").upper().split()
    with _losable("auth"):
        if "PLAIN" in offered:
            code, answer = smtp.docmd("AUTH", "PLAIN " + _base64(f"\0{server.user}\0{server.password}"))
        elif "LOGIN" in offered:
            code, answer = smtp.docmd("AUTH", "LOGIN")
            for secret in (server.user, server.password):
                if code == 334:
                    code, answer = smtp.docmd(_base64(secret))
        else:
            raise AuthRefused("auth", 0, "the server offers neither AUTH PLAIN nor AUTH LOGIN")
    if code != 235:
        raise (Retryable if 400 <= code < 500 else AuthRefused)("auth", code, _line(answer))


def _envelope(smtp: smtplib.SMTP, sender: str, recipients: Sequence[str]) -> None:
    if not recipients:
        raise ValueError("a message needs a recipient")
    options = ""
    if not (sender + "".join(recipients)).isascii():
        if not smtp.has_extn("smtputf8"):
            raise Utf8Missing("sender")
        smtp.command_encoding = "utf-8"
        options = " SMTPUTF8 BODY=8BITMIME"
    _expect(smtp, "sender", f"MAIL FROM:<{sender}>{options}")
    for recipient in recipients:
        _expect(smtp, "recipient", f"RCPT TO:<{recipient}>")


def _hand_over(smtp: smtplib.SMTP, message: bytes) -> str:
    """DATA, the message with its dots doubled, then the final dot alone: only from then on may it have been accepted."""
    _expect(smtp, "data", "DATA", wanted=354)
    lines = b"\r\n".join(message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    body = (b"\r\n" + lines).replace(b"\r\n.", b"\r\n..")[2:]
    with _losable("message"):
        smtp.send(body if body.endswith(b"\r\n") else body + b"\r\n")
    try:
        smtp.send(b".\r\n")
        code, answer = smtp.getreply()
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryUnknown("message", 0, _line(str(error))) from error
    if code < 200:
        raise DeliveryUnknown("message", 0, _line(answer))
    if code >= 300:
        raise _refusal("message", code, answer)
    return _line(answer)


def _expect(smtp: smtplib.SMTP, stage: str, command: str, wanted: int = 250) -> None:
    with _losable(stage):
        code, answer = smtp.docmd(command)
    if code // 100 != wanted // 100:
        raise _refusal(stage, code, answer)


def _refusal(stage: str, code: int, answer: bytes) -> DeliveryError:
    # 530: "authentication required" (RFC 4954) or "must issue a STARTTLS command first" (RFC 3207).
    kind = AuthRefused if code in (530, 535, 538) else Rejected if 500 <= code < 600 else Retryable
    return kind(stage, code, _line(answer))


@contextmanager
def _losable(stage: str) -> Iterator[None]:
    """Raise a broken connection as Retryable: before the final dot nothing was accepted."""
    try:
        yield
    except (smtplib.SMTPException, OSError) as error:
        raise Retryable(stage, 0, _line(str(error))) from error


def _base64(text: str) -> str:
    return b64encode(text.encode("utf-8")).decode("ascii")


def _line(answer: bytes | str) -> str:
    """The server's text on one line, printable, at most 300 characters."""
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:300]
