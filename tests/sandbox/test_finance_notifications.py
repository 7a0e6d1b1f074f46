"""Settlements told of, received by a real HTTP server; settlements issued again; files that are not there yet."""

import hashlib
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request

from sandbox.corrections import issue_again
from sandbox.settlements import CONTROLS
from tests.sandbox.asking import act, page
from tests.sandbox.settling import movement, run
from tests.support.sandbox import RunningSandbox, wait_for

PASSWORD = b"sandbox-finance-password"
FIELDS = "notification_type account reference sales refunds fees chargeback deferred rolling other amount currency".split()


@pytest.fixture
def inbox(httpserver: HTTPServer, sandbox: RunningSandbox) -> HTTPServer:
    httpserver.expect_request("/finance").respond_with_data("", 202)
    sandbox.control("settings", {"finance_notify_url": httpserver.url_for("/finance")})
    return httpserver


def settle(sandbox: RunningSandbox) -> dict[str, Any]:
    act(sandbox, page(sandbox), "accept", payment_product="visa")
    [settlement] = sandbox.control("settlements", {})["settlements"]
    return dict(settlement)


def received(inbox: HTTPServer, count: int) -> list[Request]:
    wait_for(lambda: len(inbox.log) >= count, f"{count} notifications")
    return [request for request, _ in inbox.log]


def read(request: Request) -> dict[str, str]:
    body = request.get_data(as_text=True)
    if request.content_type == "application/json":
        return dict(json.loads(body)["settlement"])
    if request.content_type.startswith("application/xml"):
        return {child.tag: child.text or "" for child in ElementTree.fromstring(body)}
    return dict(parse_qsl(body))


@pytest.mark.parametrize("how", ["form", "json", "xml"])
def test_a_settlement_is_told_with_hipays_fields(
    sandbox: RunningSandbox, inbox: HTTPServer, how: str
) -> None:
    sandbox.control("settings", {"finance_notification_format": how})
    settlement = settle(sandbox)
    [request] = received(inbox, 1)
    fields = read(request)
    assert list(fields) == FIELDS
    listed = sandbox.api("GET", "/v1/settlement").json(parse_float=Decimal)["settlements"][0]
    assert (fields["notification_type"], fields["reference"]) == ("settlement", str(settlement["id"]))
    assert {name: Decimal(fields[name]) for name in FIELDS[3:-1]} == {
        name: listed[name] for name in FIELDS[3:-1]
    }


@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256", "SHA512"])
def test_it_is_signed_with_an_algorithm_and_a_password_of_its_own(
    sandbox: RunningSandbox, inbox: HTTPServer, algorithm: str
) -> None:
    sandbox.control("settings", {"finance_hash_algorithm": algorithm})
    settle(sandbox)
    [request] = received(inbox, 1)
    expected = hashlib.new(algorithm.lower(), request.get_data() + PASSWORD).hexdigest()
    assert request.headers["X-Allopass-Signature"] == expected


def test_nothing_is_told_without_an_address(sandbox: RunningSandbox) -> None:
    settle(sandbox)
    assert [
        each for each in sandbox.control("notifications") if each["orderid"].startswith("settlement")
    ] == []
    answer = sandbox.client.post("/control/settings", json={"finance_notify_url": "ftp://example.com"})
    assert answer.status_code == 400


def test_one_issued_again_is_a_cent_less_and_told_anew(sandbox: RunningSandbox, inbox: HTTPServer) -> None:
    settlement = settle(sandbox)
    path = f"/v1/settlement/{settlement['id']}/raw.csv"
    before = sandbox.api("GET", path).text
    again = sandbox.control("correct-settlement", {"id": settlement["id"]})
    assert Decimal(again["amount"]) == Decimal(settlement["amount"]) - Decimal("0.01")
    after = sandbox.api("GET", path).text
    differing = [
        one for one, other in zip(before.splitlines(), after.splitlines(), strict=True) if one != other
    ]
    assert len(differing) == 2  # the fee and the payout
    first, second = received(inbox, 2)
    assert Decimal(read(second)["amount"]) == Decimal(read(first)["amount"]) - Decimal("0.01")
    assert sandbox.client.post("/control/correct-settlement", json={"id": 1}).status_code == 400


def test_the_same_is_told_again_when_asked(sandbox: RunningSandbox, inbox: HTTPServer) -> None:
    settlement = settle(sandbox)
    received(inbox, 1)
    assert sandbox.control("redeliver", {"settlement": settlement["id"]}) == {"redelivered": 1}
    first, second = received(inbox, 2)
    assert first.get_data() == second.get_data()


def test_a_settlement_may_be_listed_before_its_file_is_there(sandbox: RunningSandbox) -> None:
    settlement = settle(sandbox)
    sandbox.control("settings", {"settlement_files": False})
    assert sandbox.api("GET", f"/v1/settlement/{settlement['id']}").status_code == 200
    assert sandbox.api("GET", f"/v1/settlement/{settlement['id']}/raw.csv").status_code == 404
    sandbox.control("settings", {"settlement_files": True})
    assert sandbox.api("GET", f"/v1/settlement/{settlement['id']}/raw.csv").status_code == 200


@pytest.mark.parametrize("scenario", ["plain", "split", "negative", "converted"])
def test_a_corrected_settlement_still_adds_up(scenario: str) -> None:
    for settlement in run([movement(), movement("refund", "30.00")], scenario=scenario):
        again = issue_again(settlement)
        moved = sum(
            Decimal(str(row["Settled amount"])) for row in again.rows if row["Operation"] not in CONTROLS
        )
        assert moved == again.amount == Decimal(str(again.summary["amount"]))
        parts = [
            Decimal(str(r["Settled amount"])) for r in again.rows if r["Operation"] == "Split settlement"
        ]
        assert not parts or sum(parts) == again.amount
        assert again.rows != settlement.rows
