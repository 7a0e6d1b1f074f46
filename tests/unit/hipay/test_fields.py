"""The form of a payment page: HiPay's names, and each of its limits by field."""

import json
from typing import Any

import pytest

from services.hipay.errors import AmountTooSmall, FieldError, FieldInvalid, FieldMissing, FieldTooLong
from services.hipay.fields import PageRequest, check_order_id, custom_data


def request(**changes: Any) -> PageRequest:
    fields: dict[str, Any] = {
        "order_id": "A-1",
        "description": "Order A-1",
        "amount_units": 125000,
        "currency": "EUR",
        "operation": "Sale",
        "eci": 7,
        "language": "fr_FR",
    }
    return PageRequest(**(fields | changes))


def test_the_form_has_hipays_names_and_no_empty_field() -> None:
    assert request().form() == {
        "orderid": "A-1",
        "description": "Order A-1",
        "amount": "12.50",
        "currency": "EUR",
        "operation": "Sale",
        "eci": "7",
        "language": "fr_FR",
        "template": "basic-js",
    }


def test_every_field_travels() -> None:
    form = request(
        amount_units=12340,
        currency="TND",
        operation="Authorization",
        eci=1,
        email="zoé@example.com",
        firstname="Zoé",
        lastname="D'Arc",
        phone="+33 1 23",
        accept_url="https://m.example/a?x=1",
        decline_url="https://m.example/d",
        pending_url="https://m.example/p",
        exception_url="https://m.example/e",
        cancel_url="https://m.example/c",
        notify_url="http://127.0.0.1:8503/n",
        time_limit_to_pay=3600,
        theme_code="t",
        merchant_display_name="M" * 32,
        payment_product_list=("cb", "visa"),
        display_cancel_button=True,
        custom_data=custom_data(["INV-1", None, "é"], "mark-1"),
    ).form()
    assert (form["amount"], form["eci"], form["time_limit_to_pay"]) == ("1.234", "1", "3600")
    assert (form["payment_product_list"], form["display_cancel_button"]) == ("cb,visa", "1")
    assert (form["firstname"], form["lastname"], form["phone"]) == ("Zoé", "D'Arc", "+33 1 23")
    assert form["notify_url"] == "http://127.0.0.1:8503/n"
    assert json.loads(form["custom_data"]) == {
        "_reporting_data_1": "INV-1",
        "_reporting_data_3": "é",
        "eterminal_order": "mark-1",
    }


@pytest.mark.parametrize(
    ("units", "currency", "sent"), [(10_000_000, "JPY", "1000"), (10_000, "EUR", "1.00")]
)
def test_amounts_have_the_currencys_decimals(units: int, currency: str, sent: str) -> None:
    assert request(amount_units=units, currency=currency).form()["amount"] == sent


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"order_id": ""}, FieldMissing, "orderid"),
        ({"order_id": "A" * 33}, FieldTooLong, "orderid"),
        *(({"order_id": odd}, FieldInvalid, "orderid") for odd in ("A B", "A/B", "A?", "A#", "../A", ".", "..", "🙂", "A\n", "é")),
        ({"description": " "}, FieldMissing, "description"),
        ({"description": "d" * 256}, FieldTooLong, "description"),
        ({"description": "a\r\nb"}, FieldInvalid, "description"),
        ({"firstname": "a\u2028b"}, FieldInvalid, "firstname"),
        ({"lastname": "a\0b"}, FieldInvalid, "lastname"),
        ({"merchant_display_name": "m" * 33}, FieldTooLong, "merchant_display_name"),
        ({"amount_units": 9_999}, AmountTooSmall, "amount"),
        ({"amount_units": -10_000}, AmountTooSmall, "amount"),
        ({"amount_units": 123_450}, FieldInvalid, "amount"),
        ({"amount_units": 105_000, "currency": "JPY"}, FieldInvalid, "amount"),
        ({"currency": "XXX"}, FieldInvalid, "currency"),
        ({"currency": "eur"}, FieldInvalid, "currency"),
        ({"operation": "Credit"}, FieldInvalid, "operation"),
        ({"eci": 9}, FieldInvalid, "eci"),
        ({"language": "fr"}, FieldInvalid, "language"),
        ({"email": "a@b@c"}, FieldInvalid, "email"),
        ({"email": "a b@c"}, FieldInvalid, "email"),
        ({"time_limit_to_pay": 0}, FieldInvalid, "time_limit_to_pay"),
        ({"time_limit_to_pay": 24 * 86400 + 1}, FieldInvalid, "time_limit_to_pay"),
        ({"payment_product_list": ["cb,visa"]}, FieldInvalid, "payment_product_list"),
        ({"accept_url": "javascript:alert(1)"}, FieldInvalid, "accept_url"),
        ({"decline_url": "https://"}, FieldInvalid, "decline_url"),
        ({"cancel_url": "https://u:p@m.example"}, FieldInvalid, "cancel_url"),
        ({"notify_url": "https://m.example/a b"}, FieldInvalid, "notify_url"),
        ({"pending_url": "https://[::1"}, FieldInvalid, "pending_url"),
        ({"display_cancel_button": True}, FieldMissing, "cancel_url"),
    ],
)  # fmt: skip
def test_each_limit_names_its_field(changes: dict[str, Any], error: type[FieldError], field: str) -> None:
    with pytest.raises(error) as refused:
        request(**changes)
    assert refused.value.field == field


def test_limits_are_inclusive() -> None:
    limits = request(
        order_id="A" * 32, description="d" * 255, amount_units=10_000, time_limit_to_pay=24 * 86400, email=""
    )
    assert limits.form()["time_limit_to_pay"] == "2073600"


def test_an_emoji_or_a_no_break_space_is_fine_in_a_description() -> None:
    assert request(description="10\u202f€ 👩‍🍳").form()["description"] == "10\u202f€ 👩‍🍳"


def test_custom_data_takes_five_plain_references() -> None:
    assert custom_data([], "m") == {"eterminal_order": "m"}
    for references in (["1", "2", "3", "4", "5", "6"], ["a\nb"]):
        with pytest.raises(FieldInvalid) as refused:
            custom_data(references, "m")
        assert refused.value.field == "custom_data"


def test_an_error_tells_its_values_for_the_sentence() -> None:
    with pytest.raises(FieldTooLong) as refused:
        check_order_id("A" * 33)
    assert refused.value.fields() == {"field": "orderid", "limit": "32"}
