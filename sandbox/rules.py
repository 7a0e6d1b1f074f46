"""The fields of POST /v1/hpayment, checked as the OpenAPI description says; unknown ones are ignored."""

import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from sandbox import money, products
from sandbox.refusals import Refusal

DEFAULT_VALIDITY = 7 * 24 * 3600
LONGEST_VALIDITY = 2_140_000
# HiPay publishes no maximum; ten digits before the point keep every sum exact and every page readable.
HIGHEST_AMOUNT = Decimal("9999999999")
_UNITS = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600, "day": 86_400, "week": 604_800}
TEMPLATES = frozenset("basic-js iframe-js basic iframe autodetection basic_js iframe_js".split())


@dataclass(frozen=True)
class Asked:
    """What a valid call asks for."""

    orderid: str
    amount: int  # minor units
    currency: str
    language: str
    eci: str
    validity: int  # seconds
    fields: dict[str, str]


def check(fields: Mapping[str, str], account: Mapping[str, list[str]]) -> Asked:
    """Check a call against the description and the account's products.

    `fields` are as received; an empty value is an absent one. Raises Refusal, the first one found: missing
    parameters first, then each field in the order of the description, then what depends on several.
    """
    given = {name: value for name, value in fields.items() if value != ""}
    for name in ("orderid", "description", "currency", "amount"):
        if name not in given or not given[name].strip():
            raise Refusal(1010101, name)
    for name, rule in _RULES.items():
        if name in given:
            rule(name, given[name])
    currency = given["currency"]
    if currency not in money.CURRENCIES:
        raise Refusal(3010001, "currency")
    amount = _amount(given["amount"], currency)
    eci = given.get("eci", "7")
    if eci not in products.ECIS:
        raise Refusal(1020002, "eci")
    if not offered(given, account, eci, currency):
        raise Refusal(1020001, "payment_product_list" if "payment_product_list" in given else "eci")
    return Asked(
        given["orderid"],
        amount,
        currency,
        given.get("language", "en_GB"),
        eci,
        validity(given.get("time_limit_to_pay", "")),
        dict(fields),
    )


def offered(
    fields: Mapping[str, str], account: Mapping[str, list[str]], eci: str, currency: str
) -> list[products.Product]:
    """The products that the page of these fields shows."""
    return products.of_account(
        dict(account),
        eci,
        currency,
        _listed(fields.get("payment_product_list", "")),
        _listed(fields.get("payment_product_category_list", "")),
    )


def validity(text: str) -> int:
    """`time_limit_to_pay` in seconds: '3600', also '2 days'; empty is seven days."""
    if not text:
        return DEFAULT_VALIDITY
    number, _, unit = text.partition(" ")
    seconds = int(number) if len(number) < 10 else LONGEST_VALIDITY + 1
    if unit:
        if unit.rstrip("s").lower() not in _UNITS:
            raise Refusal(1010201, "time_limit_to_pay")
        seconds *= _UNITS[unit.rstrip("s").lower()]
    if not 0 < seconds <= LONGEST_VALIDITY:
        raise Refusal(1010201, "time_limit_to_pay")
    return seconds


def _amount(text: str, currency: str) -> int:
    value = Decimal(text)
    if value < 1:
        raise Refusal(1010201, "amount")
    if value > HIGHEST_AMOUNT:
        raise Refusal(3010002, "amount")
    if len(text.partition(".")[2]) > money.exponent(currency):
        raise Refusal(1010205, "amount")
    return money.minor(value, currency)


def _listed(text: str) -> list[str]:
    return [code.strip() for code in text.split(",") if code.strip()]


# Each rule takes the field's name and its value, never empty, and raises Refusal.
_Rule = Callable[[str, str], None]


def _matches(pattern: str, code: int = 1010201, longest: int | None = None) -> _Rule:
    compiled = re.compile(pattern)

    def rule(name: str, value: str) -> None:
        if longest is not None and len(value) > longest:
            raise Refusal(1010202, name)
        if not compiled.fullmatch(value):
            raise Refusal(code, name)

    return rule


