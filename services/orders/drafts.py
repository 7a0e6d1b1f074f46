"""The order form as typed (``Draft``), its check field by field, and the order that can be created (``Accepted``)."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Literal, TypeVar, get_args
from zoneinfo import ZoneInfo

from services import money
from services.errors import DeskError
from services.hipay.fields import DESCRIPTION_MAX, MINIMUM_UNITS
from services.i18n import LANGUAGES
from services.mail.addresses import clean_header_text, parse_address
from services.orders.errors import (
    AmountBelowMinimum,
    ChoiceUnknown,
    ExpiryMissing,
    ExpiryTooLate,
    ExpiryTooSoon,
    FieldEmpty,
    FieldTooLong,
    LanguageUnknown,
    OrderIdMalformed,
    TimeSkipped,
    TimeTwice,
)
from services.store.order_states import Capture as Capture

T = TypeVar("T")
Channel = Literal["link", "phone"]

ORDER_ID_MAX = 28  # HiPay takes 32: four are reserved for the "-2" of a further page
NAME_MAX, PHONE_MAX, REFERENCE_MAX = 60, 30, 80
MAX_DAYS, MIN_MINUTES = 24, 10
DEFAULT_DAYS = 7  # HiPay's own default
REFERENCES = 5
ECI = {"phone": 1, "link": 7}
_REFERENCE_FIELDS = tuple(f"reference_{n}" for n in range(1, REFERENCES + 1))

_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Without letters and digits that are easily mistaken for each other over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The form as typed. ``locale``: the notation of the amount; ``expires_at``: with a time zone, or None."""

    channel: Channel
    account: str
    first_name: str
    last_name: str
    email: str
    amount: str
    currency: str
    description: str
    references: tuple[str, ...]
    order_id: str
    language: str
    expires_at: datetime | None
    locale: str
    phone: str = ""
    capture: Capture = "now"
    copy_to_sender: bool = False


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A form without problems. ``amount`` is in units of 1/10000; ``references`` are always five."""

    channel: Channel
    account: str
    first_name: str
    last_name: str
    email: str
    internationalised: bool
    phone: str
    amount: int
    currency: str
    description: str
    references: tuple[str, str, str, str, str]
    order_id: str
    language: str
    expires_at: datetime
    capture: Capture
    copy_to_sender: bool


def propose_order_id(now: datetime) -> str:
    """An order id that can be read out over the telephone: ``261124-7F3KQ``."""
    return f"{now:%y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(5))


def local_time(naive: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a wall-clock time in ``zone``, in UTC.

    Raises TimeSkipped for a time that the clock change leaves out, TimeTwice for one that it repeats.
    """
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() != second.utcoffset():
        there_and_back = first.astimezone(UTC).astimezone(zone).replace(tzinfo=None)
        raise TimeTwice if there_and_back == naive else TimeSkipped
    return first.astimezone(UTC)


class FieldErrors(dict[str, DeskError]):
    """What is wrong with a form or a row, by field."""

    def value(self, field: str, read: Callable[[], T], instead: T) -> T:
        """What ``read`` returns; where it raises, the error is the field's, and ``instead`` is returned."""
        try:
            return read()
        except DeskError as problem:
            self[field] = problem
            return instead


def check(draft: Draft, now: datetime) -> tuple[Accepted | None, dict[str, DeskError]]:
    """The accepted form, None where anything is wrong; and what is wrong, by field."""
    problems = FieldErrors()
    take = problems.value
    take("channel", lambda: _one_of(draft.channel, get_args(Channel)), "")
    take("capture", lambda: _one_of(draft.capture, get_args(Capture)), "")
    link = draft.channel == "link"
    first_name = take("first_name", lambda: clean_text(draft.first_name, "first_name", NAME_MAX), "")
    last_name = take("last_name", lambda: clean_text(draft.last_name, "last_name", NAME_MAX), "")
    email = take("email", lambda: parse_address(draft.email) if link or draft.email.strip() else None, None)
    phone = take("phone", lambda: clean_text(draft.phone, "phone", PHONE_MAX, needed=False), "")
    amount = take("amount", lambda: _amount(draft), 0)
    description = take(
        "description", lambda: clean_text(draft.description, "description", DESCRIPTION_MAX), ""
    )
    padded = (*draft.references, *[""] * REFERENCES)[:REFERENCES]
    one, two, three, four, five = (
        take(name, partial(clean_text, text, name, REFERENCE_MAX, needed=False, digits=True), "")
        for name, text in zip(_REFERENCE_FIELDS, padded, strict=True)
    )
    order_id = take("order_id", lambda: _order_id(draft.order_id), "")
    language = take("language", lambda: _language(draft.language), "")
    expires_at = take("expires_at", lambda: _expiry(draft.expires_at, now), now)
    if problems:
        return None, problems
    return Accepted(
        channel=draft.channel,
        account=draft.account,
        first_name=first_name,
        last_name=last_name,
        email=email.text if email else "",
        internationalised=bool(email and email.internationalised),
        phone=phone,
        amount=amount,
        currency=draft.currency,
        description=description,
        references=(one, two, three, four, five),
        order_id=order_id,
        language=language,
        expires_at=expires_at,
        capture=draft.capture,
        copy_to_sender=draft.copy_to_sender and link,
    ), {}


def _one_of(chosen: str, choices: tuple[str, ...]) -> str:
    if chosen not in choices:
        raise ChoiceUnknown
    return chosen


def clean_text(typed: str, field: str, limit: int, *, needed: bool = True, digits: bool = False) -> str:
    """The text of a field, cleaned. ``digits``: it may be all digits. Raises TextError, FieldEmpty, FieldTooLong."""
    text = clean_header_text(typed, field, 4 * limit, digits=digits)
    if needed and not text:
        raise FieldEmpty
    if len(text) > limit:
        raise FieldTooLong(limit)
    return text


def _amount(draft: Draft) -> int:
    if not draft.amount.strip():
        raise FieldEmpty
    units = money.to_units(money.parse(draft.amount, draft.currency, draft.locale))
    if units < MINIMUM_UNITS:
        raise AmountBelowMinimum(MINIMUM_UNITS, draft.currency)
    return units


def _order_id(typed: str) -> str:
    text = typed.strip()
    if not text:
        raise FieldEmpty
    if len(text) > ORDER_ID_MAX:
        raise FieldTooLong(ORDER_ID_MAX)
    if not _ORDER_ID.fullmatch(text):
        raise OrderIdMalformed
    return text


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise LanguageUnknown
    return code


def _expiry(expires_at: datetime | None, now: datetime) -> datetime:
    if expires_at is None:
        raise ExpiryMissing
    if expires_at < now + timedelta(minutes=MIN_MINUTES):
        raise ExpiryTooSoon(MIN_MINUTES)
    if expires_at > now + timedelta(days=MAX_DAYS):
        raise ExpiryTooLate(MAX_DAYS)
    return expires_at
