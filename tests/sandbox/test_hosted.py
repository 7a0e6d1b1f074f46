"""POST /v1/hpayment: what is granted, and every refusal."""

import json

import pytest

from tests.sandbox.asking import FIELDS, act, ask, page
from tests.support.sandbox import RunningSandbox


def test_answers_as_documented(sandbox: RunningSandbox) -> None:
    answer = ask(sandbox, cid="C7")
    body = answer.json()
    created = body["order"].pop("dateCreated")
    assert created.endswith("+0000")
    assert body.pop("forwardUrl").startswith(f"{sandbox.url}/payment/web/pay/")
    assert body == {
        "mid": "00001342917",
        "test": True,
        "numberRetry": 3,
        "order": {
            "id": "A1",
            "attempts": "0",
            "amount": "125.75",
            "shipping": "0.00",
            "tax": "0.00",
            "decimals": "2",
            "currency": "EUR",
            "customerId": "C7",
            "language": "fr_FR",
            "email": "rose@example.org",
        },
    }


def test_takes_multipart_under_rest_and_ignores_what_it_does_not_know(sandbox: RunningSandbox) -> None:
    fields = {
        **FIELDS,
        "source": "{}",
        "expiration_limit": "3",
        "template": "basic_js",
        "shipping": "0",
        "tax": "0",
    }
    parts = {name: (None, value) for name, value in fields.items()}
    answer = sandbox.api("POST", "/rest/v1/hpayment", files=parts)
    assert answer.status_code == 200, answer.text
    kept = sandbox.control("orders")[0]["fields"]
    assert kept == fields


@pytest.mark.parametrize("field", ["orderid", "description", "amount", "currency"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_required_fields(sandbox: RunningSandbox, field: str, value: str | None) -> None:
    answer = sandbox.api(
        "POST", "/v1/hpayment", data={k: v for k, v in {**FIELDS, field: value}.items() if v is not None}
    )
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == 1010101
    assert body["message"] == "Required Parameter Missing"
    assert field in body["description"]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("orderid", "x" * 33, 1010202),
        ("orderid", "a\x00b", 1010201),
        ("description", "x" * 256, 1010202),
        ("merchant_display_name", "x" * 33, 1010202),
        ("amount", "12,50", 1010205),
        ("amount", "1e3", 1010205),
        ("amount", "1_000", 1010205),
        ("amount", "٣", 1010205),
        ("amount", "NaN", 1010205),
        ("amount", "+5", 1010205),
        ("amount", "5\n", 1010205),
        ("amount", "12.345", 1010205),
        ("amount", "0", 1010201),
        ("amount", "0.99", 1010201),
        ("amount", "-5", 1010201),
        ("amount", "9" * 400, 3010002),
        ("currency", "eur", 1010201),
        ("currency", "EURO", 1010201),
        ("currency", "XXX", 3010001),
        ("language", "french", 1010202),
        ("language", "FR", 1010201),
        ("operation", "Sale1", 1010203),
        ("operation", "Gift", 3000101),
        ("eci", "seven", 1010204),
        ("eci", "100", 1010201),
        ("eci", "5", 1020002),
        ("time_limit_to_pay", "2140001", 1010201),
        ("time_limit_to_pay", "25 days", 1010201),
        ("time_limit_to_pay", "9" * 400, 1010201),
        ("time_limit_to_pay", "0", 1010201),
        ("time_limit_to_pay", "-1", 1010201),
        ("time_limit_to_pay", "3 fortnights", 1010201),
        ("template", "fancy", 1010201),
        ("display_selector", "2", 1010201),
        ("display_cancel_button", "yes", 1010201),
        ("custom_data", "{", 1010201),
        ("custom_data", "[1]", 1010201),
        ("custom_data", "[" * 100_000, 1010201),
        ("email", "rose", 1010209),
        ("email", "a@b.c, d@e.f", 1010209),
        ("country", "F1", 1010203),
        ("ipaddr", "1.2.3", 1010208),
        ("authentication_indicator", "3", 1010201),
        ("payment_product_list", "visa,gold", 1020003),
        ("payment_product_list", "klarna", 1020001),
        ("payment_product_category_list", "shells", 1010201),
        *((f"{name}_url", "javascript:alert(1)", 1010201) for name in ("accept", "decline", "pending")),
        *((f"{name}_url", "https://", 1010201) for name in ("exception", "cancel", "notify")),
        ("accept_url", "https://a b", 1010201),
        ("accept_url", "https://a:99999/", 1010201),
    ],
)
def test_refused_fields(sandbox: RunningSandbox, field: str, value: str, code: int) -> None:
    answer = ask(sandbox, **{field: value})
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, code), body
    assert field in body["description"]
    assert set(body) == {"code", "message", "description"}
    assert sandbox.control("orders") == []


@pytest.mark.parametrize(
    ("amount", "currency", "answered"),
    [("1000", "JPY", "1000"), ("1.234", "TND", "1.234"), ("12.5", "EUR", "12.50"), ("1", "EUR", "1.00")],
)
def test_decimals_follow_the_currency(
    sandbox: RunningSandbox, amount: str, currency: str, answered: str
) -> None:
    assert ask(sandbox, amount=amount, currency=currency).json()["order"]["amount"] == answered


def test_yen_have_no_decimals(sandbox: RunningSandbox) -> None:
    assert ask(sandbox, amount="10.5", currency="JPY").json()["code"] == 1010205