def _at_most(longest: int) -> _Rule:
    return _matches(r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*", longest=longest)


def _one_of(*allowed: str) -> _Rule:
    def rule(name: str, value: str) -> None:
        if value not in allowed:
            raise Refusal(1010201, name)

    return rule


def _integer(highest: int | None = None) -> _Rule:
    def rule(name: str, value: str) -> None:
        if not re.fullmatch(r"[0-9]{1,18}", value):
            raise Refusal(1010204, name)
        if highest is not None and int(value) > highest:
            raise Refusal(1010201, name)

    return rule


def _url(name: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or re.search(r"[\s\x00-\x1f\x7f<>\"{}|\\^`]", value):
        raise Refusal(1010201, name)


def _json(*types: type) -> _Rule:
    def rule(name: str, value: str) -> None:
        try:
            loaded = json.loads(value)
        except (ValueError, RecursionError):
            raise Refusal(1010201, name) from None
        if not isinstance(loaded, types):
            raise Refusal(1010201, name)

    return rule


def _operation(name: str, value: str) -> None:
    if not re.fullmatch(r"[A-Za-z]+", value):
        raise Refusal(1010203, name)
    if value.lower() not in {"sale", "authorization"}:
        raise Refusal(3000101, name)


def _email(name: str, value: str) -> None:
    if not re.fullmatch(r"[^\s@<>,;:\"()\[\]\\]+@[^\s@<>,;:\"()\[\]\\.]+(\.[^\s@<>,;:\"()\[\]\\.]+)+", value):
        raise Refusal(1010209, name)


def _address(name: str, value: str) -> None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise Refusal(1010208, name) from None


def _day(name: str, value: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise Refusal(1010206, name) from None


def _codes(known: frozenset[str], code: int) -> _Rule:
    def rule(name: str, value: str) -> None:
        if not set(_listed(value)) <= known:
            raise Refusal(code, name)

    return rule


_DECIMAL = _matches(r"[0-9]+(\.[0-9]+)?", 1010205)
_RULES: dict[str, _Rule] = {
    "orderid": _at_most(32),
    "operation": _operation,
    "payment_product_list": _codes(frozenset(products.PRODUCTS), 1020003),
    "payment_product_category_list": _codes(products.CATEGORIES, 1010201),
    "template": _one_of(*TEMPLATES),
    "merchant_display_name": _at_most(32),
    "display_selector": _one_of("0", "1"),
    "display_cancel_button": _one_of("0", "1"),
    "multi_use": _one_of("0", "1"),
    "time_limit_to_pay": _matches(r"[0-9]+( [a-zA-Z]+)?"),
    "description": _at_most(255),
    "currency": _matches(r"[A-Z]{3}"),
    "amount": _matches(r"-?[0-9]+(\.[0-9]+)?", 1010205),
    "shipping": _DECIMAL,
    "tax": _DECIMAL,
    "tax_rate": _DECIMAL,
    "ipaddr": _address,
    **dict.fromkeys(
        "accept_url decline_url pending_url exception_url cancel_url notify_url default_url".split(), _url
    ),
    "language": _matches(r"[a-z]{2}(_[A-Z]{2})?", longest=5),
    "custom_data": _json(dict),
    "basket": _json(list, dict),
    **dict.fromkeys(
        "merchant_risk_statement account_info recurring_info exemption carrier_description".split(),
        _json(list, dict),
    ),
    "eci": _integer(highest=99),
    "authentication_indicator": _integer(highest=2),
    "recurring_payment": _integer(highest=9),
    **dict.fromkeys("device_channel request_id payment_lifetime order_category_code".split(), _integer()),
    "email": _email,
    "gender": _one_of("U", "F", "M"),
    "shipto_gender": _one_of("U", "F", "M"),
    "country": _matches(r"[a-zA-Z]+", 1010203, longest=2),
    "shipto_country": _matches(r"[a-zA-Z]+", 1010203, longest=2),
    "delivery_date": _day,
    "iban": _matches(r"[a-zA-Z]{2}[0-9]{2}[ .\-0-9a-zA-Z]{10,38}"),
    "paypal_v2_label": _one_of("paypal", "pay", "subscribe", "checkout", "buynow"),
    "paypal_v2_shape": _one_of("pill", "rect"),
    "paypal_v2_color": _one_of("gold", "blue", "black", "silver", "white"),
}
