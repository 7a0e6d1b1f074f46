"""HTTP for this package: one total deadline, bounded answers, no redirects. The only module that uses httpx.

A time limit on each read does not stop a server that sends one byte a second, so every socket operation gets the rest of
the whole call's time.
"""

import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from services.hipay.answers import Answer
from services.hipay.errors import AnswerTooLarge, BadAnswer, BadCertificate, OutcomeUnknown, Unreachable

ANSWER_MAX = 1_000_000  # bytes
_CONNECT_SECONDS = 15.0

# Both write URLs, and at DEBUG headers, to the log.
for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).setLevel(logging.WARNING)

_ends_at: ContextVar[float | None] = ContextVar("hipay_call_ends_at", default=None)


class Http:
    """A connection pool. One call at a time in each thread; ``close`` it when done."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        # Without the environment's proxies, .netrc and redirects: credentials go to the named host or nowhere.
        self._client = httpx.Client(
            transport=transport or _transport(),
            follow_redirects=False,
            trust_env=False,
            headers={"Accept-Encoding": "identity", "User-Agent": "E-Terminal-Desk"},
        )

    def close(self) -> None:
        self._client.close()

    def send(
        self,
        method: str,
        url: str,
        *,
        auth: tuple[str, str] | None = None,
        seconds: float,
        limit: int = ANSWER_MAX,
        **request: Any,
    ) -> Answer:
        """One call and its whole answer. ``request``: httpx's ``params``, ``data``, ``json``, ``headers``.

        Raises Unreachable, OutcomeUnknown, BadAnswer (not HTTP, a redirect, an encoding we did not ask for) and
        AnswerTooLarge. Any other status is an Answer.
        """
        body = bytearray()
        with self.stream(method, url, auth=auth, seconds=seconds, **request) as (status, pieces):
            for piece in pieces:
                body += piece
                if len(body) > limit:
                    raise AnswerTooLarge(limit)
        return Answer(status, bytes(body))

    @contextmanager
    def stream(
        self, method: str, url: str, *, auth: tuple[str, str] | None, seconds: float, **request: Any
    ) -> Iterator[tuple[int, Iterator[bytes]]]:
        """A call whose answer is read piece by piece, all of it within ``seconds``. Raises as ``send`` does."""
        host = urlsplit(url).hostname or ""
        ends_at = time.monotonic() + seconds
        timeout = httpx.Timeout(seconds, connect=min(_CONNECT_SECONDS, seconds))
        made = self._client.build_request(method, url, timeout=timeout, **request)
        with _call(host, ends_at):
            response = self._client.send(made, auth=auth, stream=True)
        try:
            if 300 <= response.status_code < 400:
                raise BadAnswer("redirect", response.status_code)
            if response.headers.get("content-encoding", "identity") != "identity":
                raise BadAnswer("encoded", response.status_code)
            yield response.status_code, _pieces(response.iter_bytes(), host, ends_at)
        finally:
            response.close()


def _pieces(body: Iterator[bytes], host: str, ends_at: float) -> Iterator[bytes]:
    while True:
        with _call(host, ends_at):
            piece = next(body, None)
        if piece is None:
            return
        if time.monotonic() > ends_at:
            raise OutcomeUnknown(host, "timeout")
        yield piece


@contextmanager
def _call(host: str, ends_at: float) -> Iterator[None]:
    """Apply the deadline to the operations inside, and raise our errors. Never open while a caller's code runs."""
    before = _ends_at.set(ends_at)
    try:
        with _named_errors(host, ends_at):
            yield
    finally:
        _ends_at.reset(before)


@contextmanager
def _named_errors(host: str, ends_at: float) -> Iterator[None]:
    """Raise httpx's exceptions as ours, by what is known afterwards. They are not chained: they contain the request and its
    credentials."""
    try:
        yield
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Unreachable(host, "timeout") from None
    except (
        httpx.ConnectError,
        httpx.ProxyError,
        httpx.UnsupportedProtocol,
        httpx.LocalProtocolError,
    ) as error:
        cause = _os_error(error)
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise BadCertificate(host, "certificate") from None
        reasons = {ssl.SSLError: "tls", socket.gaierror: "dns", ConnectionRefusedError: "refused"}
        reason = next((word for kind, word in reasons.items() if isinstance(cause, kind)), "network")
        raise Unreachable(host, reason) from None
    except httpx.TimeoutException:
        raise OutcomeUnknown(host, "timeout") from None
    except httpx.RemoteProtocolError as error:
        # h11 and httpcore use one class for a connection that ended and for bytes that are no HTTP.
        if "peer closed connection" in str(error):
            raise OutcomeUnknown(host, "short") from None
        if "disconnected" in str(error):
            raise OutcomeUnknown(host, "reset") from None
        raise BadAnswer("not_http") from None
    except httpx.HTTPError:
        raise OutcomeUnknown(host, "timeout" if time.monotonic() > ends_at else "reset") from None


def _os_error(error: BaseException) -> BaseException | None:
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, OSError):
        seen = seen.__cause__ or seen.__context__
    return seen


def _transport() -> httpx.BaseTransport:
    """httpx's transport over a pool whose sockets obey the total deadline (httpx has no option for a backend)."""
    context = _tls()
    transport = httpx.HTTPTransport(verify=context)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=context,
        max_connections=20,
        max_keepalive_connections=5,
        keepalive_expiry=5.0,
        network_backend=_Backend(),
    )
    return transport


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Certificates are always checked; ``SSL_CERT_FILE`` adds a company's own. Loading them is slow, so it is done once a process."""
    return httpx.create_ssl_context()


def _left(timeout: float | None, expired: type[Exception]) -> float | None:
    ends_at = _ends_at.get()
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise expired("the call's time is over")
    return left if timeout is None else min(left, timeout)


class _Backend(httpcore.NetworkBackend):
    def __init__(self) -> None:
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._sockets.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
