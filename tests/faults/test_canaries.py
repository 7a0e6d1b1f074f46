"""Secrets and card data stay where they belong: the whole loop, every log at DEBUG, and none of them is left anywhere."""

import hashlib
import json
import quopri
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

import httpx
import pytest
from playwright.sync_api import expect, sync_playwright

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports.received import fetch_requests
from services.orders import create, history
from tests.support import browser
from tests.support.desk import open_test_desk, person
from tests.support.drafts import draft
from tests.support.payouts import import_file
from tests.support.public import body, signed
from tests.support.sandbox import ROOT, clock_of, wait_for
from tests.support.servers import free_ports, server

pytestmark = [pytest.mark.faults, pytest.mark.browser]

# Each with a letter that is written otherwise in a URL.
SECRETS = {
    name: f"canary/{name}/5f1c"
    for name in (
        "password",
        "passphrase",
        "previous",
        "finance",
        "smtp",
        "client",
        "cookie-0123456789abcdef0123456789",
        "database",
    )
}
PATIENCE = 120  # seconds
HOLDER = "CANARY CARDHOLDER"


@dataclass(frozen=True)
class House:
    """Sandbox, public application and dashboard with its worker, each a loud process; a desk on their database."""

    folder: Path
    desk: Desk
    manager: Actor
    sandbox: httpx.Client
    dashboard: str
    public: str
    environment: dict[str, str]

    def control(self, path: str, /, **asked: object) -> None:
        assert self.sandbox.post(f"/control/{path}", json=asked).status_code == 200

    def create(self, **changes: object) -> int:
        return create.create(self.desk, self.manager, draft(**changes), create.new_form_key())

    def wait(self, order_id: int, **fields: str) -> str:
        """Wait until the order's columns say so; its page's URL, if it has one."""

        def holds() -> bool:
            order = history.detail(self.desk, self.manager, order_id).order
            return all(getattr(order, name) == value for name, value in fields.items())

        wait_for(holds, f"order {order_id} to be {fields}", PATIENCE)
        return history.detail(self.desk, self.manager, order_id).url or ""

    def failure(self, order_id: int) -> str | None:
        return history.detail(self.desk, self.manager, order_id).order.failure

    def errors(self, order_id: int) -> list[str]:
        events = history.detail(self.desk, self.manager, order_id).events
        return [event.data["error"] for event in events if event.data.get("error")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    dashboard, public, hipay, smtp, provider = free_ports(5)
    home = f"http://127.0.0.1:{dashboard}"
    account = {
        "name": "Maison Demo",
        "environment": "sandbox",
        "login": "sandbox",
        "password": SECRETS["password"],
        "passphrase": SECRETS["passphrase"],
        "previous_passphrase": SECRETS["previous"],
        "finance_login": "sandbox",
        "finance_password": SECRETS["password"],
        "finance_notification_password": SECRETS["finance"],
    }
    auth = {
        "redirect_uri": f"{home}/oauth2callback",
        "cookie_secret": SECRETS["cookie-0123456789abcdef0123456789"],
        "client_id": "desk",
        "client_secret": SECRETS["client"],
        "server_metadata_url": f"http://127.0.0.1:{provider}/.well-known/openid-configuration",
    }
    values = {
        "sandbox_url": f"http://127.0.0.1:{hipay}",
        "sandbox_smtp_port": smtp,
        "public_port": public,
        "dashboard_port": dashboard,
        "smtp_url": f"smtp://sandbox:{quote(SECRETS['smtp'], safe='')}@127.0.0.1:{smtp}",
    }
    environment = {f"ETERMINAL_{name.upper()}": str(value) for name, value in values.items()} | {
        "ETERMINAL_DATA_DIR": str(tmp_path),
        "ETERMINAL_ACCOUNTS": json.dumps({"demo": account}),
        "ETERMINAL_AUTH": json.dumps(auth),
        "ETERMINAL_SECRETS": str(tmp_path / "none.toml"),
    }
    claims = {
        "sub": "camille",
        "name": "Camille Martin",
        "email": "c@example.com",
        "roles": ["manager", "finance"],
    }
    programs = {
        "oidc": ("oidc_provider_mock", "--port", str(provider), "--user-claims", json.dumps(claims)),
        "sandbox": (
            "tests.faults.canary_sandbox",
            SECRETS["password"],
            SECRETS["passphrase"],
            SECRETS["smtp"],
            "--port",
            str(hipay),
            "--smtp-port",
            str(smtp),
        ),
        "public": ("tests.faults.debug_logging", "services.public"),
        "dashboard": (
            "tests.faults.debug_logging",
            "uvicorn",
            "app:app",
            "--port",
            str(dashboard),
            "--log-level",
            "debug",
        ),
    }
    with (
        server(
            ("-m", *programs["oidc"]),
            provider,
            tmp_path / "oidc.txt",
            environment={"AUTHLIB_INSECURE_TRANSPORT": "1"},
        ),
        server(("-m", *programs["sandbox"]), hipay, tmp_path / "sandbox.txt", path="/health"),
        server(
            ("-m", *programs["public"]),
            public,
            tmp_path / "public.log",
            path="/health",
            environment=environment,
        ),
        server(
            ("-m", *programs["dashboard"]),
            dashboard,
            tmp_path / "dashboard.log",
            path="/_stcore/health",
            environment=environment,
        ),
        httpx.Client(base_url=values["sandbox_url"], timeout=60, trust_env=False) as sandbox,
    ):
        desk = open_test_desk(tmp_path, accounts={"demo": account}, **values)
        clock.use(clock_of(sandbox))
        manager = person(desk, "manager", "finance")
        yield House(tmp_path, desk, manager, sandbox, home, f"http://127.0.0.1:{public}", environment)
        clock.use(None)
        desk.close()


def test_no_secret_and_no_card_is_left_anywhere(house: House) -> None:
    cards = _cards(house, _whole_loop(house))
    _failures(house)
    cookies = _sign_in(house)
    _refused_at_start(house)

    logs = {path.name: path.read_text(errors="replace") for path in house.folder.glob("*.log")}
    assert set(logs) == {"public.log", "dashboard.log", "database.log", "settings.log", "json.log"}
    # The logs were as loud as they can be, or this proves nothing.
    for word in (
        "DEBUG:httpcore",
        "DEBUG:asyncio",
        "INFO:sqlalchemy.engine",
        "< cookie:",
        "GET /phone-return/",
    ):
        assert word in logs["dashboard.log"], word
    assert "INFO:sqlalchemy.engine" in logs["public.log"]
    kept = {path.name: path.read_bytes().decode("latin-1") for path in house.folder.glob("sandbox.db*")}
    assert "A-link" in "".join(kept.values())
    mails = {
        f"mail {one['id']}": _mail(house, one["id"]) for one in house.sandbox.get("/mailbox/messages").json()
    }
    assert len(mails) == 1
    found = [
        (place, name)
        for place, text in (logs | kept | mails).items()
        for name, written in (_forms(SECRETS) | cards | cookies).items()
        if written in text
    ]
    assert found == []


def _whole_loop(house: House) -> list[dict[str, str]]:
    """By link, paid; by telephone, paid; notified, returned, settled, imported. What HiPay sent with the browser."""
    fed = []
    for order_id, channel, delivery in (("A-link", "link", "sent"), ("A-phone", "phone", "none")):
        row = house.create(order_id=order_id, channel=channel)
        page = house.wait(row, availability="open", delivery=delivery)
        paid = httpx.post(
            page, data={"outcome": "accept", "payment_product": "visa", "card_holder": HOLDER}, timeout=15
        )
        back = paid.headers["location"]
        assert back.startswith(house.public if channel == "link" else f"{house.dashboard}/phone-return/")
        assert httpx.get(back, timeout=15).status_code == 303
        fed.append(dict(parse_qsl(urlsplit(back).query)))
        house.wait(row, payment="captured")
    house.control("settlements", scenario="plain")
    [payout] = house.sandbox.get("/control/settlements").json()
    file = house.sandbox.get(f"/control/settlements/{payout['id']}/raw.csv").content
    (house.folder / "payout.csv").write_bytes(file)
    import_file(house.desk, house.manager, "demo", "payout.csv", file)
    notify = f"{house.public}/notify/demo"
    old = body("A-link")
    assert httpx.post(notify, content=old, headers=signed(old, SECRETS["previous"])).status_code == 202
    assert httpx.post(notify, content=old, headers=signed(old, "another")).status_code == 403
    _announced(house, payout["id"])
    return fed


def _announced(house: House, payout: int) -> None:
    """A finance notification, and the fetch that follows it."""
    told = f"notification_type=settlement&reference={payout}".encode()
    notify = f"{house.public}/notify-finance/demo"
    assert httpx.post(notify, content=told, headers=signed(told, SECRETS["previous"])).status_code == 403
    assert httpx.post(notify, content=told, headers=signed(told, SECRETS["finance"])).status_code == 202

    def done() -> bool:
        last = fetch_requests.read_fetching(house.desk, house.manager, "demo").last
        return last is not None and (last.state, last.unchanged) == ("done", 1)

    wait_for(done, "the payout to be fetched", PATIENCE)


def _cards(house: House, fed: list[dict[str, str]]) -> dict[str, str]:
    """What HiPay told of the cards, by notification and by the browser, and our own notification's."""
    sent = [dict(parse_qsl(one["body"])) for one in house.sandbox.get("/control/notifications").json()]
    sent.append(dict(parse_qsl(body().decode())))
    names = ("token", "card_id", "pan", "card_holder")
    cards = {one[f"payment_method[{name}]"] for one in sent for name in names}
    cards |= {one[name] for one in fed for name in ("cardtoken", "cardpan")}
    assert HOLDER in cards
    return {f"card {value}": form for value in cards for form in {value, quote(value)}} | {
        f"card {value}, encoded": quote(value, safe="") for value in cards
    }


def _failures(house: House) -> None:
    """A gateway that fails in every way, and a mail server that refuses us.

    Whichever order is tried first meets the failure: the new one, or an earlier one that is tried again.
    """
    rows: list[int] = []

    def errors() -> int:
        return sum(len(house.errors(row)) for row in rows)

    for number, kind in enumerate(("down", "lost", "garbage", "html")):
        before = errors()
        house.control("faults", kind=kind, path="/v1/hpayment", count=1)
        rows.append(house.create(order_id=f"A-{number}", channel="phone"))
        wait_for(
            lambda before=before: errors() > before, f"the failure of a gateway that is {kind}", PATIENCE
        )
    house.control("settings", smtp_reply="535 5.7.8 no")
    row = house.create(order_id="A-mail")
    house.wait(row, failure="smtp_auth_refused")
    house.control("faults", kind="refuse", code=1000001, path="/v1/hpayment")
    rows.append(house.create(order_id="A-credentials", channel="phone"))
    wait_for(
        lambda: "hipay_not_authorised" in {house.failure(row) for row in rows},
        "the credentials to be refused",
        PATIENCE,
    )


def _sign_in(house: House) -> dict[str, str]:
    """The cookies of somebody who has signed in and looked."""
    with sync_playwright() as playwright, browser.launch(playwright) as chromium:
        page = chromium.new_context(locale="en-GB").new_page()
        page.goto(f"{house.dashboard}/payment-requests")
        page.get_by_role("button", name="Sign in").click(timeout=60_000)
        page.get_by_role("button", name="camille", exact=True).click()
        expect(page.get_by_text("Signed in as Camille Martin")).to_be_visible(timeout=60_000)
        page.goto(f"{house.dashboard}/payment-requests")
        expect(page.get_by_text("8 payment requests")).to_be_visible(timeout=60_000)
        page.goto(f"{house.dashboard}/payouts")
        page.get_by_text("Add payout files").click(timeout=60_000)
        # the other way is first where payouts are fetched
        page.get_by_role("tab", name="From this computer").click()
        page.locator("input[type=file]").set_input_files(house.folder / "payout.csv")
        expect(page.get_by_text("imported before").first).to_be_visible(timeout=60_000)
        kept = page.context.cookies()
    found = {
        f"cookie {one['name']}": one["value"] for one in kept if one["name"].startswith("_streamlit_user")
    }
    assert found
    return found


def _refused_at_start(house: House) -> None:
    """A database that is not there, and settings that cannot be read: each ends the program with a sentence."""
    broken = {
        "database": {
            "ETERMINAL_DATABASE_URL": f"postgresql://desk:{quote(SECRETS['database'], safe='')}@127.0.0.1:1/desk"
        },
        "settings": {
            "ETERMINAL_ACCOUNTS": json.dumps(
                {"demo": {"password": SECRETS["password"], "passphrase": [SECRETS["passphrase"]]}}
            )
        },
        "json": {"ETERMINAL_ACCOUNTS": '{"demo": {"password": "' + SECRETS["password"]},
    }
    for name, environment in broken.items():
        with (house.folder / f"{name}.log").open("wb") as log:
            ended = subprocess.run(
                [sys.executable, "-m", "tests.faults.debug_logging", "services.public"],
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env=house.environment | environment,
                timeout=60,
                check=False,
            )
        assert ended.returncode == 1, name


def _mail(house: House, number: int) -> str:
    raw = house.sandbox.get(f"/mailbox/messages/{number}").json()["raw"]
    return str(raw) + quopri.decodestring(raw.encode()).decode(errors="replace")


def _forms(secrets: dict[str, str]) -> dict[str, str]:
    """Each secret as it is, as a URL writes it, and as HTTP and SMTP send it."""
    forms = {}
    for name, secret in secrets.items():
        forms |= {name: secret, f"{name} in a URL": quote(secret, safe="")}
        forms[f"{name} for HTTP"] = b64encode(f"sandbox:{secret}".encode()).decode()
        forms[f"{name} for SMTP"] = b64encode(f"\0sandbox\0{secret}".encode()).decode()
        forms[f"{name} hashed"] = hashlib.sha256(secret.encode()).hexdigest()
    return forms
