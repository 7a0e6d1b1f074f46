"""The control API and its page."""

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from sandbox.files import Dialect
from tests.sandbox.asking import act, ask, page, transaction
from tests.support.sandbox import RunningSandbox


def refused(sandbox: RunningSandbox, path: str, asked: dict[str, Any]) -> str:
    answer = sandbox.client.post(f"/control/{path}", json=asked)
    assert answer.status_code == 400, answer.text
    sentence: str = answer.json()["error"]
    return sentence


def test_clock_moves_everything_that_is_stamped(sandbox: RunningSandbox) -> None:
    moved = sandbox.control("clock", {"set": "2030-03-05T12:00:00+00:00"})
    assert moved["now"].startswith("2030-03-05T12:00:0")
    assert ask(sandbox).json()["order"]["dateCreated"].startswith("2030-03-05T12:00:")
    later = sandbox.control("clock", {"advance_seconds": 3600})
    assert datetime.fromisoformat(later["now"]) - datetime.fromisoformat(moved["now"]) >= timedelta(hours=1)
    assert sandbox.control("clock")["offset_seconds"] == later["offset_seconds"]
    reset = sandbox.control("clock", {"reset": True})
    assert reset["offset_seconds"] == 0
    assert abs(datetime.now(UTC) - datetime.fromisoformat(reset["now"])) < timedelta(minutes=1)


def test_settings_are_checked_and_taken_together(sandbox: RunningSandbox) -> None:
    before = sandbox.control("settings")
    for wrong in (
        {"duplicate_order": "maybe"},
        {"colour": "blue"},
        {"hash_algorithm": "MD5"},
        {"products": {"7": ["gold"]}},
        {"file_dialect": {"delimiter": "|"}},
        {"smtp_reply": "250 fine"},
        {"retry_gaps": ["soon"]},
    ):
        assert next(iter(wrong)) in refused(sandbox, "settings", {"merchant_name": "Other"} | wrong).replace(
            "Unknown payment products", "products"
        )
    assert sandbox.control("settings") == before
    sandbox.control("settings", {"file_dialect": {"decimal": ","}})
    assert sandbox.control("settings", {"file_dialect": {"date": "dmy"}})["file_dialect"] == {
        "decimal": ",",
        "date": "dmy",
    }
    sandbox.reset()
    assert sandbox.control("settings") == before


def test_orders_newest_first_with_their_fields(sandbox: RunningSandbox) -> None:
    page(sandbox, "A1")
    url = page(sandbox, "A2", theme_code="lake")
    newest, oldest = sandbox.control("orders")
    assert (newest["orderid"], oldest["orderid"]) == ("A2", "A1")
    assert newest == newest | {
        "url": url,
        "amount": "125.75",
        "currency": "EUR",
        "attempts": 0,
        "transactions": [],
    }
    assert newest["fields"]["theme_code"] == "lake"
    made, ends = (datetime.fromisoformat(newest[name]) for name in ("created_at", "expires_at"))
    assert ends - made == timedelta(days=7)


def test_pay_many(sandbox: RunningSandbox) -> None:
    for orderid in ("A1", "A2", "A3"):
        page(sandbox, orderid)
    asked = {"orderids": ["A1"], "outcome": "decline", "reason": "4010301", "payment_product": "visa"}
    (declined,) = sandbox.control("pay", asked)["results"]
    assert declined == {
        "orderid": "A1",
        "transaction": transaction(sandbox)["transactionReference"],
        "state": "declined",
        "status": 113,
    }
    assert transaction(sandbox)["paymentProduct"] == "visa"
    paid = sandbox.control("pay", {"all_open": True, "outcome": "accept"})["results"]
    assert [(each["orderid"], each["state"], each["status"]) for each in paid] == [
        ("A1", "completed", 118),
        ("A2", "completed", 118),
        ("A3", "completed", 118),
    ]
    (again,) = sandbox.control("pay", {"orderids": ["A1"]})["results"]
    assert (again["transaction"], again["error"]) == (None, "paid")
    (forced,) = sandbox.control("pay", {"orderids": ["A1"], "force": True})["results"]
    assert forced["state"] == "completed"
    assert "NOPE" in refused(sandbox, "pay", {"orderids": ["NOPE"]})
    assert "outcome" in refused(sandbox, "pay", {"orderids": ["A1"], "outcome": "steal"})
    assert "reason" in refused(sandbox, "pay", {"orderids": ["A1"], "reason": "1"})


@pytest.mark.parametrize(("outcome", "status"), [("accept", 118), ("decline", 113)])
def test_complete_pending(sandbox: RunningSandbox, outcome: str, status: int) -> None:
    page(sandbox)
    sandbox.control("pay", {"orderids": ["A1"], "outcome": "pending"})
    (done,) = sandbox.control("complete-pending", {"orderids": ["A1"], "outcome": outcome})["results"]
    assert (done["orderid"], done["status"]) == ("A1", status)
    (nothing,) = sandbox.control("complete-pending", {"orderids": ["A1"], "outcome": outcome})["results"]
    assert nothing["error"] == "nothing pending"


