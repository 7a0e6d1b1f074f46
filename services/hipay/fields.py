"""The request of ``POST /v1/hpayment``: its fields under our names and HiPay's, and HiPay's limits."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from services import money
from services.errors import DeskError
from services.hipay.errors import AmountTooSmall, FieldInvalid, FieldMissing, FieldTooLong
from services.hipay.observations import MARK_KEY

ORDER_ID_MAX = 32
DESCRIPTION_MAX = 255
DISPLAY_NAME_MAX = 32
MINIMUM_UNITS = money.UNITS  # "minimum: 1" in the OpenAPI description, whatever the currency.
# The portal says 24 days, the OpenAPI description 2 140 000 s: the stricter one.
TIME_LIMIT_MAX = 24 * 24 * 3600
REFERENCES_MAX = 5
TEMPLATE = "basic-js"  # HiPay's own full page: with a frame (iframe-js) customers would type card numbers on our pages

# HiPay only limits the length. These characters need no escape in a path, a query, a file or a spreadsheet.
_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXTS = ("description", "email", "firstname", "lastname", "phone", "theme_code", "merchant_display_name")
_URLS = ("accept_url", "decline_url", "pending_url", "exception_url", "cancel_url", "notify_url")


@dataclass(frozen=True, kw_only=True)
class PageRequest:
    """A payment page to create. ``amount_units`` in 1/10000; ``time_limit_to_pay`` in seconds from the call.

    The constructor raises FieldMissing, FieldTooLong, FieldInvalid or AmountTooSmall, each with HiPay's ``field`` name.
    Empty texts are not sent.
    """

    order_id: str
    description: str
    amount_units: int
    currency: str
    operation: Literal["Sale", "Authorization"]
    eci: Literal[1, 7]
    language: str
    email: str = ""
    firstname: str = ""
    lastname: str = ""
    phone: str = ""
    accept_url: str = ""
    decline_url: str = ""
    pending_url: str = ""
    exception_url: str = ""
    cancel_url: str = ""
    notify_url: str = ""
    time_limit_to_pay: int | None = None
    theme_code: str = ""
    merchant_display_name: str = ""
    payment_product_list: Sequence[str] = ()
    display_cancel_button: bool = False
    custom_data: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_order_id(self.order_id)
        if not self.description.strip():
            raise FieldMissing("description")
        for name, limit in (("description", DESCRIPTION_MAX), ("merchant_display_name", DISPLAY_NAME_MAX)):
            if len(getattr(self, name)) > limit:
                raise FieldTooLong(name, limit)
        for name in _TEXTS:
            _require(one_line(getattr(self, name)), name)
        self._check_amount()
        _require(self.operation in ("Sale", "Authorization"), "operation")
        _require(self.eci in (1, 7), "eci")
        _require(re.fullmatch(r"[a-z]{2}_[A-Z]{2}", self.language), "language")
        _require(not self.email or re.fullmatch(r"[^@\s]+@[^@\s]+", self.email), "email")
        limit_fits = self.time_limit_to_pay is None or 0 < self.time_limit_to_pay <= TIME_LIMIT_MAX
        _require(limit_fits, "time_limit_to_pay")
        products = self.payment_product_list
        _require(all(re.fullmatch(r"[a-z0-9-]+", name) for name in products), "payment_product_list")
        for name in _URLS:
            _check_url(name, getattr(self, name))
        if self.display_cancel_button and not self.cancel_url:
            raise FieldMissing("cancel_url")

    def _check_amount(self) -> None:
        _require(money.is_currency(self.currency), "currency")
        if self.amount_units < MINIMUM_UNITS:
            raise AmountTooSmall(MINIMUM_UNITS, self.currency)
        try:
            money.wire(self.amount_units, self.currency)
        except DeskError:
            raise FieldInvalid("amount") from None

    def form(self) -> dict[str, str]:
        """The fields under HiPay's names, all as texts."""
        own = json.dumps(dict(self.custom_data), separators=(",", ":")) if self.custom_data else ""
        form = {
            "orderid": self.order_id,
            "amount": money.wire(self.amount_units, self.currency),
            "currency": self.currency,
            "operation": self.operation,
            "eci": str(self.eci),
            "language": self.language,
            "template": TEMPLATE,
            "payment_product_list": ",".join(self.payment_product_list),
            "time_limit_to_pay": str(self.time_limit_to_pay or ""),
            "display_cancel_button": "1" if self.display_cancel_button else "",
            "custom_data": own,
        }
        form |= {name: getattr(self, name) for name in (*_TEXTS, *_URLS)}
        return {name: value for name, value in form.items() if value}


def check_order_id(order_id: str) -> None:
    """Refuse an order id that HiPay, a path or a spreadsheet could change. Raises FieldError for ``orderid``."""
    if not order_id:
        raise FieldMissing("orderid")
    if len(order_id) > ORDER_ID_MAX:
        raise FieldTooLong("orderid", ORDER_ID_MAX)
    _require(_ORDER_ID.fullmatch(order_id), "orderid")


def custom_data(references: Sequence[str | None], mark: str) -> dict[str, str]:
    """The `custom_data` of an order: its settlement references and our mark.

    The first to fifth reference become ``_reporting_data_1`` … ``_reporting_data_5``, which HiPay repeats in the
    settlement file's columns "Reporting data 1" … "5"; empty ones are omitted.
    """
    if len(references) > REFERENCES_MAX:
        raise FieldInvalid("custom_data")
    numbered = {f"_reporting_data_{number}": text for number, text in enumerate(references, 1) if text}
    _require(all(map(one_line, (*numbered.values(), mark))), "custom_data")
    return numbered | {MARK_KEY: mark}


def one_line(text: str) -> bool:
    """Whether a text has no control character, no line or paragraph separator and no lone surrogate."""
    return not any(unicodedata.category(character) in ("Cc", "Zl", "Zp", "Cs") for character in text)


def _require(valid: object, name: str) -> None:
    if not valid:
        raise FieldInvalid(name)


def _check_url(name: str, url: str) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.username
    except ValueError:
        fit = False
    if not fit or not url.isascii() or not url.isprintable() or " " in url:
        raise FieldInvalid(name)
