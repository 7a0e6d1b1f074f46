"""What a manager does with a request after it was sent, and what the customer meets meanwhile."""

import re
import uuid
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.windows import picture, settled
from tests.support.servers import ROOT, until

pytestmark = pytest.mark.browser


@pytest.fixture
def email() -> str:
    """An address that no other test writes to."""
    return f"life-{uuid.uuid4().hex[:12]}@example.com"


def test_called_off_while_the_customer_pays(
    open_window: OpenWindow, installation: Installation, email: str
) -> None:
    """Reminded, corrected, opened, called off; the page that was open is paid all the same, and refunded."""
    order, link = installation.send(email=email, amount="120", description="Lampe de bureau")
    page, customer = open_window("fr").new_page(), open_window("fr").new_page()
    follow(page, installation, order)
    expect(badge(page, "En attente de règlement")).to_be_visible()

    window = ask(page, "Relancer")
    keep(page, "fr", "remind")
    confirm(window, "Oui, relancer")
    expect(page.get_by_text("Une relance est envoyée")).to_be_visible()
    until(lambda: len(installation.mails(email)) == 2, 60, "the reminder")
    assert installation.mails(email)[0]["subject"].startswith("[TEST] Rappel")

    window = ask(page, "Corriger")
    type_into(window, "Montant (EUR)", "90")
    keep(page, "fr", "correct")
    confirm(window, "Oui, corriger")
    expect(page.get_by_text("Corrigée : 90,00 € au lieu de 120,00 €")).to_be_visible()
    until(lambda: len(installation.mails(email)) == 3, 60, "the e-mail with the new amount")

    customer.goto(link)
    expect(customer.get_by_role("heading", name="Régler votre commande")).to_be_visible()
    keep(customer, "fr", "own-link")
    customer.get_by_role("button", name="Régler 90,00 €").click()
    expect(customer.get_by_role("button", name="Payer 90,00 €")).to_be_visible()

    window = ask(page, "Annuler la demande")
    expect(window.get_by_text("Une page de HiPay déjà ouverte peut encore être payée")).to_be_visible()
    keep(page, "fr", "call-off")
    confirm(window, "Oui, annuler la demande")
    expect(badge(page, "Annulée")).to_be_visible()
    keep(page, "fr", "called-off")
    again = customer.context.new_page()
    again.goto(link)
    expect(again.get_by_role("heading", name="Vous n’avez rien à régler")).to_be_visible()
    expect(again.get_by_role("button")).to_have_count(0)
    keep(again, "fr", "called-off-customer")
    again.close()

    customer.get_by_role("button", name="Payer 90,00 €").click()
    expect(customer.get_by_role("heading", name="Merci, votre paiement")).to_be_visible()
    expect(badge(page, "Payé")).to_be_visible()
    alarm = page.get_by_role("alert")
    expect(alarm.get_by_text("Un paiement est arrivé après l’annulation de la demande.")).to_be_visible()
    keep(page, "fr", "paid-after-call-off")
    refund(page, "Rembourser le client", "Motif", "Demande annulée", "Oui, rembourser le client")
    expect(badge(page, "Remboursé")).to_be_visible()
    expect(page.get_by_text("Remboursé à ce jour : 90,00 €")).to_be_visible()
    # Who asked for it, and why.
    expect(page.get_by_text(re.compile(r"· Utilisateur local · Demande annulée$"))).to_be_visible()
    expect(page.get_by_text("Une page de HiPay déjà ouverte")).to_have_count(0)
    keep(page, "fr", "refunded")


def test_expired_renewed_declined_paid_and_refunded_in_parts(
    open_window: OpenWindow, installation: Installation, email: str
) -> None:
    order, link = installation.send(email=email, amount="100", language="en", lasts=timedelta(minutes=11))
    page, customer = open_window("en").new_page(), open_window("en").new_page()
    installation.sandbox.post("/control/clock", json={"advance_seconds": 12 * 60}).raise_for_status()
    follow(page, installation, order)
    expect(badge(page, "Expired, unpaid")).to_be_visible()
    customer.goto(link)
    expect(customer.get_by_role("heading", name="This payment link has expired")).to_be_visible()
    keep(customer, "en", "expired-customer")

    window = ask(page, "Renew")
    keep(page, "en", "renew")
    confirm(window, "Yes, renew")
    expect(badge(page, "Awaiting payment")).to_be_visible()
    expect(page.get_by_text("Renewed: valid until")).to_be_visible()
    until(lambda: len(installation.mails(email)) == 2, 60, "the e-mail with the new end")

    customer.reload()
    customer.get_by_role("button", name="Pay €100.00").click()
    expect(customer.get_by_role("button", name="Pay €100.00")).to_be_visible()
    customer.get_by_text("Try another outcome").click()
    customer.get_by_role("combobox").select_option("4010103")
    customer.get_by_role("button", name="Decline", exact=True).click()
    expect(customer.get_by_role("heading", name="Your payment was declined")).to_be_visible()
    expect(badge(page, "Payment refused")).to_be_visible()
    keep(page, "en", "declined")
    customer.get_by_role("link", name="Try again").click()
    customer.get_by_role("button", name="Pay €100.00").click()
    expect(customer.get_by_role("heading", name="Thank you, your payment has been")).to_be_visible()
    expect(badge(page, "Paid")).to_be_visible()
    customer.goto(link)
    expect(customer.get_by_role("heading", name="This order has already been paid")).to_be_visible()

    refund(
        page,
        "Refund the customer",
        "Reason",
        "One came broken",
        "Yes, refund the customer",
        ("Amount, at most €100.00", "30"),
    )
    expect(page.get_by_text("Refunded so far: €30.00")).to_be_visible()
    keep(page, "en", "refunded-in-part")
    refund(page, "Refund the customer", "Reason", "The rest, too", "Yes, refund the customer")
    expect(page.get_by_text("Refunded so far: €100.00")).to_be_visible()
    expect(page.get_by_role("button", name="Refund the customer")).to_have_count(0)
    keep(page, "en", "refunded")


