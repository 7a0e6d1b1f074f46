"""Notification bodies: HiPay's real ones, XML, and everything that must not crash or be kept."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.hipay import notifications
from services.hipay.errors import BadNotification
from services.hipay.observations import MARK_KEY, Observation, custom_data, integer, moment, units
from tests.unit.hipay import bodies

FORM = "application/x-www-form-urlencoded"
XML = "application/xml; charset=UTF-8"
LEAST = {"status": "118", "transaction_reference": "800417743755", "order[id]": "A-1"}
CARD = {
    "token": "74a2150be6c45232", "card_id": "9fd81707-8f41", "pan": "411111******1111", "cvc": "123", "cvc_result": "M9",
    "card_holder": "ZEBULON", "card_expiry_month": "monthX", "card_expiry_year": "yearX", "cardToken": "tokenX",
    "card_number": "numberX", "authentication_token": "authX",
}  # fmt: skip


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def xml(fields: dict[str, str]) -> bytes:
    """The same fields as nested elements."""
    out = []
    for name, value in fields.items():
        outer, _, inner = name.rstrip("]").partition("[")
        text = escape(value)
        out.append(f"<{outer}><{inner}>{text}</{inner}></{outer}>" if inner else f"<{outer}>{text}</{outer}>")
    return f"<?xml version='1.0' encoding='UTF-8'?><notification>{''.join(out)}</notification>".encode()


def test_a_real_capture_is_read_in_full() -> None:
    seen = notifications.parse(bodies.CAPTURED, FORM).observation()
    assert seen == Observation(
        order_id="TEST-NOTIF-001",
        reference="800417743755",
        status=118,
        state="completed",
        currency="EUR",
        authorised=150000,
        captured=150000,
        refunded=0,
        charged_back=None,
        order_amount=150000,
        order_currency="EUR",
        reason_code=None,
        reason_text=None,
        payment_product="visa",
        eci=7,
        test=True,
        mid="1342917",
        operation_id=None,
        operation_amount=None,
        at=datetime(2026, 3, 5, 12, 7, 6, tzinfo=UTC),
        mark=None,
    )


def test_the_other_real_bodies() -> None:
    authorised = notifications.parse(bodies.AUTHORISED, FORM).observation()
    assert (authorised.status, authorised.authorised, authorised.captured) == (116, 150000, 0)
    refunded = notifications.parse(bodies.PARTIALLY_REFUNDED, FORM)
    assert (refunded.order_id, refunded.reference, refunded.status) == ("TEST-NOTIF-001", "800417743755", 126)
    assert (refunded.observation().refunded, refunded.observation().at) == (50000, None)


@pytest.mark.parametrize("content_type", [FORM, None, "text/plain", FORM + "; charset=utf-8"])
def test_card_data_is_in_neither_the_fields_nor_what_is_stored(content_type: str | None) -> None:
    kept = notifications.stripped(bodies.CAPTURED, content_type)
    fields = notifications.parse(bodies.CAPTURED, content_type).fields
    for secret in ("74a2150be6", "9fd81707", "411111", "TEST&", "card_expiry"):
        assert secret not in kept.decode() + str(fields)
    assert b"payment_method%5Bbrand%5D=VISA" in kept
    assert fields["payment_method[issuer]"] == "CONOTOXIA SP. Z O.O"
    assert (
        notifications.parse(kept, content_type).observation()
        == notifications.parse(bodies.CAPTURED, FORM).observation()
    )


def test_xml_says_the_same_as_the_form() -> None:
    fields = {
        **LEAST,
        "state": "declined",
        "test": "false",
        "reason[code]": "4010301",
        "reason[message]": "AVS <failed>",
        "custom_data[eterminal_order]": "mark-1",
        "operation[id]": "op-1",
        "operation[amount]": "3.5",
    }
    seen = notifications.parse(xml(fields), XML).observation()
    assert seen == notifications.parse(form(fields), FORM).observation()
    assert (seen.reason_code, seen.reason_text, seen.test) == (4010301, "AVS <failed>", False)
    assert (seen.mark, seen.operation_id, seen.operation_amount) == ("mark-1", "op-1", 35000)


def test_json_is_read_too() -> None:
    body = {
        "status": 118,
        "transaction_reference": "8",
        "order": {"id": "A-1", "amount": 12.3456},
        "custom_data": {MARK_KEY: "m"},
    }
    seen = notifications.parse(json.dumps(body).encode(), "application/json").observation()
    assert (seen.order_id, seen.order_amount, seen.mark) == ("A-1", 123456, "m")


@pytest.mark.parametrize(
    "value", [json.dumps({MARK_KEY: "m", "n": 1}), json.dumps({MARK_KEY: "m"}, indent=1)]
)
def test_our_mark_in_custom_data_as_json_text(value: str) -> None:
    assert notifications.parse(form({**LEAST, "custom_data": value}), FORM).observation().mark == "m"


@pytest.mark.parametrize("value", ["", "{", "[1]", "null", "1", '{"eterminal_order":{"a":1}}', "[" * 5000])
def test_custom_data_that_is_not_ours_is_no_mark(value: str) -> None:
    assert notifications.parse(form({**LEAST, "custom_data": value}), FORM).observation().mark is None


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"", "missing"),
        (b"hello", "missing"),
        (b"status=118&order[id]=A", "missing"),
        (form({**LEAST, "order[id]": ""}), "missing"),
        (form({**LEAST, "status": "118x"}), "status"),
        (form({**LEAST, "status": "-1"}), "status"),
        (form({**LEAST, "status": "١١٨"}), "status"),
        (form({**LEAST, "order[id]": "A\0B"}), "nul"),
        (b"status=118&x=%ff%fe", "not_form"),
        (b"status=118&x=\xff", "not_form"),
        (b"&".join(b"a%d=1" % n for n in range(1001)), "not_form"),
        (b"<notification><order>", "not_xml"),
        (b"<?xml version='1.0' encoding='no-such'?><n/>", "not_xml"),
        (b'<!DOCTYPE n [<!ENTITY a "b">]><n><status>&a;</status></n>', "not_xml"),
        (b'<!DOCTYPE n SYSTEM "file:///etc/passwd"><n/>', "not_xml"),
        (b"<n>" + b"<a>" * 500 + b"</a>" * 500 + b"</n>", "not_xml"),
        (b"<n/>", "missing"),
        (b'{"a":', "not_json"),
        (b"[" * 100_000, "not_json"),
        (b"\xff\xfe<\0n\0/\0>\0", "not_form"),
    ],
)
def test_a_body_that_is_no_notification_is_named(raw: bytes, problem: str) -> None:
    with pytest.raises(BadNotification) as refused:
        notifications.parse(raw, None)
    assert refused.value.problem == problem


@pytest.mark.parametrize(
    "amount", ["NaN", "1e400", "1,00", "٣", "1_000", "--1", " 1", "1.00001", "9" * 30, "Infinity", "+1"]
)
def test_an_amount_that_cannot_be_exact_is_refused_by_name(amount: str) -> None:
    with pytest.raises(BadNotification) as refused:
        notifications.parse(form({**LEAST, "captured_amount": amount}), FORM)
    assert (refused.value.problem, refused.value.field) == ("amount", "captured_amount")


def test_an_unknown_status_is_read() -> None:
    assert notifications.parse(form({**LEAST, "status": "999"}), FORM).status == 999


@given(st.integers(-(10**13), 10**13))
def test_every_amount_is_exact(amount: int) -> None:
    sign, digits = "-" * (amount < 0), f"{abs(amount):05d}"
    assert units(f"{sign}{digits[:-4]}.{digits[-4:]}") == amount
    assert units(f"{sign}{digits[:-4]}.{digits[-4:]}000") == amount


def test_small_readers() -> None:
    assert units(None) is None
    assert units("") is None
    assert units(12) == 120000
    with pytest.raises(ValueError, match="amount"):
        units(True)
    assert moment("2026-03-05T12:07:06+0200") == datetime(2026, 3, 5, 10, 7, 6, tzinfo=UTC)
    assert moment("2026-03-05T12:07:06") == datetime(2026, 3, 5, 12, 7, 6, tzinfo=UTC)
    assert moment("0001-01-01T00:00:00+1400") is None
    assert moment("soon") is None
    assert integer("007") == 7
    assert integer("1" * 10) is None
    assert custom_data({"a": 1, "b": None, "c": {}}) == {"a": "1"}


@given(raw=st.binary(max_size=300), content_type=st.sampled_from([None, FORM, XML, "application/json", "é"]))
def test_any_bytes_are_read_or_refused(raw: bytes, content_type: str | None) -> None:
    notifications.stripped(raw, content_type)
    with pytest.raises(BadNotification):
        notifications.parse(raw, content_type)


@given(
    names=st.lists(st.sampled_from(sorted(CARD)), min_size=1, unique=True),
    prefix=st.sampled_from(["payment_method[{}]", "{}", "three_d_secure[{}]", "a[b][{}]", "{}[x]"]),
    content_type=st.sampled_from([None, FORM, XML, "application/json"]),
)
def test_no_card_value_survives_whatever_the_header_says(
    names: list[str], prefix: str, content_type: str | None
) -> None:
    card = {prefix.format(name): CARD[name] for name in names}
    nested: dict[str, object] = dict(LEAST)
    for name in names:
        nested["payment_method"] = {name: [{"deep": {name: CARD[name]}}, CARD[name]]}
    plain = {f"payment_method[{name}]": CARD[name] for name in names}
    for body in (form(LEAST | card), xml(LEAST | plain), json.dumps(nested).encode()):
        kept = notifications.stripped(body, content_type)
        assert not any(CARD[name].encode() in kept for name in names)


def test_the_stored_part_of_xml_and_json_can_be_read_again() -> None:
    fields = {**LEAST, "payment_method[token]": "t0ken", "payment_method[brand]": "VISA"}
    kept = notifications.stripped(xml(fields), XML)
    assert b"t0ken" not in kept
    assert notifications.parse(kept, XML).fields["payment_method[brand]"] == "VISA"
    kept = notifications.stripped(
        b'<n><a cvc="1">x</a><item key="card pan">4111</item><b k="v">y</b></n>', XML
    )
    assert kept.endswith(b'<n><b k="v">y</b></n>')
    kept = notifications.stripped(b'{"a":{"token":"t0ken","n":12.50},"list":[{"cvc":1}]}', None)
    assert kept == b'{"a":{"n":"12.50"},"list":[{}]}'


def test_an_unreadable_body_is_not_stored() -> None:
    assert notifications.stripped(b"<n><pan>4111111111111111</pan>", XML) == b""
    assert notifications.stripped(b'{"pan":"4111111111111111"', None) == b""
    assert notifications.stripped(b"a=1&\xff\xfe=4111&b=2", FORM) == b"a=1&b=2"
    assert notifications.stripped("<n><pan>4111</pan></n>".encode("utf-16"), FORM) == b""


def test_identity_is_the_bodys_hash() -> None:
    assert (
        notifications.identity(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
