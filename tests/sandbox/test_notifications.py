"""Notifications, received by a real HTTP server."""

import hashlib
import json
from collections.abc import Callable
from threading import Event
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.sandbox.asking import act, maintain, page, transaction
from tests.support.sandbox import PASSPHRASE, RunningSandbox, wait_for

# The very fields, in their order, of a body that HiPay sent.
AUTHORIZED = (
    "state test mid attempt_id authorization_code transaction_reference acquirer_transaction_reference date_created "
    "date_updated date_authorized status message authorized_amount captured_amount refunded_amount decimals currency "
    "ip_address ip_country device_id cdata1 cdata2 cdata3 cdata4 cdata5 cdata6 cdata7 cdata8 cdata9 cdata10 avs_result "
    "cvc_result eci payment_product payment_method[token] payment_method[card_id] payment_method[brand] "
    "payment_method[pan] payment_method[card_holder] payment_method[card_expiry_month] "
    "payment_method[card_expiry_year] payment_method[issuer] payment_method[country] order[id] order[date_created] "
    "order[attempts] order[amount] order[shipping] order[tax] order[decimals] order[currency] order[customer_id] "
    "order[language] order[email]"
).split()


@pytest.fixture
def inbox(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/notify").respond_with_data("", 202)
    return httpserver


def received(inbox: HTTPServer, count: int) -> list[Request]:
    wait_for(lambda: len(inbox.log) >= count, f"{count} notifications")
    return [request for request, _ in inbox.log]


def fields(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.get_data(as_text=True), keep_blank_values=True))


def test_sale_is_authorised_then_captured_with_hipays_fields(
    sandbox: RunningSandbox, inbox: HTTPServer
) -> None:
    act(sandbox, page(sandbox, notify_url=inbox.url_for("/notify")), "accept", payment_product="visa")
    first, second = received(inbox, 2)
    assert list(fields(first)) == list(fields(second)) == AUTHORIZED
    expected = {
        "state": "completed",
        "attempt_id": "1",
        "transaction_reference": transaction(sandbox)["transactionReference"],
        "authorized_amount": "125.75",
        "payment_method[pan]": "411111******1111",
        "payment_method[card_holder]": "Rose Dévent",
        "order[id]": "A1",
        "order[email]": "rose@example.org",
    }
    told = [("116", "Authorized", "0.00"), ("118", "Captured", "125.75")]
    for request, (status, message, captured) in zip((first, second), told, strict=True):
        sent = fields(request)
        assert sent == sent | expected | {"status": status, "message": message, "captured_amount": captured}
        assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("setting", "hash_of"), [("SHA1", hashlib.sha1), ("SHA256", hashlib.sha256), ("SHA512", hashlib.sha512)]
)
def test_signed_over_the_raw_body(
    sandbox: RunningSandbox, inbox: HTTPServer, setting: str, hash_of: Callable[[bytes], Any]
) -> None:
    sandbox.control("settings", {"hash_algorithm": setting})
    act(sandbox, page(sandbox, notify_url=inbox.url_for("/notify"), lastname="O'Hara é"), "decline")
    (request,) = received(inbox, 1)
    signed = hash_of(request.get_data() + PASSPHRASE.encode()).hexdigest()
    assert request.headers["X-Allopass-Signature"] == signed


def test_refusal_tells_its_reason_and_custom_data_come_back(
    sandbox: RunningSandbox, inbox: HTTPServer
) -> None:
    custom = {"_reporting_data_1": "F-118 é", "nested": {"deep": [1, True]}}
    url = page(sandbox, notify_url=inbox.url_for("/notify"), custom_data=json.dumps(custom))
    act(sandbox, url, "decline", reason="4010305")
    sent = fields(received(inbox, 1)[0])
    assert sent["reason[code]"] == "4010305"
    assert sent["reason[message]"] == "Card Limit Exceeded"
    assert sent["custom_data[_reporting_data_1]"] == "F-118 é"
    assert sent["custom_data[nested][deep][1]"] == "true"


def test_xml_when_so_set(sandbox: RunningSandbox, inbox: HTTPServer) -> None:
    sandbox.control("settings", {"notification_format": "xml"})
    custom = json.dumps({"ref": "<&\x01>", "2 words": "x"})
    act(sandbox, page(sandbox, notify_url=inbox.url_for("/notify"), custom_data=custom), "pending")
    (request,) = received(inbox, 1)
    assert request.headers["Content-Type"].startswith("application/xml")
    root = ElementTree.fromstring(request.get_data())
    assert root.tag == "notification"
    assert root.findtext("status") == "142"
    assert root.findtext("order/id") == "A1"
    assert root.findtext("payment_method/brand") == "CB"
    assert root.findtext("custom_data/ref") == "<&>"
    assert root.findtext("custom_data/item[@key='2 words']") == "x"


