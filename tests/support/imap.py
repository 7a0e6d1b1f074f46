"""An IMAP server over real sockets, of one folder: what RFC 3501 asks of a reader's session, and its faults.

Written for the tests because they need the faults; the product's reader was also held against an independent server.
"""

import re
import socket
import socketserver
import ssl
import threading
from base64 import b64decode
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

USER, PASSWORD = "bounces@example.com", "pâss/wört"


@dataclass
class Imap:
    """``messages``: UID → bytes. ``fault`` names what goes wrong: "garbage" instead of a greeting, "hang" after it,
    "flood" (a literal longer than asked for), "nonsense" (answers that are no IMAP), "no_plain" (LOGIN only);
    ``cut_after``: fetches after which the connection breaks, once."""

    tls: ssl.SSLContext | None = None
    messages: dict[int, bytes] = field(default_factory=dict)
    validity: int = 7
    fault: str = ""
    cut_after: int | None = None
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                session = _Session(outer, self.request)
                with session.socket, session.file:
                    session.serve()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

            def get_request(self) -> tuple[socket.socket, object]:
                connection, address = super().get_request()
                connection.settimeout(20)
                return connection, address

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that hangs up is what some tests are about."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return self.url_with()

    def url_with(self, *, password: str = PASSWORD, folder: str = "INBOX", host: str = "127.0.0.1") -> str:
        scheme = "imaps" if self.tls else "imap"
        return f"{scheme}://{quote(USER)}:{quote(password, safe='')}@{host}:{self.port}/{quote(folder)}"

    def add(self, raw: bytes) -> int:
        uid = max(self.messages, default=0) + 1
        self.messages[uid] = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return uid


class _Session:
    def __init__(self, imap: Imap, connection: socket.socket) -> None:
        self.imap = imap
        self.socket = imap.tls.wrap_socket(connection, server_side=True) if imap.tls else connection
        self.file = self.socket.makefile("rb")

    def send(self, line: bytes) -> None:
        self.socket.sendall(line + b"\r\n")

    def serve(self) -> None:
        imap = self.imap
        if imap.fault == "garbage":
            self.send(b"SSH-2.0-OpenSSH_9.6")
            return
        self.send(b"* OK ready")
        while line := self.file.readline():
            tag, _, command = line.decode("ascii").strip().partition(" ")
            imap.commands.append(re.sub(r"^(LOGIN).*", r"\1", command))
            if imap.fault == "hang":
                self.file.readline()
                return
            if not self.answer(tag.encode(), command):
                return

    def answer(self, tag: bytes, command: str) -> bool:
        imap = self.imap
        word = command.split(" ", maxsplit=1)[0].upper()
        if word == "CAPABILITY":
            self.send(b"* CAPABILITY IMAP4rev1" + (b"" if imap.fault == "no_plain" else b" AUTH=PLAIN"))
        elif word == "AUTHENTICATE":
            self.send(b"+ ")
            if b64decode(self.file.readline()).decode() != f"\0{USER}\0{PASSWORD}":
                self.send(tag + b" NO [AUTHENTICATIONFAILED] no: " + PASSWORD.encode())
                return True
        elif word == "LOGIN":
            if f'"{PASSWORD}"' not in command:
                self.send(tag + b" NO [AUTHENTICATIONFAILED]")
                return True
        elif word == "EXAMINE":
            if '"INBOX"' not in command:
                self.send(tag + b" NO [NONEXISTENT] No such <folder>")
                return True
            if imap.fault == "nonsense":
                self.send(b"* OK [UIDVALIDITY many] of them")
                self.send(b"* OK [UIDNEXT 3.5]")
            else:
                self.send(b"* %d EXISTS" % len(imap.messages))
                self.send(b"* OK [UIDVALIDITY %d]" % imap.validity)
                self.send(b"* OK [UIDNEXT %d]" % (max(imap.messages, default=0) + 1))
        elif command.startswith("UID SEARCH"):
            found = re.search(r"UID (\d+):(\d+)$", command)
            assert found
            uids = [uid for uid in imap.messages if int(found[1]) <= uid <= int(found[2])]
            self.send(b"* SEARCH " + b" ".join(b"%d" % uid for uid in uids))
        elif command.startswith("UID FETCH"):
            return self.fetch(tag, command)
        elif word == "LOGOUT":
            self.send(b"* BYE")
            self.send(tag + b" OK")
            return False
        else:
            self.send(tag + b" BAD")
            return True
        self.send(tag + b" OK done")
        return True

    def fetch(self, tag: bytes, command: str) -> bool:
        imap = self.imap
        asked = re.fullmatch(r"UID FETCH (\d+) \(INTERNALDATE BODY\.PEEK\[\]<0\.(\d+)>\)", command)
        assert asked, command
        raw = imap.messages[int(asked[1])]
        if imap.fault == "flood":
            self.send(b"* 1 FETCH (UID 1 BODY[]<0> {4000000000}")
            self.socket.sendall(b"x" * 100_000)
            return False
        part = raw[: int(asked[2])]
        if imap.cut_after is not None:
            imap.cut_after -= 1
            if imap.cut_after < 0:
                imap.cut_after = None
                self.socket.sendall(
                    b"* 1 FETCH (UID %s BODY[]<0> {%d}\r\nhalf of" % (asked[1].encode(), len(part))
                )
                return False
        self.send(b"* 99 FETCH (FLAGS (\\Seen))")  # of another message, as servers may
        self.socket.sendall(
            b'* 1 FETCH (UID %s INTERNALDATE "24-Nov-2026 15:30:00 +0100" BODY[]<0> {%d}\r\n%s)\r\n'
            % (asked[1].encode(), len(part), part)
        )
        self.send(tag + b" OK done")
        return True
