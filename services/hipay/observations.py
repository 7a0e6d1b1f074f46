"""An observation of a payment: what a notification reports or a read shows, in one shape for both."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from services import money
from services.errors import DeskError
from services.text import bounded_json

# The key inside `custom_data` that identifies our order.
MARK_KEY = "eterminal_order"


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """A capture, refund or chargeback of a transaction. ``amount`` in 1/10000; ``operation_id`` is the merchant's."""

    kind: str
    status: str
    amount: int | None
    operation_id: str | None
    arn: str | None
    at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """The state of one transaction at the time ``at``.

    Amounts are totals so far, in units of 1/10000 of ``currency`` (``order_amount`` of ``order_currency``); None where the
    source has none. ``status`` always has three digits; ``mid`` has no leading zeros; ``mark``: what we sent under
    ``MARK_KEY`` in custom_data; ``operation_…``: the operation that a notification is about.
    """

    order_id: str
    reference: str
    status: int
    state: str
    currency: str | None
    authorised: int | None
    captured: int | None
    refunded: int | None
    charged_back: int | None
    order_amount: int | None
    order_currency: str | None
    reason_code: int | None
    reason_text: str | None
    payment_product: str | None
    eci: int | None
    test: bool | None
    mid: str | None
    operation_id: str | None
    operation_amount: int | None
    at: datetime | None
    mark: str | None
    operations: tuple[Operation, ...] = ()


def units(value: object) -> int | None:
    """HiPay's amount (``15.00``, a JSON number, nothing) as an exact number of 1/10000. Raises ValueError."""
    if value is None or value == "":
        return None
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, bool) or not re.fullmatch(r"-?[0-9]{1,14}(\.[0-9]{1,20})?", text):
        raise ValueError("not an amount")
    try:
        return money.to_units(Decimal(text))
    except DeskError:
        raise ValueError("more decimals than 1/10000") from None


def moment(value: object) -> datetime | None:
    """A time of HiPay's (ISO 8601, ``+0000``) in UTC; one without a zone is UTC; None for anything else."""
    try:
        read = datetime.fromisoformat(str(value))
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def day(value: object) -> date | None:
    """The date that a text begins with (``2026-03-05``, with or without a time), never shifted by a zone."""
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def integer(value: object) -> int | None:
    """A whole number of at most nine digits, or None."""
    text = str(value)
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def text(value: object) -> str | None:
    """A non-empty text, or None."""
    return str(value) if value not in (None, "") and not isinstance(value, dict | list) else None


def merchant_id(value: object) -> str | None:
    """A merchant's id without leading zeros: notifications have ``00001342917``, the consultation API 1342917."""
    return str(value).lstrip("0") or None if text(value) else None


def custom_data(value: object) -> dict[str, str]:
    """What we sent as ``custom_data``, from a JSON text or an object; empty when it is neither."""
    loaded: Any = value
    if isinstance(value, str):
        try:
            loaded = bounded_json.read(value)
        except bounded_json.NotJson:
            return {}
    if not isinstance(loaded, Mapping):
        return {}
    return {str(key): found for key, item in loaded.items() if (found := text(item)) is not None}
