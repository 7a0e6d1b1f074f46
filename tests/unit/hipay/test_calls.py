"""Every call but the reading of an order: its request as HiPay's own clients make it, and its answer."""

from datetime import date

import pytest

from services.hipay.client import HiPay
from services.hipay.errors import BadAnswer, FieldInvalid, NotFound, Refused, UntrustedUrl
from tests.unit.hipay.support import OK, account, answering, call, client, page
from tests.unit.hipay.wire import serve


def test_creating_a_page_sends_the_form() -> None:
    answer = {
        "forwardUrl": "https://api.hipay.com/p/1",
        "mid": "00001326589",
        "test": "true",
        "order": {"id": "A-1", "amount": "12.50", "currency": "EUR"},
        "numberRetry": 3,
    }
    made, lines, requests = call("create_page", page(), answers=[(answer, OK)])
    assert lines == ["POST /v1/hpayment HTTP/1.1"]
    assert (made.order_id, made.mid, made.test, made.amount_units, made.currency) == (
        "A-1",
        "1326589",
        True,
        125000,
        "EUR",
    )
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert b"Accept: application/json" in head
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert b"orderid=A-1" in body.split(b"&")
    assert b"amount=12.50" in body.split(b"&")


def test_a_partial_refund() -> None:
    answer = {
        "operation": "refund",
        "transactionReference": "800",
        "status": "126",
        "authorizedAmount": "15.00",
        "capturedAmount": "15.00",
        "refundedAmount": "3.50",
        "currency": "EUR",
        "dateUpdated": "2019-02-07T10:07:09+0000",
    }
    done, lines, requests = call(
        "maintain",
        "800",
        "refund",
        amount_units=35000,
        currency="EUR",
        operation_id="op-1",
        answers=[(answer, OK)],
    )
    assert lines == ["POST /rest/v1/maintenance/transaction/800 HTTP/1.1"]
    assert requests[0].endswith(b"\r\n\r\noperation=refund&currency=EUR&operation_id=op-1&amount=3.50")
    assert (done.status, done.captured, done.refunded, done.reference) == (126, 150000, 35000, "800")


def test_maintenance_that_cannot_be() -> None:
    unknown = ({"code": 3000002, "message": "Unknown Transaction"}, "404 Not Found")
    with pytest.raises(NotFound) as missing:
        call("maintain", "800", "capture", answers=[unknown])
    assert (missing.value.what, missing.value.reference) == ("transaction", "800")
    with pytest.raises(Refused):
        call("maintain", "800", "capture", answers=[({"code": 3020106, "message": "no"}, "400 Bad Request")])
    for amount, currency in ((0, "EUR"), (-1, "EUR"), (10000, None)):
        with pytest.raises(FieldInvalid):
            call("maintain", "800", "refund", amount_units=amount, currency=currency, answers=[])
    with pytest.raises(BadAnswer):
        call("maintain", "800", "capture", answers=[({"operation": "capture"}, OK)])


@pytest.mark.parametrize(
    ("told", "name"),
    [({"hashing_algorithm": "SHA256"}, "sha256"), ({"hashingAlgorithm": "SHA512"}, "sha512")],
)
def test_the_accounts_hash_algorithm(told: dict[str, str], name: str) -> None:
    read, lines, _ = call("security_settings", answers=[(told, OK)])
    assert (read, lines) == (name, ["GET /rest/v2/security-settings HTTP/1.1"])


@pytest.mark.parametrize("told", [{}, {"hashing_algorithm": "MD5"}, [], {"hashing_algorithm": None}])
def test_no_hash_algorithm(told: object) -> None:
    with pytest.raises(BadAnswer):
        call("security_settings", answers=[(told, OK)])


