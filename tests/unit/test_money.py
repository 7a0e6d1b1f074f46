"""Amounts: exact, in the reader's notation, and refused with a reason."""

import re
from decimal import Decimal

import pytest
from babel.numbers import get_decimal_symbol
from hypothesis import given
from hypothesis import strategies as st

from services import money
from services.error_messages import sentence
from services.i18n import LANGUAGES, number_locale, translator

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
        ("1,000", "EUR", "en_GB", "1000.00"),
        ("1,234", "TND", "fr", "1.234"),
        ("12,50 €", "EUR", "fr", "12.50"),
        ("EUR12,50", "EUR", "fr", "12.50"),
        ("12,50 euros", "EUR", "fr", "12.50"),
        ("US$ 12.50", "USD", "en_GB", "12.50"),
        ("$12.50", "CAD", "en_GB", "12.50"),  # one of the many
        ("12.50 Fr.", "CHF", "de", "12.50"),
        ("kr 100", "SEK", "en_GB", "100.00"),
        ("100 zł", "PLN", "pl", "100.00"),
        ("¥1,250", "JPY", "en_GB", "1250"),
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
        ("1,234,56", "EUR", money.NotANumber),
        ("1234,", "EUR", money.NotANumber),
        ("12,-", "EUR", money.NotANumber),
        ("−5", "EUR", money.NotPositive),
        ("10,5", "JPY", money.TooManyDecimals),
        ("10,0", "JPY", money.TooManyDecimals),  # zeros too
        ("10.0", "JPY", money.TooManyDecimals),
        ("12,5000", "EUR", money.TooManyDecimals),
        ("0,500", "EUR", money.TooManyDecimals),  # nobody writes thousands so
        ("1000,000", "EUR", money.TooManyDecimals),
        ("$12.50", "EUR", money.OtherCurrency),
        ("12,50USD", "EUR", money.OtherCurrency),
        ("€ 12,50 USD", "EUR", money.OtherCurrency),
        ("12,50 €", "USD", money.OtherCurrency),
        ("12,50 Fr.", "EUR", money.OtherCurrency),
        ("12,50 etc", "EUR", money.OtherCurrency),
        ("12,50 each", "EUR", money.NotANumber),
        ("\u200b12,50", "EUR", money.NotANumber),
        ("9" * 40, "EUR", money.AmountTooLarge),
        ("10", "EU", money.UnknownCurrency),
        ("10", "XXX", money.UnknownCurrency),
    ],
)
def test_refuses_with_a_reason(typed: str, currency: str, error: type[money.AmountError]) -> None:
    with pytest.raises(error):
        money.parse(typed, currency, "fr")


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "smaller", "larger"),
    [
        ("1,000", "EUR", "fr", 1_0000, 1000_0000),
        ("12,500", "EUR", "fr", 12_5000, 12500_0000),
        ("12,345", "EUR", "fr", 12_3450, 12345_0000),
        ("1.000", "EUR", "fr", 1_0000, 1000_0000),  # in French neither a group nor a decimal sign
        ("1.000", "EUR", "en_GB", 1_0000, 1000_0000),
        ("1,000", "JPY", "fr", 1_0000, 1000_0000),
        ("1.000", "JPY", "en_GB", 1_0000, 1000_0000),
        ("1,000", "EUR", "de", 1_0000, 1000_0000),
        ("1.234", "TND", "fr", 1_2340, 1234_0000),
        ("€ 1,000", "EUR", "nl", 1_0000, 1000_0000),
    ],
)
def test_what_two_readers_read_otherwise_is_asked(
    typed: str, currency: str, locale: str, smaller: int, larger: int
) -> None:
    with pytest.raises(money.TwoReadings) as refused:
        money.parse(typed, currency, locale)
    assert (refused.value.smaller_units, refused.value.larger_units) == (smaller, larger)
    for t in (translator("fr"), translator("en")):
        said = sentence(refused.value, t)
        assert typed in said
        assert money.format_money(smaller, currency, t.locale) in said
        assert money.format_money(larger, currency, t.locale) in said


def test_a_sign_of_another_currency_is_named() -> None:
    with pytest.raises(money.OtherCurrency) as refused:
        money.parse("US$ 12.50", "EUR", "en_GB")
    assert refused.value.fields() == {"sign": "US$", "currency": "EUR"}
    for language in ("fr", "en"):
        said = sentence(refused.value, translator(language))
        assert "US$" in said
        assert "EUR" in said


@given(
    st.integers(1, money.MAX_UNITS // 10_000),
    st.integers(0, 9_999),
    st.sampled_from(sorted(money.CURRENCIES)),
    st.sampled_from(LOCALES),
)
def test_what_is_shown_reads_back(whole: int, rest: int, currency: str, locale: str) -> None:
    step = money.step(currency)
    units = min(whole * money.UNITS + rest // step * step, money.MAX_UNITS // step * step)
    for shown in (money.plain(units, currency, locale), money.format_money(units, currency, locale)):
        assert money.to_units(money.parse(shown, currency, locale)) == units


DIGITS = st.text("0123456789", min_size=1, max_size=4)


@given(
    st.lists(DIGITS, min_size=1, max_size=4),
    st.lists(st.sampled_from(". ,'"), min_size=3, max_size=3),
    st.sampled_from(["EUR", "JPY", "TND"]),
    st.sampled_from(LOCALES),
)
def test_no_amount_is_read_that_another_reader_would_read_otherwise(
    digits: list[str], marks: list[str], currency: str, locale: str
) -> None:
    """Unless the reader's own notation decides: its mark between thousands, or its decimal sign before no more decimals
    than the currency has."""
    typed = digits[0] + "".join(mark + more for mark, more in zip(marks, digits[1:], strict=False))
    try:
        read = money.parse(typed, currency, locale)
    except money.AmountError:
        return
    readings = {mark: as_written(typed, mark) for mark in ".,"}
    if len(set(readings.values()) - {None}) < 2:
        return
    decimal = get_decimal_symbol(locale)
    assert read == readings[decimal]
    assert len(typed.rpartition(decimal)[2]) <= money.exponent(currency) or decimal not in typed


def as_written(typed: str, decimal: str) -> Decimal | None:
    """What it says where this is the decimal sign, and any other mark stands between thousands."""
    for group in {" ", ",", ".", "'"} - {decimal}:
        whole, _, rest = typed.partition(decimal)
        if re.fullmatch(rf"\d{{1,3}}({re.escape(group)}\d{{3}})*|\d+", whole) and re.fullmatch(r"\d*", rest):
            return Decimal(whole.replace(group, "") + "." + rest)
    return None


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
