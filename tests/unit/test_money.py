"""Amounts: exact, in the reader's notation, and refused with a reason."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services import money
from services.i18n import LANGUAGES, number_locale

LOCALES = [number_locale(language) for language in LANGUAGES]


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "expected"),
    [
        ("1 234,56", "EUR", "fr", "1234.56"),
        ("1\u202f234,56", "EUR", "fr", "1234.56"),
        ("1.234,56", "EUR", "de", "1234.56"),
        ("1,234.56", "EUR", "en_GB", "1234.56"),
        ("1'234.50", "CHF", "en_GB", "1234.50"),
        ("12,75", "EUR", "en_GB", "12.75"),  # a foreign decimal sign that can be nothing else
        ("12.75", "EUR", "de", "12.75"),
        ("1.234", "EUR", "de", "1234.00"),
        ("1.234", "TND", "en_GB", "1.234"),
        ("1000", "JPY", "fr", "1000"),
        ("  7 ", "EUR", "fr", "7.00"),
    ],
)
def test_reads_the_readers_notation(typed: str, currency: str, locale: str, expected: str) -> None:
    assert str(money.parse(typed, currency, locale)) == expected


@pytest.mark.parametrize(
    ("typed", "currency", "error"),
    [
        ("0", "EUR", money.NotPositive),
        ("-1", "EUR", money.NotPositive),
        ("NaN", "EUR", money.NotANumber),
        ("1e400", "EUR", money.NotANumber),
        ("1_000", "EUR", money.NotANumber),
        ("٣", "EUR", money.NotANumber),
        ("1.234", "EUR", money.NotANumber),  # in French neither a group nor a decimal sign
        ("1,234,56", "EUR", money.NotANumber),
        ("1234,", "EUR", money.NotANumber),
        ("12,345", "EUR", money.TooManyDecimals),
        ("10,5", "JPY", money.TooManyDecimals),
        ("9" * 40, "EUR", money.AmountTooLarge),
        ("10", "EU", money.UnknownCurrency),
        ("10", "XXX", money.UnknownCurrency),
    ],
)
def test_refuses_with_a_reason(typed: str, currency: str, error: type[money.AmountError]) -> None:
    with pytest.raises(error):
        money.parse(typed, currency, "fr")


@given(
    st.integers(1, money.MAX_UNITS // 100),
    st.sampled_from(["EUR", "JPY", "TND", "PLN"]),
    st.sampled_from(LOCALES),
)
def test_what_is_shown_reads_back(count: int, currency: str, locale: str) -> None:
    units = count * 10 ** (4 - money.exponent(currency))
    if units > money.MAX_UNITS:
        return
    assert money.to_units(money.parse(money.plain(units, currency, locale), currency, locale)) == units


@given(st.text(max_size=20), st.sampled_from(LOCALES))
def test_never_fails_otherwise(typed: str, locale: str) -> None:
    try:
        amount = money.parse(typed, "EUR", locale)
    except money.AmountError:
        return
    assert amount > 0
    assert amount == amount.quantize(Decimal("0.01"))


@given(st.integers(-(10**14), 10**14))
def test_units_are_exact_both_ways(units: int) -> None:
    assert money.to_units(money.from_units(units)) == units


def test_amounts_go_to_hipay_with_the_currencys_decimals() -> None:
    assert [money.wire(12_5000, "EUR"), money.wire(1000_0000, "JPY"), money.wire(1_2340, "TND")] == [
        "12.50",
        "1000",
        "1.234",
    ]
    with pytest.raises(money.TooManyDecimals):
        money.wire(1_2345, "EUR")


def test_money_is_shown_as_its_reader_writes_it() -> None:
    assert money.format_money(1234_5600, "EUR", "fr") == "1\u202f234,56\u00a0€"
    assert money.format_money(1234_5600, "EUR", "en_GB") == "€1,234.56"
    assert money.format_money(1000_0000, "JPY", "en_GB") == "JP¥1,000"
    assert money.format_money(1_2345, "EUR", "fr") == "1,2345\u00a0€"  # a hidden digit would be a lie
