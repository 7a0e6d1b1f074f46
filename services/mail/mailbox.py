"""The mailbox that receives delivery reports, read over IMAP (RFC 3501). Nothing in it is changed, marked or deleted.

The folder's UIDVALIDITY and the UID identify a message (RFC 3501, 2.3.1.1): a caller that stores the last ``Place`` reads
none twice and misses none, whenever the connection broke.
"""

import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.mail.errors import FolderMissing, MailboxAway, MailboxClosed, MailboxGarbled, MailboxNotProved
from services.mail.imap_url import ImapServer

MOST_BYTES = 512 * 1024  # of one message: a report's own parts come before the copy of the returned message
_SLACK = 64 * 1024
_WINDOW = 2_000  # UIDs asked for at once: the answer is one line
# What imaplib raises when an answer is not IMAP, besides its own errors.
_NO_IMAP = (ValueError, TypeError, IndexError, KeyError, AttributeError, EOFError)


@dataclass(frozen=True, order=True)
class Place:
    """The last message that was read."""

    validity: int
    uid: int


@dataclass(frozen=True)
class Received:
    """A message, at most its first ``MOST_BYTES``; empty where it was deleted meanwhile. ``arrived``: when the server got it,
    where the server says so."""

    place: Place
    raw: bytes
    arrived: datetime | None = None


def new_messages(
    server: ImapServer,
    after: Place | None,
    *,
    most: int,
    timeout: float = 20.0,
    seconds: float = 120.0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Received]:
    """The folder's messages after a place, oldest first, at most ``most``; from the first where the folder has a new UIDVALIDITY.

    ``timeout``: seconds for each answer; ``seconds``: for all of them. Raises MailboxError, perhaps after some messages.
    """
    with _open(server, timeout, seconds, tls) as imap, _understood(server):
        validity, uid_next = _select(imap, server)
        last = after.uid if after is not None and after.validity == validity else 0
        given = 0
        while last + 1 < uid_next and given < most:
            end = min(last + _WINDOW, uid_next - 1)
            for uid in _search(imap, server, last + 1, end):
                if given == most:
                    return
                given += 1
                yield _fetch(imap, server, Place(validity, uid))
            last = end
            yield Received(Place(validity, last), b"")


def check(server: ImapServer, *, timeout: float = 5.0, tls: ssl.SSLContext | None = None) -> None:
    """Open the folder and read nothing. Raises MailboxError."""
    with _open(server, timeout, 2 * timeout, tls) as imap, _understood(server):
        _select(imap, server)


class _Bounded:
    """A session that ends: after ``seconds`` whatever the server does, and at a literal longer than was asked for."""

    sock: socket.socket

    def __init__(self, *where: Any, seconds: float, **how: Any) -> None:
        # A server that sends a byte now and then exceeds no timeout of a single answer.
        self._cut = threading.Timer(seconds, self._hang_up)
        self._cut.daemon = True
        super().__init__(*where, **how)

    def open(self, *where: Any, **how: Any) -> None:
        self._cut.start()
        super().open(*where, **how)  # type: ignore[misc]

    def read(self, size: int) -> bytes:
        if size > MOST_BYTES + _SLACK:
            raise ValueError("a message is longer than was asked for")
        return super().read(size)  # type: ignore[misc, no-any-return]

    def shutdown(self) -> None:
        self._cut.cancel()
        super().shutdown()  # type: ignore[misc]

    def _hang_up(self) -> None:
        with suppress(OSError, AttributeError):  # not connected yet: the connection has a timeout of its own
            self.sock.shutdown(socket.SHUT_RDWR)


class _Plain(_Bounded, imaplib.IMAP4):
    pass


class _Tls(_Bounded, imaplib.IMAP4_SSL):
    pass


@contextmanager
def _open(
    server: ImapServer, timeout: float, seconds: float, tls: ssl.SSLContext | None
) -> Iterator[imaplib.IMAP4]:
    where: dict[str, Any] = {"host": server.host, "port": server.port, "timeout": timeout, "seconds": seconds}
    with _understood(server):
        imap = (
            _Tls(**where, ssl_context=tls or ssl.create_default_context()) if server.tls else _Plain(**where)
        )
    try:
        with _understood(server):
            _login(imap, server)
        yield imap
        with suppress(imaplib.IMAP4.error, OSError, *_NO_IMAP):
            imap.sock.settimeout(min(2.0, timeout))
            imap.logout()
    finally:
        with suppress(imaplib.IMAP4.error, OSError, *_NO_IMAP):
            imap.shutdown()


