"""Captures and refunds that the bank does later, or refuses."""

import pytest

from tests.sandbox.asking import act, maintain, page, transaction
from tests.support.sandbox import RunningSandbox


def held(sandbox: RunningSandbox) -> str:
    """The reference of 100.00 EUR held on a card."""
    act(sandbox, page(sandbox, operation="Authorization", amount="100.00"), "accept")
    reference: str = transaction(sandbox)["transactionReference"]
    return reference


def totals(sandbox: RunningSandbox) -> tuple[int, str, str]:
    """The status, and what is captured and refunded."""
    seen = transaction(sandbox)
    return seen["status"], seen["capturedAmount"], seen["refundedAmount"]


def answer(sandbox: RunningSandbox, outcome: str, **more: str) -> int:
    status: int = sandbox.control("operation", {"orderid": "A1", "outcome": outcome, **more})["status"]
    return status


def operations(sandbox: RunningSandbox) -> list[tuple[str, str, str]]:
    (seen,) = sandbox.api("GET", "/v3/order/A1").json()["transactions"]
    return [(each["type"], each["status"], each["merchant_reference"]) for each in seen["operations"]]


def test_a_refund_that_was_done_is_refused(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    maintain(sandbox, reference, "capture", operation_id="C1")
    maintain(sandbox, reference, "refund", amount="30", operation_id="R2")
    maintain(sandbox, reference, "refund", operation_id="R3")
    assert totals(sandbox) == (125, "100.00", "100.00")
    assert answer(sandbox, "refused", operation="R2") == 165
    assert totals(sandbox) == (165, "100.00", "70.00")
    assert operations(sandbox) == [
        ("CAPTURE", "COMPLETED", "C1"),
        ("REFUND", "FAILURE", "R2"),
        ("REFUND", "COMPLETED", "R3"),
    ]
    assert transaction(sandbox)["reason"]["code"] == "4010102"
    assert maintain(sandbox, reference, "refund", amount="30.01").json()["code"] == 3020210
    maintain(sandbox, reference, "refund", operation_id="R4")
    assert totals(sandbox) == (125, "100.00", "100.00")
    assert transaction(sandbox)["reason"]["code"] == ""


@pytest.mark.parametrize(("counted", "shown"), [("not_counted", "0.00"), ("counted", "40.00")])
def test_what_is_requested_waits_for_the_bank(sandbox: RunningSandbox, counted: str, shown: str) -> None:
    sandbox.control("settings", {"operations": "later", "requested_amounts": counted})
    reference = held(sandbox)
    asked = maintain(sandbox, reference, "capture", amount="40", operation_id="C1").json()
    assert (asked["status"], asked["capturedAmount"]) == ("117", shown)
    assert maintain(sandbox, reference, "capture", amount="60.01").json()["code"] == 3020110
    assert maintain(sandbox, reference, "cancel").json()["code"] == 3020401
    assert answer(sandbox, "refused") == 173
    assert totals(sandbox) == (173, "0.00", "0.00")
    assert sandbox.api("GET", "/v3/order/A1").json()["transactions"][0]["status"] == 54  # HiPay's own number
    maintain(sandbox, reference, "capture", amount="40", operation_id="C2")
    assert answer(sandbox, "done") == 119
    refund = maintain(sandbox, reference, "refund", operation_id="R3").json()
    assert (refund["status"], refund["refundedAmount"]) == ("124", shown)
    assert maintain(sandbox, reference, "refund", amount="1").json()["code"] == 3020206
    assert answer(sandbox, "done") == 125
    assert totals(sandbox) == (125, "40.00", "40.00")


def test_a_hold_whose_capture_was_refused_can_be_given_up_or_expires(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"operations": "later"})
    reference = held(sandbox)
    maintain(sandbox, reference, "capture", amount="40")
    maintain(sandbox, reference, "capture", amount="60")
    answer(sandbox, "refused")
    assert maintain(sandbox, reference, "cancel").json()["code"] == 3020401  # the other may still be done
    answer(sandbox, "refused")
    assert maintain(sandbox, reference, "cancel").json()["status"] == "115"


def test_only_what_was_done_is_settled_and_what_is_settled_is_not_refused(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    maintain(sandbox, reference, "capture")
    maintain(sandbox, reference, "refund", amount="30", operation_id="R2")
    answer(sandbox, "refused")
    sandbox.control("settings", {"operations": "later"})
    maintain(sandbox, reference, "refund", amount="5", operation_id="R3")
    (made,) = sandbox.control("settlements", {})["settlements"]
    text = sandbox.client.get(made["files"][0]).text
    assert "R2" not in text
    assert "R3" not in text
    answer(sandbox, "done")
    (later,) = sandbox.control("settlements", {})["settlements"]
    assert ";R3;" in sandbox.client.get(later["files"][0]).text
    refused = sandbox.client.post("/control/operation", json={"orderid": "A1", "outcome": "refused"})
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        "No capture or refund of the order can be that now.",
    )


def test_the_control_page_has_a_button_for_each_answer(sandbox: RunningSandbox) -> None:
    reference = held(sandbox)
    maintain(sandbox, reference, "capture")
    maintain(sandbox, reference, "refund", amount="30", operation_id="R2")
    shown = sandbox.client.get("/control").text
    assert "Refuse refund €30.00" in shown
    assert "Accept" not in shown
    sandbox.control("settings", {"operations": "later"})
    maintain(sandbox, reference, "refund", amount="20", operation_id="R3")
    shown = sandbox.client.get("/control").text
    assert "Accept refund €20.00" in shown
    form = {"orderid": "A1", "outcome": "refused", "operation": "R3"}
    assert sandbox.client.post("/control/operation", data=form).status_code == 303
    assert totals(sandbox) == (165, "100.00", "30.00")
    wrong = sandbox.client.post("/control/operation", json={"orderid": "A1", "outcome": "lost"})
    assert wrong.json()["error"] == "outcome may be done, refused."