def test_operations_name_themselves(sandbox: RunningSandbox, inbox: HTTPServer) -> None:
    act(sandbox, page(sandbox, operation="Authorization", notify_url=inbox.url_for("/notify")), "accept")
    reference = transaction(sandbox)["transactionReference"]
    maintain(sandbox, reference, "capture", amount="100.00", operation_id="C-1")
    maintain(sandbox, reference, "refund", amount="30", operation_id="R-1")
    sandbox.control("chargeback", {"orderid": "A1"})
    sent = [fields(each) for each in received(inbox, 7)]
    assert [each["status"] for each in sent] == ["116", "117", "119", "124", "126", "129", "131"]
    capture, refund, chargeback = sent[2], sent[4], sent[6]
    assert capture["operation[type]"] == "capture"
    assert (capture["operation[id]"], capture["operation[amount]"]) == ("C-1", "100.00")
    assert (refund["operation[id]"], refund["refunded_amount"]) == ("R-1", "30.00")
    assert (chargeback["operation[type]"], chargeback["operation[amount]"]) == ("chargeback", "70.00")
    assert "operation[id]" not in sent[0]


def test_sent_again_until_answered_2xx(sandbox: RunningSandbox, httpserver: HTTPServer) -> None:
    answers = iter([500, 302, 404])
    httpserver.expect_request("/notify").respond_with_handler(
        lambda request: Response(status=next(answers, 200), headers={"Location": "/elsewhere"})
    )
    sandbox.control("settings", {"retry_gaps": [0.05, 0.1, 0.15, 0.2]})
    act(sandbox, page(sandbox, operation="Authorization", notify_url=httpserver.url_for("/notify")), "accept")
    sent = received(httpserver, 4)
    assert len({each.get_data() for each in sent}) == 1
    (told,) = wait_for(
        lambda: (n := sandbox.control("notifications")) and not n[0]["waiting"] and n, "the end"
    )
    assert told["answers"] == ["500", "302", "404", "200"]
    assert (told["status"], told["attempts"]) == (200, 4)
    assert told["headers"]["X-Allopass-Signature"] == sent[0].headers["X-Allopass-Signature"]
    assert len(httpserver.log) == 4


def test_a_later_notification_overtakes_one_that_fails(
    sandbox: RunningSandbox, httpserver: HTTPServer
) -> None:
    answers = iter([500])
    httpserver.expect_request("/notify").respond_with_handler(
        lambda request: Response(status=next(answers, 200))
    )
    sandbox.control("settings", {"retry_gaps": [0.3]})
    act(sandbox, page(sandbox, notify_url=httpserver.url_for("/notify")), "accept")
    assert [fields(each)["status"] for each in received(httpserver, 3)] == ["116", "118", "116"]


def test_given_up_after_the_last_gap_and_sent_once_more_when_asked(
    sandbox: RunningSandbox, inbox: HTTPServer
) -> None:
    sandbox.control("settings", {"retry_gaps": [0.02]})
    act(sandbox, page(sandbox, notify_url="http://127.0.0.1:9/closed"), "decline")
    told = wait_for(
        lambda: [each for each in sandbox.control("notifications") if not each["waiting"]], "giving up"
    )
    assert (told[0]["answers"], told[0]["status"]) == (["ConnectError", "ConnectError"], None)
    act(sandbox, page(sandbox, "A2", notify_url=inbox.url_for("/notify")), "decline")
    received(inbox, 1)
    assert sandbox.control("redeliver", {"orderid": "A2"}) == {"redelivered": 1}
    first, again = received(inbox, 2)
    assert first.get_data() == again.get_data()


def test_the_page_does_not_wait_for_a_slow_merchant(sandbox: RunningSandbox, httpserver: HTTPServer) -> None:
    reached, released = Event(), Event()

    def slow(request: Request) -> Response:
        reached.set()
        released.wait(60)
        return Response(status=200)

    httpserver.expect_request("/notify").respond_with_handler(slow)
    act(sandbox, page(sandbox, notify_url=httpserver.url_for("/notify")), "accept")
    assert reached.wait(60)
    assert transaction(sandbox)["status"] == 118
    assert [each["attempts"] for each in sandbox.control("notifications")] == [0, 0]
    released.set()
    received(httpserver, 2)


def test_none_when_off_or_without_a_url(sandbox: RunningSandbox, inbox: HTTPServer) -> None:
    act(sandbox, page(sandbox), "accept")
    sandbox.control("settings", {"notifications": False})
    act(sandbox, page(sandbox, "A2", notify_url=inbox.url_for("/notify")), "accept")
    assert sandbox.control("notifications") == []
