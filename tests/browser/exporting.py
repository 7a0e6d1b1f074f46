"""An export as a person makes it: asked for, followed, downloaded."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.windows import settled

_MADE = "[class*='st-key-export_menu_']"  # an export in the list of the open menu


def exported(page: Page, menu: str, form: str, download: str) -> bytes:
    """The file that the list's menu makes; the names are those of the menu, of the form, and how that of the button begins with
    which the file is downloaded."""
    settled(page)
    page.get_by_role("button", name=menu, exact=True).locator("visible=true").click()
    pressed = page.get_by_role("button", name=form)
    expect(pressed).to_be_visible()
    settled(page)
    before = page.locator(_MADE).count()
    pressed.click()
    expect(page.locator(_MADE)).to_have_count(before + 1)
    ready = page.locator(_MADE).first.get_by_role("button", name=download)
    with page.expect_download() as found:
        ready.click()
    content = Path(found.value.path()).read_bytes()
    page.keyboard.press("Escape")
    return content
