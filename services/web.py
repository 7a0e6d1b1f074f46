"""The dashboard's door: which names it answers to, who may call it from where, and what a browser may do with its pages.

Pure ASGI, in front of everything that Streamlit serves: its own Host setting guards the WebSocket only, its routes carry
no Origin check, and its sign-in cookie is never ``Secure``.
"""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.i18n import best_language
from services.settings import Settings
from services.startup import LOOPBACK_NAMES, is_loopback

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Streamlit keeps what is sent there in memory for any open screen, the one that asks to sign in included.
_UPLOADS = "/_stcore/upload_file/"
_USER_COOKIE = "_streamlit_user"  # signed by Streamlit with the provider's cookie_secret, its name for salt
_COOKIE_AGE = 31 * 24 * 3600  # Streamlit's thirty days, and one
_YEAR = 365 * 24 * 3600
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


class Guard:
    """ASGI middleware. ``index`` is the one HTML page that Streamlit serves: its inline script is let through by hash."""

    def __init__(self, app: ASGIApp, settings: Settings, index: Path) -> None:
        self._app = app
        self._names = allowed_names(settings)
        self._home = urlsplit(settings.dashboard_url)
        self._https = self._home.scheme == "https"
        self._strangers_may_come = settings.auth is not None
        secret = str((settings.auth or {}).get("cookie_secret", ""))
        self._signed_in = URLSafeTimedSerializer(secret, salt=_USER_COOKIE) if secret else None
        pictures = settings.sandbox_url if settings.demo else ""
        self._headers = security_headers(
            index.read_text(encoding="utf-8"), https=self._https, pictures=pictures
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            wanted = Headers(scope=scope).get("accept-language", "").split(",")[0].split(";")[0]
            await self._app(scope, receive, self._dressed(send, best_language(wanted)))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})  # before accept: a 403
        else:
            await PlainTextResponse(refusal, 403)(scope, receive, self._dressed(send))

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _host_name(hosts[0]) not in self._names:
            return "This address is not one that the dashboard answers to: add it to allowed_hosts."
        client = scope.get("client")
        if not self._strangers_may_come and not (client and is_loopback(client[0])):
            return "Without an identity provider the dashboard answers this machine only."
        if scope["type"] == "http" and _UPLOADS in scope["path"] and not self._has_signed_in(headers):
            return "Sign in first."
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            origin = headers.get("origin")
            if origin is not None and not self._same_origin(origin, hosts[0]):
                return "This request comes from another site."
            if origin is None and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                return "This request comes from another site."
        return None

    def _has_signed_in(self, headers: Headers) -> bool:
        """Whether the browser shows a sign-in of ours. That it still counts is asked where the file is used."""
        if self._signed_in is None:
            return not self._strangers_may_come
        try:
            shown = cookie_parser(headers.get("cookie", "")).get(_USER_COOKIE, "")
            return bool(self._signed_in.loads(shown, max_age=_COOKIE_AGE))
        except BadData:
            return False

    def _same_origin(self, origin: str, host: str) -> bool:
        parts = urlsplit(origin)
        return parts.scheme in ("http", "https") and parts.netloc.lower() in (
            host.lower(),
            self._home.netloc.lower(),
        )

    def _dressed(self, send: Send, language: str = "en") -> Send:
        page = False

        async def dressed(message: Message) -> None:
            nonlocal page
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = headers.get("content-type", "").startswith("text/html")
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if self._https:
                    _make_cookies_secure(message)
            elif page and message["type"] == "http.response.body":
                # Streamlit's page says English, and a screen reader would read French aloud by English rules.
                message["body"] = message.get("body", b"").replace(
                    b'<html lang="en">', b'<html lang="%b">' % language.encode(), 1
                )
            await send(message)

        return dressed


def allowed_names(settings: Settings) -> frozenset[str]:
    """The host names in a request that the dashboard answers to, in small letters and without a port."""
    names = {*LOOPBACK_NAMES, *settings.allowed_hosts, urlsplit(settings.dashboard_url).hostname or ""}
    return frozenset(name.lower().strip("[]") for name in names if name)


def security_headers(index: str, *, https: bool, pictures: str = "") -> dict[str, str]:
    """What each answer carries. ``index`` is the HTML whose inline scripts may run, and no others; ``pictures``: one more
    origin that pictures may come from.

    E-mail previews are shown in a frame with the document inline (srcdoc), which no frame source has to allow.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *script_hashes(index))),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": f"'self' data: blob: https: {pictures}".strip(),  # https: a merchant's logo in the e-mail's preview
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "worker-src": "'self' blob:",
        "frame-src": "'none'",
        "frame-ancestors": "'none'",
        "base-uri": "'self'",
        "object-src": "'none'",
        "form-action": "'self'",
    }
    headers = {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    }
    if https:
        headers["strict-transport-security"] = f"max-age={_YEAR}"
    return headers


def script_hashes(index: str) -> Iterable[str]:
    """The content policy's name for each inline script of the page."""
    for script in _INLINE_SCRIPT.findall(index):
        yield f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _host_name(host: str) -> str:
    """``[::1]:8501`` → ``::1``; ``Desk.example.com:443`` → ``desk.example.com``; empty for what is no host."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?", host)
    return (match[1] or match[2]).lower() if match else ""


def _make_cookies_secure(message: Message) -> None:
    message["headers"] = [
        (name, value + b"; Secure" if name == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in message["headers"]
    ]
