"""What the configuration lacks takes the button away, says so with a way there, and gives it back once filled in."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.installation import Installation
from tests.browser.order_form import fill_right
from tests.browser.windows import settled

pytestmark = pytest.mark.browser


def test_an_empty_email_setting_takes_the_button_away_until_it_is_filled_in(
    page: Page, installation: Installation
) -> None:
    before = set_reply_to(page, installation, "")
    try:
        expect(page.get_by_text("Send by e-mail is not available yet. What is missing:")).to_be_visible()
        page.goto(f"{installation.dashboard}/new-order")
        missing = page.get_by_role("alert").filter(has_text="is not available yet. What is missing:")
        expect(missing).to_contain_text("Replies go to")
        fill_right(page, "blocked@example.com")
        expect(page.get_by_text("is asked for")).to_be_visible()  # the form itself is right
        expect(page.get_by_role("button", name="Send by e-mail")).to_have_count(0)
        page.get_by_role("link", name="Complete it on the configuration screen").click()
        expect(page.get_by_role("heading", name="E-mail to the customer")).to_be_visible()
    finally:
        set_reply_to(page, installation, before or "bonjour@maison-demo.example")
    expect(page.get_by_text("Send by e-mail is enabled")).to_be_visible()
    page.get_by_role("link", name="Go to New order").click()
    fill_right(page, "free@example.com")
    expect(page.get_by_role("button", name="Send by e-mail")).to_be_visible()


def set_reply_to(page: Page, installation: Installation, text: str) -> str:
    """Change the setting on its screen; what it was before."""
    page.goto(f"{installation.dashboard}/configuration")
    expect(page.get_by_role("heading", name="E-mail to the customer")).to_be_visible()
    settled(page)
    field = page.get_by_role("textbox", name="Replies go to")
    for folded in page.get_by_text("Show and change").all():  # a section that is complete is folded
        if not field.is_visible():
            folded.click()
            settled(page)
    expect(field).to_be_visible()
    before = field.input_value()
    field.fill(text)
    page.get_by_role("button", name="Save the e-mail settings").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    return before
