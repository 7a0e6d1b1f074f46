"""A mailbox for every address: SMTP in, pages and JSON out."""

import asyncio
import logging
import socket
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from functools import partial
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import html
from sandbox.context import Sandbox
from sandbox.model import Message
from sandbox.settings import LOGIN, PASSWORD

MAX_SIZE = 25 * 2**20


class Receiver:
    """aiosmtpd's handler: takes all mail, except as the settings `smtp_reply` and `smtp_drop` say.

    `smtp_reply` answers RCPT TO (a 535 answers AUTH instead); `smtp_drop` closes the connection once the mail
    is stored ("after_data": no answer to the final dot; "at_quit": none to QUIT).
    """

    def __init__(self, box: Sandbox) -> None:
        self.box = box

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = self.box.settings.smtp_reply
        if reply and not reply.startswith("535"):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        message = receive(self.box, envelope)
        if self.box.settings.smtp_drop == "after_data":
            _hang_up(server)
        return f"250 OK: kept as {message.id}"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.box.settings.smtp_drop == "at_quit":
            _hang_up(server)
        return "221 Bye"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, how: str, data: Any
    ) -> AuthResult:
        refused = (self.box.settings.smtp_reply or "").startswith("535")
        known = isinstance(data, LoginPassword) and (data.login, data.password) == (
            LOGIN.encode(),
            PASSWORD.encode(),
        )
        return AuthResult(success=known and not refused, handled=False)


def _hang_up(server: SMTP) -> None:
    transport = cast("asyncio.Transport | None", server.transport)
    if transport is not None:
        transport.abort()


def protocol(box: Sandbox) -> SMTP:
    """One SMTP connection, for loop.create_server."""
    receiver = Receiver(box)
    return SMTP(
        receiver,
        hostname="sandbox.localhost",
        ident="sandbox",
        data_size_limit=MAX_SIZE,
        enable_SMTPUTF8=True,
        authenticator=receiver.authenticate,
        auth_require_tls=False,
        loop=asyncio.get_running_loop(),
    )


def receive(box: Sandbox, envelope: Envelope) -> Message:
    """Keep a mail as it came."""
    raw = envelope.original_content or b""
    parsed = message_from_bytes(raw, policy=policy.compat32)
    message = Message(
        box.store.next_id(Message),
        envelope.mail_from or "",
        list(envelope.rcpt_tos),
        box.now(),
        _header(parsed.get("Subject", "")),
        str(parsed.get("Message-ID", "")).strip(),
        raw,
    )
    box.store.save(message)
    return message


def _header(value: object) -> str:
    try:
        return str(make_header(decode_header(str(value)))).replace("\n", " ").replace("\r", "")
    except (LookupError, UnicodeError, ValueError):
        return str(value)


def summary(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "from": message.sender,
        "to": message.recipients,
        "subject": message.subject,
        "received_at": message.received_at.isoformat(),
        "message_id": message.message_id,
    }


def opened(message: Message) -> dict[str, Any]:
    """The summary with `html` and `text` (None when the mail has no such part), `headers` and `raw`.

    A header that stands more than once has a list for its value.
    """
    parsed = message_from_bytes(message.raw, policy=policy.default)
    headers: dict[str, Any] = {}
    for name, value in parsed.items():
        held = headers.get(name)
        headers[name] = (
            str(value) if held is None else [*(held if isinstance(held, list) else [held]), str(value)]
        )
    return {
        **summary(message),
        "html": _part(parsed, "html"),
        "text": _part(parsed, "plain"),
        "headers": headers,
        "raw": message.raw.decode("utf-8", "replace"),
    }


def _part(parsed: EmailMessage, subtype: str) -> str | None:
    part = parsed.get_body((subtype,))
    if part is None or part.get_content_subtype() != subtype:
        return None
    content = cast("bytes", part.get_payload(decode=True) or b"")
    try:
        text = content.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        text = content.decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def routes(box: Sandbox) -> list[Route]:
    def find(request: Request) -> Message | None:
        return box.store.messages.get(int(request.path_params["id"]))

    def newest_first() -> list[Message]:
        return list(reversed(box.store.messages.values()))

    async def listed(request: Request) -> Response:
        return html.page("mailbox.html", messages=newest_first())

    async def shown(request: Request) -> Response:
        message = find(request)
        if message is None:
            return html.page("missing.html", 404, what="This mail")
        view = request.query_params.get("view", "")
        content = opened(message)
        if view not in {"html", "text", "headers", "raw"}:
            view = "html" if content["html"] is not None else "text"
        # The logo may come from anywhere, as in a real mail program.
        return html.page("message.html", images="http: https:", message=message, content=content, view=view)

    async def as_json(request: Request) -> Response:
        return JSONResponse([summary(each) for each in newest_first()])

    async def one_as_json(request: Request) -> Response:
        message = find(request)
        return JSONResponse(opened(message)) if message else JSONResponse({"error": "no such message"}, 404)

    async def emptied(request: Request) -> Response:
        box.store.delete_messages()
        return Response(status_code=204)

    return [
        Route("/mailbox", listed),
        Route("/mailbox/messages", as_json, methods=["GET"]),
        Route("/mailbox/messages", emptied, methods=["DELETE"]),
        Route("/mailbox/messages/{id:int}", one_as_json),
        Route("/mailbox/{id:int}", shown),
    ]


async def serve(box: Sandbox, sock: socket.socket) -> asyncio.Server:
    """Take mail on `sock` until the server is closed."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own old attributes there
    return await asyncio.get_running_loop().create_server(partial(protocol, box), sock=sock)
