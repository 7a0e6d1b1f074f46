"""The whole loop as people go through it: order, e-mail, payment, payout file, reconciliation; in French and in English."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.exporting import exported
from tests.browser.installation import Installation
from tests.browser.order_form import LABELS, fill, fill_right
from tests.browser.windows import picture, settled
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Words:
    """What a person reads on the way; written out, so that a translation that goes wrong is seen."""

    new_order: str
    wrong_amount: str
    typed_amount: str
    amount: str
    window: str
    from_: str
    replies: str
    subject: str
    greeting: str
    button: str
    sent: str
    to_list: str
    requests: str
    waiting: str
    refuse: str
    other_outcomes: str
    pay: str
    refused_page: str
    thanks_page: str
    paid: str
    refused_line: str
    refused_why: str
    again: str
    collected_line: str
    reconciliation: str
    add_files: str
    how_read: str
    separator: str
    import_file: str
    imported: str
    all_lines: str
    export: str
    matched: str
    as_text: str
    download: str
    delimiter: str
    csv_heads: tuple[str, str, str]
    reason: str
    by_invoice: str
    sale: str
    settled: str
    settled_amount: str
    payouts: str
    adds_up: str
    differs: str


WORDS = {
    "en": Words(
        new_order="New order",
        wrong_amount="EUR takes at most 2 decimals.",
        typed_amount="1,250.50",
        amount="€1,250.50",
        window="This is what the customer will receive",
        from_="From",
        replies="Replies go to",
        subject="[TEST] Your order {order_id} with Maison Demo: €1,250.50 to pay",
        greeting="Dear Charlotte Whitfield,",
        button="Pay €1,250.50",
        sent="The link for €1,250.50 was sent to charlotte@example.com.",
        to_list="See it among the payment requests",
        requests="Payment requests",
        waiting="Awaiting payment",
        refuse="Decline",
        other_outcomes="Try another outcome",
        pay="Pay €1,250.50",
        refused_page="Your payment was declined",
        thanks_page="Thank you, your payment has been",
        paid="Paid",
        refused_line="Payment attempt refused",
        refused_why="The card does not have enough funds.",
        again="Try again",
        collected_line="Collected so far: €1,250.50",
        reconciliation="Reconciliation",
        add_files="Add payout files",
        how_read="How it was read",
        separator="Column separator: semicolon ;",
        import_file="Import 1 file",
        imported="1 file, ",
        all_lines="All (",
        export="Export",
        matched="✓ Matched",
        as_text="As text (CSV)",
        download="Download",
        delimiter=",",
        csv_heads=("Outcome", "Our order", "Operation"),
        reason="Reason",
        by_invoice="Found by: invoice number or reference",
        sale="Sale",
        settled="Settled amount",
        settled_amount="1250.50",
        payouts="Payouts",
        adds_up="✓ ties",
        differs="! differs",
    ),
    "fr": Words(
        new_order="Nouvelle commande",
        wrong_amount="EUR admet au plus 2 décimales.",
        typed_amount="1 250,50",
        amount="1\u202f250,50\u00a0€",
        window="Voici ce que le client recevra",
        from_="De",
        replies="Réponses à",
        subject="[TEST] Votre commande {order_id} chez Maison Demo\u00a0: 1\u202f250,50\u00a0€ à régler",
        greeting="Bonjour Charlotte Whitfield,",
        button="Régler 1\u202f250,50\u00a0€",
        sent="Le lien pour 1\u202f250,50\u00a0€ a été envoyé à charlotte@example.fr.",
        to_list="La voir parmi les demandes de paiement",
        requests="Demandes de paiement",
        waiting="En attente de règlement",
        refuse="Refuser",
        other_outcomes="Essayer une autre issue",
        pay="Payer 1\u202f250,50\u00a0€",
        refused_page="Votre paiement a été refusé",
        thanks_page="Merci, votre paiement a ",
        paid="Payé",
        refused_line="Tentative de paiement refusée",
        refused_why="La provision de la carte est insuffisante.",
        again="Réessayer",
        collected_line="Encaissé à ce jour : 1\u202f250,50\u00a0€",
        reconciliation="Rapprochement des commandes",
        add_files="Ajouter des fichiers de reversement",
        how_read="Comment il a été lu",
        separator="Séparateur de colonnes : point-virgule ;",
        import_file="Importer 1 fichier",
        imported="1 fichier, ",
        all_lines="Toutes (",
        export="Exporter",
        matched="✓ Rapproché",
        as_text="En texte (CSV)",
        download="Télécharger",
        delimiter=";",
        csv_heads=("Résultat", "Notre commande", "Opération"),
        reason="Motif",
        by_invoice="Trouvé par\u00a0: n° de facture ou référence",
        sale="Vente",
        settled="Montant reversé",
        settled_amount="1250,50",
        payouts="Contrôle des reversements",
        adds_up="✓ conforme",
        differs="! écart",
    ),
}


class Album:
    """Screenshots of the steps, numbered, for a person to look at."""

    def __init__(self, language: str) -> None:
        self.folder = ROOT / "artefacts" / language
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("[0-9][0-9]-*.png"):  # of a run with other steps
            old.unlink()
        self.number = 0

    def keep(self, page: Page, name: str) -> None:
        self.number += 1
        picture(page, self.folder / f"{self.number:02}-{name}.png")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_whole_loop(
    language: str, open_window: OpenWindow, installation: Installation, tmp_path: Path
) -> None:
    words, window, album = WORDS[language], open_window(language), Album(language)
    email = f"charlotte@example.{'com' if language == 'en' else 'fr'}"
    invoice = f"INV-2026-{language}-7"
    desk = window.new_page()
    order_id = send_the_link(desk, installation, words, language, album, email, invoice)
    open_from_the_list(desk, words, album)
    pay_as_the_customer(window, installation, words, album, words.subject.format(order_id=order_id))
    see_it_paid(desk, words, album)
    file = take_the_payout_file(window, installation, album, tmp_path)
    reconcile(desk, words, album, file, invoice, order_id)


def send_the_link(
    page: Page,
    installation: Installation,
    words: Words,
    language: str,
    album: Album,
    email: str,
    invoice: str,
) -> str:
    labels = LABELS[language]
    page.goto(installation.dashboard)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=words.new_order, exact=True).click()
    expect(page.get_by_role("heading", name=words.new_order)).to_be_visible()
    album.keep(page, "new-order-empty")
    review = page.get_by_role("button", name=labels.review)
    expect(review).to_have_count(0)
    fill(page, language, amount=words.typed_amount + "9")
    expect(page.get_by_text(words.wrong_amount)).to_be_visible()
    fill_right(page, email, language, amount=words.typed_amount, invoice=invoice)
    expect(review).to_be_visible()
    expect(page.get_by_text(words.wrong_amount)).to_have_count(0)
    album.keep(page, "new-order-filled")
    review.click()
    window = page.get_by_role("dialog", name=words.window)
    letter = window.frame_locator("iframe")
    expect(letter.get_by_text(words.greeting)).to_be_visible()
    facts = window.locator("dl")
    shown = re.split(r"\n+", facts.inner_text())
    order_id = re.search(r"\d{6}-[A-Z0-9]{5}", shown[1])
    assert order_id, shown
    assert shown[1] == words.subject.format(order_id=order_id[0])
    assert shown[3] == email
    assert shown[4:] == [
        words.from_,
        "Maison Demo <boutique@maison-demo.example>",
        words.replies,
        "bonjour@maison-demo.example",
    ]
    expect(letter.get_by_text(words.button, exact=True)).to_be_visible()
    album.keep(page, "send-window")
    window.get_by_role("button", name=labels.send, exact=True).click()
    expect(page.get_by_text(words.sent)).to_be_visible()
    album.keep(page, "sent")
    return order_id[0]


def open_from_the_list(page: Page, words: Words, album: Album) -> None:
    page.get_by_role("link", name=words.requests, exact=True).click()
    expect(page.get_by_role("heading", name=words.requests)).to_be_visible()
    expect(cell(page, "Charlotte Whitfield")).to_be_attached()
    expect(cell(page, words.waiting)).to_be_attached()
    album.keep(page, "payment-requests")
    choose_row(page, 0)
    expect(page.get_by_role("heading", name="Charlotte Whitfield")).to_be_focused()
    expect(badge(page, words.waiting)).to_be_visible()
    album.keep(page, "request-waiting")


def pay_as_the_customer(
    window: BrowserContext, installation: Installation, words: Words, album: Album, subject: str
) -> None:
    """From the mailbox by the mail's button to the payment page; refused once, then paid."""
    page = window.new_page()
    page.goto(f"{installation.sandbox_url}/mailbox")
    album.keep(page, "mailbox")
    page.get_by_role("link", name=subject).click()
    letter = page.frame_locator("iframe")
    expect(letter.get_by_text(words.greeting)).to_be_visible()
    album.keep(page, "e-mail")
    with window.expect_page() as opened:
        letter.get_by_role("link", name=words.button).click()
    payment = opened.value
    page.close()
    album.keep(payment, "own-link")
    payment.get_by_role("button", name=words.button).click()
    payment.wait_for_url(f"{installation.sandbox_url}/payment/**")
    expect(payment.get_by_role("button", name=words.pay)).to_be_visible()
    album.keep(payment, "payment-page")
    payment.get_by_text(words.other_outcomes).click()
    payment.get_by_role("combobox").select_option("4010103")
    payment.get_by_role("button", name=words.refuse, exact=True).click()
    expect(payment.get_by_role("heading", name=words.refused_page)).to_be_visible()
    album.keep(payment, "return-refused")
    payment.get_by_role("link", name=words.again).click()
    payment.get_by_role("button", name=words.pay).click()
    expect(payment.get_by_role("heading", name=words.thanks_page)).to_be_visible()
    expect(payment.get_by_text(words.amount)).to_be_visible()
    assert payment.url.startswith(f"{installation.public}/return/")
    assert "?" not in payment.url
    album.keep(payment, "return-paid")
    payment.close()