def test_chargeback_in_part_and_its_refund(sandbox: RunningSandbox) -> None:
    act(sandbox, page(sandbox), "accept")
    assert "exceeds" in refused(sandbox, "chargeback", {"orderid": "A1", "amount": "500"})
    assert sandbox.control("chargeback", {"orderid": "A1", "amount": "12.00"})["status"] == 132
    assert transaction(sandbox)["chargebackedAmount"] == "12.00"
    assert sandbox.control("chargeback-refund", {"orderid": "A1"})["status"] == 166
    assert transaction(sandbox)["chargebackedAmount"] == "0.00"
    assert sandbox.control("chargeback", {"orderid": "A1"})["status"] == 131
    (seen,) = sandbox.api("GET", "/v3/order/A1").json()["transactions"]
    assert [each["type"] for each in seen["operations"]] == ["CAPTURE", "CHGBCK", "CHGBCK_REFUND", "CHGBCK"]
    assert "not found" in refused(sandbox, "chargeback", {"orderid": "NOPE"})


def test_settlement_takes_each_movement_once_and_gives_its_files(sandbox: RunningSandbox) -> None:
    act(sandbox, page(sandbox, custom_data='{"_reporting_data_1":"F-118","_reporting_data_3":7}'), "accept")
    (made,) = sandbox.control("settlements", {})["settlements"]
    assert (made["currency"], len(made["files"])) == ("EUR", 3)
    text = sandbox.client.get(made["files"][0]).text
    assert "F-118" in text
    assert transaction(sandbox)["transactionReference"] in text
    by_api = sandbox.api("GET", f"/v1/settlement/{made['id']}/raw.csv")
    assert by_api.text == text
    assert sandbox.client.get(f"/v1/settlement/{made['id']}").json()["error"]["code"] == 1000001
    (operation,) = sandbox.api("GET", "/v3/order/A1").json()["transactions"][0]["operations"]
    assert operation["status"] == "RECONCILED"
    assert operation["date_reconciled"]
    assert sandbox.control("settlements", {})["settlements"] == []
    sandbox.control("chargeback", {"orderid": "A1"})
    (next_made,) = sandbox.control("settlements", {"scenario": "plain"})["settlements"]
    assert next_made["id"] == made["id"] + 1
    assert [each["id"] for each in sandbox.control("settlements")] == [made["id"], next_made["id"]]
    assert "scenario" in refused(sandbox, "settlements", {"scenario": "nope"})


def test_file_dialect(sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"file_dialect": {"delimiter": "\t", "encoding": "utf-16", "decimal": ","}})
    act(sandbox, page(sandbox), "accept")
    (made,) = sandbox.control("settlements", {})["settlements"]
    lines = sandbox.client.get(made["files"][0]).content.decode("utf-16").splitlines()
    assert lines[0].startswith("Account\tAccount name")
    assert "125,75" in lines[1]


@pytest.mark.parametrize("kind", ["down", "lost", "short"])
def test_connections_that_break(sandbox: RunningSandbox, kind: str) -> None:
    sandbox.control("faults", {"kind": kind, "path": "/v1/hpayment", "count": 1})
    assert sandbox.api("GET", "/v2/security-settings").status_code == 200
    with pytest.raises(httpx.TransportError):
        ask(sandbox)
    assert len(sandbox.control("orders")) == (1 if kind == "lost" else 0)
    assert ask(sandbox, "A2").status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "starts"),
    [
        ("5xx", 503, b'{"code":1000008'),
        ("garbage", 200, b"\x00\xff"),
        ("html", 200, b"<!doctype html>"),
        ("empty", 200, b"{}"),
        ("big", 200, b'{"forwardUrl":"xxx'),
        ("redirect", 302, b""),
    ],
)
def test_answers_that_are_wrong(sandbox: RunningSandbox, kind: str, status: int, starts: bytes) -> None:
    sandbox.control("faults", {"kind": kind})
    for path in ("/v1/hpayment", "/rest/v1/hpayment"):
        answer = sandbox.api("POST", path, data={})
        assert answer.status_code == status
        assert answer.content.startswith(starts)
    assert sandbox.control("orders") == []
    assert sandbox.client.get("/mailbox").status_code == 200
    assert sandbox.control("faults", {"kind": "off"}) == {"faults": []}
    assert ask(sandbox).status_code == 200