@contextmanager
def _understood(server: ImapServer) -> Iterator[None]:
    """Raise network and protocol errors as MailboxError."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise MailboxNotProved(server.host, _line(error.verify_message)) from None
    except ssl.SSLError as error:
        raise MailboxNotProved(server.host, _line(error.reason or str(error))) from None
    except imaplib.IMAP4.abort as error:
        kind = MailboxGarbled if "unexpected" in str(error) else MailboxAway
        raise kind(server.host, _line(str(error))) from None
    except OSError as error:
        raise MailboxAway(server.host, _line(error.strerror or str(error))) from None
    except (imaplib.IMAP4.error, *_NO_IMAP) as error:
        raise MailboxGarbled(server.host, _line(str(error))) from None


def _login(imap: imaplib.IMAP4, server: ImapServer) -> None:
    """SASL PLAIN in UTF-8 (RFC 4616) where it is offered: LOGIN knows ASCII only."""
    try:
        if "AUTH=PLAIN" in imap.capabilities:
            secret = f"\0{server.user}\0{server.password}".encode()
            imap.authenticate("PLAIN", lambda _: secret)
        else:
            imap.login(server.user, server.password)
    except imaplib.IMAP4.abort:
        raise
    except (imaplib.IMAP4.error, UnicodeError):
        # Without the server's text: some servers repeat what they were sent.
        raise MailboxClosed(server.host) from None


def _select(imap: imaplib.IMAP4, server: ImapServer) -> tuple[int, int]:
    """(UIDVALIDITY, the next UID) of the folder, opened for reading only."""
    quoted = server.folder.replace("\\", "\\\\").replace('"', '\\"')
    kind, answer = imap.select(f'"{quoted}"', readonly=True)
    if kind != "OK":
        raise FolderMissing(server.host, _text(answer))
    validity, uid_next = _number(imap, "UIDVALIDITY"), _number(imap, "UIDNEXT")
    if not validity:
        raise MailboxGarbled(server.host, "UIDVALIDITY")
    if not uid_next:  # an old server does not send it: ask for the newest message's UID
        kind, answer = imap.uid("SEARCH", "UID 1:*")
        uids = [int(word) for word in _words(answer)]
        uid_next = max(uids, default=0) + 1
    return validity, uid_next


def _number(imap: imaplib.IMAP4, name: str) -> int:
    _, values = imap.response(name)
    return int(values[-1]) if values and values[-1] else 0


def _search(imap: imaplib.IMAP4, server: ImapServer, first: int, last: int) -> list[int]:
    kind, answer = imap.uid("SEARCH", f"UID {first}:{last}")
    if kind != "OK":
        raise MailboxGarbled(server.host, _text(answer))
    return sorted({uid for word in _words(answer) if first <= (uid := int(word)) <= last})


def _fetch(imap: imaplib.IMAP4, server: ImapServer, place: Place) -> Received:
    """The message's beginning; nothing where it was deleted meanwhile."""
    kind, answer = imap.uid("FETCH", str(place.uid), f"(INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES}>)")
    if kind != "OK":
        raise MailboxGarbled(server.host, _text(answer))
    # A server may report other messages in between.
    for number, part in enumerate(answer):
        if isinstance(part, tuple) and re.search(rb"\bBODY\[\]", part[0]):
            behind = answer[number + 1] if number + 1 < len(answer) else b""
            return Received(place, bytes(part[1]), _arrived(part[0]) or _arrived(behind))
    return Received(place, b"")


def _arrived(part: object) -> datetime | None:
    local = imaplib.Internaldate2tuple(part) if isinstance(part, bytes) else None
    return datetime.fromtimestamp(time.mktime(local), UTC) if local else None


def _words(answer: list[bytes | None]) -> list[bytes]:
    return [word for line in answer if line for word in line.split()]


def _text(answer: list[bytes | None]) -> str:
    return _line(b" ".join(line for line in answer if isinstance(line, bytes)).decode("utf-8", "replace"))


def _line(text: str) -> str:
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())[:200]
