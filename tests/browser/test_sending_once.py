"""One order and one e-mail, however the button is pressed and whatever becomes of the tab."""

import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, WebSocket, expect

from pages.navigation import SCREENS
from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.order_form import fill_right, open_confirmation
from tests.browser.windows import choose, settled
from tests.support.servers import ROOT, until

pytestmark = pytest.mark.browser


@pytest.fixture
def email() -> str:
    """An address that no other test writes to."""
    return f"c-{uuid.uuid4().hex[:12]}@example.com"


def open_form(page: Page, installation: Installation) -> None:
    page.goto(f"{installation.dashboard}/new-order")
    expect(page.get_by_role("heading", name="New order")).to_be_visible()


def send_button(page: Page) -> Locator:
    return page.get_by_role("dialog").get_by_role("button", name="Send", exact=True)


def listed(page: Page, installation: Installation, email: str) -> None:
    """The dashboard's own list holds exactly one request of this customer."""
    page.goto(f"{installation.dashboard}/payment-requests?q={email}")
    found = page.get_by_text(re.compile(r"^\d+ payment requests?$"))
    expect(found).to_be_visible()
    assert found.inner_text() == "1 payment request"


def one_of_each(installation: Installation, email: str) -> None:
    """One e-mail arrived; behind our own link HiPay is asked for nothing before the customer presses."""
    until(lambda: installation.mails(email), 30, "the e-mail")
    assert installation.orders(email) == []
    assert len(installation.mails(email)) == 1


@pytest.mark.parametrize("press", ["dblclick", "two clicks", "three events at once"])
def test_a_double_click_sends_once(page: Page, installation: Installation, email: str, press: str) -> None:
    open_form(page, installation)
    fill_right(page, email)
    open_confirmation(page)
    send = send_button(page)
    if press == "dblclick":
        send.dblclick()
    elif press == "two clicks":
        box = send.bounding_box()
        assert box
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.click(x, y)
        page.mouse.click(x, y)
    else:
        send.evaluate("button => { button.click(); button.click(); button.click(); }")
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    one_of_each(installation, email)
    listed(page, installation, email)


def test_a_tab_closed_at_once_loses_nothing(
    open_window: OpenWindow, installation: Installation, email: str
) -> None:
    window = open_window()
    page = window.new_page()
    sockets: list[WebSocket] = []
    page.on("websocket", lambda socket: sockets.append(socket))  # noqa: PLW0108 - it cannot wrap a builtin
    open_form(page, installation)
    fill_right(page, email)
    open_confirmation(page)
    settled(page)
    # The tab goes as soon as the press has left the browser.
    with sockets[-1].expect_event("framesent"):
        send_button(page).click(no_wait_after=True)
    page.close()
    one_of_each(installation, email)
    listed(window.new_page(), installation, email)


def test_reloading_after_sending_sends_nothing_again(
    page: Page, installation: Installation, email: str
) -> None:
    open_form(page, installation)
    fill_right(page, email)
    open_confirmation(page)
    send_button(page).click()
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    page.reload()
    # A session of its own begins: an empty form, nothing sent.
    expect(page.get_by_text("Still needed: First name")).to_be_visible()
    one_of_each(installation, email)
    listed(page, installation, email)


def test_back_after_sending_shows_what_became_of_it_and_sends_nothing_again(
    page: Page, installation: Installation, email: str
) -> None:
    open_form(page, installation)
    fill_right(page, email)
    open_confirmation(page)
    send_button(page).click()
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    page.get_by_role("link", name="See it among the payment requests").click()
    expect(page.get_by_role("heading", name="Charlotte Whitfield")).to_be_visible()
    page.go_back()
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    page.get_by_role("button", name="New order").click()
    expect(page.get_by_role("textbox", name="Last name")).to_have_value("")
    one_of_each(installation, email)


def test_two_tabs_with_the_same_order_are_two_forms(
    open_window: OpenWindow, installation: Installation, email: str
) -> None:
    """Each tab has a form and an order id of its own: who fills in both wants two, and neither disturbs the other."""
    window = open_window()
    one, two = window.new_page(), window.new_page()
    other = f"second-{email}"
    for page in (one, two):
        open_form(page, installation)
    fill_right(one, email)
    fill_right(two, other)
    open_confirmation(one)
    open_confirmation(two)
    send_button(one).click()
    expect(one.get_by_text(f"was sent to {email}")).to_be_visible()
    send_button(two).click()
    expect(two.get_by_text(f"was sent to {other}")).to_be_visible()
    one_of_each(installation, email)
    one_of_each(installation, other)
    # The subject names the order id.
    assert installation.mails(email)[0]["subject"] != installation.mails(other)[0]["subject"]


def test_back_in_the_window_keeps_the_form(page: Page, installation: Installation, email: str) -> None:
    open_form(page, installation)
    fill_right(page, email)
    open_confirmation(page)
    page.get_by_role("dialog").get_by_role("button", name="Back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value(email)
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()
    assert installation.mails(email) == []


def test_a_typed_order_survives_a_reload_and_another_screen(
    page: Page, installation: Installation, email: str
) -> None:
    open_form(page, installation)
    fill_right(page, email, last_name="Draftsman", amount="61.20")
    offered = page.get_by_text("Draftsman · €61.20 · Oak side table")
    expect(offered).to_have_count(0)
    page.wait_for_timeout(2_500)  # it is stored every two seconds
    page.reload()
    expect(offered).to_be_visible()
    expect(page.get_by_role("textbox", name="Last name")).to_have_value("")
    row = page.locator("[class*=st-key-draft_]").filter(has=offered)
    row.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("textbox", name="E-mail address")).to_have_value(email)
    page.get_by_role("textbox", name="First name").fill("Dora")
    expect(page.get_by_text("Dora Draftsman is asked for €61.20")).to_be_visible()
    choose(page, next(screen for screen in SCREENS if screen.url_path == "payment-requests"))
    choose(page, next(screen for screen in SCREENS if screen.url_path == "new-order"))
    expect(page.get_by_text("Dora Draftsman · €61.20")).to_be_visible()
    page.screenshot(path=ROOT / "artefacts" / "draft-offered.png")
    row = page.locator("[class*=st-key-draft_]").filter(has_text="Dora Draftsman")
    row.get_by_role("button", name="Resume").click()
    open_confirmation(page)
    send_button(page).click()
    expect(page.get_by_text(f"was sent to {email}")).to_be_visible()
    page.get_by_role("button", name="New order").click()
    expect(page.get_by_text("Dora Draftsman")).to_have_count(0)
    one_of_each(installation, email)
