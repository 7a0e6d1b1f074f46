"""HiPay's refusals by code, and the payment pages that are not HiPay's."""

import json

import pytest

from services.hipay.errors import (
    DuplicateOrder,
    HiPayError,
    NotAuthorised,
    PageOver,
    Refused,
    Unavailable,
    UntrustedUrl,
)
from tests.unit.hipay import wire
from tests.unit.hipay.support import answered, client, page, told
from tests.unit.hipay.wire import say, serve


@pytest.mark.parametrize(
    ("response", "error", "values"),
    [
        (wire.http(b"oops", "500 Internal Server Error"), Unavailable, {"status": 500, "hipay_code": None}),
        (wire.http(b"", "503 Service Unavailable"), Unavailable, {"status": 503}),
        (wire.http(b"{}", "429 Too Many Requests"), Unavailable, {"status": 429}),
        (told(1000008, "400 Bad Request"), Unavailable, {"hipay_code": 1000008}),
        (told(1000001, "401 Unauthorized"), NotAuthorised, {"status": 401, "hipay_code": 1000001}),
        (told(1000005, "403 Forbidden"), NotAuthorised, {"hipay_code": 1000005}),
        (told(1000009, "403 Forbidden"), NotAuthorised, {"hipay_code": 1000009}),
        (told(1000003, "400 Bad Request"), NotAuthorised, {"hipay_code": 1000003}),
        (told(1000001, "401 Unauthorized", wrapped=True), NotAuthorised, {"hipay_code": 1000001}),
        (wire.http(b"<html>who?</html>", "401 Unauthorized"), NotAuthorised, {"hipay_code": None}),
        (told(3010004, "400 Bad Request"), DuplicateOrder, {"hipay_code": 3010004}),
        *(
            (told(code, "400 Bad Request"), PageOver, {"hipay_code": code})
            for code in range(3010005, 3010009)
        ),
        (
            told(1010101, "400 Bad Request", "Parameter: orderid"),
            Refused,
            {"field": "orderid", "hipay_code": 1010101},
        ),
        (
            told(1010202, "400 Bad Request", "The 'merchant_display_name' is long"),
            Refused,
            {"field": "merchant_display_name"},
        ),
        (
            told(1020001, "400 Bad Request", "no amount"),
            Refused,
            {"field": None, "message": "Words no amount"},
        ),
        (told(3010002, "400 Bad Request"), Refused, {"field": None, "hipay_code": 3010002}),
        (told(3020210, "400 Bad Request"), Refused, {"hipay_code": 3020210}),
    ],
)
def test_a_refusal_has_its_name(response: bytes, error: type[HiPayError], values: dict[str, object]) -> None:
    refused = answered(response)
    assert type(refused) is error
    assert {name: getattr(refused, name) for name in values} == values
    assert refused.retry is (error is Unavailable)


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/pay", "https://evil.example/pay", "https://hipay.com.evil.example/", "https://evilhipay.com/",
        "http://secure-gateway.hipay-tpp.com/pay", "https://hipay.com@evil.example/", "https://u@api.hipay.com/",
        "https://api.hipay.com:8443/", "https://api.hipay.com\\@evil.example/", "https://api.hipay.com/a b", "//api.hipay.com/",
        "javascript:alert(1)", "https://", "https://[::1", "http://127.0.0.1.evil.example/", "http://10.0.0.1/", "https://аpi.hipay.com/",
    ],
)  # fmt: skip
def test_a_payment_page_elsewhere_is_refused(url: str) -> None:
    error = answered(wire.http(json.dumps({"forwardUrl": url}).encode()))
    assert isinstance(error, UntrustedUrl)
    assert not error.retry


@pytest.mark.parametrize(
    "url",
    [
        "https://stage-secure-gateway.hipay-tpp.com/payment/web/pay/df4d", "https://api.hipay.com:443/x", "https://HIPAY.com/",
        "http://127.0.0.1:8502/payment/web/pay/1", "http://localhost:8502/pay", "http://[::1]:8502/pay",
    ],
)  # fmt: skip
def test_hipays_hosts_and_for_the_sandbox_this_machine_are_taken(url: str) -> None:
    with (
        serve(say(wire.http(json.dumps({"forwardUrl": url}).encode()))) as server,
        client(server.url) as hipay,
    ):
        assert hipay.create_page(page()).forward_url == url
