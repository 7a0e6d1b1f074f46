"""Who is let in: requests that name this machine, and no form or call that a page of another site has sent.

A name that an attacker owns may resolve to 127.0.0.1 (DNS rebinding): its pages would then read the mailbox and order
payments as our own. So a Host is an IP address, ``localhost`` or the name that the sandbox was started under.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def guarded(app: ASGIApp, url: str) -> ASGIApp:
    """``app`` behind the door; ``url`` is the sandbox's own address."""
    own = urlsplit(url).hostname or ""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (why := _refusal(Headers(scope=scope), scope["method"], own)):
            return await JSONResponse({"error": why}, 403)(scope, receive, send)
        return await app(scope, receive, send)

    return door


def _refusal(headers: Headers, method: str, own: str) -> str:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not _is_ours(hosts[0], own):
        return "the sandbox does not answer to this name"
    origin = headers.get("origin")
    # "null" is what a page in a sandboxed frame says of itself, whatever site it is of.
    if method not in _READING and origin is not None and urlsplit(origin).netloc != hosts[0]:
        return "the sandbox takes no orders from another site"
    return ""


def _is_ours(host: str, own: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:  # half a bracket
        return False
    if name in ("localhost", own):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