def test_longest_lengths_are_granted(sandbox: RunningSandbox) -> None:
    answer = ask(
        sandbox, "é" * 32, description="é" * 255, time_limit_to_pay="2140000", amount="9999999999.00"
    )
    assert answer.status_code == 200, answer.text


def test_telephone_takes_only_what_takes_moto(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"products": {"7": ["paypal"], "1": ["paypal", "visa"]}})
    url = page(sandbox, eci="1")
    shown = sandbox.client.get(url).text
    assert 'value="visa"' in shown
    assert 'value="paypal"' not in shown
    sandbox.control("settings", {"products": {"7": ["visa"], "1": []}})
    assert ask(sandbox, "A2", eci="1").json()["code"] == 1020001


@pytest.mark.parametrize("credentials", [None, ("sandbox", "wrong"), ("", ""), ("sandbox", "pâle")])
@pytest.mark.parametrize("path", ["/v1/hpayment", "/rest/v1/hpayment"])
def test_credentials(sandbox: RunningSandbox, path: str, credentials: tuple[str, str] | None) -> None:
    answer = sandbox.client.post(path, data=FIELDS, auth=credentials)
    assert answer.status_code == 401
    assert answer.json()["code"] == 1000001
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic", "Basic ###", "Bearer c2FuZGJveDpzYW5kYm94", "Basic \xe9"])
def test_odd_credentials_are_no_fault_of_ours(sandbox: RunningSandbox, header: str) -> None:
    answer = sandbox.client.post(
        "/v1/hpayment", data=FIELDS, headers={"Authorization": header.encode("latin-1")}
    )
    assert answer.json()["code"] == 1000001


def test_a_json_body_has_no_fields(sandbox: RunningSandbox) -> None:
    assert sandbox.api("POST", "/v1/hpayment", json=FIELDS).json()["code"] == 1010101


def test_wrong_method_and_unknown_path_answer_json(sandbox: RunningSandbox) -> None:
    wrong = sandbox.api("GET", "/v1/hpayment")
    assert (wrong.status_code, wrong.json()["code"], wrong.headers["allow"]) == (405, 1010001, "POST")
    unknown = sandbox.api("GET", "/v1/nothing")
    assert unknown.status_code == 404
    assert set(unknown.json()) == {"code", "message", "description"}


def test_second_call_gets_a_fresh_page_and_the_first_stays_payable(sandbox: RunningSandbox) -> None:
    first, second = page(sandbox), page(sandbox, amount="130.00")
    assert first != second
    assert "125,75" in sandbox.client.get(first).text
    assert "130,00" in sandbox.client.get(second).text
    act(sandbox, first, "accept")
    assert act(sandbox, second, "accept").status_code == 303
    (order,) = sandbox.control("orders")
    assert [each["amount"] for each in order["transactions"]] == ["125.75"]


def test_second_call_is_refused_when_so_set(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    page(sandbox)
    answer = ask(sandbox)
    assert (answer.status_code, answer.json()["code"]) == (400, 3010004)


@pytest.mark.parametrize("outcome", ["accept", "pending"])
def test_order_paid_or_being_paid_is_a_duplicate(sandbox: RunningSandbox, outcome: str) -> None:
    act(sandbox, page(sandbox), outcome)
    assert ask(sandbox).json()["code"] == 3010004


def test_order_without_an_attempt_left(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    for _ in range(3):
        act(sandbox, url, "decline")
    assert ask(sandbox).json()["code"] == 3010003


@pytest.mark.parametrize(
    ("limit", "seconds"), [(None, 604_800), ("3600", 3600), ("2 days", 172_800), ("1 hour", 3600)]
)
def test_validity(sandbox: RunningSandbox, limit: str | None, seconds: int) -> None:
    url = page(sandbox, time_limit_to_pay=limit)
    sandbox.control("clock", {"advance_seconds": seconds - 30})
    assert sandbox.client.get(url).status_code == 200
    sandbox.control("clock", {"advance_seconds": 31})
    assert sandbox.client.get(url).status_code == 410
    assert act(sandbox, url, "accept").status_code == 410
    assert sandbox.control("orders")[0]["transactions"] == []


def test_settings_and_products_can_be_read(sandbox: RunningSandbox) -> None:
    assert sandbox.api("GET", "/v2/security-settings").json() == {"hashing_algorithm": "SHA256"}
    path = "/rest/v2/available-payment-products.json"
    moto = sandbox.api("GET", path, params={"eci": "1", "operation": "4", "with_options": "false"}).json()
    assert [each["code"] for each in moto] == ["cb", "visa", "mastercard", "american-express"]
    assert all(set(each) >= {"code", "description", "tokenizable"} for each in moto)
    in_yen = sandbox.api("GET", path, params={"eci": "7", "currency": "JPY"}).json()
    assert "multibanco" not in [each["code"] for each in in_yen]
    asked = {"operation": "4,1", "payment_product": "multibanco,visa"}
    both = sandbox.api("GET", path, params={**asked, "eci": "7,1", "currency": "JPY,EUR"}).json()
    assert [each["code"] for each in both] == ["visa", "multibanco"]
    only = sandbox.api("GET", path, params={**asked, "eci": "1"}).json()
    assert [each["code"] for each in only] == ["visa"]
    for wrong in ({"eci": "7,x"}, {"operation": "sale"}):
        assert sandbox.api("GET", path, params=wrong).json()["code"] == 1010204
    assert sandbox.client.get(path).status_code == 401


def test_telemetry_is_taken(sandbox: RunningSandbox) -> None:
    answer = sandbox.client.post("/checkout-data", content=json.dumps({"id": 1}))
    assert answer.status_code == 200
