"""Somebody who knows the secret tells of a payment that never was: what people see of it, until a real one comes."""

import re
import uuid

import httpx
import pytest
from playwright.sync_api import Page, expect

from pages.navigation import SCREENS
from services.store import open_store
from services.store.orders import orders
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.windows import choose, picture
from tests.support.desk import settings_for
from tests.support.public import body, signed
from tests.support.servers import ROOT, until

pytestmark = pytest.mark.browser
WORDS = {
    "en": ("Payment being confirmed", "HiPay told of a payment, but does not show it when asked", "Paid"),
    "fr": ("Paiement en cours de confirmation", "HiPay a signalé un paiement, mais ne le montre pas", "Payé"),
}


def told(installation: Installation, order: int) -> None:
    """A notification with the right signature, of a transaction that HiPay does not know."""
    store = open_store(
        settings_for(installation.data, sandbox_url=installation.sandbox_url).database, demo=True
    )
    with store.read() as tx:
        row, [page] = orders.order(tx, order), orders.pages_of(tx, order)
        assert row is not None
    store.close()
    now = f"2026-12-24T12:00:{order % 60:02}+0000"
    raw = body(
        page.hipay_order_id,
        mid="",
        transaction_reference=f"8{uuid.uuid4().int % 10**11}",
        date_updated=now,
        **{"order[amount]": "15.00", "custom_data[eterminal_order]": row.mark},
    )
    answer = httpx.post(
        f"{installation.public}/notify/demo", content=raw, headers=signed(raw), trust_env=False
    )
    assert answer.status_code == 202


def keep(page: Page, language: str, name: str) -> None:
    (ROOT / "artefacts").mkdir(exist_ok=True)
    picture(page, ROOT / "artefacts" / f"unconfirmed-{name}-{language}.png")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_only_told_is_seen_as_such_until_a_real_payment(
    open_window: OpenWindow, installation: Installation, language: str
) -> None:
    confirming, alarm, paid = WORDS[language]
    email = f"told-{uuid.uuid4().hex[:12]}@example.com"
    order, link = installation.send(email=email, amount="15")
    page, customer = open_window(language).new_page(), open_window(language).new_page()
    customer.goto(link)
    customer.get_by_role("button", name=re.compile("15")).click()
    expect(customer.get_by_role("button", name=re.compile("15"))).to_be_visible()
    page.goto(f"{installation.dashboard}/payment-requests?order={order}")
    told(installation, order)
    badge = page.locator(".stMarkdownBadge", has_text=re.compile(rf"{confirming}$"))
    expect(badge).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile("€15.00|15,00")).first).to_be_visible()
    keep(page, language, "detail")
    page.goto(f"{installation.dashboard}/payment-requests?state=unconfirmed")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    keep(page, language, "list")

    def absent() -> bool:
        store = open_store(
            settings_for(installation.data, sandbox_url=installation.sandbox_url).database, demo=True
        )
        with store.read() as tx:
            found = [event.kind for event in orders.events_of(tx, order)]
        store.close()
        return "payment_absent" in found

    until(absent, 60, "HiPay's answer")
    installation.sandbox.post("/control/clock", json={"advance_seconds": 20 * 60})
    choose(page, SCREENS[0], language)
    page.locator(".st-key-others_to_do summary").click(timeout=90_000)  # a colleague's, who sent the request
    expect(page.get_by_text(alarm).first).to_be_visible(timeout=90_000)
    keep(page, language, "to-do")

    page.goto(f"{installation.dashboard}/payment-requests?order={order}")
    expect(page.get_by_text(alarm).first).to_be_visible()
    keep(page, language, "alarm")
    hipay = installation.orders(email)[0]
    installation.sandbox.post("/control/pay", json={"orderids": [hipay["orderid"]], "outcome": "accept"})
    expect(page.locator(".stMarkdownBadge", has_text=re.compile(rf"{paid}$"))).to_be_visible(timeout=60_000)
    keep(page, language, "paid")
