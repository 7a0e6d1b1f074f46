"""The form's rules, field by field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.orders import drafts
from services.orders.drafts import Draft, check, local_time
from services.orders.errors import TimeSkipped, TimeTwice

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
GOOD = Draft(
    channel="link",
    account="demo",
    first_name="Élodie",
    last_name="Marchand",
    email="elodie@example.com",
    amount="125,50",
    currency="EUR",
    description="Acompte",
    references=("F-1",),
    order_id="261124-ABCDE",
    language="fr",
    expires_at=NOW + timedelta(days=7),
    locale="fr",
)


def codes(draft: Draft) -> dict[str, str]:
    return {field: problem.code for field, problem in check(draft, NOW)[1].items()}


def test_a_good_form_is_accepted_exactly() -> None:
    accepted, problems = check(GOOD, NOW)
    assert problems == {}
    assert accepted is not None
    assert (accepted.amount, accepted.references) == (125_5000, ("F-1", "", "", "", ""))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"first_name": " "}, {"first_name": "field_empty"}),
        ({"first_name": "x" * 61}, {"first_name": "field_too_long"}),
        ({"last_name": "a\r\nBcc: x@y.z"}, {"last_name": "text_line_break"}),
        ({"last_name": "=?utf-8?q?x?="}, {"last_name": "text_encoded_word"}),
        ({"last_name": "a\u200bb"}, {"last_name": "text_invisible_character"}),
        ({"email": ""}, {"email": "address_empty"}),
        ({"email": "a@example.com, b@example.com"}, {"email": "address_several"}),
        ({"email": "Bob <b@example.com>"}, {"email": "address_with_name"}),
        ({"amount": ""}, {"amount": "field_empty"}),
        ({"amount": "0"}, {"amount": "amount_not_positive"}),
        ({"amount": "0,99"}, {"amount": "amount_below_minimum"}),
        ({"amount": "12,345"}, {"amount": "amount_two_readings"}),
        ({"description": "x" * 256}, {"description": "field_too_long"}),
        ({"references": ("", "", "x\0")}, {"reference_3": "text_control_character"}),
        ({"order_id": "a/b"}, {"order_id": "order_id_malformed"}),
        ({"order_id": "../x"}, {"order_id": "order_id_malformed"}),
        ({"order_id": "a b"}, {"order_id": "order_id_malformed"}),
        ({"order_id": "😀"}, {"order_id": "order_id_malformed"}),
        ({"order_id": "x" * 29}, {"order_id": "field_too_long"}),
        ({"language": "xx"}, {"language": "order_language_unknown"}),
        ({"channel": "fax"}, {"channel": "field_choice_unknown"}),
        ({"channel": "imported"}, {"channel": "field_choice_unknown"}),
        ({"capture": ""}, {"capture": "field_choice_unknown"}),
        ({"currency": "XXX"}, {"amount": "currency_unknown"}),
        ({"currency": ""}, {"amount": "currency_unknown"}),
        ({"expires_at": None}, {"expires_at": "expiry_missing"}),
        ({"expires_at": NOW - timedelta(days=1)}, {"expires_at": "expiry_too_soon"}),
        ({"expires_at": NOW + timedelta(days=24, seconds=1)}, {"expires_at": "expiry_too_late"}),
    ],
)
def test_what_is_wrong_is_said_of_its_field_alone(
    change: dict[str, object], expected: dict[str, str]
) -> None:
    assert codes(replace(GOOD, **change)) == expected  # type: ignore[arg-type]


def test_by_phone_the_address_is_optional_but_must_be_one() -> None:
    phone = replace(GOOD, channel="phone", email="")
    assert codes(phone) == {}
    assert codes(replace(phone, email="nonsense")) == {"email": "address_malformed"}


def test_every_mistake_is_named_at_once() -> None:
    assert set(codes(replace(GOOD, first_name="", amount="x", order_id="?"))) == {
        "first_name",
        "amount",
        "order_id",
    }


@pytest.mark.parametrize(
    ("naive", "error"),
    [(datetime(2027, 3, 28, 2, 30), TimeSkipped), (datetime(2027, 10, 31, 2, 30), TimeTwice)],  # noqa: DTZ001
)
def test_the_nights_of_the_clock_change(naive: datetime, error: type[Exception]) -> None:
    with pytest.raises(error):
        local_time(naive, ZoneInfo("Europe/Paris"))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_a_wall_clock_time_is_one_instant_or_refused(naive: datetime) -> None:
    zone = ZoneInfo("Europe/Paris")
    try:
        instant = local_time(naive, zone)
    except (TimeSkipped, TimeTwice):
        return
    assert instant.astimezone(zone).replace(tzinfo=None) == naive


def test_proposed_order_ids_fit_their_own_rule() -> None:
    ids = {drafts.propose_order_id(NOW) for _ in range(200)}
    assert len(ids) > 190
    assert all(codes(replace(GOOD, order_id=proposed)) == {} for proposed in ids)
