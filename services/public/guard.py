"""Wraps the public application: it answers only to its own hosts, adds security headers, and logs one line per request.

The log never has a query string, since HiPay's return parameters have card data, nor a path, since its token opens the
order's page. The line names the endpoint and the account.
"""

import logging
import time
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.hosts import LOOPBACK_NAMES
from services.settings import Settings

log = logging.getLogger("services.public")

CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HEADERS = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
    "x-robots-tag": "noindex, nofollow",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


def own_hosts(settings: Settings) -> frozenset[str]:
    """The names that the public application answers to."""
    public = urlsplit(settings.public or "")
    return LOOPBACK_NAMES | {name for name in (public.hostname, settings.public_host) if name}


def foreign_origin(headers: Headers, settings: Settings) -> bool:
    """Whether a POST comes from another site. Browsers in mail programs may send ``null`` or no origin: both are allowed."""
    origin = headers.get("origin", "null")
    if origin == "null":
        return headers.get("sec-fetch-site", "none") == "cross-site"
    try:
        return (urlsplit(origin).hostname or "") not in own_hosts(settings)
    except ValueError:
        return True


def guarded(app: ASGIApp, settings: Settings) -> ASGIApp:
    """``app``, answering only to the public address's host and to this machine's own names."""
    public = urlsplit(settings.public or "")
    hosts = own_hosts(settings)
    headers = dict(_HEADERS)
    if public.scheme == "https":
        headers["strict-transport-security"] = "max-age=31536000"

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        status, began = 0, time.perf_counter()

        async def finish(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = MutableHeaders(scope=message)
                for name, value in headers.items():
                    answered.setdefault(name, value)
            await send(message)

        foreign = _hostname(Headers(scope=scope).get("host", "")) not in hosts
        try:
            await (PlainTextResponse("Not found", 404) if foreign else app)(scope, receive, finish)
        except Exception as error:  # noqa: BLE001 the application has answered; the server would log the error's text
            log.error("ended by %s", type(error).__name__)
        milliseconds = (time.perf_counter() - began) * 1000
        log.info("%s %s %d %.0f ms", scope["method"], _subject(scope, settings), status, milliseconds)

    return guard


def _hostname(host: str) -> str | None:
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return None


def _subject(scope: Scope, settings: Settings) -> str:
    """The endpoint and, if the settings name it, the account: nothing that a caller could invent."""
    endpoint = getattr(scope.get("endpoint"), "__name__", "-")
    account = scope.get("path_params", {}).get("account")
    return f"{endpoint} {account}" if account in settings.all_accounts else endpoint
