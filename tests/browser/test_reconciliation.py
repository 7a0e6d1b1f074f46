"""Finance at work in a browser: a file that must be read otherwise, its import, a line matched by hand and back, the export."""

import csv
import io
import re
from contextlib import suppress
from uuid import uuid4

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.exporting import exported
from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import picture, settled
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser
HEAD = (
    "Account;Settlement ID;Transaction ID;Order;Original amount;Original currency;Operation;Settled amount;"
    "Settlement currency;Reporting data 1;Date"
)


def test_a_file_is_read_as_told_imported_matched_by_hand_undone_and_exported(
    open_window: OpenWindow, installation: Installation
) -> None:
    page = open_window("en").new_page()
    order_id = send_a_link(page, installation)
    # 1.250 can be a thousand or three decimals: only a person knows.
    content = "\r\n".join(
        (
            HEAD,
            "M;B-1;9001;WEB-9;1.250;EUR;Sale;1.250;EUR;;2026-11-20",
            "M;B-1;;;;;Settlement;1.250;EUR;;2026-11-21",
            "",
        )
    )
    page.goto(f"{installation.dashboard}/payouts")
    upload(page, "by-hand.csv", content.encode())
    expect(page.get_by_text("The file does not say how its amounts are written")).to_be_visible()
    expect(page.get_by_role("button", name="Import 1 file")).to_have_count(0)
    choose(page, "Decimal sign", "comma: 1234,56")
    expect(page.get_by_text("2 lines: 2 new, 0 already known, 0 changed.")).to_be_visible()
    say_whose(page)
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.get_by_text("1 file, 2 lines, 1 to resolve")).to_be_visible()

    page.goto(f"{installation.dashboard}/reconciliation?find=WEB-9")
    expect(cell(page, "! Not matched")).to_be_attached()
    tick(page, 0)
    expect(page.get_by_role("heading", name="Sale · €1,250.00")).to_be_visible()
    expect(page.get_by_text("No order is known by its order id").last).to_be_visible()
    match_by_hand(page, order_id)
    expect(page.get_by_text("1 line decided")).to_be_visible()
    picture(page, ROOT / "artefacts" / "matched-by-hand.png")

    page.goto(f"{installation.dashboard}/reconciliation?find=WEB-9&outcome=all")
    expect(cell(page, "✓ Matched")).to_be_attached()
    tick(page, 0)
    expect(page.get_by_text(f"Its order · {order_id}")).to_be_visible()
    expect(page.get_by_text("≠ differs").first).to_be_visible()
    picture(page, ROOT / "artefacts" / "line-beside-order.png")
    assert downloaded(page)[0]["Our order"] == order_id

    page.get_by_role("button", name="Undo").click()
    window = page.get_by_role("dialog")
    window.get_by_role("textbox", name="Reason").fill("Decided by mistake")
    window.get_by_role("textbox", name="Reason").press("Enter")
    window.get_by_role("button", name="Undo").click()
    expect(window).to_have_count(0)
    page.goto(f"{installation.dashboard}/reconciliation?find=WEB-9")
    expect(cell(page, "! Not matched")).to_be_attached()
    [row] = downloaded(page)
    assert (row["Our order"], row["Settled amount"]) == ("", "1250.00")


def test_a_file_of_ten_thousand_lines_is_looked_at_beside_and_imported_while_one_looks_on(
    open_window: OpenWindow, installation: Installation
) -> None:
    page = open_window("en").new_page()
    row = "M;C-{payout};{number};W-{number};12.50;EUR;Sale;12.50;EUR;{filling};2026-11-20"
    filling = "x" * 420  # so that the file is no small one
    lines = [row.format(payout=number % 7, number=number, filling=filling) for number in range(12_000)]
    page.goto(f"{installation.dashboard}/payouts")
    upload(page, "large.csv", "\r\n".join((HEAD, *lines, "")).encode())
    expect(page.get_by_text("12,000 lines: 12,000 new")).to_be_visible(timeout=120_000)
    say_whose(page)
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.get_by_text("1 file, 12,000 lines")).to_be_visible(timeout=120_000)
    page.goto(f"{installation.dashboard}/reconciliation?payout=C-3")
    expect(page.get_by_text("1–25 of 1,7")).to_be_visible()
    page.get_by_role("button", name="Next page").click()
    expect(page.get_by_text("26–50 of 1,7")).to_be_visible()
    page.get_by_role("button", name="Previous page").click()
    expect(page.get_by_text("1–25 of 1,7")).to_be_visible()
    expect(page.get_by_role("button", name="Previous page")).to_be_disabled()


