"""Make the pictures of the documentation again: ``python -m tests.browser.make_docs_images [FOLDER]``.

Starts an installation of its own on free ports, presses *Create a month of samples* (about a minute), goes through the
screens as a person would, and writes ``<screen>-en.png`` to ``docs/images/`` (or FOLDER): 1280 pixels wide, light theme,
at most 200 KB each. Look at every one of them before it is committed.
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from tests.browser import loop_image
from tests.browser.installation import Installation, installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import new_context, picture, settled
from tests.support import browser
from tests.support.servers import ROOT
from tests.support.tables import as_csv, row

MOST_BYTES = 200_000
EMAIL = "c.whitfield@example.com"  # nobody of the samples
LIST_HEADINGS = (
    "First name", "Last name", "E-mail", "Amount", "Currency", "Description", "Invoice number", "Order id",
)  # fmt: skip
# A line whose reference somebody typed by hand.
NEARLY = (
    "Settlement ID;Transaction ID;Order;Original amount;Original currency;Operation;Settled amount;Settlement currency;"
    "Reporting data 1;Date\r\n"
    "9900;8000123456;TEL-77;1250.50;EUR;Sale;1250.50;EUR;inv 2026 0412;2026-11-23\r\n"
)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=30_000)
    with (
        tempfile.TemporaryDirectory() as data,
        installation(Path(data)) as desk,
        sync_playwright() as playwright,
    ):
        chromium = browser.launch(playwright)
        window = new_context(chromium, "en", height=860)
        page = window.new_page()
        the_list(page, desk, folder)
        the_month(page, desk)
        the_order(page, window, desk, folder)
        the_payouts(page, desk, folder)
        the_reconciliation(page, desk, folder)
        for screen in ("configuration", "people"):
            page.goto(f"{desk.dashboard}/{screen}")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
            keep(page, folder, screen)
        loop_image.draw(chromium, desk, folder / "loop-en.png")
        light_enough(folder / "loop-en.png")
        chromium.close()


def the_month(page: Page, desk: Installation) -> None:
    page.goto(f"{desk.dashboard}/payment-requests")
    page.get_by_role("button", name="Create a month of samples").click()
    expect(page.get_by_text("A month of samples is there")).to_be_visible(timeout=300_000)


def the_list(page: Page, desk: Installation, folder: Path) -> None:
    """A table looked at: a row to correct, an address that looks mistyped, an invoice number twice."""
    rows = [
        row(1),
        row(2, Courriel="anna@gmial.com"),
        row(3, Courriel="nobody"),
        row(4, **{"N° de facture": "F-2"}),
    ]
    table = {"name": "customers.csv", "mimeType": "text/csv", "buffer": as_csv(rows, LIST_HEADINGS)}
    page.goto(f"{desk.dashboard}/many-at-once")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files([table])  # type: ignore[list-item]
    expect(page.get_by_role("button", name="Send 3 payment requests")).to_be_visible()
    keep(page, folder, "many-at-once", height=1450)


def the_order(page: Page, window: BrowserContext, desk: Installation, folder: Path) -> None:
    """One order from the form to the payment, refused once on the way."""
    page.goto(f"{desk.dashboard}/new-order")
    fill_right(page, EMAIL, amount="1,250.50", invoice="INV-2026-0412")
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()
    expect(page.get_by_text("Without an invoice number")).to_have_count(0)
    keep(page, folder, "new-order")
    open_confirmation(page)
    expect(page.frame_locator("iframe").get_by_text("Dear Charlotte Whitfield,")).to_be_visible()
    keep(page, folder, "send-window")
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(f"was sent to {EMAIL}")).to_be_visible()
    page.goto(f"{desk.dashboard}/payment-requests")
    expect(page.locator("canvas td", has_text="Charlotte Whitfield").first).to_be_attached()
    keep(page, folder, "payment-requests", height=900)

    customer = window.new_page()
    customer.set_viewport_size({"width": 1280, "height": 1250})
    customer.goto(f"{desk.sandbox_url}/mailbox/{desk.mails(EMAIL)[0]['id']}")
    letter = customer.frame_locator("iframe")
    expect(letter.get_by_text("Dear Charlotte Whitfield,")).to_be_visible()
    keep(customer, folder, "email")
    customer.goto(str(letter.get_by_role("link", name="Pay €1,250.50").get_attribute("href")))
    customer.get_by_role("button", name="Pay €1,250.50").click()
    customer.wait_for_url(f"{desk.sandbox_url}/payment/**")
    [order] = desk.orders(EMAIL)
    decline = {"orderids": [order["orderid"]], "outcome": "decline", "reason": "4010103"}
    desk.sandbox.post("/control/pay", json=decline).raise_for_status()
    customer.set_viewport_size({"width": 1280, "height": 860})
    customer.goto(order["url"])
    customer.get_by_role("button", name="Pay €1,250.50").click()
    expect(customer.get_by_role("heading", name="Thank you")).to_be_visible()
    keep(customer, folder, "return-page")
    customer.close()

    page.goto(f"{desk.dashboard}/payment-requests?q={EMAIL}")
    expect(page.locator("canvas td", has_text="INV-2026-0412").first).to_be_attached()
    page.get_by_test_id("stDataFrame").click(position={"x": 20, "y": 60})
    expect(page.get_by_text("Collected so far: €1,250.50")).to_be_visible()
    keep(page, folder, "request-detail", height=1150)


def the_payouts(page: Page, desk: Installation, folder: Path) -> None:
    """A file that needs a look, added to those of the month; the payouts of the month; one of them."""
    files = [{"name": "terminal.csv", "mimeType": "text/csv", "buffer": NEARLY.encode()}]
    page.goto(f"{desk.dashboard}/payouts")
    settled(page)
    page.get_by_text("Add payout files").click()
    page.get_by_role("tab", name="From this computer").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)  # type: ignore[arg-type]
    ready = page.get_by_role("button", name="Import 1 file")
    expect(ready).to_be_visible(timeout=120_000)
    keep(page, folder, "payout-files")
    ready.click()
    expect(page.get_by_text("1 file, 1 line")).to_be_visible(timeout=120_000)
    page.goto(f"{desk.dashboard}/payouts?month=all")
    expect(page.locator("canvas td").first).to_be_attached()
    keep(page, folder, "payouts")
    page.get_by_test_id("stDataFrame").nth(1).click(position={"x": 240, "y": 90})
    expect(page.get_by_role("link", name="Its lines")).to_be_visible()
    keep(page, folder, "payout", height=1400)


def the_reconciliation(page: Page, desk: Installation, folder: Path) -> None:
    page.goto(f"{desk.dashboard}/reconciliation")
    expect(page.locator("canvas td").first).to_be_attached()
    keep(page, folder, "reconciliation")
    page.goto(f"{desk.dashboard}/reconciliation?outcome=suggested")
    expect(page.locator("canvas td").first).to_be_attached()
    page.get_by_test_id("stDataFrame").first.click(position={"x": 120, "y": 53})
    expect(page.get_by_text("The nearest order")).to_be_visible()
    keep(page, folder, "reconciliation-line", height=1400)


def keep(page: Page, folder: Path, name: str, height: int = 1250) -> None:
    """Long pages are told by their first ``height`` pixels."""
    path = folder / f"{name}-en.png"
    picture(page, path)
    with Image.open(path) as image:
        image.convert("RGB").crop((0, 0, image.width, min(image.height, height))).save(path, optimize=True)
    light_enough(path)


def light_enough(path: Path) -> None:
    assert path.stat().st_size <= MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images")
