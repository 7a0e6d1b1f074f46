"""On a telephone: every screen fits a window of 390 pixels, and nothing runs out of it at the side."""

import pytest
from playwright.sync_api import expect

from pages.navigation import SCREENS
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import choose, picture, settled
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser
WIDTH = 390

# Elements that end beyond the window, except in what scrolls at the side by itself (tables, code, rows of tabs).
_OUTSIDE = """
() => [...document.querySelectorAll('[data-testid=stMain] *, [role=dialog] *')]
  .filter(element => {
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height || box.right <= innerWidth + 1 || !element.checkVisibility()) return false;
    for (let around = element.parentElement; around && around !== document.body; around = around.parentElement)
      if (around.dataset.testid !== 'stMain' && /auto|scroll|hidden|clip/.test(getComputedStyle(around).overflowX)) return false;
    return true;
  })
  .map(element => element.outerHTML.slice(0, 160))
"""

# Labels that end in an ellipsis, and placeholders that are longer than their field.
_CUT_OFF = """
() => {
  const pen = document.createElement('canvas').getContext('2d');
  const main = document.querySelector('[data-testid=stMain]');
  const labels = [...main.querySelectorAll('*')].filter(element =>
    element.checkVisibility() && element.clientWidth && getComputedStyle(element).textOverflow === 'ellipsis'
    && element.scrollWidth > element.clientWidth);
  const fields = [...main.querySelectorAll('input[placeholder]')].filter(field => {
    const style = getComputedStyle(field);
    pen.font = style.font;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return field.checkVisibility() && !field.value && room > 20 && pen.measureText(field.placeholder).width > room + 1;
  });
  return [...labels.map(label => label.innerText), ...fields.map(field => field.placeholder)];
}
"""


def test_every_screen_fits_a_telephone(open_window: OpenWindow, installation: Installation) -> None:
    page = open_window(width=WIDTH, height=844).new_page()
    folder = ROOT / "artefacts" / "narrow"
    folder.mkdir(parents=True, exist_ok=True)
    outside = {}

    def look(name: str) -> None:
        settled(page)
        wider = page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth > innerWidth")
        if found := page.evaluate(_OUTSIDE) or (["the page scrolls at the side"] if wider else []):
            outside[name] = found
        picture(page, folder / f"{name}.png")

    page.goto(f"{installation.dashboard}/new-order")
    fill_right(page, "narrow@example.com")
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()
    look("new-order-filled")
    open_confirmation(page)
    look("send-window")
    page.get_by_role("dialog").get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("was sent to narrow@example.com")).to_be_visible()
    look("sent")
    page.get_by_role("link", name="See it among the payment requests").click()
    expect(page.get_by_role("heading", name="Charlotte Whitfield")).to_be_visible()
    look("request")
    for screen in SCREENS:
        choose(page, screen)
        look(screen.url_path)
    assert outside == {}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_label_and_no_placeholder_is_cut_off_on_a_telephone(
    language: str, open_window: OpenWindow, installation: Installation
) -> None:
    page = open_window(language, width=WIDTH, height=844).new_page()
    page.goto(f"{installation.dashboard}/overview")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    cut_off = {}
    for screen in SCREENS:
        choose(page, screen, language)
        if found := page.evaluate(_CUT_OFF):
            cut_off[screen.url_path] = found
    assert cut_off == {}


# What an element shows: the text of a ::after, where there is one.
_AFTER = "element => getComputedStyle(element, '::after').content"


@pytest.mark.parametrize("width", [1280, WIDTH])
def test_the_uploader_speaks_french_and_shows_all_that_it_takes(
    width: int, open_window: OpenWindow, installation: Installation
) -> None:
    page = open_window("fr", width=width, height=844).new_page()
    page.goto(f"{installation.dashboard}/many-at-once")
    zone = page.get_by_test_id("stFileUploaderDropzone")
    expect(zone.get_by_role("button", name="Téléverser", exact=False)).to_be_visible()
    settled(page)
    assert zone.inner_text().strip() in ("", "upload")  # the icon's name; every English word is hidden
    taken = page.get_by_test_id("stFileUploaderDropzoneInstructions").locator("> div")
    assert "500 Mo par fichier · CSV, TXT, XLSX, XLS, ODS" in taken.evaluate(_AFTER)
    box, around = taken.bounding_box(), zone.bounding_box()
    assert box is not None
    assert around is not None
    assert box["x"] + box["width"] <= around["x"] + around["width"]
    assert box["y"] + box["height"] <= around["y"] + around["height"]

    # While a file is dragged over it.
    zone.evaluate(
        """zone => {
          const files = new DataTransfer();
          files.items.add(new File(['a'], 'a.csv', {type: 'text/csv'}));
          zone.dispatchEvent(new DragEvent('dragenter', {bubbles: true, dataTransfer: files}));
        }"""
    )
    overlay = page.locator("[data-testid=stFileUploaderDropzone] > input + div")
    expect(overlay).to_be_visible()
    assert "Déposez un fichier ici" in overlay.evaluate(_AFTER)
    assert overlay.inner_text() == ""
