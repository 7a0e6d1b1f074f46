"""The addresses that go to HiPay with a payment page, and the page for those who receive them."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from services.accounts import configuration
from services.accounts.redirects import KINDS
from services.desk import Desk
from services.orders.redirect_urls import notify_url, redirect_urls
from services.store.orders import orders
from tests.support.desk import open_test_desk, person
from tests.support.public import PASSPHRASE, feedback, order_with_page

pytestmark = pytest.mark.desk(public_url="https://pay.example.com/desk")

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "return-pages.md"


def urls(desk: Desk, **changes: Any) -> tuple[dict[str, str], str]:
    row, token = order_with_page(desk, **changes)
    with desk.store.read() as tx:
        order, page = orders.order(tx, row), orders.page_by_token(tx, token)
    assert order is not None
    assert page is not None
    return redirect_urls(desk, order, page), token


def documented() -> dict[str, Any]:
    """The Python of docs/return-pages.md, as a merchant's developer would paste it."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL):
        exec(block, names)
    return names


def test_our_own_pages_carry_the_pages_token(desk: Desk) -> None:
    configuration.use_own_pages(desk, person(desk, "admin"), "demo")
    made, token = urls(desk)
    assert made == {kind: f"https://pay.example.com/desk/return/demo/{kind}/{token}" for kind in KINDS}
    assert notify_url(desk, "demo") == "https://pay.example.com/desk/notify/demo"


def test_a_merchants_page_keeps_its_query_and_gains_the_order(desk: Desk) -> None:
    theirs = "https://shop.example.com/merci?lang=fr&a=b%20c&et_amount=1&et%5Forder_id=x"
    configuration.save_redirect_pages(
        desk, person(desk, "admin"), "demo", {"accept": theirs, "decline": "own"}
    )
    made, token = urls(desk)
    assert made["decline"].endswith(f"/return/demo/decline/{token}")
    assert (made["pending"], made["cancel"], made["exception"]) == ("", "", "")
    assert made["accept"].startswith("https://shop.example.com/merci?lang=fr&a=b%20c&et_")
    values = dict(parse_qsl(urlsplit(made["accept"]).query))
    assert len(parse_qsl(urlsplit(made["accept"]).query)) == len(values)
    assert [
        values[name] for name in ("et_first_name", "et_last_name", "et_amount", "et_currency", "et_order_id")
    ] == [
        "Zoé",
        "Lefèvre-Müller",
        "15.00",
        "EUR",
        "A-1",
    ]


def test_the_documented_check_takes_our_parameters_and_nothing_else(desk: Desk) -> None:
    configuration.save_redirect_pages(
        desk, person(desk, "admin"), "demo", {"accept": "https://shop.example.com/merci?lang=fr"}
    )
    query = urlsplit(urls(desk)[0]["accept"]).query
    theirs = documented()["order_of"]
    assert theirs(query, PASSPHRASE) == {
        "et_first_name": "Zoé",
        "et_last_name": "Lefèvre-Müller",
        "et_amount": "15.00",
        "et_currency": "EUR",
        "et_order_id": "A-1",
    }
    assert theirs(query + "&orderid=A-1&hash=x", PASSPHRASE) is not None  # HiPay's own come after ours
    assert theirs(query.replace("15.00", "1.00"), PASSPHRASE) is None
    assert theirs(query + "&et_amount=1.00", PASSPHRASE) is None
    assert theirs(query, "another") is None
    assert theirs("", PASSPHRASE) is None


def test_the_documented_check_of_hipays_hash(desk: Desk) -> None:
    theirs = documented()["made_by_hipay"]
    values = feedback()
    query = "lang=own&" + "&".join(f"{name}={value}" for name, value in values.items())
    assert theirs(query, PASSPHRASE, "sha256", own={"lang"})
    assert not theirs(query, PASSPHRASE, "sha256", own=set())
    assert not theirs(query.replace("status=118", "status=116"), PASSPHRASE, "sha256", own={"lang"})
    # The contract's vector.
    vector = 'amount=125.7&currency=EUR&custom_data={"testing":"1"}&orderid=15424657'
    golden = "&hash=3cb7285da5a0342930f4a56774de7fa168ef42d9"
    assert theirs(vector + golden, "SecretPassphrase", "sha1", own=set())


def test_after_a_telephone_payment_the_operator_comes_back_to_the_dashboard(desk: Desk) -> None:
    configuration.use_own_pages(desk, person(desk, "admin"), "demo")
    made, token = urls(desk, channel="phone")
    assert made == {kind: f"{desk.settings.dashboard_url}/phone-return/{kind}/{token}" for kind in KINDS}


def test_without_a_public_address_nothing_points_to_us(tmp_path: Path) -> None:
    account = {
        "name": "Shop",
        "environment": "stage",
        "login": "l",
        "password": "p",
        "passphrase": PASSPHRASE,
    }
    desk = open_test_desk(tmp_path, accounts={"demo": account}, sandbox=False)
    try:
        assert notify_url(desk, "demo") is None
        assert urls(desk)[0] == dict.fromkeys(KINDS, "")
    finally:
        desk.close()
