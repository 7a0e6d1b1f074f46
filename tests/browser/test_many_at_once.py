"""A list from a spreadsheet, in a browser: checked, confirmed by a double click, and each customer gets one e-mail."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenWindow
from tests.browser.exporting import exported
from tests.browser.installation import Installation
from tests.browser.windows import settled
from tests.support.servers import until
from tests.support.tables import as_xlsx, row

pytestmark = pytest.mark.browser


def test_a_list_is_sent_once_and_exported(open_window: OpenWindow, installation: Installation) -> None:
    mark = uuid.uuid4().hex[:10]
    emails = [f"{mark}-{n}@example.com" for n in range(3)]
    rows = [row(n, Courriel=email, **{"N° de commande": f"{mark}-{n}"}) for n, email in enumerate(emails)]
    table = as_xlsx([*rows, row(9, Courriel="nobody", **{"N° de commande": f"{mark}-9"})])

    page = open_window("fr").new_page()
    page.goto(f"{installation.dashboard}/many-at-once")
    page.get_by_role("spinbutton", name="Demandes par minute").fill("600")
    page.get_by_role("spinbutton", name="Demandes par minute").press("Enter")
    settled(page)
    page.locator("input[type=file]").set_input_files(
        {"name": f"{mark}.xlsx", "mimeType": "application/octet-stream", "buffer": table}
    )
    page.get_by_role("button", name="Envoyer 3 demandes de paiement").click()
    window = page.get_by_role("dialog")
    expect(window.get_by_text("1 ligne n’est pas envoyée", exact=False)).to_be_visible()
    window.get_by_role("button", name="Envoyer", exact=True).dblclick()
    expect(page.get_by_text(f"{mark}.xlsx")).to_be_visible()
    expect(page.get_by_text("3 sur 3 créées").first).to_be_visible(timeout=30_000)
    for email in emails:
        until(lambda address=email: installation.mails(address), 30, f"the e-mail to {email}")
        assert len(installation.mails(email)) == 1

    page.goto(f"{installation.dashboard}/payment-requests?q={mark}")
    expect(page.get_by_text("3 demandes de paiement", exact=True)).to_be_visible()
    text = exported(page, "Exporter", "En texte (CSV)", "Télécharger").decode("utf-8-sig")
    assert sorted(re.findall(rf"{mark}-\d@example\.com", text)) == emails