def test_a_held_amount_is_collected_in_two_parts(
    open_window: OpenWindow, installation: Installation, email: str
) -> None:
    order, link = installation.send(email=email, amount="100", language="en", capture="later")
    assert httpx.post(link, trust_env=False, timeout=60).status_code == 303
    [asked] = installation.orders(email)
    installation.sandbox.post("/control/pay", json={"orderids": [asked["orderid"]]}).raise_for_status()
    page = open_window("en").new_page()
    follow(page, installation, order)
    expect(badge(page, "Held")).to_be_visible()
    keep(page, "en", "held")
    window = ask(page, "Collect")
    type_into(window, "Amount, at most €100.00", "40")
    keep(page, "en", "collect")
    confirm(window, "Yes, collect")
    expect(page.get_by_text("Collected so far: €40.00")).to_be_visible()
    confirm(ask(page, "Collect"), "Yes, collect")
    expect(page.get_by_text("Collected so far: €100.00")).to_be_visible()
    expect(badge(page, "Paid")).to_be_visible()
    keep(page, "en", "collected")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_refund_that_the_bank_refuses_later_is_said_and_asked_again(
    open_window: OpenWindow, installation: Installation, email: str, language: str
) -> None:
    says = {
        "en": ("Refund the customer", "Reason", "Yes, refund the customer", "Amount, at most €100.00"),
        "fr": ("Rembourser le client", "Motif", "Oui, rembourser le client", "Montant, au plus 100,00 €"),
    }
    order, link = installation.send(email=email, amount="100", language=language)
    assert httpx.post(link, trust_env=False, timeout=60).status_code == 303
    [asked] = installation.orders(email)
    control = installation.sandbox
    control.post("/control/pay", json={"orderids": [asked["orderid"]]}).raise_for_status()
    page = open_window(language).new_page()
    follow(page, installation, order)
    button, label, yes, most = says[language]
    refund(page, button, label, "One came broken", yes, (most, "30"))
    expect(page.get_by_text(re.compile(r"(Refunded so far|Remboursé à ce jour).*30[.,]00"))).to_be_visible()

    console = page.context.new_page()
    console.goto(f"{installation.sandbox_url}/control")
    row = console.get_by_role("row").filter(has_text=asked["orderid"])
    keep(console, "en", "sandbox-refusable")
    row.get_by_role("button", name="Refuse refund €30.00").click()
    expect(row.get_by_text("165 Refund Refused")).to_be_visible()
    expect(
        page.get_by_text(re.compile(r"(refused by the bank|refusé par la banque).*30[.,]00"))
    ).to_be_visible()
    keep(page, language, "refund-refused")
    window = ask(page, button)
    expect(window.get_by_role("textbox", name=most)).to_be_visible()  # all of it can go back
    page.keyboard.press("Escape")

    page.goto(installation.dashboard)
    page.get_by_text(
        re.compile(r"(with a? ?colleagues?|chez (un|des) collègues?)$")
    ).first.click()  # who sent it
    settled(page)
    for fold in page.get_by_text(re.compile(r"^\d+ (items|éléments)$")).all():  # several of a kind are folded
        if fold.is_visible():
            fold.click()
    card = page.get_by_test_id("stVerticalBlock").filter(has_text=asked["orderid"]).last
    expect(
        card.get_by_text(re.compile(r"(refused a refund of €30.00|refusé un remboursement de 30,00.€)"))
    ).to_be_visible()
    expect(card.get_by_role("button", name=button)).to_be_visible()
    keep(page, language, "refund-refused-to-do")


def follow(page: Page, installation: Installation, order: int) -> None:
    """The request's own page, which follows by itself from here on."""
    page.goto(f"{installation.dashboard}/payment-requests?order={order}")


def badge(page: Page, text: str) -> Locator:
    return page.locator(".stMarkdownBadge", has_text=re.compile(rf"{text}$"))


def ask(page: Page, button: str) -> Locator:
    """Press one of the request's buttons and wait for its window."""
    page.get_by_role("button", name=button, exact=True).click()
    window = page.get_by_role("dialog")
    expect(window).to_be_visible()
    return window


def type_into(window: Locator, label: str, text: str) -> None:
    field = window.get_by_role("textbox", name=label)
    field.fill(text)
    field.press("Tab")


def confirm(window: Locator, button: str) -> None:
    """Press the window's last button, and see the window go."""
    go = window.get_by_role("button", name=button, exact=True)
    expect(go).to_be_enabled()
    go.click()
    expect(window).to_have_count(0)


def refund(
    page: Page, button: str, label: str, why: str, yes: str, part: tuple[str, str] | None = None
) -> None:
    window = ask(page, button)
    if part:
        type_into(window, *part)
    expect(window.get_by_role("button", name=yes, exact=True)).to_be_disabled()
    type_into(window, label, why)
    confirm(window, yes)


def keep(page: Page, language: str, name: str) -> None:
    """A picture of the step, for a person to look at."""
    folder = ROOT / "artefacts" / language
    folder.mkdir(parents=True, exist_ok=True)
    picture(page, folder / f"request-{name}.png")
