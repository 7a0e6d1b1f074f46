"""The headers of every answer of the dashboard: which scripts may run, who may frame it, cookies for https only."""

import base64
import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

_YEAR = 365 * 24 * 3600
# Streamlit cannot move the focus, nor give its links the choice of account: these scripts are added to its page.
SCRIPTS = "".join(
    f"<script>{Path(__file__).with_name(name).read_text(encoding='utf-8')}</script>"
    for name in ("opened.js", "menu.js")
)
_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def with_headers(
    send: Send, headers: dict[str, str], *, https: bool, language: str = "en", keep: bool = True
) -> Send:
    """``send``, with these headers where an answer has none of its own. ``keep``: whether a browser may keep the answer."""
    page: Message | None = None  # the beginning of an answer whose first bytes are awaited

    async def send_dressed(message: Message) -> None:
        nonlocal page
        if message["type"] == "http.response.start":
            answered = MutableHeaders(scope=message)
            for name, value in headers.items():
                answered.setdefault(name, value)
            if not keep:
                answered["cache-control"] = "no-store"
            if https:
                _make_cookies_secure(message)
            if answered.get("content-type", "").startswith("text/html"):
                page = message
                return
        elif page is not None:
            if message["type"] == "http.response.body":
                _dress(page, message, language)
            beginning, page = page, None
            await send(beginning)
        await send(message)

    return send_dressed


def _dress(start: Message, first: Message, language: str) -> None:
    """Put the language and the script into Streamlit's page, by its first bytes."""
    answered, before = MutableHeaders(scope=start), first.get("body", b"")
    # Streamlit's page says English, and a screen reader would read French aloud by English rules.
    body = before.replace(b'<html lang="en">', b'<html lang="%b">' % language.encode(), 1)
    first["body"] = body.replace(b"</head>", SCRIPTS.encode() + b"</head>", 1)
    if before and "content-length" in answered:
        longer = len(first["body"]) - len(before)
        answered["content-length"] = str(int(answered["content-length"]) + longer)


def security_headers(index: str, *, https: bool, pictures: str = "") -> dict[str, str]:
    """The headers of each answer. ``index`` is the HTML whose inline scripts may run, with ``SCRIPTS`` and no others;
    ``pictures``: one more origin that pictures may come from.

    E-mail previews are shown in a frame with the document inline (srcdoc), which no frame source has to allow.
    """
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(("'self'", *script_hashes(index + SCRIPTS))),
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


def _make_cookies_secure(message: Message) -> None:
    message["headers"] = [
        (name, value + b"; Secure" if name == b"set-cookie" and b"; secure" not in value.lower() else value)
        for name, value in message["headers"]
    ]
