"""The guard of the dashboard's port: which host names it answers to, and who may request what from where.

Pure ASGI, in front of everything that Streamlit serves: Streamlit's own Host setting guards the WebSocket only, its routes
have no Origin check, and its sign-in cookie is never ``Secure``.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.access import Right
from services.desk import Desk
from services.hosts import LOOPBACK_NAMES, is_loopback
from services.i18n import best_language
from services.settings import Settings
from services.web.headers import security_headers, with_headers
from services.web.people import People
from services.web.routes import Reach, reach
from services.web.start_link import StartLink
from services.web.uploads import NoRoom, Uploads

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Headers that proxies add: a request with one comes from another machine, whatever its peer address is.
_OF_PROXIES = frozenset(
    {
        "forwarded", "via", "x-real-ip", "x-client-ip", "x-cluster-client-ip", "true-client-ip", "cf-connecting-ip",
        "fastly-client-ip", "fly-client-ip", "x-azure-clientip", "x-envoy-external-address", "x-original-forwarded-for",
        "x-original-host", "cdn-loop",
    }
)  # fmt: skip
_TAKE_FILES = frozenset({Right.SEND, Right.RECONCILE})  # tables of requests; payout files and expected orders
_LEFT = 1001  # a browser's word for a page that is closed, or gone from (RFC 6455, 7.4.1)
_TOO_BIG = 1009
_STRANGERS_BYTES = (
    65_536  # of a message to a screen: the sign-in needs far less, and Streamlit keeps 25 MB of each screen
)


class Guard:
    """ASGI middleware. ``index`` is the one HTML page that Streamlit serves: its inline script is let through by hash.
    ``base``: Streamlit's ``server.baseUrlPath``. ``link``: where only the link of the start opens the dashboard."""

    def __init__(
        self,
        app: ASGIApp,
        desk: Desk,
        uploads: Uploads,
        index: Path,
        base: str = "",
        link: StartLink | None = None,
    ) -> None:
        settings = desk.settings
        self._app, self._link = app, link
        self._people, self._uploads = People(desk), uploads
        self._base = f"/{base.strip('/')}" if base.strip("/") else ""
        self._names = allowed_names(settings)
        self._home = urlsplit(settings.dashboard_url)
        self._strangers_may_come = settings.auth is not None
        self._https = self._home.scheme == "https"
        pictures = settings.sandbox_url if settings.demo else ""
        self._headers = security_headers(
            index.read_text(encoding="utf-8"), https=self._https, pictures=pictures
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), self._path(scope)
        who, cookies = reach(path), cookie_parser(headers.get("cookie", ""))
        language = best_language(headers.get("accept-language", "").split(",")[0].split(";")[0])
        keep, refusal = who not in (Reach.OWNERS, Reach.UPLOADERS), self._refused(scope, headers, who)
        if refusal is None and self._link and who != Reach.EVERYBODY:
            refusal = self._link.answer(scope, cookies, language)
            keep = keep and refusal is None
        if "text/html" in headers.get(
            "accept", ""
        ):  # a page, whose text the headers' module completes: not compressed
            uncompressed = [one for one in scope["headers"] if one[0] != b"accept-encoding"]
            scope = {**scope, "headers": uncompressed}
        answer = with_headers(send, self._headers, https=self._https, language=language, keep=keep)
        if refusal is None and who in (Reach.OWNERS, Reach.UPLOADERS):
            session = self._people.session(cookies)
            person, rights = await self._people.rights(session)
            if who == Reach.UPLOADERS:
                await self._upload(person, rights & _TAKE_FILES, session, path)(scope, receive, answer)
                return
            if not rights:
                refusal = PlainTextResponse("Sign in first.", 403)
            elif not self._is_own_file(session, path):
                refusal = PlainTextResponse("This file is not of a page that you have open.", 403)
        if scope["type"] == "websocket":
            await self._screen(refusal, cookies, scope, receive, send)
        else:
            await (refusal or self._app)(scope, receive, answer)

    async def _screen(
        self, refusal: Response | None, cookies: Mapping[str, str], scope: Scope, receive: Receive, send: Send
    ) -> None:
        if refusal:
            await receive()
            await send({"type": "websocket.close", "code": 1008})  # before accept: a 403
            return
        left = False

        async def listened() -> Message:
            nonlocal left
            message = await receive()
            if len(message.get("bytes") or message.get("text") or "") > _STRANGERS_BYTES:
                _, rights = await self._people.rights(self._people.session(cookies))
                if not rights:
                    await send({"type": "websocket.close", "code": _TOO_BIG})
                    message = {"type": "websocket.disconnect", "code": _TOO_BIG}
            left = message["type"] == "websocket.disconnect" and message.get("code") == _LEFT
            return message

        try:
            await self._app(scope, listened, send)
        finally:
            self._uploads.connection_ended(left=left)

    def _is_own_file(self, session: str, path: str) -> bool:
        """Whether a screen of the same session was given the file, an export or a picture."""
        return any(self._people.session(shown) == session for shown in self._uploads.screens.given(path))

    def _upload(self, person: str, may: frozenset[Right], session: str, path: str) -> ASGIApp:
        """Streamlit, for a file that may be uploaded into the screen of the path; else the refusal."""
        screen = path.split("/")[3]
        opened_by = self._uploads.screens.cookies(screen)
        if not may or opened_by is None or self._people.session(opened_by) != session:
            return PlainTextResponse("Nobody who may add a file here has signed in.", 403)

        async def taken(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["method"] != "PUT":
                await self._app(scope, receive, send)
                return
            sent = Headers(scope=scope)
            length = sent.get("content-length", "")
            chunked = (
                "transfer-encoding" in sent
            )  # the server then goes by it, and not by the length (RFC 9112, 6.3)
            if chunked or not length.isascii() or not length.isdigit() or len(length) > 15:
                await PlainTextResponse("Say how long the file is.", 411)(scope, receive, send)
                return
            try:
                with self._uploads.room(person, screen, int(length)):
                    await self._app(scope, receive, send)
            except NoRoom:
                await PlainTextResponse("Too much waits here already.", 413)(scope, receive, send)

        return taken

    def _path(self, scope: Scope) -> str:
        """The path as Streamlit's routes know it."""
        path: str = scope["path"]
        for prefix in (scope.get("root_path", ""), self._base):
            if prefix and path.startswith(f"{prefix}/"):
                path = path.removeprefix(prefix)
        return path

    def _refused(self, scope: Scope, headers: Headers, who: Reach) -> Response | None:
        why = self._refusal(scope, headers, who)
        return PlainTextResponse(why, 404 if who == Reach.NOBODY else 403) if why else None

    def _refusal(self, scope: Scope, headers: Headers, who: Reach) -> str | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or (name := _host_name(hosts[0])) not in self._names:
            return "This address is not one that the dashboard answers to: add it to allowed_hosts."
        if not self._strangers_may_come and not _of_this_machine(scope, headers):
            return (
                "Without an identity provider the dashboard answers this machine only, and through no proxy."
            )
        if who == Reach.NOBODY or (
            who == Reach.MACHINE and not (is_loopback(name) and _of_this_machine(scope, headers))
        ):
            return "Nothing is served here."
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            origin = headers.get("origin")
            if origin is not None and not self._same_origin(origin, hosts[0]):
                return "This request comes from another site."
            if origin is None and headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
                return "This request comes from another site."
        return None

    def _same_origin(self, origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() in (
            host.lower(),
            self._home.netloc.lower(),
        )


def allowed_names(settings: Settings) -> frozenset[str]:
    """The host names in a request that the dashboard answers to, in small letters and without a port."""
    names = {*LOOPBACK_NAMES, *settings.allowed_hosts, urlsplit(settings.dashboard_url).hostname or ""}
    return frozenset(name.lower().strip("[]") for name in names if name)


def _of_this_machine(scope: Scope, headers: Headers) -> bool:
    """Whether the request was made on this machine, and handed on by nobody."""
    client = scope.get("client")
    if not client or not is_loopback(client[0]):
        return False
    return not any(name in _OF_PROXIES or name.startswith("x-forwarded") for name in headers)


def _host_name(host: str) -> str:
    """``[::1]:8501`` → ``::1``; ``Desk.example.com:443`` → ``desk.example.com``; empty for what is no host."""
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:@/\s]+))(?::\d{1,5})?", host)
    return (match[1] or match[2]).lower() if match else ""
