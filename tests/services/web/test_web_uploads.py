"""Uploaded files and exports: for people with a live session and the right, into their own screens, within what may wait."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from itsdangerous import URLSafeTimedSerializer
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message

from services.access import sign_in
from services.desk import Desk
from services.store import access
from services.web.guard import Guard
from services.web.people import People
from services.web.uploads import LEAST_BYTES, Uploads
from tests.support.desk import ISSUER, PROVIDER
from tests.support.servers import INDEX

HOME = "https://desk.example.com"

pytestmark = pytest.mark.desk(auth=PROVIDER, dashboard_url=HOME)
COOKIE = "_streamlit_user"


@dataclass
class Memory:
    """Streamlit's side: screens with the cookies that opened them, and the files that they hold."""

    opened: dict[str, Mapping[str, str]] = field(default_factory=dict)
    files: dict[str, dict[str, int]] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    exports: dict[str, list[Mapping[str, str]]] = field(default_factory=dict)

    def cookies(self, screen: str) -> Mapping[str, str] | None:
        return self.opened.get(screen)

    def held(self) -> Mapping[str, int]:
        return {
            screen: sum(max(size, LEAST_BYTES) for size in files.values())
            for screen, files in self.files.items()
        }

    def closed(self) -> Collection[str]:
        return set(self.files) - set(self.opened)

    def given(self, path: str) -> Collection[Mapping[str, str]]:
        return self.exports.get(path, [])

    def forget(self, screen: str) -> None:
        self.forgotten.append(screen)
        del self.files[screen]


def claims(sub: str, *roles: str, **more: Any) -> dict[str, Any]:
    now = int(datetime.now(UTC).timestamp())
    return {
        "iss": ISSUER,
        "aud": "desk",
        "provider": "default",
        "sub": sub,
        "iat": now,
        "exp": now + 300,
        "nonce": sub,
        "is_logged_in": True,
        "roles": list(roles),
        **more,
    }


def signed(text: str, name: str = COOKIE, secret: str = PROVIDER["cookie_secret"]) -> str:
    return str(URLSafeTimedSerializer(secret, salt=name).dumps(text))


def cookies(given: dict[str, Any]) -> dict[str, str]:
    return {COOKIE: signed(json.dumps(given))}


def person(desk: Desk, sub: str, *roles: str) -> dict[str, str]:
    """Somebody who has signed in: the cookies of their browser."""
    given = claims(sub, *roles)
    sign_in.sign_in(desk, given)
    return cookies(given)


class House:
    """The guard over a Streamlit that keeps what it is given: 1 MB of a person, 1.5 MB in all."""

    def __init__(self, desk: Desk) -> None:
        self.memory = Memory()
        self.hold = asyncio.Event()
        self.hold.set()

        async def put(request: Request) -> Response:
            body = await request.body()
            await self.hold.wait()
            files = self.memory.files.setdefault(request.path_params["screen"], {})
            files[request.path_params["file"]] = len(body)
            return Response(status_code=204)

        async def delete(request: Request) -> Response:
            self.memory.files[request.path_params["screen"]].pop(request.path_params["file"], None)
            return Response(status_code=204)

        def export(_request: Request) -> Response:
            return PlainTextResponse("rows", headers={"cache-control": "public"})

        upload = "/_stcore/upload_file/{screen}/{file}"
        routes = [
            Route(upload, put, methods=["PUT"]),
            Route(upload, delete, methods=["DELETE"]),
            Route("/media/{file}", export),
        ]
        limits = {"person_bytes": 1_000_000, "process_bytes": 1_500_000}
        self.uploads = Uploads(self.memory, **limits, back_seconds=0.02)
        guard = Guard(Starlette(routes=routes), desk, self.uploads, INDEX)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url=HOME)

    async def put(self, screen: str, file: str, shown: dict[str, str], size: int = 300_000) -> int:
        return await self._ask("PUT", f"/_stcore/upload_file/{screen}/{file}", shown, b"x" * size)

    async def delete(self, screen: str, file: str, shown: dict[str, str]) -> int:
        return await self._ask("DELETE", f"/_stcore/upload_file/{screen}/{file}", shown)

    async def _ask(self, method: str, path: str, shown: dict[str, str], content: bytes = b"") -> int:
        return (
            await self.client.request(method, path, headers=cookie_header(shown), content=content)
        ).status_code


def cookie_header(shown: Mapping[str, str]) -> dict[str, str]:
    return {"cookie": "; ".join(f"{name}={value}" for name, value in shown.items())}


def run(desk: Desk, script: Any) -> None:
    async def all_of_it() -> None:
        house = House(desk)
        await script(house)
        await house.client.aclose()

    asyncio.run(all_of_it())