def test_slow_and_refusing(sandbox: RunningSandbox) -> None:
    sandbox.control("faults", {"kind": "slow", "delay_ms": 300, "count": 1})
    slow = ask(sandbox)
    assert slow.status_code == 200
    assert slow.elapsed >= timedelta(milliseconds=290)
    sandbox.control("faults", {"kind": "refuse", "code": 1000009, "path": "/v3/order", "count": 2})
    answer = sandbox.api("GET", "/rest/v3/order/A1")
    assert (answer.status_code, answer.json()["code"]) == (403, 1000009)
    sandbox.control("faults", {"kind": "off", "path": "/v1/hpayment"})
    assert sandbox.api("GET", "/v3/order/A1").json()["code"] == 1000009
    assert sandbox.api("GET", "/v3/order/A1").json()["code"] == 3000001
    assert "kind" in refused(sandbox, "faults", {"kind": "fire"})
    assert "path" in refused(sandbox, "faults", {"kind": "down", "path": "/control"})


def test_page_has_plain_forms_for_it_all(sandbox: RunningSandbox) -> None:
    page(sandbox, firstname="<i>Rose</i>")
    shown = sandbox.client.get("/").text
    assert "&lt;i&gt;Rose&lt;/i&gt; Dévent" in shown
    assert "<script" not in shown
    done = sandbox.client.post("/control/pay", data={"orderids": "A1", "outcome": "accept"})
    assert (done.status_code, done.headers["location"]) == (303, "/control")
    assert transaction(sandbox)["status"] == 118
    sandbox.client.post(
        "/control/settings", data={"file_dialect.decimal": ",", "smtp_reply": "", "smtp_drop": ""}
    )
    assert sandbox.control("settings")["file_dialect"] == {"decimal": ","}
    sandbox.client.post("/control/clock", data={"advance_seconds": "3600"})
    assert sandbox.control("clock")["offset_seconds"] == 3600
    sandbox.client.post("/control/faults", data={"kind": "slow", "path": "", "count": "", "delay_ms": "5"})
    assert [each["kind"] for each in sandbox.control("faults")["faults"]] == ["slow"]
    sandbox.client.post("/control/settlements", data={"scenario": "plain"})
    shown = sandbox.client.get("/control").text
    assert "raw.xls" in shown
    assert "Charge back" in shown


def test_not_on_behalf_of_another_site(sandbox: RunningSandbox) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:1"):
        answer = sandbox.client.post("/control/reset", json={}, headers={"Origin": origin})
        assert answer.status_code == 403
    own = sandbox.client.post("/control/clock", json={"reset": True}, headers={"Origin": sandbox.url})
    assert own.status_code == 200


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff", b""])
def test_bodies_of_nonsense(sandbox: RunningSandbox, body: bytes) -> None:
    answer = sandbox.client.post("/control/pay", content=body)
    assert (answer.status_code, list(answer.json())) == (400, ["error"])


@pytest.mark.parametrize("path", ["/control/orders", "/mailbox/messages", "/control", "/mailbox"])
@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example", "localhost@evil.example", "[", ""]
)
def test_a_name_that_only_points_here_is_not_ours(sandbox: RunningSandbox, name: str, path: str) -> None:
    port = urlsplit(sandbox.url).port
    answer = sandbox.client.get(path, headers={"Host": f"{name}:{port}"})
    assert (answer.status_code, list(answer.json())) == (403, ["error"])


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machine_s_own_names(sandbox: RunningSandbox, name: str) -> None:
    assert sandbox.client.get("/control/orders", headers={"Host": f"{name}:1"}).status_code == 200


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1"])
def test_no_form_of_another_site(sandbox: RunningSandbox, origin: str) -> None:
    """A page in a sandboxed frame says null: it must not be taken for a page without a referrer of our own."""
    sandbox.control("clock", {"advance_seconds": 3600})
    reset = sandbox.client.post("/control/clock", data={"reset": "true"}, headers={"Origin": origin})
    emptied = sandbox.client.delete("/mailbox/messages", headers={"Origin": origin})
    assert (reset.status_code, emptied.status_code) == (403, 403)
    assert sandbox.control("clock")["offset_seconds"] == 3600
    assert "frame-ancestors 'none'" in sandbox.client.get("/control").headers["Content-Security-Policy"]


def test_the_pages_form_sets_the_whole_dialect(sandbox: RunningSandbox) -> None:
    """Every part of it has its field, and what a form can only write as text becomes what it means."""
    shown = sandbox.client.get("/control").text
    assert {f"file_dialect.{field.name}" for field in fields(Dialect)} <= set(
        re.findall(r'name="([^"]+)"', shown)
    )
    form = {
        "delimiter": ",",
        "encoding": "cp1252",
        "decimal": ",",
        "thousands": " ",
        "date": "dmy",
        "debit_sign": "positive",
        "header_language": "fr",
        "preamble": "true",
        "totals": "false",
    }
    sent = {f"file_dialect.{name}": value for name, value in form.items()}
    assert sandbox.client.post("/control/settings", data=sent).status_code == 303
    assert sandbox.control("settings")["file_dialect"] == {**form, "preamble": True, "totals": False}
