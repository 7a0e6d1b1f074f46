"""The customer's page, driven as a browser drives it."""

import hashlib
import html
import re

import pytest

from tests.sandbox.asking import act, page, query, transaction
from tests.support.sandbox import PASSPHRASE, RunningSandbox

URLS = {
    f"{name}_url": f"https://shop.example/{name}?lang=fr&sig=x%20y"
    for name in ("accept", "decline", "pending", "exception", "cancel")
}
HIPAY_NAMES = (
    "orderid cid state status test reference approval authorized ip country lang email cdata1 cdata2 cdata3 cdata4 "
    "cdata5 cdata6 cdata7 cdata8 cdata9 cdata10 score fraud review avscheck cvccheck pp eci3ds veres pares cardtoken "
    "cardbrand cardpan cardexpiry cardcountry"
).split()


@pytest.mark.parametrize(
    ("locale", "word"),
    [
        ("fr_FR", "Paiement sécurisé"),
        ("en_GB", "Secure payment"),
        ("pt_PT", "Pagamento seguro"),
        ("nl_NL", "Veilig betalen"),
        ("de_DE", "Sichere Zahlung"),
        ("it_IT", "Pagamento sicuro"),
        ("es_ES", "Pago seguro"),
        ("pl_PL", "Secure payment"),
    ],
)
def test_speaks_the_orders_language(sandbox: RunningSandbox, locale: str, word: str) -> None:
    shown = sandbox.client.get(page(sandbox, language=locale)).text
    assert word in shown
    spoken = re.search(r'<html lang="(\w+)"', shown)
    assert spoken is not None
    assert spoken[1] == ("en" if locale == "pl_PL" else locale[:2])


def test_shows_what_the_order_says_and_nothing_runs(sandbox: RunningSandbox) -> None:
    url = page(
        sandbox,
        description="<script>alert(1)</script>",
        merchant_display_name="Lac & Co",
        lastname='"><b>',
        firstname="",
    )
    answer = sandbox.client.get(url)
    assert "<script" not in answer.text
    shown = html.unescape(answer.text)
    for text in ("<script>alert(1)</script>", "Lac & Co", "125,75\u00a0€", 'value=""><b>"', "A1"):
        assert text in shown
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]


def test_products_follow_the_list_and_no_card_number_is_sent(sandbox: RunningSandbox) -> None:
    shown = sandbox.client.get(page(sandbox, payment_product_list="visa,mbway")).text
    assert re.findall(r'name="payment_product" value="([\w-]+)"', shown) == ["visa", "mbway"]
    number = re.search(r'<input id="number"[^>]*>', shown)
    assert number is not None
    assert "name=" not in number[0]
    assert "required" not in shown


@pytest.mark.parametrize(
    ("outcome", "where", "state", "status"),
    [
        ("accept", "accept", "completed", 118),
        ("decline", "decline", "declined", 113),
        ("pending", "pending", "pending", 142),
        ("review", "pending", "pending", 112),
        ("error", "exception", "error", 113),
    ],
)
def test_each_outcome_redirects_to_its_page(
    sandbox: RunningSandbox, outcome: str, where: str, state: str, status: int
) -> None:
    url = page(sandbox, cid="C7", cdata1="one", **URLS)
    answer = act(sandbox, url, outcome, payment_product="mastercard", card_holder="R. D.")
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith(URLS[f"{where}_url"] + "&")
    sent = query(location)
    found = transaction(sandbox)
    assert (found["state"], found["status"]) == (state, status)
    assert sent | {
        "lang": "fr_FR",
        "orderid": "A1",
        "cid": "C7",
        "cdata1": "one",
        "state": state,
        "status": str(status),
        "reference": found["transactionReference"],
        "pp": "mastercard",
        "cardpan": "539999******9999",
        "test": "true",
    } == sent | {"lang": "fr_FR"}
    assert found["paymentMethod"]["cardHolder"] == "R. D."


