"""The dashboard's door: Host, Origin, who may come without a provider, headers, cookies."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message
from starlette.websockets import WebSocket

import services.web.start_link
from services import web
from services.desk import Desk
from services.entrypoints.dashboard_lifespan import refuse_open_door
from services.settings.sources import SettingsError
from services.store import Store
from services.web.guard import Guard
from services.web.headers import SCRIPTS, script_hashes
from services.web.uploads import Uploads
from tests.support.desk import PROVIDER, settings_for
from tests.support.servers import INDEX

REAL = {
    "name": "Shop",
    "environment": "stage",
    "login": "l",
    "password": "p",
    "passphrase": "a-long-pass-phrase",
}


def answer(_request: Request) -> Response:
    response = PlainTextResponse("screen")
    response.set_cookie("_streamlit_user", "1", httponly=True)
    response.set_cookie("already", "1", secure=True)
    return response


def index(_request: Request) -> Response:
    return HTMLResponse(INDEX.read_text(encoding="utf-8"))


def own_policy(_request: Request) -> Response:
    return PlainTextResponse("back", headers={"Referrer-Policy": "no-referrer"})


async def stream(socket: WebSocket) -> None:
    await socket.accept()
    await socket.close()


class OneScreen:
    """A screen that is open, and holds nothing."""

    def cookies(self, screen: str) -> Mapping[str, str] | None:
        return {} if screen == "session" else None

    def held(self) -> Mapping[str, int]:
        return {}

    def closed(self) -> Collection[str]:
        return ()

    def forget(self, screen: str) -> None:
        raise AssertionError("it is open")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Headers
    text: str


@dataclass(frozen=True)
class Door:
    """The guard before a small application, asked as a server would ask it."""

    app: ASGIApp
    peer: str
    host: str

    def get(self, path: str = "/", **headers: str) -> Answer:
        return self._http("GET", path, headers)

    def post(self, **headers: str) -> Answer:
        return self._http("POST", "/", headers)

    def upload(self, **headers: str) -> int:
        return self._http(
            "PUT", "/_stcore/upload_file/session/file", {"content_length": "5"} | headers
        ).status

    def opens_websocket(self, **headers: str) -> bool:
        sent = self._ask("websocket", "/stream", headers, {"type": "websocket.connect"})
        return sent[0]["type"] == "websocket.accept"

    def _http(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        start, *bodies = self._ask(
            "http", path, headers, {"type": "http.request", "body": b""}, method=method
        )
        text = b"".join(body["body"] for body in bodies).decode()
        return Answer(start["status"], Headers(raw=start["headers"]), text)

    def _ask(
        self, kind: str, path: str, headers: dict[str, str], first: Message, **more: Any
    ) -> list[Message]:
        sent: list[Message] = []
        path, _, query = path.partition("?")
        named = {"host": self.host} | {name.replace("_", "-"): value for name, value in headers.items()}
        scope = {
            "type": kind,
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "client": (self.peer, 40000),
            "server": ("127.0.0.1", 8501),
            "subprotocols": [],
            "headers": [(name.encode(), value.encode()) for name, value in named.items()],
            **more,
        }

        async def receive() -> Message:
            return first

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return sent


def door(
    tmp_path: Path,
    *,
    peer: str = "127.0.0.1",
    host: str = "127.0.0.1:8501",
    base: str = "",
    token: str = "",
    **settings: Any,
) -> Door:
    routes = [
        *(
            Route(f"{base}{path}", answer)
            for path in ("/_stcore/health", "/_stcore/metrics", "/_stcore/agent/openapi.json", "/_stcore/new")
        ),
        Route("/", answer, methods=["GET", "POST"]),
        Route("/own", own_policy),
        Route("/index", index),
        WebSocketRoute("/stream", stream),
        Route("/_stcore/upload_file/{session}/{file}", answer, methods=["PUT"]),
    ]
    known = settings_for(tmp_path, **settings)
    link = services.web.start_link.StartLink(known, token) if token else None
    nowhere = Desk(known, cast(Store, None))  # nothing here looks at the database
    return Door(Guard(Starlette(routes=routes), nowhere, Uploads(OneScreen()), INDEX, base, link), peer, host)


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "LocalHost", "[::1]:8501"])
def test_the_machines_own_names_are_answered(tmp_path: Path, host: str) -> None:
    assert door(tmp_path).get(host=host).text == "screen"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "evil.example:8501",
        "localhost@evil.example",
        "",
        "localhost:x",
        "[::1",
    ],
)
def test_a_foreign_host_is_refused_in_words(tmp_path: Path, host: str) -> None:
    answered = door(tmp_path).get(host=host)
    assert (answered.status, "allowed_hosts" in answered.text) == (403, True)
    assert answered.headers["x-content-type-options"] == "nosniff"


def test_a_foreign_host_opens_no_websocket(tmp_path: Path) -> None:
    assert not door(tmp_path).opens_websocket(host="evil.example", origin="http://evil.example")


def test_the_published_name_and_the_listed_ones_are_answered(tmp_path: Path) -> None:
    client = door(
        tmp_path,
        dashboard_url="https://desk.example.com",
        allowed_hosts=("10.1.2.3", "fd00::1"),
        auth=PROVIDER,
        peer="10.9.9.9",
    )
    for host in ("desk.example.com", "10.1.2.3:8501", "[fd00::1]:8501"):
        assert client.get(host=host).status == 200
    assert client.get(host="other.example.com").status == 403


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "http://127.0.0.1:9999",
        "http://127.0.0.1.evil.example:8501",
        "file://",
        "http://[",
    ],
)
def test_another_origin_may_neither_post_nor_open_a_websocket(tmp_path: Path, origin: str) -> None:
    client = door(tmp_path)
    assert client.post(origin=origin).status == 403
    assert not client.opens_websocket(origin=origin)
    assert client.get(origin=origin).status == 200  # a link from elsewhere is no attack


def test_a_cross_site_post_without_origin_is_refused(tmp_path: Path) -> None:
    client = door(tmp_path)
    assert client.post(sec_fetch_site="cross-site").status == 403
    assert client.post(sec_fetch_site="same-origin").status == 200


def test_ones_own_origin_may(tmp_path: Path) -> None:
    client = door(tmp_path)
    assert client.post(origin="http://127.0.0.1:8501").status == 200
    assert client.opens_websocket(origin="http://127.0.0.1:8501")


def test_behind_a_proxy_the_published_origin_may(tmp_path: Path) -> None:
    client = door(tmp_path, dashboard_url="https://desk.example.com", auth=PROVIDER, host="localhost:8501")
    assert client.post(origin="https://desk.example.com").status == 200


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("::1", 200), ("10.0.0.7", 403), ("", 403)])
def test_without_a_provider_only_this_machine_is_answered(tmp_path: Path, peer: str, status: int) -> None:
    answered = door(tmp_path, peer=peer).get()
    assert answered.status == status


FORWARDED = [
    {"x_forwarded_for": "127.0.0.1"}, {"x_forwarded_host": "desk.example.com"}, {"forwarded": "for=127.0.0.1"},
    {"via": "1.1 proxy"}, {"x_real_ip": "127.0.0.1"}, {"cf_connecting_ip": "::1"}, {"cdn_loop": "cdn"},
]  # fmt: skip


@pytest.mark.parametrize("header", FORWARDED)
def test_without_a_provider_nothing_is_answered_through_a_proxy(
    tmp_path: Path, header: dict[str, str]
) -> None:
    client = door(tmp_path)
    assert client.get(**header).status == 403
    assert not client.opens_websocket(**header)
    assert door(tmp_path, auth=PROVIDER).get(**header).status == 200


def test_figures_of_the_process_are_for_this_machine_only(tmp_path: Path) -> None:
    team = {"auth": PROVIDER, "dashboard_url": "https://desk.example.com"}
    for base in ("", "/desk"):
        address = f"{base}/_stcore/metrics"
        assert door(tmp_path, base=base, **team).get(address).status == 200
        assert door(tmp_path, base=base, **team).get(address, **FORWARDED[0]).status == 403
        assert door(tmp_path, base=base, **team, host="desk.example.com").get(address).status == 403
        assert door(tmp_path, base=base, **team, peer="10.0.0.7").get(address).status == 403


@pytest.mark.parametrize("path", ["/_stcore/agent/openapi.json", "/_stcore/new"])
def test_what_streamlit_serves_under_a_name_that_is_not_ours_to_give_is_shut(
    tmp_path: Path, path: str
) -> None:
    assert door(tmp_path).get(path).status == 404
    assert door(tmp_path, base="/desk").get(f"/desk{path}").status == 404


def test_with_a_provider_others_are_answered_too(tmp_path: Path) -> None:
    assert door(tmp_path, peer="10.0.0.7", auth=PROVIDER).get().status == 200


def test_every_answer_carries_the_policy(tmp_path: Path) -> None:
    headers = door(tmp_path).get().headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["frame-ancestors"] == "'none'"
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in policy["script-src"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert "payment=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers
    assert "secure" not in headers.getlist("set-cookie")[0].lower()


def test_an_answers_own_referrer_policy_stands(tmp_path: Path) -> None:
    assert door(tmp_path).get("/own").headers.getlist("referrer-policy") == ["no-referrer"]


@pytest.mark.parametrize(
    ("browser", "page"),
    [("fr-CA,fr;q=0.9", "fr"), ("fr", "fr"), ("en-GB,fr;q=0.5", "en"), ("tlh", "en"), ("", "en")],
)
def test_the_page_says_its_language(tmp_path: Path, browser: str, page: str) -> None:
    told = door(tmp_path).get("/index", accept="text/html", accept_encoding="gzip", accept_language=browser)
    assert f'<html lang="{page}">' in told.text
    assert ("</head>" in told.text) is (SCRIPTS in told.text)
    assert set(script_hashes(SCRIPTS)) <= set(
        told.headers["content-security-policy"].replace(";", "").split()
    )
    assert len(told.text.encode()) == int(told.headers["content-length"])


def test_over_https_cookies_are_secure_and_the_browser_stays_there(tmp_path: Path) -> None:
    headers = door(tmp_path, dashboard_url="https://desk.example.com", auth=PROVIDER).get().headers
    assert headers["strict-transport-security"].startswith("max-age=")
    assert [cookie.lower().count("; secure") for cookie in headers.getlist("set-cookie")] == [1, 1]


def test_streamlits_inline_scripts_run_by_their_hash() -> None:
    hashed = base64.b64encode(hashlib.sha256(b"go()").digest()).decode()
    assert list(script_hashes('<script src="a.js"></script><script>go()</script>')) == [f"'sha256-{hashed}'"]
    assert len(list(script_hashes(INDEX.read_text(encoding="utf-8")))) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"dashboard_host": "0.0.0.0"},
        {"dashboard_url": "https://desk.example.com"},
        {"allowed_hosts": ("10.1.2.3",)},
    ],
)
def test_without_a_provider_a_published_dashboard_is_refused_at_start(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="identity provider"):
        refuse_open_door(settings_for(tmp_path, **settings))
    refuse_open_door(settings_for(tmp_path, **settings, auth=PROVIDER))


TOKEN = "t0ken-of-the-start_0123456789-abcdefghij"


def opened(client: Door, **headers: str) -> str:
    """The cookie that the link gives."""
    answered = client.get(f"/reconciliation?{web.start_link.PARAMETER}={TOKEN}&page=2", **headers)
    assert (answered.status, answered.headers["location"]) == (303, "/reconciliation?page=2")
    assert answered.headers["cache-control"] == "no-store"
    assert answered.headers["referrer-policy"] == "no-referrer"
    [cookie] = answered.headers.getlist("set-cookie")
    assert TOKEN not in cookie
    assert {"httponly", "samesite=lax", "path=/"} <= {part.strip().lower() for part in cookie.split(";")}
    return cookie.split(";")[0]


def test_the_link_of_the_start_opens_what_nothing_else_does(tmp_path: Path) -> None:
    client = door(tmp_path, token=TOKEN)
    for path in ("/", "/own", "/index", "/_stcore/metrics", "/media/x.csv", "/phone-return/accept/x"):
        closed = client.get(path, accept_language="fr")
        assert (closed.status, closed.headers["cache-control"]) == (403, "no-store")
        assert re.findall('lang="(..)"', closed.text) == ["fr", "fr", "en"]
        assert "tableau de bord par le lien" in closed.text
        assert "dashboard by the link" in closed.text
    assert client.post().status == client.upload() == 403
    assert not client.opens_websocket()
    assert client.get("/_stcore/health").status == 200

    cookie = opened(client)
    assert client.get(cookie=cookie).text == "screen"
    assert client.get("/_stcore/metrics", cookie=cookie).status == 200
    assert client.post(cookie=cookie).status == client.upload(cookie=cookie) == 200
    assert client.opens_websocket(cookie=cookie)
    assert opened(client, cookie=cookie) == cookie  # the token leaves the address of whoever comes again, too


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "x",
        TOKEN[:-1],
        f"{TOKEN}x",
        "%00",
        "%ff%fe",
        TOKEN.upper(),
        f"x&{web.start_link.PARAMETER}={TOKEN}",
    ],
)
def test_a_guessed_token_or_cookie_opens_nothing(tmp_path: Path, shown: str) -> None:
    client = door(tmp_path, token=TOKEN)
    assert client.get(f"/?{web.start_link.PARAMETER}={shown}").status == 403
    name = opened(client).split("=")[0]
    for value in (shown, TOKEN, "0" * 64):
        assert client.get(cookie=f"{name}={value}").status == 403


def test_the_cookie_of_another_start_opens_nothing(tmp_path: Path) -> None:
    cookie = opened(door(tmp_path, token=TOKEN))
    assert door(tmp_path, token=web.start_link.new_token()).get(cookie=cookie).status == 403
    assert web.start_link.new_token() != web.start_link.new_token()


def test_the_link_leads_to_no_other_site(tmp_path: Path) -> None:
    for path in ("//evil.example/x", "///evil.example/x", "/\\evil.example/x"):
        location = (
            door(tmp_path, token=TOKEN).get(f"{path}?{web.start_link.PARAMETER}={TOKEN}").headers["location"]
        )
        assert re.match(r"/[^/\\]", location), location


def test_another_site_gets_no_cookie_for_the_link(tmp_path: Path) -> None:
    client = door(tmp_path, token=TOKEN)
    assert client.get(f"/?{web.start_link.PARAMETER}={TOKEN}", host="evil.example").status == 403
    assert client.get(f"/?{web.start_link.PARAMETER}={TOKEN}", via="1.1 proxy").status == 403


@pytest.mark.parametrize(
    ("settings", "by_link"),
    [({}, False), ({"auth": PROVIDER}, False), ({"accounts": {"shop": REAL}}, True), ({"accounts": {"shop": REAL}, "auth": PROVIDER}, False)],
)  # fmt: skip
def test_it_is_by_link_where_there_is_something_to_guard_and_no_provider(
    tmp_path: Path, settings: dict[str, Any], by_link: bool
) -> None:
    known = settings_for(tmp_path, **settings)
    assert web.start_link.needed(known) == by_link
    assert web.start_link.link(known, TOKEN) == f"http://127.0.0.1:8501/?desk-token={TOKEN}"
