"""Exact money: ``Decimal`` at the edges, whole units of 1/10000 inside.

HiPay's own samples show three decimals for EUR, so the unit is finer than any currency's exponent. No float anywhere.

    AmountError
    ├── NotANumber        the text is no amount in the reader's notation
    ├── OtherCurrency     a sign or a code next to it does not mean its currency
    ├── NotPositive       zero or less
    ├── TooManyDecimals   more decimals than the currency has, zeros too
    ├── TwoReadings       three digits behind a mark that are decimals to one reader and thousands to another
    ├── AmountTooLarge    above what the gateway takes
    └── UnknownCurrency   not a currency of ISO 4217 that HiPay takes
"""

import re
from decimal import Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import ClassVar

from babel import Locale
from babel.numbers import format_currency, get_decimal_symbol, get_group_symbol

from services.errors import DeskError
from services.text import currency_signs

UNITS = 10_000
_LONGEST = 100  # characters of an amount with its signs
MAX_UNITS = 99_999_999_9999  # HiPay's amounts have at most eight whole digits in every sample we have.

# ISO 4217:2015 table A.1: every currency has two decimals but these. CLDR's own numbers differ (HUF, RSD, LAK …).
_EXPONENTS = {
    **dict.fromkeys("BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}
# The currencies `POST /v1/hpayment` names, without those that no longer exist.
CURRENCIES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
    MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG
    SEK SGD SHP SOS SRD SYP SZL THB TJS TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF XPF YER
    ZAR""".split()
)
FREQUENT_CURRENCIES = ("EUR", "GBP", "USD", "CHF", "PLN", "SEK", "DKK", "NOK", "CZK", "JPY")


class AmountError(DeskError):
    code: ClassVar[str] = "amount"


class NotANumber(AmountError):
    code = "amount_not_a_number"

    def __init__(self, currency: str) -> None:
        self.currency = currency


class OtherCurrency(AmountError):
    """``sign``: the sign or code next to the amount, as it was written."""

    code = "amount_other_currency"

    def __init__(self, sign: str, currency: str) -> None:
        self.sign, self.currency = sign, currency


class NotPositive(AmountError):
    code = "amount_not_positive"


class TooManyDecimals(AmountError):
    code = "amount_too_many_decimals"

    def __init__(self, currency: str, decimals: int) -> None:
        self.currency, self.decimals = currency, decimals


class TwoReadings(AmountError):
    """``1,000`` where a comma is the decimal sign, or ``1.000`` where neither is: 1 or 1000."""

    code = "amount_two_readings"

    def __init__(self, text: str, currency: str) -> None:
        self.text, self.currency, self.decimals = text, currency, exponent(currency)
        digits = currency_signs.split(text).bare
        self.smaller_units = to_units(Decimal(digits.replace(",", ".")))
        self.larger_units = to_units(Decimal(re.sub("[.,]", "", digits)))


class AmountTooLarge(AmountError):
    code = "amount_too_large"


class UnknownCurrency(AmountError):
    code = "currency_unknown"

    def __init__(self, currency: str) -> None:
        self.currency = currency


def is_currency(code: str) -> bool:
    return code in CURRENCIES


def exponent(currency: str) -> int:
    """How many decimals the currency has (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def step(currency: str) -> int:
    """The smallest amount of a currency in units: that of two decimals where the code is none."""
    return int(UNITS // 10 ** exponent(currency))


def to_units(amount: Decimal) -> int:
    """The amount in units of 1/10000. Raises NotANumber for NaN and infinities, TooManyDecimals below 1/10000."""
    if not amount.is_finite():
        raise NotANumber("")
    with localcontext(prec=60):
        scaled = amount * UNITS
        if scaled != scaled.to_integral_value():
            raise TooManyDecimals("", 4)
        return int(scaled)


def from_units(units: int) -> Decimal:
    """The exact amount of a number of 1/10000, with four decimals."""
    return Decimal(units).scaleb(-4)


def quantised(amount: Decimal, currency: str) -> Decimal:
    """The amount with exactly the currency's decimals. Raises TooManyDecimals rather than round."""
    decimals = exponent(currency)
    try:
        fitted = amount.quantize(Decimal(1).scaleb(-decimals))
    except InvalidOperation:
        raise AmountTooLarge from None
    if fitted != amount:
        raise TooManyDecimals(currency, decimals)
    return fitted


def wire(units: int, currency: str) -> str:
    """The amount as HiPay takes it: a point, and the currency's decimals: ``12.50``, ``1000``, ``1.234``."""
    return str(quantised(from_units(units), currency))


def parse(text: str, currency: str, locale: str) -> Decimal:
    """Read a payable amount typed in the notation of ``locale`` (``1 234,56`` in French, ``1,234.56`` in English).

    A lone separator that cannot be a group is taken as the decimal sign whichever it is (``12.5`` in French), and one
    that could be a group but is not written as the locale writes groups is refused: ``1.234`` in German is 1234, in
    French it is refused. More decimals than the currency has are refused, zeros too. A sign or a code next to the amount
    must be able to mean the currency. Raises AmountError.
    """
    if not is_currency(currency):
        raise UnknownCurrency(currency)
    if len(text) > _LONGEST:
        raise NotANumber(currency)
    signed = currency_signs.split(text)
    if not signed.known:
        raise NotANumber(currency)
    if signed.signs and currency not in signed.currencies:
        raise OtherCurrency(signed.written, currency)
    found = re.fullmatch(r"([+-]?)\s*([0-9][0-9., ']*)", signed.bare)
    if not found:
        raise NotANumber(currency)
    below, digits = found[1] == "-", found[2].replace("'", " ")
    decimal, group = get_decimal_symbol(locale), get_group_symbol(locale)
    amount = _read(digits, decimal, " " if group not in ".," else group)
    if amount is None:
        if two_readings(digits):
            raise TwoReadings(text.strip(), currency)
        raise NotANumber(currency)
    if below or not amount:
        raise NotPositive
    if amount * UNITS > MAX_UNITS:
        raise AmountTooLarge
    check_decimals(text.strip(), digits, max(0, -int(amount.as_tuple().exponent)), currency)
    return quantised(amount, currency)


def check_decimals(text: str, digits: str, decimals: int, currency: str) -> None:
    """Refuse more decimals than the currency has, zeros too: 1,000 may mean a thousand.

    ``text``: as it was written; ``digits``: without signs and codes. Raises TwoReadings, TooManyDecimals.
    """
    if decimals > exponent(currency):
        raise (
            TwoReadings(text, currency)
            if two_readings(digits)
            else TooManyDecimals(currency, exponent(currency))
        )


def two_readings(digits: str) -> bool:
    """Whether they are one amount with a decimal sign, and another with a mark between thousands."""
    return bool(re.fullmatch(r"[1-9][0-9]{0,2}[.,][0-9]{3}", digits))


def _read(digits: str, decimal: str, group: str) -> Decimal | None:
    """Digits with groups and a decimal sign, its decimals as written, or None. Spaces always group by three."""
    whole, mark, rest = digits.rpartition(decimal)
    if not mark:
        whole, rest = digits, ""
    for separator in (group, " "):
        if re.fullmatch(
            rf"[0-9]{{1,3}}(?:{re.escape(separator)}[0-9]{{3}})*|[0-9]+", whole
        ) and rest.isdigit() == bool(mark):
            return Decimal(re.sub(r"\D", "", whole) + ("." + rest if mark else ""))
    other = "." if decimal == "," else ","
    foreign = re.fullmatch(rf"([0-9]+){re.escape(other)}([0-9]{{1,2}})", digits)
    return Decimal(f"{foreign[1]}.{foreign[2]}") if foreign else None


def _plain(amount: Decimal, locale: str) -> str:
    whole, _, rest = f"{amount:,}".partition(".")
    grouped = whole.replace(",", get_group_symbol(locale))
    return grouped + (get_decimal_symbol(locale) + rest if rest else "")


def plain(units: int, currency: str, locale: str) -> str:
    """The amount in the reader's notation without its currency: ``1 234,56``."""
    return _plain(_shown(units, currency), locale)


@lru_cache(maxsize=8192)
def format_money(units: int, currency: str, locale: str) -> str:
    """The amount for a reader: ``1 234,56 €``. Decimals beyond the currency's are shown when they are not zero."""
    amount = _shown(units, currency)
    if not is_currency(currency) and not re.fullmatch(r"[A-Z]{3}", currency):
        return f"{_plain(amount, locale)} {currency}".strip()
    places = max(0, -int(amount.as_tuple().exponent))
    pattern = Locale.parse(locale).currency_formats["standard"].pattern
    pattern = pattern.replace("0.00", "0" + ("." + "0" * places if places else ""))
    return format_currency(amount, currency, pattern, locale=locale, currency_digits=False)


def _shown(units: int, currency: str) -> Decimal:
    amount = from_units(units)
    places = exponent(currency)
    while places < 4 and amount != amount.quantize(Decimal(1).scaleb(-places)):
        places += 1
    return amount.quantize(Decimal(1).scaleb(-places))