def see_it_paid(page: Page, words: Words, album: Album) -> None:
    """The request's own page follows by itself: nobody touches it."""
    expect(badge(page, words.paid)).to_be_visible()
    for line in (words.refused_line, words.refused_why, words.collected_line):
        expect(page.get_by_text(line)).to_be_visible()
    album.keep(page, "request-paid")


def take_the_payout_file(
    window: BrowserContext, installation: Installation, album: Album, folder: Path
) -> Path:
    """Run a settlement on the sandbox's control page and download its CSV there."""
    page = window.new_page()
    page.goto(f"{installation.sandbox_url}/control")
    page.get_by_role("button", name="Run a settlement").click()
    csv_link = page.get_by_role("link", name="csv").first
    expect(csv_link).to_be_visible()
    album.keep(page, "sandbox-settlement")
    with page.expect_download() as download:
        csv_link.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    page.close()
    return file


def reconcile(page: Page, words: Words, album: Album, file: Path, invoice: str, order_id: str) -> None:
    page.get_by_role("link", name=words.payouts, exact=True).click()
    expect(page.get_by_role("heading", name=words.payouts)).to_be_visible()
    uploader = page.get_by_test_id("stFileUploaderDropzone")
    adding = page.get_by_text(words.add_files)
    expect(adding).to_be_visible()
    settled(page)
    closing = page.locator("[class*='st-key-close_result_'] button")
    while closing.count():  # results of other tests
        closing.first.click()
        settled(page)
    if not uploader.is_visible():  # folded once there is a file
        adding.click()
    with page.expect_file_chooser() as chooser:
        uploader.locator("button").click()
    chooser.value.set_files(file)
    page.locator("summary", has_text=words.how_read).click()
    expect(page.get_by_text(words.separator)).to_be_visible()
    album.keep(page, "payout-file-read")
    page.get_by_role("button", name=words.import_file).click()
    expect(page.get_by_text(words.imported)).to_be_visible()  # by itself: another process imports it
    page.locator("[class*='st-key-close_result_'] button").click()  # else the next language sees it, too
    page.get_by_role("link", name=words.reconciliation, exact=True).click()
    album.keep(page, "reconciliation-open")
    page.get_by_role("button", name=words.all_lines).click()
    page.get_by_role("searchbox").fill(order_id)  # other tests have imported thousands
    page.get_by_role("searchbox").press("Enter")
    expect(cell(page, order_id)).to_be_attached()
    album.keep(page, "reconciliation-lines")

    text = exported(page, words.export, words.as_text, words.download).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=words.delimiter))
    ours = [row for row in rows if row["Reporting data 1"] == invoice]
    outcome, order, operation = words.csv_heads
    assert {row[outcome] for row in ours} == {words.matched.removeprefix("✓ ")}
    assert {row[order] for row in ours} == {order_id}
    [sale] = [row for row in ours if row[operation] == words.sale]
    assert sale[words.settled] == words.settled_amount
    assert words.by_invoice in sale[words.reason]

    page.get_by_role("link", name=words.payouts, exact=True).click()
    page.get_by_role("button", name=words.adds_up).click()  # those to check come first
    expect(cell(page, words.adds_up)).to_be_attached()
    expect(cell(page, words.differs)).to_have_count(0)
    album.keep(page, "payout-check")


def badge(page: Page, text: str) -> Locator:
    return page.locator(".stMarkdownBadge", has_text=text)


def cell(page: Page, text: str) -> Locator:
    """A cell of a table: drawn on a canvas, told to screen readers by a table within it."""
    return page.locator("canvas td[role=gridcell]", has_text=text).first


def choose_row(page: Page, row: int) -> None:
    """Click in a row of the table: it is drawn on a canvas, with its rows 40 pixels high."""
    table = page.get_by_test_id("stDataFrame")
    table.scroll_into_view_if_needed()
    table.click(position={"x": 300, "y": 40 * row + 60})
