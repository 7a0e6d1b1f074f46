"""HiPay's JSON answers: read when they are HiPay's, and turned into errors when they are refusals.

v3 (consultation) writes snake_case, v1 camelCase: names are made snake_case first, so that one reader serves both.
"""

import re
from dataclasses import dataclass
from typing import Any

from services.hipay import observations
from services.hipay.errors import (
    BadAnswer,
    DuplicateOrder,
    HiPayError,
    NotAuthorised,
    PageOver,
    Refused,
    Unavailable,
)
from services.text import bounded_json

_UNKNOWN = (3000001, 3000002)  # order, transaction
_FORM_FIELDS = re.compile(
    r"\b(orderid|description|amount|currency|operation_id|operation|eci|language|email|firstname|lastname|phone"
    r"|accept_url|decline_url|pending_url|exception_url|cancel_url|notify_url|time_limit_to_pay|template|theme_code"
    r"|merchant_display_name|payment_product_list|display_cancel_button|custom_data)\b"
)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


def content(answer: Answer) -> Any:
    """The JSON of a successful answer, names in snake_case. Raises ``refusal`` of any other."""
    if answer.status >= 300:
        raise refusal(answer)
    return _json(answer)


def refusal(answer: Answer) -> HiPayError:
    """The error of a failed answer, by its status or HiPay's code."""
    try:
        value = _json(answer)
    except BadAnswer:
        value = {}
    if isinstance(value, dict) and isinstance(value.get("error"), dict):
        value = value["error"]  # the finance API wraps its errors
    value = value if isinstance(value, dict) else {}
    code = observations.integer(value.get("code"))
    if code == 1000008 or answer.status in (408, 425, 429) or answer.status >= 500:
        return Unavailable(answer.status, code)
    if answer.status in (401, 403) or (code is not None and 1000001 <= code <= 1000099):
        return NotAuthorised(answer.status, code)
    if code is None:
        return BadAnswer("no_code", answer.status)
    if code == DuplicateOrder.hipay_code:
        return DuplicateOrder(f"HiPay already has this order (code {code})")
    if 3010005 <= code <= 3010008:
        return PageOver(code)
    words = " ".join(
        filter(None, (observations.text(value.get(name)) for name in ("message", "description")))
    )
    named = _FORM_FIELDS.search(words)
    return Refused(code, named[1] if named and code < 1020000 else None, words[:300])


def is_not_found(answer: Answer) -> bool:
    """Whether HiPay itself answers that it does not know the thing. A 404 of a proxy in between raises BadAnswer: it does not
    prove that an order does not exist."""
    if answer.status < 400 or answer.status >= 500:
        return False
    if answer.status != 404:
        return getattr(refusal(answer), "hipay_code", None) in _UNKNOWN
    value = _json(answer)
    if not isinstance(value, dict) or not value:
        raise BadAnswer("not_hipay", 404)
    return True


def _json(answer: Answer) -> Any:
    try:
        return _snake_case(bounded_json.read(answer.body))
    except bounded_json.NotJson:
        problem = "html" if b"<html" in answer.body[:1000].lower() else "not_json"
        raise BadAnswer(problem, answer.status) from None


def _snake_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower(): _snake_case(item)
            for key, item in value.items()
        }
    return [_snake_case(item) for item in value] if isinstance(value, list) else value


def as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadAnswer("not_an_object", 200)
    return value


def as_list(value: Any) -> list[Any]:
    """A list; HiPay writes an empty one in several ways."""
    if value in (None, "", {}):
        return []
    if not isinstance(value, list):
        raise BadAnswer("not_a_list", 200)
    return value
