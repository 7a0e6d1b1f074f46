"""The order form as a person fills it in, in the form's own language."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect

from services.i18n import translator
from tests.browser.windows import settled


@dataclass(frozen=True)
class Labels:
    first_name: str
    last_name: str
    email: str
    amount: str
    description: str
    invoice: str
    review: str  # the button that opens the window with the e-mail
    send: str


LABELS = {
    "en": Labels(
        "First name",
        "Last name",
        "E-mail address",
        "Amount",
        "Description",
        "Invoice number",
        "Send by e-mail",
        "Send",
    ),
    "fr": Labels(
        "Prénom",
        "Nom",
        "Adresse e-mail",
        "Montant",
        "Description",
        "N° de facture",
        "Envoyer par e-mail",
        "Envoyer",
    ),
}


def fill(page: Page, language: str = "en", **values: str) -> None:
    """Type into the fields named."""
    labels = LABELS[language]
    for name, text in values.items():
        field = page.get_by_role("textbox", name=getattr(labels, name), exact=True)
        field.fill(text)
        expect(field).to_have_value(text)


def fill_right(page: Page, email: str, language: str = "en", **changes: str) -> None:
    """An order that nothing is wrong with, all of it known to the server."""
    values = {
        "first_name": "Charlotte",
        "last_name": "Whitfield",
        "email": email,
        "amount": "48,50" if language == "fr" else "48.50",
        "description": "Oak side table",
        "invoice": f"INV-{email.partition('@')[0]}",
        **changes,
    }
    fill(page, language, **values)
    taken_in(page, language)


def taken_in(page: Page, language: str = "en") -> None:
    """Wait until the invoice number, typed last, is known to the server, and what is said beside it is gone.

    Before that the buttons below still move, and a press would miss them.
    """
    warning = "Without an invoice number the payout line can only be found by the order id."
    expect(page.get_by_text(translator(language)(warning))).to_have_count(0)
    settled(page)


def open_confirmation(page: Page, language: str = "en") -> None:
    """Press *Send by e-mail* and wait for the window with the e-mail."""
    labels = LABELS[language]
    page.get_by_role("button", name=labels.review).click()
    expect(page.get_by_role("dialog").get_by_role("button", name=labels.send, exact=True)).to_be_enabled()
