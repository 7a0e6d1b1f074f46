"""Orders read from HiPay, in both forms of its API, and the answers that must not be believed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.hipay.errors import BadAnswer, FieldInvalid, NotAuthorised
from services.hipay.observations import Observation, Operation
from tests.unit.hipay.support import OK, answering, call, client
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
            order_id="A-1",
            reference="800417743755",
            status=119,
            state="completed",
            currency="EUR",
            authorised=150000,
            captured=100000,
            refunded=0,
            charged_back=0,
            order_amount=150000,
            order_currency="EUR",
            reason_code=None,
            reason_text=None,
            payment_product="visa",
            eci=7,
            test=None,
            mid="1342917",
            operation_id=None,
            operation_amount=None,
            at=at,
            mark="mark-1",
            operations=(
                Operation(
                    kind="capture",
                    status="completed",
                    amount=100000,
                    operation_id="op-1",
                    arn="7506",
                    at=at,
                ),
            ),
        ),
    )


def test_a_transaction_found_by_its_operation_id() -> None:
    order = {name: V3_ORDER[name] for name in ("id", "amount", "currency", "custom_data")}
    one = {**V3_TRANSACTION, "merchant_order_id": "A-1", "order": order}
    found, lines, _ = call("read_operation", "op/1", answers=[({"transactions": [one]}, OK)])
    assert lines == ["GET /v3/transactions/opid/op%2F1 HTTP/1.1"]
    read, _, _ = call("read_order", "A-1", answers=[(V3_ORDER, OK)])
    assert found == read.observations
    [bare], _, _ = call("read_operation", "op-1", answers=[({"transactions": [{**one, "order": None}]}, OK)])
    assert (bare.order_id, bare.order_amount, bare.mark) == ("A-1", None, None)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"code": 3000002, "message": "Unknown Transaction"}, "404 Not Found"),
        ({"transactions": []}, OK),
        ({}, OK),
    ],
)
def test_an_operation_id_that_hipay_does_not_know(answer: object, status: str) -> None:
    assert call("read_operation", "op-1", answers=[(answer, status)])[0] == ()


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"<html>404</html>", "404 Not Found", BadAnswer),
        ({"code": 1000005, "message": "Insufficient Permissions"}, "403 Forbidden", NotAuthorised),
        ({"transactions": [V3_TRANSACTION]}, OK, BadAnswer),  # of which order, it does not say
        ({"transactions": "none"}, OK, BadAnswer),
    ],
)
def test_an_answer_without_an_operation_raises(answer: object, status: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        call("read_operation", "op-1", answers=[(answer, status)])


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
        b"/v3/order/A-1",
        b"/rest/v1/transaction?orderid=A-1",
        b"/rest/v1/transaction?orderid=A-1",
    ]
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
        "status": "118",
        "state": "completed",
        "transactionReference": "8",
        "customData": {"eterminal_order": "m"},
    }
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
