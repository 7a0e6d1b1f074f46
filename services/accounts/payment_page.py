"""The optional settings of HiPay's payment page. None of them stops a payment link."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from services.accounts.errors import (
    DisplayNameTooLong,
    FieldProblems,
    ProductUnknown,
    ThemeCodeMalformed,
)
from services.errors import DeskError
from services.hipay.fields import DISPLAY_NAME_MAX, TEMPLATE
from services.mail.addresses import clean_header_text


@dataclass(frozen=True, kw_only=True)
class PaymentPage:
    """Named as in ``POST /v1/hpayment``; for an empty text or list HiPay's own choice applies.

    ``framed``: an earlier version stored another template than HiPay's full page; it is no longer used.
    """

    merchant_display_name: str = ""
    theme_code: str = ""
    payment_product_list: tuple[str, ...] = ()
    display_cancel_button: bool = False
    framed: bool = False


def stored(data: Mapping[str, Any]) -> PaymentPage:
    values = {**data, "payment_product_list": tuple(data.get("payment_product_list", ()))}
    return PaymentPage(framed=values.pop("template", TEMPLATE) != TEMPLATE, **values)


def storable(page: PaymentPage) -> dict[str, Any]:
    values = {**asdict(page), "payment_product_list": list(page.payment_product_list)}
    del values["framed"]
    return values


def read(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a form, cleaned. Raises FieldProblems with an error for each wrong field."""
    problems: dict[str, DeskError] = {}
    cleaned = {}
    for name, value in values.items():
        try:
            cleaned[name] = _RULES[name](value)
        except DeskError as error:
            problems[name] = error
    if problems:
        raise FieldProblems(problems)
    return cleaned


def _display_name(text: str) -> str:
    cleaned = clean_header_text(text, "merchant_display_name")
    if len(cleaned) > DISPLAY_NAME_MAX:
        raise DisplayNameTooLong(DISPLAY_NAME_MAX)
    return cleaned


def _theme(text: str) -> str:
    cleaned = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9_.-]{0,64}", cleaned):
        raise ThemeCodeMalformed
    return cleaned


def _products(codes: Sequence[str]) -> tuple[str, ...]:
    for code in codes:
        if not re.fullmatch(r"[a-z0-9-]{1,40}", code):
            raise ProductUnknown(code)
    return tuple(dict.fromkeys(codes))


_RULES: dict[str, Any] = {
    "merchant_display_name": _display_name,
    "theme_code": _theme,
    "payment_product_list": _products,
    "display_cancel_button": bool,
}
