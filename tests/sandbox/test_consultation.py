"""Reading payments, and maintaining them."""

import re
from datetime import datetime

import pytest

from tests.sandbox.asking import act, maintain, page, transaction
from tests.support.sandbox import RunningSandbox


def held(sandbox: RunningSandbox, amount: str = "100.00", **fields: str) -> str:
    """The reference of an authorised payment, not captured."""
    act(sandbox, page(sandbox, operation="Authorization", amount=amount, **fields), "accept")
    reference: str = transaction(sandbox)["transactionReference"]
    return reference


def test_no_attempt_then_one_then_several(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    path, query = "/rest/v1/transaction", {"orderid": "A1"}
    assert sandbox.api("GET", path, params=query).json() == {"transaction": []}
    act(sandbox, url, "decline")
    assert sandbox.api("GET", path, params=query).json()["transaction"]["state"] == "declined"
    act(sandbox, url, "accept")
    both = sandbox.api("GET", path, params=query).json()["transaction"]
    assert [each["state"] for each in both] == ["declined", "completed"]
    assert sandbox.api("GET", path).json()["code"] == 1010101


def test_v1_transaction_by_its_reference(sandbox: RunningSandbox) -> None:
    reference = held(sandbox, custom_data='{"_reporting_data_1":"F-1"}')
    found = sandbox.api("GET", f"/v1/transaction/{reference}").json()["transaction"]
    assert re.fullmatch(r"8\d{11}", found["transactionReference"])
    assert (found["status"], found["message"], found["eci"]) == (116, "Authorized", 7)
    assert (found["authorizedAmount"], found["capturedAmount"]) == ("100.00", "0.00")
    assert found["order"]["id"] == "A1"
    assert found["customData"] == {"_reporting_data_1": "F-1"}
    unknown = sandbox.api("GET", "/v1/transaction/800000000000")
    assert (unknown.status_code, unknown.json()["code"]) == (400, 3000002)


def test_v3_order_is_unknown_until_an_attempt(sandbox: RunningSandbox) -> None:
    url = page(sandbox)
    answer = sandbox.api("GET", "/v3/order/A1")
    assert (answer.status_code, answer.json()["code"]) == (404, 3000001)
    act(sandbox, url, "decline")
    act(sandbox, url, "accept")
    order = sandbox.api("GET", "/rest/v3/order/A1").json()
    assert (order["merchant_order_id"], order["attempts"], order["amount"]) == ("A1", 2, "125.75")
    assert order["customer"]["lastname"] == "Dévent"
    refused, paid = order["transactions"]
    assert (refused["state"], refused["status"]) == ("declined", 13)
    assert refused["reason"] == {"code": 4010101, "reason": "Refusal (No Explicit Reason)"}
    assert (paid["state"], paid["status"], paid["captured_amount"]) == ("completed", 18, "125.75")
    assert list(paid["status_history"]) == ["1", "16", "18"]
    (capture,) = paid["operations"]
    assert (capture["type"], capture["status"], capture["amount"]) == ("CAPTURE", "COMPLETED", "125.75")
    assert datetime.fromisoformat(paid["date_created"]).tzinfo is not None
    assert sandbox.client.get("/v3/order/A1").status_code == 401


def test_v3_transaction_by_its_reference_and_by_what_the_acquirer_or_the_merchant_calls_it(
    sandbox: RunningSandbox,
) -> None:
    reference = held(sandbox)
    maintain(sandbox, reference, "capture", operation_id="A1-C1")
    one = sandbox.api("GET", f"/v3/transaction/{reference}").json()
    assert (one["id"], one["merchant_order_id"], one["status"]) == (int(reference), "A1", 18)
    assert (one["order"]["amount"], one["order"]["attempts"]) == ("100.00", 1)
    (capture,) = one["operations"]
    for kind, value in (
        ("opid", "A1-C1"),
        ("arn", capture["arn"]),
        ("acquirerid", one["acquirer"]["transaction_reference"]),
    ):
        assert sandbox.api("GET", f"/v3/transactions/{kind}/{value}").json() == {"transactions": [one]}
        unknown = sandbox.api("GET", f"/rest/v3/transactions/{kind}/0")
        assert (unknown.status_code, unknown.json()["code"]) == (404, 3000002)
    assert sandbox.api("GET", "/v3/transactions/orderid/A1").json()["code"] == 1010201
    assert sandbox.api("GET", "/v3/transactions/opid/").status_code == 404
    assert sandbox.api("GET", "/v3/transaction/1").json()["code"] == 3000002
    sandbox.control("settings", {"operations_named": False})
    assert sandbox.api("GET", "/v3/transactions/opid/A1-C1").status_code == 404


def test_what_has_no_value_is_null_or_left_out(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    paths = ("/v3/order/A1", f"/v3/transaction/{reference}", f"/v1/transaction/{reference}")
    written = [sandbox.api("GET", path).text for path in paths]
    assert ["null" in each for each in written] == [True, True, False]
    assert '"threeDSecure":""' in written[2]
    sandbox.control("settings", {"nulls": "left_out"})
    told = [sandbox.api("GET", path) for path in paths]
    assert not any("null" in each.text for each in told)
    (attempt,) = told[0].json()["transactions"]
    assert attempt.keys() >= {"id", "status", "operations"}
    assert attempt.keys().isdisjoint({"reason", "authentication", "debit_agreement"})


@pytest.mark.parametrize("product", ["multibanco", "paypal"])
def test_a_payment_without_a_card(sandbox: RunningSandbox, product: str) -> None:
    act(sandbox, page(sandbox), "accept", payment_product=product)
    (paid,) = sandbox.api("GET", "/v3/order/A1").json()["transactions"]
    assert (paid["card"], paid["payment_product"]["name"]) == (None, product)
    assert "pan" not in transaction(sandbox)["paymentMethod"]


def test_captures_in_parts_then_refunds_in_parts(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    first = maintain(sandbox, reference, "capture", amount="60.00", operation_id="C-1").json()
    assert first == first | {"operation": "capture", "status": "119", "capturedAmount": "60.00"}
    last = maintain(sandbox, reference, "capture").json()
    assert (last["status"], last["message"], last["capturedAmount"]) == ("118", "Captured", "100.00")
    refund = maintain(sandbox, reference, "refund", amount="0.50", operation_id="R-1").json()
    assert (refund["status"], refund["refundedAmount"]) == (
        "124",
        "0.00",
    )  # only requested: not in the total yet
    assert transaction(sandbox)["status"] == 126
    maintain(sandbox, reference, "refund", currency="EUR")
    assert transaction(sandbox)["status"] == 125
    (seen,) = sandbox.api("GET", "/v3/order/A1").json()["transactions"]
    moved = [(each["type"], each["amount"], each["merchant_reference"]) for each in seen["operations"]]
    assert moved == [
        ("CAPTURE", "60.00", "C-1"),
        ("CAPTURE", "40.00", None),
        ("REFUND", "0.50", "R-1"),
        ("REFUND", "99.50", None),
    ]


@pytest.mark.parametrize(
    ("before", "operation", "fields", "code"),
    [
        ("", "capture", {"amount": "0"}, 3020108),
        ("", "capture", {"amount": "-1"}, 3020108),
        ("", "capture", {"amount": "100.01"}, 3020109),
        ("", "capture", {"amount": "1.234"}, 1010205),
        ("", "capture", {"amount": "ten"}, 1010205),
        ("", "capture", {"currency": "USD"}, 3020105),
        ("capture=60", "capture", {"amount": "50"}, 3020110),
        ("capture", "capture", {}, 3020106),
        ("cancel", "capture", {}, 3020111),
        ("", "refund", {}, 3020202),
        ("capture=60", "refund", {"amount": "60.01"}, 3020209),
        ("capture refund=60", "refund", {"amount": "50"}, 3020210),
        ("capture", "refund", {"amount": "0"}, 3020208),
        ("capture", "refund", {"currency": "USD"}, 3020205),
        ("capture refund", "refund", {}, 3020206),
        ("capture", "cancel", {}, 3020401),
        ("cancel", "cancel", {}, 3020403),
        ("", "acceptChallenge", {}, 3000101),
        ("", "explode", {}, 1010201),
        ("", "", {}, 1010101),
    ],
)
def test_refused_operations(
    sandbox: RunningSandbox, before: str, operation: str, fields: dict[str, str], code: int
) -> None:
    reference = held(sandbox)
    for step in before.split():
        name, _, amount = step.partition("=")
        done = maintain(sandbox, reference, name, **({"amount": amount} if amount else {}))
        assert done.status_code == 200, done.text
    seen = transaction(sandbox)
    answer = maintain(sandbox, reference, operation, **fields)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert transaction(sandbox) == seen


def test_maintenance_of_an_unknown_transaction_and_of_a_refused_one(sandbox: RunningSandbox) -> None:
    answer = maintain(sandbox, "1", "capture")
    assert (answer.status_code, answer.json()["code"]) == (404, 3000002)
    act(sandbox, page(sandbox), "decline")
    assert (
        maintain(sandbox, transaction(sandbox)["transactionReference"], "capture").json()["code"] == 3020102
    )


def test_void(sandbox: RunningSandbox) -> None:
    answer = maintain(sandbox, held(sandbox), "cancel").json()
    assert (answer["status"], answer["message"]) == ("115", "Cancelled")


def test_authorisation_expires_after_seven_days(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    sandbox.control("clock", {"advance_seconds": 7 * 86_400 + 1})
    assert transaction(sandbox)["status"] == 114
    assert maintain(sandbox, reference, "capture").json()["code"] == 3020001


@pytest.mark.parametrize(("answer", "status"), [("acceptChallenge", 118), ("denyChallenge", 111)])
def test_payment_held_for_review(sandbox: RunningSandbox, answer: str, status: int) -> None:
    act(sandbox, page(sandbox), "review")
    assert transaction(sandbox)["status"] == 112
    assert maintain(sandbox, transaction(sandbox)["transactionReference"], answer).status_code == 200
    assert transaction(sandbox)["status"] == status