def test_a_file_is_taken_from_those_who_may_into_their_own_screen(desk: Desk) -> None:
    manager, finance, admin = (person(desk, role, role) for role in ("manager", "finance", "admin"))
    nobody, unknown = person(desk, "nobody"), cookies(claims("never", "manager"))
    forged = {COOKIE: signed(json.dumps(claims("manager", "manager")), secret="x")}
    foreign = cookies(claims("manager", "manager", iss="https://other.example.com"))

    async def script(house: House) -> None:
        house.memory.opened = {"m": manager, "f": finance, "a": admin, "n": nobody, "u": unknown, "s": {}}
        assert await house.put("m", "1", manager) == await house.put("f", "1", finance) == 204
        for screen, shown in (
            ("a", admin),
            ("n", nobody),
            ("u", unknown),
            ("s", {}),
            ("m", {}),
            ("m", forged),
            ("m", foreign),
            ("m", finance),
            ("gone", manager),
            ("m", {COOKIE: "rubbish"}),
            ("m", {COOKIE: signed("[]")}),
            ("m", {COOKIE: signed("chunks-2")}),
        ):
            assert await house.put(screen, "2", shown) == 403, (screen, shown)
            assert await house.delete(screen, "1", shown) == 403
        assert set(house.memory.files) == {"m", "f"}

    run(desk, script)


def test_a_disabled_person_and_an_ended_session_upload_nothing_from_then_on(desk: Desk) -> None:
    manager, finance = person(desk, "manager", "manager"), person(desk, "finance", "finance")

    async def script(house: House) -> None:
        house.memory.opened = {"m": manager, "f": finance}
        assert await house.put("m", "1", manager) == await house.put("f", "1", finance) == 204
        with desk.store.write() as tx:
            users = {row.subject: row.id for row in access.all_users(tx)}
            access.change_user(tx, users["manager"], disabled=True)
            access.end_sessions_of(tx, users["finance"], datetime.now(UTC) - timedelta(seconds=1))
        assert await house.put("m", "2", manager) == await house.put("f", "2", finance) == 403

    run(desk, script)


def test_what_waits_is_bounded_for_a_person_and_for_all_and_given_back(desk: Desk) -> None:
    one, two = person(desk, "one", "manager"), person(desk, "two", "manager")

    async def script(house: House) -> None:
        house.memory.opened = {"1a": one, "1b": one, "2": two}
        assert [await house.put(screen, screen, one) for screen in ("1a", "1b", "1a")] == [204, 204, 204]
        assert await house.put("1a", "more", one, 500_000) == 413  # over all their screens
        assert await house.put("2", "x", two) == await house.put("2", "y", two) == 204
        assert await house.put("2", "z", two, 400_000) == 413  # over all people
        assert await house.delete("1b", "1b", one) == 204
        assert await house.put("1b", "again", one) == 204
        many = [await house.put("1b", f"empty {number}", one, 0) for number in range(20)]
        assert many.count(413) > 0  # files without end are not free
        # The page is left: given back at once. A connection that broke may come back.
        del house.memory.opened["1b"]
        house.uploads.connection_ended(left=True)
        assert house.memory.forgotten == ["1b"]
        del house.memory.opened["1a"]
        house.uploads.connection_ended(left=False)
        house.uploads.connection_ended(left=True)  # somebody else's
        assert house.memory.forgotten == ["1b"]
        await asyncio.sleep(0.05)
        assert house.memory.forgotten == ["1b", "1a"]

    run(desk, script)


def test_a_screen_that_comes_back_in_time_keeps_its_files(desk: Desk) -> None:
    one = person(desk, "one", "manager")

    async def script(house: House) -> None:
        house.memory.opened = {"1": one}
        assert await house.put("1", "file", one) == 204
        del house.memory.opened["1"]
        house.uploads.connection_ended(left=False)
        house.memory.opened["1"] = one
        await asyncio.sleep(0.05)
        assert house.memory.files == {"1": {"file": 300_000}}
        del house.memory.opened["1"]  # and when it is left for good, it is given back
        house.uploads.connection_ended(left=True)
        assert house.memory.files == {}

    run(desk, script)


def test_files_on_their_way_count_too(desk: Desk) -> None:
    one = person(desk, "one", "manager")

    async def script(house: House) -> None:
        house.memory.opened = {"1": one}
        house.hold.clear()
        coming = [asyncio.create_task(house.put("1", f"{number}", one)) for number in range(6)]
        await asyncio.sleep(0.2)
        house.hold.set()
        assert sorted(await asyncio.gather(*coming)) == [204, 204, 204, 413, 413, 413]

        async def endless() -> Any:
            yield b"x"

        told = await house.client.put(
            "/_stcore/upload_file/1/x", headers=cookie_header(one), content=endless()
        )
        assert told.status_code == 411
        both = cookie_header(one) | {"content-length": "1", "transfer-encoding": "chunked"}
        told = await house.client.put("/_stcore/upload_file/1/x", headers=both, content=endless())
        assert told.status_code == 411  # the server goes by the chunks, however short the length

    run(desk, script)