def test_hash_covers_hipays_parameters_and_leaves_the_merchants_out(sandbox: RunningSandbox) -> None:
    url = page(sandbox, accept_url="https://shop.example/ok?customer=Rose&amount=125.75&tag=1#top")
    location = act(sandbox, url, "accept").headers["location"]
    assert location.startswith("https://shop.example/ok?customer=Rose&amount=125.75&tag=1&orderid=A1&")
    assert location.endswith("#top")
    sent = query(location)
    signed = "".join(f"{name}{sent[name]}{PASSPHRASE}" for name in sorted(HIPAY_NAMES) if sent[name])
    assert sent["hash"] == hashlib.sha256(signed.encode()).hexdigest()
    assert set(sent) == {*HIPAY_NAMES, "hash", "customer", "amount", "tag"}


def test_feedback_parameters_can_be_off(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"feedback_parameters": False})
    answer = act(sandbox, page(sandbox, **URLS), "accept")
    assert answer.headers["location"] == URLS["accept_url"]


def test_cancel_needs_its_button_and_leaves_no_attempt(sandbox: RunningSandbox) -> None:
    assert 'value="cancel"' not in sandbox.client.get(page(sandbox, "A1", **URLS)).text
    url = page(sandbox, "A2", display_cancel_button="1", **URLS)
    assert 'value="cancel"' in sandbox.client.get(url).text
    location = act(sandbox, url, "cancel").headers["location"]
    assert location.startswith(URLS["cancel_url"])
    assert query(location)["orderid"] == "A2"
    assert sandbox.api("GET", "/v3/order/A2").status_code == 404
    assert act(sandbox, url, "accept").status_code == 303


def test_without_redirect_pages_the_page_itself_tells_the_end(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    answer = act(sandbox, url, "decline", reason="4010103")
    assert answer.headers["location"] == url
    shown = sandbox.client.get(url).text
    assert "provision insuffisante" in shown
    assert "Tentatives restantes : 2" in shown
    act(sandbox, url, "accept")
    assert "Cette commande est payée" in sandbox.client.get(url).text


@pytest.mark.parametrize(
    ("reason", "status", "message"),
    [
        ("4010103", 113, "Insufficient Funds"),
        ("4000011", 109, "Authentication failed. Please retry or cancel"),
        ("3030001", 110, "Fraud Suspicion"),
    ],
)
def test_decline_with_a_reason(sandbox: RunningSandbox, reason: str, status: int, message: str) -> None:
    act(sandbox, page(sandbox), "decline", reason=reason)
    found = transaction(sandbox)
    assert (found["status"], found["reason"]) == (status, {"code": reason, "message": message})


def test_three_attempts_and_no_more(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    for _ in range(3):
        assert act(sandbox, url, "decline").status_code == 303
    assert "Trop de tentatives" in act(sandbox, url, "accept").text
    found = sandbox.api("GET", "/v1/transaction", params={"orderid": "A1"}).json()["transaction"]
    assert [each["state"] for each in found] == ["declined"] * 3
    assert sandbox.api("GET", "/v3/order/A1").json()["attempts"] == 3


def test_second_click_on_pay_makes_no_second_payment(sandbox: RunningSandbox) -> None:
    url = page(sandbox, **URLS)
    first, second = act(sandbox, url, "accept"), act(sandbox, url, "accept")
    assert first.headers["location"] == second.headers["location"]
    assert transaction(sandbox)["status"] == 118


def test_payment_being_processed_cannot_be_paid_again(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    act(sandbox, url, "pending")
    assert "en cours de traitement" in act(sandbox, url, "accept").text
    assert transaction(sandbox)["state"] == "pending"


@pytest.mark.parametrize("fields", [{}, {"outcome": "steal"}])
def test_a_form_of_nonsense_changes_nothing(sandbox: RunningSandbox, fields: dict[str, str]) -> None:
    url = page(sandbox)
    assert sandbox.client.post(url, data=fields).status_code == 200
    assert sandbox.api("GET", "/v1/transaction", params={"orderid": "A1"}).json() == {"transaction": []}


def test_unknown_page(sandbox: RunningSandbox) -> None:
    for method in ("GET", "POST"):
        assert sandbox.client.request(method, "/payment/web/pay/none").status_code == 404
