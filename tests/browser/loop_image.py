"""The picture of the README: the loop, from the order form to the matched line, in four steps of real screens."""

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import new_context, settled

EMAIL, INVOICE = "e.hughes@example.com", "INV-2026-0413"
WINDOW = 720  # narrow, so that the text can still be read when four screens stand in one picture
PANEL, GAP, CAPTION = (624, 520), 16, 40
INK, PAPER, LINE = "#10213f", "#f2f5fa", "#c6cfdb"


def draw(chromium: Browser, desk: Installation, path: Path) -> None:
    """Go through the loop once, and write the picture."""
    window = new_context(chromium, "en", width=WINDOW)
    page = window.new_page()
    steps = [
        ("1  The order, with its invoice number", _order(page, desk)),
        ("2  The customer's e-mail", _email(page, desk)),
    ]
    _pay(page)
    steps += [
        ("3  Paid", _paid(page, desk)),
        ("4  Matched in HiPay's payout, to the cent", _matched(page, desk)),
    ]
    window.close()
    _compose(steps, path)


def _order(page: Page, desk: Installation) -> Image.Image:
    page.goto(f"{desk.dashboard}/new-order")
    names = {"first_name": "Edward", "last_name": "Hughes", "amount": "1,250.50", "invoice": INVOICE}
    fill_right(page, EMAIL, **names)
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()
    expect(page.get_by_text("Without an invoice number")).to_have_count(0)
    shown = _below(page, page.get_by_role("heading", name="New order"))
    open_confirmation(page)
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(f"was sent to {EMAIL}")).to_be_visible()
    return shown


def _email(page: Page, desk: Installation) -> Image.Image:
    page.goto(f"{desk.sandbox_url}/mailbox/{desk.mails(EMAIL)[0]['id']}")
    letter = page.frame_locator("iframe")
    expect(letter.get_by_role("link", name="Pay €1,250.50")).to_be_attached()
    return _below(page, page.locator("iframe"), margin=0)


def _pay(page: Page) -> None:
    link = page.frame_locator("iframe").get_by_role("link", name="Pay €1,250.50")
    page.goto(str(link.get_attribute("href")))
    page.get_by_role("button", name="Pay €1,250.50").click()
    page.wait_for_url("**/payment/**")
    page.get_by_role("button", name="Pay €1,250.50").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def _paid(page: Page, desk: Installation) -> Image.Image:
    page.goto(f"{desk.dashboard}/payment-requests?q={EMAIL}")
    expect(page.locator("canvas td", has_text="Edward Hughes").first).to_be_attached()
    page.get_by_test_id("stDataFrame").click(position={"x": 20, "y": 60})
    expect(page.get_by_text("Collected so far: €1,250.50")).to_be_visible()
    return _below(page, page.get_by_role("heading", name="Edward Hughes"))


def _matched(page: Page, desk: Installation) -> Image.Image:
    [settlement] = desk.sandbox.post("/control/settlements", json={}).raise_for_status().json()["settlements"]
    [address] = [url for url in settlement["files"] if url.endswith(".csv")]
    raw = desk.sandbox.get(address).raise_for_status().content
    page.goto(f"{desk.dashboard}/payouts")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    settled(page)
    if not page.get_by_test_id("stFileUploaderDropzone").is_visible():  # folded once there is a file
        page.get_by_text("Add payout files").click()
        page.get_by_role("tab", name="From this computer").click()
    file = {"name": f"settlement-{settlement['id']}.csv", "mimeType": "text/csv", "buffer": raw}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Import 1 file").click()
    expect(page.get_by_text("1 file, ")).to_be_visible()
    page.goto(f"{desk.dashboard}/reconciliation?outcome=matched&find={INVOICE}&operation=sale")
    expect(page.locator("canvas td", has_text="Matched").first).to_be_attached()
    page.get_by_test_id("stDataFrame").first.click(position={"x": 20, "y": 53})
    expect(page.get_by_text("Found by")).to_be_visible()
    return _below(page, page.get_by_role("heading", name="Sale · €1,250.50"))


def _below(page: Page, top: Locator, margin: int = 14) -> Image.Image:
    """The window's picture from ``top`` downward, as high as a panel."""
    if page.get_by_test_id("stApp").count():
        settled(page)
    page.set_viewport_size({"width": WINDOW, "height": 3000})
    if page.get_by_test_id("stApp").count():
        settled(page)
    box = top.bounding_box()
    assert box
    y = max(0.0, box["y"] - margin)
    taken = page.screenshot(clip={"x": 0, "y": y, "width": WINDOW, "height": WINDOW * PANEL[1] / PANEL[0]})
    page.set_viewport_size({"width": WINDOW, "height": 900})
    return Image.open(io.BytesIO(taken)).convert("RGB")


def _compose(steps: list[tuple[str, Image.Image]], path: Path) -> None:
    width, height = PANEL
    whole = Image.new("RGB", (2 * width + 3 * GAP, 2 * (height + CAPTION + GAP) + GAP), PAPER)
    pen, font = ImageDraw.Draw(whole), ImageFont.load_default(22)
    for number, (caption, screen) in enumerate(steps):
        x, y = GAP + number % 2 * (width + GAP), GAP + number // 2 * (height + CAPTION + GAP)
        pen.text((x, y + 4), caption, fill=INK, font=font)
        whole.paste(screen.resize(PANEL, Image.Resampling.LANCZOS), (x, y + CAPTION))
        pen.rectangle((x, y + CAPTION, x + width - 1, y + CAPTION + height - 1), outline=LINE)
    whole.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
