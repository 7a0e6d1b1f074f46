"""The order form as a person fills it in, in the form's own language."""

from dataclasses import dataclass

from playwright.sync_api import Page, expect


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
    "en": Labels("First name", "Last name", "E-mail address", "Amount", "Description", "Invoice number", "Send by e-mail", "Send"),
    "fr": Labels("Prénom", "Nom", "Adresse e-mail", "Montant", "Description", "N° de facture", "Envoyer par e-mail", "Envoyer"),
}  # fmt: skip


def fill(page: Page, language: str = "en", **values: str) -> None:
    """Type into the fields named; each is known to the server before the next is typed."""
    labels = LABELS[language]
    for name, text in values.items():
        field = page.get_by_role("textbox", name=getattr(labels, name), exact=True)
        field.fill(text)
        expect(field).to_have_value(text)


def fill_right(page: Page, email: str, language: str = "en", **changes: str) -> None:
    """An order that nothing is wrong with."""
    values = {
        "first_name": "Charlotte", "last_name": "Whitfield", "email": email, "amount": "48,50" if language == "fr" else "48.50",
        "description": "Oak side table", "invoice": f"INV-{email.partition('@')[0]}", **changes,
    }  # fmt: skip
    fill(page, language, **values)


def open_confirmation(page: Page, language: str = "en") -> None:
    """Press *Send by e-mail* and wait for the window with the e-mail."""
    labels = LABELS[language]
    page.get_by_role("button", name=labels.review).click()
    expect(page.get_by_role("dialog").get_by_role("button", name=labels.send, exact=True)).to_be_enabled()
