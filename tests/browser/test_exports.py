"""Exports in a browser: asked for, followed while the person works on, downloaded, found again, made again, deleted."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenWindow
from tests.browser.exporting import exported
from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import picture, settled
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser
_SIDE = "[class*='st-key-export_side_']"
EMAIL = "exports@example.com"


def send_a_link(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.dashboard}/new-order")
    fill_right(page, EMAIL)
    open_confirmation(page)
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text(f"was sent to {EMAIL}")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "width", "menu", "form", "download", "again", "delete"),
    [
        ("fr", 1280, "Exporter", "Pour un tableur (XLSX)", "Télécharger", "Refaire", "Supprimer"),
        ("en", 390, "Export", "As text (CSV)", "Download", "Make it again", "Delete"),
    ],
)
def test_an_export_is_followed_downloaded_found_again_and_deleted(
    open_window: OpenWindow,
    installation: Installation,
    language: str,
    width: int,
    menu: str,
    form: str,
    download: str,
    again: str,
    delete: str,
) -> None:
    send_a_link(open_window("en").new_page(), installation)
    window = open_window(language, width=width)
    page = window.new_page()
    page.goto(f"{installation.dashboard}/payment-requests")
    content = exported(page, menu, form, download)
    assert content.startswith(b"PK" if "XLSX" in form else b"\xef\xbb\xbf")
    page.get_by_role("button", name=menu, exact=True).locator("visible=true").click()
    expect(page.get_by_role("button", name=download).first).to_be_visible()
    picture(page, ROOT / "artefacts" / f"export-menu-{language}-{width}.png")
    page.keyboard.press("Escape")

    # Another session of the same person, on another screen, finds it in the side bar.
    later = window.new_page()
    later.goto(f"{installation.dashboard}/configuration")
    settled(later)
    if width < 800:
        later.get_by_test_id("stExpandSidebarButton").click()
    newest = later.locator(_SIDE).first
    with later.expect_download() as found:
        newest.get_by_role("button", name=download).click()
    assert Path(found.value.path()).read_bytes() == content
    picture(later, ROOT / "artefacts" / f"export-side-{language}-{width}.png")

    former = newest.get_attribute("class") or ""
    newest.get_by_role("button", name=again).click()
    expect(newest).not_to_have_class(former)
    expect(newest.get_by_role("button", name=download)).to_be_visible()
    newest.get_by_role("button", name=delete).click()
    expect(newest).to_have_class(former)
