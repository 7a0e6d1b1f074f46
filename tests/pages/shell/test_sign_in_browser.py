"""The sign-in as people meet it: a fresh server, a real provider, a real browser."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import time_machine
from itsdangerous import URLSafeTimedSerializer
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from pages.navigation import SCREENS
from services.access import Grant
from services.store import Store, access, open_store
from tests.pages.conftest import ROUTER
from tests.support import browser
from tests.support.servers import free_ports, server, until

pytestmark = pytest.mark.browser
COOKIE_SECRET = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
ACCOUNT = {
    "name": "Shop",
    "environment": "stage",
    "login": "user",
    "password": "secret-word",
    "passphrase": "a-long-pass-phrase",
}


@dataclass(frozen=True)
class House:
    """A dashboard that nobody has visited yet, and the provider behind it."""

    url: str
    store: Store
    log: Path


def test_no_pages_folder_lies_beside_the_router_or_the_entry_point() -> None:
    """Streamlit runs the files of such a folder at their own addresses, without the router and its sign-in."""
    entry = ROUTER.parents[1] / "app.py"
    assert ROUTER.parent.name == "pages"
    assert 'ROOT / "pages" / "main.py"' in entry.read_text()
    assert not (ROUTER.parent / "pages").exists()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    dashboard, provider = free_ports(2)
    url = f"http://127.0.0.1:{dashboard}"
    auth = {
        "redirect_uri": f"{url}/oauth2callback",
        "cookie_secret": COOKIE_SECRET,
        "client_id": "desk",
        "client_secret": "s" * 20,
        "server_metadata_url": f"http://127.0.0.1:{provider}/.well-known/openid-configuration",
    }
    person = {
        "sub": "camille",
        "name": "Camille Martin",
        "email": "camille@example.com",
        "roles": ["admin", "manager"],
    }
    environment = {
        "ETERMINAL_DATA_DIR": str(tmp_path),
        "ETERMINAL_DASHBOARD_PORT": str(dashboard),
        "ETERMINAL_WORKER": "false",
        "ETERMINAL_AUTH": json.dumps(auth),
        "ETERMINAL_ACCOUNTS": json.dumps({"shop": ACCOUNT, "outlet": {**ACCOUNT, "name": "Outlet"}}),
        "ETERMINAL_SECRETS": str(tmp_path / "none.toml"),
    }
    oidc = ["-m", "oidc_provider_mock", "--port", str(provider), "--user-claims", json.dumps(person)]
    screens = ["-m", "streamlit", "run", "app.py", "--server.port", str(dashboard)]
    with (
        server(oidc, provider, tmp_path / "oidc.log", environment={"AUTHLIB_INSECURE_TRANSPORT": "1"}),
        server(screens, dashboard, tmp_path / "app.log", path="/_stcore/health", environment=environment),
    ):
        store = open_store(f"sqlite:///{tmp_path / 'eterminal.db'}", demo=False)
        yield House(url, store, tmp_path / "app.log")
        store.close()


@pytest.fixture
def context() -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        chromium = browser.launch(playwright)
        yield chromium.new_context(locale="en-GB", timezone_id="Europe/Paris")
        chromium.close()


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="camille", exact=True).click()
    expect(page.get_by_text("Signed in as Camille Martin")).to_be_visible(timeout=30_000)


def test_the_sign_in_from_a_first_visit_to_the_last(house: House, context: BrowserContext) -> None:
    page = context.new_page()
    violations: list[str] = []
    page.on(
        "console",
        lambda message: violations.append(message.text) if "Content Security" in message.text else None,
    )

    # An anonymous first visit to a screen's own address, on a server that has run nothing yet.
    # Streamlit would give a file that it found by itself its name as an address: all of them, or none.
    for address in ("people", *(screen.url_path for screen in SCREENS), Path(SCREENS[1].file).stem):
        page.goto(f"{house.url}/{address}")
        expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=30_000)
        expect(
            page.get_by_role("heading", name=re.compile("^(?!E-Terminal Desk|Page not found)"))
        ).to_have_count(0)
        expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)
    assert "Traceback" not in house.log.read_text()

    page.goto(house.url)
    sign_in(page)
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(page.get_by_text("Administrator (from the provider)")).to_be_visible()
    user_id = _only_user(house.store)

    _check_files(page, house)

    # A role that the person lacks: the address is known, its screen does not run.
    page.goto(f"{house.url}/reconciliation")
    expect(page.get_by_text("Your role does not include this screen")).to_be_visible(timeout=30_000)

    # A role taken away while signed in: the next action is refused.
    page.goto(f"{house.url}/people")
    page.get_by_role("button", name="Change roles").click()
    _set_claimed(house.store, user_id, ["manager"])
    page.get_by_role("button", name="Save these roles").click()
    expect(page.get_by_text("Your role does not include this screen")).to_be_visible()
    with house.store.read() as tx:
        assert access.grants_of(tx, user_id) == {Grant("manager")}

    # A session that has run out, in the middle of the work.
    _end_sessions(house.store)
    page.get_by_text("EN", exact=True).click()
    page.get_by_text("FR", exact=True).click()
    expect(page.get_by_text("Votre session est terminée")).to_be_visible()
    page.get_by_text("EN", exact=True).click()
    sign_in(page)

    # Signed out: the browser is, and so is any copy of its cookies.
    kept = context.cookies()
    assert all(cookie["httpOnly"] for cookie in kept if cookie["name"].startswith("_streamlit_user"))
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible(timeout=30_000)
    context.add_cookies([cookie for cookie in kept if cookie["name"].startswith("_streamlit_user")])  # type: ignore[misc]
    page.goto(house.url)
    expect(page.get_by_text("Your session has ended")).to_be_visible(timeout=30_000)

    # A forged cookie is none, nor one signed with a guessed secret or too long ago; one of another provider says why.
    [real] = [cookie for cookie in kept if cookie["name"] == "_streamlit_user"]
    claims = json.loads(URLSafeTimedSerializer(COOKIE_SECRET, salt="_streamlit_user").loads(real["value"]))
    for value, said in (
        (_forged(real["value"]), "Payment links and telephone payments"),
        (_signed({**claims, "sub": "boss", "nonce": "1"}, "x"), "Payment links and telephone payments"),
        (_signed({**claims, "nonce": "2"}, COOKIE_SECRET, age=40), "Payment links and telephone payments"),
        (
            _signed({**claims, "nonce": "3", "iss": "https://old.example.com"}, COOKIE_SECRET),
            "not one of the identity provider",
        ),
        (
            _signed({**claims, "nonce": "4", "iat": claims["iat"] - 13 * 3600}, COOKIE_SECRET),
            "Your session has ended",
        ),
    ):
        context.add_cookies([{**real, "value": value}])  # type: ignore[typeddict-item]
        page.goto(house.url)
        expect(page.get_by_text(said)).to_be_visible(timeout=30_000)
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert violations == []
    page.screenshot(path=_artefact("sign-in.png"))


def test_an_export_is_refused_to_a_colleague_who_knows_its_address(
    house: House, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(f"{house.url}/many-at-once?account=shop")
    sign_in(page)
    page.goto(f"{house.url}/many-at-once?account=shop")
    url = _download(page)
    assert page.request.get(url).status == 200

    [own] = [cookie for cookie in context.cookies() if cookie["name"] == "_streamlit_user"]
    claims = json.loads(URLSafeTimedSerializer(COOKIE_SECRET, salt="_streamlit_user").loads(own["value"]))
    colleague = _signed({**claims, "sub": "colleague", "nonce": "colleague"}, COOKIE_SECRET)
    context.add_cookies([{**own, "value": colleague}])  # type: ignore[typeddict-item]
    tab = context.new_page()
    tab.goto(f"{house.url}/many-at-once?account=shop")
    expect(tab.get_by_role("button", name="CSV", exact=True)).to_be_visible(timeout=30_000)
    assert tab.request.get(url).status == 403
    # The same bytes have the same address: whoever has made the same file may load it.
    assert _download(tab) == url
    assert tab.request.get(url).status == 200


def test_new_order_names_the_account_of_a_person_who_has_the_right_on_one(
    house: House, context: BrowserContext
) -> None:
    page = context.new_page()
    page.goto(house.url)
    sign_in(page)
    with house.store.write() as tx:
        [user] = access.all_users(tx)
        access.set_grants(
            tx, user.id, "table", [Grant("manager", "outlet")], at=datetime.now(UTC), granted_by="test"
        )
    _set_claimed(house.store, _only_user(house.store), [])
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        for language, label in (("EN", "Account"), ("FR", "Compte")):
            page.goto(f"{house.url}/new-order")
            # Clicked by script: on a telephone the menu is folded.
            page.get_by_text(language, exact=True).evaluate("button => button.click()")
            box = page.get_by_role("combobox", name=label)
            expect(box).to_be_disabled(timeout=30_000)
            expect(box).to_have_value("Outlet")
            page.screenshot(path=_artefact(f"account-{language}-{width}.png"))


def _download(page: Page) -> str:
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="CSV", exact=True).click()
    return downloaded.value.url


def _check_files(page: Page, house: House) -> None:
    """An upload and an export are the person's own, nobody else's; what a screen held goes with it."""

    def held() -> bool:
        return "UploadedFileManager" in httpx.get(f"{house.url}/_stcore/metrics").text

    page.goto(f"{house.url}/many-at-once?account=shop")
    table = {"name": "table.csv", "mimeType": "text/csv", "buffer": b"Email;Amount\n"}
    with page.expect_response(re.compile("/upload_file/")) as uploaded:
        page.locator("input[type=file]").set_input_files(table)  # type: ignore[arg-type]
    assert uploaded.value.status == 204
    assert httpx.put(uploaded.value.url, content=b"x").status_code == 403
    assert held()
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="CSV", exact=True).click()
    assert "/media/" in downloaded.value.url
    again = page.request.get(downloaded.value.url)
    assert (again.status, again.headers["cache-control"]) == (200, "no-store")
    assert httpx.get(downloaded.value.url).status_code == 403
    page.get_by_role("link", name="People").click()
    until(lambda: not held(), 30, "the file of a screen that was left to be given back")
    page.get_by_role("link", name="Many at once").click()
    with page.expect_response(re.compile("/upload_file/")):
        page.locator("input[type=file]").set_input_files(table)  # type: ignore[arg-type]
    until(held, 30, "the file to be taken")
    page.goto(f"{house.url}/people")
    until(lambda: not held(), 30, "the file of a page that was closed to be given back")


def _only_user(store: Store) -> str:
    with store.read() as tx:
        [user] = access.all_users(tx)
    return str(user.id)


def _set_claimed(store: Store, user_id: str, roles: list[str]) -> None:
    with store.write() as tx:
        access.set_grants(tx, user_id, "claim", map(Grant, roles), at=datetime.now(UTC), granted_by="test")


def _end_sessions(store: Store) -> None:
    with store.write() as tx:
        access.end_sessions_of(tx, _only_user(store), datetime.now(UTC))


def _forged(value: str) -> str:
    return re.sub(r"[A-Za-z]", lambda letter: "B" if letter[0] == "A" else "A", value, count=40)


def _signed(claims: dict[str, Any], secret: str, *, age: int = 0) -> str:
    """Streamlit's cookie with these claims, signed ``age`` days ago."""
    with time_machine.travel(datetime.now(UTC) - timedelta(days=age)):
        return str(URLSafeTimedSerializer(secret, salt="_streamlit_user").dumps(json.dumps(claims)))


def _artefact(name: str) -> str:
    folder = ROUTER.parents[1] / "artefacts"
    folder.mkdir(exist_ok=True)
    return os.fspath(folder / name)
