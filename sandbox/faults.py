"""Breaking the HiPay APIs on purpose: an ASGI layer outside everything else."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal, get_args

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.refusals import CODES, Refusal, as_response

Kind = Literal[
    "down",
    "slow",
    "drip",
    "5xx",
    "lost",
    "garbage",
    "html",
    "short",
    "big",
    "empty",
    "redirect",
    "refuse",
    "off",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
API_PREFIXES = ("/v1/", "/v2/", "/v3/", "/checkout-data")
_JSON = b"application/json"
# kind -> (status, content type, body) of the faults that answer without doing the work
_CANNED: dict[str, tuple[int, bytes, bytes]] = {
    "5xx": (
        503,
        _JSON,
        b'{"code":1000008,"message":"Temporarily Unavailable","description":"Please try later."}',
    ),
    "garbage": (200, _JSON, b'\x00\xff{"forwardUrl": 12,,'),
    "html": (200, b"text/html", b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"),
    "empty": (200, _JSON, b"{}"),
    "big": (200, _JSON, b'{"forwardUrl":"' + b"x" * 3_000_000 + b'"}'),
    "redirect": (302, _JSON, b""),
}


@dataclass
class Fault:
    """`path` is a prefix without /rest (empty: every API); `count` None lasts until it is taken off."""

    kind: Kind
    path: str = ""
    count: int | None = None
    delay_ms: int = 0
    code: int = 1000008  # of "refuse"


@dataclass
class Faults:
    active: list[Fault] = field(default_factory=list)

    def set(self, fault: Fault) -> None:
        """Add one; "off" removes those of its path (all of them without a path)."""
        if fault.kind == "off":
            self.active = [each for each in self.active if fault.path and each.path != fault.path]
        else:
            self.active.append(fault)

    def take(self, path: str) -> Fault | None:
        """The fault that this call meets, one fewer left of it."""
        path = path.removeprefix("/rest")
        if not path.startswith(API_PREFIXES):
            return None
        for fault in self.active:
            if path.startswith(fault.path):
                if fault.count is not None:
                    fault.count -= 1
                    if fault.count <= 0:
                        self.active.remove(fault)
                return fault
        return None


def parse(
    kind: str, path: str = "", count: int | None = None, delay_ms: int = 0, code: int = 1000008
) -> Fault:
    """A Fault from the control API's values; raises ValueError with a sentence."""
    known: dict[str, Kind] = {each: each for each in KINDS}
    if kind not in known:
        raise ValueError(f"kind may be {', '.join(KINDS)}.")
    if kind == "refuse" and code not in CODES:
        raise ValueError(f"{code} is no code that the sandbox knows.")
    if path and not path.startswith(API_PREFIXES):
        raise ValueError(f"path begins with one of {', '.join(API_PREFIXES)}.")
    return Fault(known[kind], path, count, delay_ms, code)


def breakable(app: ASGIApp, faults: Faults) -> ASGIApp:
    """`app`, with `faults` in front of its APIs."""

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        fault = faults.take(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            return await app(scope, receive, send)
        if fault.delay_ms and fault.kind != "drip":
            await asyncio.sleep(fault.delay_ms / 1000)
        if fault.kind == "slow":
            await app(scope, receive, send)
        elif fault.kind == "drip":
            await app(scope, receive, _dripping(send, (fault.delay_ms or 1000) / 1000))
        elif fault.kind == "refuse":
            await as_response(Refusal(fault.code))(scope, receive, send)
        elif fault.kind in _CANNED:
            await _answer(*_CANNED[fault.kind], send)
        else:
            if fault.kind == "lost":
                await app(scope, receive, _nowhere)
            await _hang_up(receive, send, b"" if fault.kind != "short" else _SHORT)
        return None

    return broken


_SHORT = (
    b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"forwardUrl": "http'
)


def _dripping(send: Send, seconds: float) -> Send:
    """The answer byte by byte, with a pause after each."""

    async def drip(message: Message) -> None:
        body = message.get("body", b"")
        for byte in body:
            await send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
            await asyncio.sleep(seconds)
        await send({**message, "body": b""} if body else message)

    return drip


async def _nowhere(message: Message) -> None:
    return None


async def _answer(status: int, content_type: bytes, body: bytes, send: Send) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    if status == 302:
        headers.append((b"location", b"/v1/elsewhere"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _hang_up(receive: Receive, send: Send, last_words: bytes) -> None:
    """Close the connection without an HTTP answer: ASGI cannot, so it asks uvicorn's own transport."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    if last_words:
        transport.write(last_words)
        transport.close()
    else:
        transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