def test_folded_filters_are_used_by_keyboard(open_window: OpenWindow, installation: Installation) -> None:
    page = open_window("en").new_page()
    page.goto(f"{installation.dashboard}/reconciliation?outcome=all")
    filters, least = (
        page.get_by_role("button", name="More filters"),
        page.get_by_role("textbox", name="Amount from"),
    )
    expect(filters).to_be_visible()
    settled(page)
    filters.press("Enter")
    expect(least).to_be_visible()
    least.fill("99999")
    least.press("Enter")
    expect(page.get_by_text("No line fits these filters.")).to_be_visible()
    expect(least).to_be_focused()
    least.press("Escape")
    expect(least).to_have_count(0)
    expect(page.get_by_role("button", name="More filters (1)")).to_be_focused()


def send_a_link(page: Page, installation: Installation) -> str:
    """An order to which a line can be matched; its id."""
    email = f"reconciliation-{uuid4().hex[:8]}@example.com"  # another one where the test is tried again
    page.goto(f"{installation.dashboard}/new-order")
    fill_right(page, email)
    open_confirmation(page)
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    [mail] = installation.mails(email)
    found = re.search(r"\d{6}-[A-Z0-9]{5}", mail["subject"])
    assert found
    return found[0]


def upload(page: Page, name: str, content: bytes) -> None:
    settled(page)
    dropzone = page.get_by_test_id("stFileUploaderDropzone")
    if not dropzone.is_visible():  # folded once there is a file
        page.get_by_text("Add payout files").click()
    expect(dropzone).to_be_visible()
    file: FilePayload = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(page.get_by_text(name, exact=True).first).to_be_visible()


def say_whose(page: Page) -> None:
    """Whose account M is, where no file of this installation has named it yet."""
    button, asked = (
        page.get_by_role("button", name="Import 1 file"),
        page.get_by_text("Account M of the file"),
    )
    expect(button.or_(asked)).to_be_visible()
    if asked.is_visible():
        asked.click()


def choose(page: Page, label: str, option: str) -> None:
    """Choose in a list; a run of the screen that begins just now closes the list, which is then opened again."""
    wanted = page.get_by_role("option", name=option)
    for timeout in (3_000, 3_000, 30_000):
        settled(page)
        page.get_by_role("combobox", name=label).click()
        with suppress(AssertionError):
            expect(wanted).to_be_visible(timeout=timeout)
            break
    wanted.click()


def match_by_hand(page: Page, order_id: str) -> None:
    page.get_by_role("button", name="Match to an order").click()
    window = page.get_by_role("dialog")
    search = window.get_by_role("textbox", name="Order id, invoice number, customer or amount")
    search.fill(order_id)
    search.press("Enter")
    expect(window.get_by_role("radio", name=order_id)).to_be_checked()
    reason = window.get_by_role("textbox", name="Reason")
    reason.fill("Checked with the customer")
    reason.press("Enter")
    window.get_by_role("button", name="Match to an order").click()
    expect(window).to_have_count(0)


def downloaded(page: Page) -> list[dict[str, str]]:
    """What the list exports as CSV."""
    text = exported(page, "Export", "As text (CSV)", "Download").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def cell(page: Page, text: str) -> Locator:
    return page.locator("canvas td[role=gridcell]", has_text=text).first


def tick(page: Page, row: int) -> None:
    """Tick a row of the list: it is drawn on a canvas, with its rows 35 pixels high and the box at the left."""
    settled(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    table.click(position={"x": 20, "y": 35 * row + 53})
