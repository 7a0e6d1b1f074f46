"""Amounts as HiPay writes them: decimal strings outside, integers of the currency's minor unit inside."""

from decimal import Decimal

# The enumeration of POST /v1/hpayment.
CURRENCIES = frozenset(
    """AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYR BZD
    CAD CDF CHF CLP CNY COP CRC CUC CUP CVE CZK DJF DKK DOP DZD EEK EGP ERN ETB EUR FJD FKP FRF GBP GEL GHS
    GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD
    KYD KZT LAK LBP LKR LRD LSL LTL LVL LYD MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK MXN MYR MZN NAD NGN
    NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SKK SLL
    SOS SRD STD SVC SYP SZL THB TJS TMM TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VEF VND VUV WST XAF
    XCD XOF XPF YER ZAR ZMK ZWL""".split()
)
# ISO 4217; every other currency of the enumeration has two decimals.
_NO_DECIMAL = frozenset("BIF BYR CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
_THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "PLN": "zł", "CHF": "CHF"}


def exponent(currency: str) -> int:
    """How many decimals `currency` has (ISO 4217)."""
    if currency in _NO_DECIMAL:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


def minor(amount: Decimal, currency: str) -> int:
    """`amount` in minor units; it must be exact (callers check the decimals first)."""
    return int(amount.scaleb(exponent(currency)).to_integral_exact())


def major(units: int, currency: str) -> Decimal:
    """Minor units as a Decimal with the currency's decimals."""
    return Decimal(units).scaleb(-exponent(currency))


def wire(units: int, currency: str) -> str:
    """Minor units as HiPay writes them: '15.00', '1000', '1.234'."""
    return f"{major(units, currency):f}"


def display(units: int, currency: str, language: str) -> str:
    """Minor units for a reader of `language`: '€1,234.50' in English, '1 234,50 €' in French."""
    text = f"{major(units, currency):,f}"
    symbol = _SYMBOLS.get(currency, currency)
    if language == "en":
        return f"{symbol}{text}" if len(symbol) == 1 else f"{symbol} {text}"
    group = "\u202f" if language in {"fr", "pl"} else "."
    text = text.replace(",", "\0").replace(".", ",").replace("\0", group)
    return f"{symbol}\u00a0{text}" if language == "nl" else f"{text}\u00a0{symbol}"