def test_payment_products_of_a_channel() -> None:
    told = [
        {"code": "visa", "description": "VISA"},
        {"code": "paypal", "description": "PayPal"},
        {"description": "?"},
    ]
    found, lines, _ = call("payment_products", 1, "EUR", answers=[(told, OK)])
    assert [(product.code, product.takes_moto) for product in found] == [("visa", True), ("paypal", False)]
    assert lines == [
        "GET /rest/v2/available-payment-products.json?eci=1&operation=4&with_options=false&currency=EUR HTTP/1.1"
    ]
    assert call("payment_products", 7, answers=[([], OK)])[0] == ()
    assert call("payment_products", 7, answers=[(b"", "204 No Content")])[0] == ()


def test_settlements() -> None:
    item = {
        "settlementid": 123456,
        "amount": -19.99,
        "currency": "EUR",
        "date_value": "2026-03-05",
        "merchant_id": 7,
        "merchant_name": "M",
        "sales": 100,
        "fees": -1.2345,
        "recipient_iban": "FR76",
    }
    found, lines, _ = call(
        "settlements",
        2,
        10,
        date_from=date(2026, 3, 1),
        date_to=date(2026, 3, 31),
        answers=[({"settlements": [item]}, OK)],
    )
    assert lines == [
        "GET /v1/settlement?sort=settlementid&page=2&per_page=10&date_from=2026-03-01&date_to=2026-03-31 HTTP/1.1"
    ]
    one = found[0]
    assert (one.settlement_id, one.amount, one.date_value) == ("123456", -199900, date(2026, 3, 5))
    assert (one.sales, one.fees, one.refunds, one.recipient_iban) == (1000000, -12345, None, "FR76")
    assert call("settlement", "123456", answers=[(item, OK)])[0] == one
    none = {"error": {"code": 1, "message": "x", "description": "y"}}
    assert call("settlement", "9", answers=[(none, "404 Not Found")])[0] is None
    with pytest.raises(BadAnswer):
        call("settlement", "9", answers=[({"settlementid": 9}, OK)])
    for odd in ("", "..", "."):
        with pytest.raises(FieldInvalid):
            call("settlement", odd, answers=[])


def test_the_finance_api_may_have_credentials_of_its_own() -> None:
    answers = answering(({"settlements": []}, OK), ({"hashing_algorithm": "SHA1"}, OK))
    with (
        serve(answers) as server,
        client(server.url, finance_login="fin", finance_password="secret") as hipay,
    ):
        assert hipay.settlements() == ()
        assert hipay.security_settings() == "sha1"
    assert b"Authorization: Basic ZmluOnNlY3JldA==" in server.requests[0]
    assert b"Authorization: Basic ZmluOnNlY3JldA==" not in server.requests[1]


@pytest.mark.parametrize(
    ("environment", "hosts"),
    [
        ("stage", ["stage-api.hipay.com/v1/hpayment", "stage-api-gateway.hipay.com/v3/order/A",
                   "stage-secure-gateway.hipay-tpp.com/rest/v2/security-settings", "stage-api.hipay-tpp.com/v1/settlement/1"]),
        ("production", ["api.hipay.com/v1/hpayment", "api-gateway.hipay.com/v3/order/A",
                        "secure-gateway.hipay-tpp.com/rest/v2/security-settings", "api.hipay-tpp.com/v1/settlement/1"]),
    ],
)  # fmt: skip
def test_each_environment_has_its_hosts(environment: str, hosts: list[str]) -> None:
    import httpx

    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(404, json={"code": 3000001, "message": "x", "forwardUrl": ""})

    with HiPay(account(environment=environment), transport=httpx.MockTransport(answer)) as hipay:
        for ask in (
            lambda: hipay.create_page(page()),
            lambda: hipay.read_order("A"),
            hipay.security_settings,
            lambda: hipay.settlement("1"),
        ):
            try:
                ask()
            except Refused:
                continue
    assert asked == [f"https://{host}" for host in hosts]


def test_a_sandbox_account_needs_the_sandboxs_address_and_a_real_one_never_trusts_this_machine() -> None:
    import httpx

    with pytest.raises(ValueError, match="sandbox"):
        HiPay(account())
    local = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"forwardUrl": "http://127.0.0.1:8502/pay"})
    )
    with HiPay(account(environment="stage"), transport=local) as hipay, pytest.raises(UntrustedUrl):
        hipay.create_page(page())
