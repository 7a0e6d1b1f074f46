"""Without a mouse, and with a screen reader: the form by keyboard alone, and what every screen must tell of itself."""

import pytest
from playwright.sync_api import Page, expect

from pages.navigation import SCREENS
from services.i18n import translator
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import choose, settled
from tests.support.servers import until

pytestmark = pytest.mark.browser

# What has no name for a screen reader, an image without a text, and controls that are named by nothing but a picture.
_NAMELESS = """
() => {
  const shown = element => element.checkVisibility({visibilityProperty: true, opacityProperty: false}) && !element.closest('[inert],[aria-hidden=true]');
  const text = id => document.getElementById(id)?.textContent ?? '';
  const name = element =>
    (element.getAttribute('aria-label') ?? '')
    + (element.getAttribute('aria-labelledby') ?? '').split(/\\s+/).map(text).join('')
    + [...(element.labels ?? [])].map(label => label.textContent).join('')
    + (element.title ?? '')
    + (/^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName) ? '' : element.textContent);
  const controls = [...document.querySelectorAll('input, select, textarea, button, a[href], [role=button], [role=combobox], [role=textbox], iframe')];
  const found = controls.filter(shown).filter(element => !name(element).trim()).map(element => element.outerHTML.slice(0, 160));
  for (const image of document.querySelectorAll('img'))
    if (shown(image) && image.getAttribute('alt') === null) found.push(image.outerHTML.slice(0, 160));
  return found;
}
"""
_FOCUSED = "document.activeElement?.getAttribute('aria-label') || document.activeElement?.textContent || ''"


def tab_to(page: Page, name: str, most: int = 40) -> None:
    """Press Tab until the focus is on what is called so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if name == page.evaluate(_FOCUSED).strip():
            return
    raise AssertionError(f"{name} is not reached by Tab")


def test_the_order_form_is_filled_in_and_sent_by_keyboard_alone(
    page: Page, installation: Installation
) -> None:
    page.goto(f"{installation.dashboard}/new-order")
    expect(page.get_by_role("textbox", name="First name")).to_be_visible()
    settled(page)
    for name, text in (
        ("First name", "Inès"),
        ("Last name", "Benali"),
        ("E-mail address", "ines@example.com"),
        ("Amount", "19.90"),
        ("Description", "Lamp"),
        ("Invoice number", "INV-KEYS-1"),
    ):
        tab_to(page, name)
        focus_is_seen(page)
        page.keyboard.type(text)
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()
    tab_to(page, "mailSend by e-mail")
    focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("button", name="Send", exact=True)).to_be_enabled()
    tab_to(page, "sendSend")
    focus_is_seen(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("was sent to ines@example.com")).to_be_visible()
    until(lambda: installation.mails("ines@example.com"), 30, "the e-mail")
    assert len(installation.mails("ines@example.com")) == 1


def test_escape_closes_the_window_and_sends_nothing(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.dashboard}/new-order")
    fill_right(page, "escape@example.com")
    open_confirmation(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value("escape@example.com")
    assert installation.mails("escape@example.com") == []


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_screen_tells_a_screen_reader_what_is_on_it(
    open_window: OpenWindow, installation: Installation, language: str
) -> None:
    page = open_window(language).new_page()
    wrong = {}
    page.goto(installation.dashboard)
    for screen in SCREENS:
        choose(page, screen, language)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)
        if nameless := page.evaluate(_NAMELESS):
            wrong[screen.url_path] = nameless
        assert page.evaluate("document.documentElement.lang") == language
        assert page.title() == f"{translator(language).titled(screen.title)} · E-Terminal Desk"
    assert wrong == {}


def focus_is_seen(page: Page) -> None:
    """What has the focus looks different from how it looks without, once what is being drawn is drawn."""
    until(lambda: _looks_focused(page), 30, "the focus to be seen")


def _looks_focused(page: Page) -> bool:
    settled(page)
    page.evaluate("document.activeElement.scrollIntoView({block: 'center', behavior: 'instant'})")
    where = page.evaluate(
        "(() => { const box = document.activeElement.getBoundingClientRect(); return {x: box.x - 6, y: box.y - 6, width: box.width + 12, height: box.height + 12} })()"
    )
    with_focus = page.screenshot(clip=where, animations="disabled", caret="hide")
    page.evaluate("window.focused = document.activeElement; focused.blur()")
    without = page.screenshot(clip=where, animations="disabled", caret="hide")
    page.evaluate("focused.focus({focusVisible: true})")
    return with_focus != without
