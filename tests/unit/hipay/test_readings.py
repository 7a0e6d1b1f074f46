"""HiPay's answers read into data, over real HTTP: each call's request as HiPay's own clients make it, and its answer."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.hipay import reasons, statuses
from services.hipay.client import HiPay
from services.hipay.errors import BadAnswer, FieldInvalid, NotAuthorised, NotFound, Refused
from services.hipay.observations import Observation, Operation
from services.hipay.statuses import Effect
from tests.unit.hipay import wire
from tests.unit.hipay.support import account, client, page
from tests.unit.hipay.wire import serve

V3_TRANSACTION: dict[str, Any] = {
    "id": 800417743755, "attemptid": 1, "state": "completed", "status": 19, "reason": {"code": None, "reason": None},
    "eci": 7, "amount": "15.00", "authorized_amount": "15.00", "captured_amount": "10.00", "refunded_amount": "0.00",
    "credited_amount": "0.00", "chargebacked_amount": "0.00", "currency": "EUR", "decimals": 2, "mid": 1342917,
    "payment_product": {"name": "visa", "description": "Visa"}, "date_updated": "2026-03-05T12:07:06+00:00",
    "operations": [
        {"type": "CAPTURE", "status": "COMPLETED", "amount": "10.00", "arn": "7506", "merchant_reference": "op-1",
         "date_created": "2026-03-05T12:07:06+00:00", "id": 1, "currency": "EUR", "decimals": 2},
    ],
}  # fmt: skip
V3_ORDER: dict[str, Any] = {
    "id": 1537532589263, "merchant_order_id": "A-1", "attempts": 2, "amount": "15.00", "currency": "EUR", "decimals": 2,
    "custom_data": '{"_reporting_data_1":"INV-1","eterminal_order":"mark-1"}', "transactions": [V3_TRANSACTION],
}  # fmt: skip
V1_TRANSACTION: dict[str, Any] = {
    "state": "declined", "reason": {"code": "4010103", "message": "Insufficient Funds"}, "test": "true", "mid": 1342917,
    "transactionReference": "800417743756", "dateUpdated": "2026-03-05T12:06:58+0000", "status": 113,
    "authorizedAmount": "0.00", "capturedAmount": "0.00", "refundedAmount": "0.00", "currency": "EUR", "eci": 7,
    "paymentProduct": "visa", "order": {"id": "A-1", "amount": "15.00", "currency": "EUR"},
}  # fmt: skip


def answering(*answers: tuple[Any, str]) -> wire.Behaviour:
    """Answer each request with the next (body, status)."""
    waiting = list(answers)

    def behave(connection: Any, _: bytes) -> None:
        body, status = waiting.pop(0)
        connection.sendall(wire.http(body if isinstance(body, bytes) else json.dumps(body).encode(), status))

    return behave


def call(
    method: str, *args: Any, answers: list[tuple[Any, str]], **kwargs: Any
) -> tuple[Any, list[str], list[bytes]]:
    """The result of one method, the request lines, and the whole requests."""
    with serve(answering(*answers)) as server, client(server.url) as hipay:
        result = getattr(hipay, method)(*args, **kwargs)
    return result, [request.split(b"\r\n")[0].decode() for request in server.requests], server.requests


OK = "200 OK"


def test_an_order_of_the_consultation_api() -> None:
    read, lines, _ = call("read_order", "A-1", answers=[(V3_ORDER, OK)])
    assert lines == ["GET /v3/order/A-1 HTTP/1.1"]
    assert (read.order_id, read.amount_units, read.currency, read.attempts, read.mark) == (
        "A-1",
        150000,
        "EUR",
        2,
        "mark-1",
    )
    at = datetime(2026, 3, 5, 12, 7, 6, tzinfo=UTC)
    assert read.observations == (
        Observation(
            order_id="A-1", reference="800417743755", status=119, state="completed", currency="EUR", authorised=150000,
            captured=100000, refunded=0, charged_back=0, order_amount=150000, order_currency="EUR", reason_code=None,
            reason_text=None, payment_product="visa", eci=7, test=None, mid="1342917", operation_id=None,
            operation_amount=None, at=at, mark="mark-1",
            operations=(Operation("capture", "completed", 100000, "op-1", "7506", at),),
        ),
    )  # fmt: skip


def test_amounts_may_be_json_numbers_and_stay_exact() -> None:
    raw = json.dumps(V3_ORDER).replace('"15.00"', "1234567.1234").replace('"10.00"', "0.1").encode()
    read, _, _ = call("read_order", "A-1", answers=[(raw, OK)])
    assert (read.amount_units, read.observations[0].captured) == (12345671234, 1000)


def test_an_order_nobody_tried_to_pay() -> None:
    unknown = {"code": 3000001, "message": "Unknown Order"}
    assert call("read_order", "A-1", answers=[(unknown, "404 Not Found")])[0] is None
    assert call("read_order", "A-1", answers=[(unknown, "400 Bad Request")])[0] is None
    assert (
        call("read_order", "A-1", answers=[({"message": "This order is not found."}, "404 Not Found")])[0]
        is None
    )


@pytest.mark.parametrize("body", [b"<html>404</html>", b"", b"{}", b"[]", b'"no"'])
def test_a_404_that_is_not_hipays_proves_nothing(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        call("read_order", "A-1", answers=[(body, "404 Not Found")])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"merchant_order_id": "B-2"}, "other_order"),
        ({"amount": "1,00"}, "amount_unreadable"),
        ({"amount": True}, "amount_unreadable"),
        ({"transactions": {"a": 1}}, "not_a_list"),
        ({"transactions": ["x"]}, "not_an_object"),
        ({"transactions": [{"id": 1}]}, "no_status"),
        ({"transactions": [{"status": 16}]}, "no_reference"),
        ({"transactions": [V3_TRANSACTION | {"captured_amount": "1e400"}]}, "captured_amount_unreadable"),
    ],
)
def test_an_order_that_cannot_be_trusted(change: dict[str, Any], problem: str) -> None:
    with pytest.raises(BadAnswer) as failed:
        call("read_order", "A-1", answers=[(V3_ORDER | change, OK)])
    assert failed.value.problem == problem


def test_an_account_without_the_consultation_api_uses_the_older_form_from_then_on() -> None:
    denied = ({"code": 1000005, "message": "Insufficient Permissions"}, "403 Forbidden")
    answers = answering(denied, ({"transaction": V1_TRANSACTION}, OK), ({"transaction": ""}, OK))
    with serve(answers) as server, client(server.url) as hipay:
        read = hipay.read_order("A-1")
        assert hipay.read_order("A-1") is None
    assert [request.split(b" ")[1] for request in server.requests] == [
        b"/v3/order/A-1", b"/rest/v1/transaction?orderid=A-1", b"/rest/v1/transaction?orderid=A-1",
    ]  # fmt: skip
    assert read is not None
    seen = read.observations[0]
    assert (seen.status, seen.state, seen.reason_code, seen.test, seen.mid) == (
        113,
        "declined",
        4010103,
        True,
        "1342917",
    )
    assert (seen.order_amount, seen.reference, seen.payment_product) == (150000, "800417743756", "visa")


def test_wrong_credentials_stay_wrong_credentials() -> None:
    wrong = ({"code": 1000001, "message": "Incorrect Credentials"}, "401 Unauthorized")
    with serve(answering(wrong, wrong, (V3_ORDER, OK))) as server, client(server.url) as hipay:
        with pytest.raises(NotAuthorised):
            hipay.read_order("A-1")
        assert hipay.read_order("A-1") is not None  # the account was put right: v3 is asked again
        assert [request.split(b" ")[1] for request in server.requests][-1] == b"/v3/order/A-1"


@pytest.mark.parametrize(
    "empty",
    [b"", b"null", b"[]", b"{}", b'{"transaction":""}', b'{"transaction":[]}', b'{"transaction":null}'],
)
def test_no_transaction_is_written_in_many_ways(empty: bytes) -> None:
    assert call("read_transactions", "A-1", answers=[(empty, OK)])[0] is None


def test_several_transactions_of_one_order() -> None:
    paid = V1_TRANSACTION | {
        "status": "118", "state": "completed", "transactionReference": "8", "customData": {"eterminal_order": "m"},
    }  # fmt: skip
    read, _, _ = call("read_transactions", "A-1", answers=[({"transaction": [V1_TRANSACTION, paid]}, OK)])
    assert [seen.status for seen in read.observations] == [113, 118]
    assert (read.amount_units, read.attempts, read.mark) == (150000, 2, "m")
    foreign = V1_TRANSACTION | {"order": {"id": "B"}}
    with pytest.raises(BadAnswer):
        call("read_transactions", "A-1", answers=[({"transaction": foreign}, OK)])


def test_ids_are_escaped_in_paths_and_queries() -> None:
    _, lines, _ = call(
        "read_order", "a/../b ?#%2F é", answers=[({"code": 3000001, "message": "x"}, "404 Not Found")]
    )
    assert lines == ["GET /v3/order/a%2F..%2Fb%20%3F%23%252F%20%C3%A9 HTTP/1.1"]
    _, lines, _ = call("read_transactions", "a&b=c d", answers=[(b"", OK)])
    assert lines[0].startswith("GET /rest/v1/transaction?orderid=a%26b%3Dc")
    for dots in ("", ".", ".."):
        with pytest.raises(FieldInvalid):
            call("read_order", dots, answers=[])


def test_creating_a_page_sends_the_form() -> None:
    answer = {"forwardUrl": "https://api.hipay.com/p/1", "mid": "00001326589", "test": "true",
              "order": {"id": "A-1", "amount": "12.50", "currency": "EUR"}, "numberRetry": 3}  # fmt: skip
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
    answer = {"operation": "refund", "transactionReference": "800", "status": "126", "authorizedAmount": "15.00",
              "capturedAmount": "15.00", "refundedAmount": "3.50", "currency": "EUR", "dateUpdated": "2019-02-07T10:07:09+0000"}  # fmt: skip
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
    item = {"settlementid": 123456, "amount": -19.99, "currency": "EUR", "date_value": "2026-03-05", "merchant_id": 7,
            "merchant_name": "M", "sales": 100, "fees": -1.2345, "recipient_iban": "FR76"}  # fmt: skip
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
        for ask in (lambda: hipay.create_page(page()), lambda: hipay.read_order("A"), hipay.security_settings,
                    lambda: hipay.settlement("1")):  # fmt: skip
            try:
                ask()
            except Refused:
                continue
    assert asked == [f"https://{host}" for host in hosts]


def test_a_sandbox_account_needs_the_sandboxs_address_and_a_real_one_never_trusts_this_machine() -> None:
    import httpx

    from services.hipay.errors import UntrustedUrl

    with pytest.raises(ValueError, match="sandbox"):
        HiPay(account())
    local = httpx.MockTransport(
        lambda _: httpx.Response(200, json={"forwardUrl": "http://127.0.0.1:8502/pay"})
    )
    with HiPay(account(environment="stage"), transport=local) as hipay, pytest.raises(UntrustedUrl):
        hipay.create_page(page())


def test_statuses() -> None:
    notified = {
        109,
        110,
        111,
        112,
        113,
        114,
        115,
        116,
        117,
        118,
        119,
        124,
        125,
        126,
        129,
        131,
        132,
        142,
        143,
        165,
        166,
        173,
        200,
    }
    assert {code for code, known in statuses.STATUSES.items() if known.notified} == notified
    assert statuses.status(118).effect is Effect.CAPTURED
    assert (statuses.status(999).effect, statuses.status(999).name) == (Effect.UNKNOWN, "unknown_999")
    assert len({known.name for known in statuses.STATUSES.values()}) == len(statuses.STATUSES)


@pytest.mark.parametrize(
    ("short", "full"),
    [(16, 116), (18, 118), (65, 165), (30, 200), (54, 173), (55, 163), (73, 173), (116, 116), (200, 200)],
)
def test_the_consultation_apis_short_statuses(short: int, full: int) -> None:
    assert statuses.three_digits(short) == full


def test_reasons() -> None:
    assert reasons.reason_text(4010204) == "The card has expired."
    assert reasons.reason_text(4010399) == "The customer's bank refused the payment."
    assert reasons.reason_text(4000099) == "The acquirer refused the payment."
    assert reasons.reason_text(42) is None
    known = reasons.reason(4010103)
    assert known is not None
    assert known.name == "card_insufficient_funds"
    assert len({entry.name for entry in reasons.REASONS.values()}) == len(reasons.REASONS)
    assert {reasons.reason_text(code) for code in reasons.REASONS} < set(reasons.sentences())
    for family in (
        range(4000001, 4000013),
        range(3020101, 3020112),
        range(3020201, 3020213),
        range(3010001, 3010009),
    ):
        assert all(code in reasons.REASONS for code in family)
