"""A telephone payment: the operator types the card on HiPay's page and comes back to a page for staff."""

import re

import pytest
from playwright.sync_api import Response, expect

from tests.browser.conftest import OpenWindow
from tests.browser.installation import Installation
from tests.browser.order_form import fill, taken_in

pytestmark = pytest.mark.browser


def test_a_telephone_payment_comes_back_to_the_dashboard(
    open_window: OpenWindow, installation: Installation
) -> None:
    window = open_window()
    page = window.new_page()
    page.goto(f"{installation.dashboard}/new-order")
    page.get_by_text("By phone or post (MO/TO)", exact=True).click()
    expect(page.get_by_role("textbox", name="E-mail address (optional)")).to_be_visible()
    fill(
        page,
        first_name="Oliver",
        last_name="Bennett",
        amount="75",
        description="Delivery",
        invoice="INV-PHONE-1",
    )
    taken_in(page)
    page.get_by_role("button", name="Prepare the telephone payment").click()
    link = page.get_by_role("link", name="Open HiPay's page in a new tab")
    expect(link).to_be_visible()
    with window.expect_page() as opened:
        link.click()
    hipay = opened.value
    expect(hipay.get_by_text("Telephone order: the operator types the card")).to_be_visible()

    visits: list[Response] = []
    hipay.on(
        "response",
        lambda response: visits.append(response) if response.request.is_navigation_request() else None,
    )
    hipay.get_by_role("button", name="Pay €75.00").click()
    expect(hipay.get_by_role("heading", name="Oliver Bennett")).to_be_visible()
    assert re.fullmatch(rf"{installation.dashboard}/payment-requests\?order=\d+", hipay.url)
    [came_back] = [visit for visit in visits if "/phone-return/" in visit.url]
    assert came_back.status == 303
    assert came_back.headers["referrer-policy"] == "no-referrer"
    assert "hash" not in hipay.evaluate(
        "document.referrer + JSON.stringify(performance.getEntriesByType('navigation'))"
    )

    for place in (
        hipay,
        page,
    ):  # both follow by themselves: the new tab's page and the one that was left open
        expect(place.get_by_text("Paid").first).to_be_visible()
    expect(hipay.get_by_text("Collected so far: €75.00")).to_be_visible()
    order = next(  # the newest: a first try that waited in vain may have left one
        each for each in installation.sandbox.get("/control/orders").json() if each["amount"] == "75.00"
    )
    assert (order["fields"]["eci"], order["fields"].get("email", "")) == ("1", "")
    assert not [
        mail
        for mail in installation.sandbox.get("/mailbox/messages").json()
        if order["orderid"] in mail["subject"]
    ]