def test_an_export_is_for_the_session_that_was_given_it_while_it_lives_and_kept_by_nobody(desk: Desk) -> None:
    finance, nobody = person(desk, "finance", "finance"), person(desk, "nobody")
    colleague = person(desk, "colleague", "finance")

    async def script(house: House) -> None:
        async def get(shown: dict[str, str]) -> httpx.Response:
            return await house.client.get("/media/rows.csv", headers=cookie_header(shown))

        assert (await get(finance)).status_code == 403  # no screen was given it
        house.memory.exports["/media/rows.csv"] = [{}, finance]
        answered = await get(finance)
        assert (answered.text, answered.headers["cache-control"]) == ("rows", "no-store")
        for shown in ({}, nobody, colleague, cookies(claims("stranger", "finance"))):
            refused = await get(shown)
            assert (refused.status_code, refused.headers["cache-control"]) == (403, "no-store")
        with desk.store.write() as tx:
            for row in access.all_users(tx):
                access.end_sessions_of(tx, row.id, datetime.now(UTC) - timedelta(seconds=1))
        assert (await get(finance)).status_code == 403

    run(desk, script)


def test_a_sign_in_that_is_longer_than_a_cookie_is_known(desk: Desk) -> None:
    given = claims("long", "manager", groups=["g" * 40] * 200)
    actor = sign_in.sign_in(desk, given)
    text = json.dumps(given)
    parts = [text[at : at + 3000] for at in range(0, len(text), 3000)]
    shown = {COOKIE: signed(f"chunks-{len(parts)}")} | {
        f"{COOKIE}_{number}": signed(part, f"{COOKIE}_{number}") for number, part in enumerate(parts, start=1)
    }
    people = People(desk)
    assert people.session(shown) == actor.session
    assert people.session({**shown, f"{COOKIE}_1": shown[f"{COOKIE}_2"]}) == ""


def test_the_connections_end_is_heard_whatever_ended_it(desk: Desk) -> None:
    told: list[bool] = []

    class Ears(Uploads):
        def connection_ended(self, *, left: bool) -> None:
            told.append(left)

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def over(code: int) -> None:
        messages: list[Message] = [
            {"type": "websocket.connect"},
            {"type": "websocket.disconnect", "code": code},
        ]

        async def receive() -> Message:
            return messages.pop(0)

        async def send(_message: Message) -> None:
            return None

        scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "client": ("10.0.0.7", 4),
            "query_string": b"",
            "headers": [(b"host", b"desk.example.com"), (b"origin", HOME.encode())],
        }
        await Guard(app, desk, Ears(Memory()), INDEX)(scope, receive, send)

    for code in (1001, 1006, 1000):
        asyncio.run(over(code))
    assert told == [True, False, False]


def test_only_a_person_with_a_role_sends_a_screen_much(desk: Desk) -> None:
    """Streamlit keeps the last message of every screen, and anybody may open the sign-in, as often as they like."""

    async def sent(shown: dict[str, str], message: Message) -> tuple[list[Message], list[Message]]:
        heard: list[Message] = []
        closed: list[Message] = []
        messages: list[Message] = [message, {"type": "websocket.disconnect", "code": 1000}]

        async def app(_scope: Any, receive: Any, _send: Any) -> None:
            while not heard or heard[-1]["type"] != "websocket.disconnect":
                heard.append(await receive())

        async def receive() -> Message:
            return messages.pop(0)

        async def send(answer: Message) -> None:
            closed.append(answer)

        headers = [(b"host", b"desk.example.com"), (b"cookie", cookie_header(shown)["cookie"].encode())]
        scope = {
            "type": "websocket",
            "path": "/_stcore/stream",
            "headers": headers,
            "client": ("10.0.0.7", 1),
        }
        await Guard(app, desk, Uploads(Memory()), INDEX)(scope, receive, send)
        return heard, closed

    big = {"type": "websocket.receive", "bytes": b"x" * 70_000}
    finance, nobody = person(desk, "finance", "finance"), person(desk, "nobody")
    small = big | {"bytes": b"x" * 1000}
    assert asyncio.run(sent({}, small))[0][0] == small
    assert asyncio.run(sent(finance, big))[0][0] == big
    for shown in ({}, nobody):
        for message in (big, {"type": "websocket.receive", "text": "x" * 70_000}):
            heard, closed = asyncio.run(sent(shown, message))
            assert [one["type"] for one in heard] == ["websocket.disconnect"]
            assert closed == [{"type": "websocket.close", "code": 1009}]
