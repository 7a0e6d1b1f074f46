"""The e-mail settings of a merchant: a default, and what differs by language. Each field has its own rule and its own error."""

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from services.hosts import is_loopback
from services.mail.addresses import clean_block_text, clean_header_text, parse_address
from services.mail.errors import CardNumber, ColourInvalid, LogoAddressInvalid, MailError, SettingsRefused
from services.text import card_numbers

WHITE, INK = "#ffffff", "#1a1a1a"
READABLE = 4.5  # WCAG 2.2, 1.4.3: text against its background
VISIBLE = 3.0  # WCAG 2.2, 1.4.11: a button against the page


def _address(text: str) -> str:
    return parse_address(text).text


def _logo(text: str) -> str:
    cleaned = clean_header_text(text, "logo_url", 500, digits=True)
    try:
        parts = urlsplit(cleaned)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        raise LogoAddressInvalid from None
    plain = cleaned.isascii() and not re.search(r"[\s\"'<>\\]", cleaned)
    # Plain http only to this machine: the sandbox's own logo, which reaches no customer.
    secure = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    # It becomes part of the return pages' content policy, where a character such as ; would begin another rule.
    host_is_one = re.fullmatch(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?", parts.netloc)
    if not secure or not host_is_one or not plain or not port_is_right:
        raise LogoAddressInvalid
    return cleaned


def _colour(text: str) -> str:
    cleaned = text.strip().lower()
    if not re.fullmatch(r"#[0-9a-f]{6}", cleaned):
        raise ColourInvalid
    return cleaned


# These rules also read stored settings: card numbers are refused only where a form is read.
_RULES: dict[str, Callable[[str], str]] = {
    "sender_name": lambda text: clean_header_text(text, "sender_name", 100, digits=True),
    "sender_address": _address,
    "reply_to": _address,
    "merchant_name": lambda text: clean_header_text(text, "merchant_name", 100, digits=True),
    "support_contact": lambda text: clean_header_text(text, "support_contact", 200, digits=True),
    "signature": lambda text: clean_block_text(text, "signature", digits=True),
    "logo_url": _logo,
    "colour": _colour,
    "footer": lambda text: clean_block_text(text, "footer", digits=True),
}
FIELDS = tuple(_RULES)


def clean_field(name: str, text: str) -> str:
    """The text of one field as it is stored; empty is allowed. Raises MailError."""
    return _RULES[name](text) if text.strip() else ""


class EmailSettings(BaseModel):
    """May be partly empty: ``missing`` names the empty fields. ``signature`` and ``footer`` may have several lines."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sender_name: str = ""
    sender_address: str = ""
    reply_to: str = ""
    merchant_name: str = ""
    support_contact: str = ""
    signature: str = ""
    logo_url: str = ""
    colour: str = ""
    footer: str = ""

    @field_validator("*")
    @classmethod
    def _clean(cls, value: str, info: ValidationInfo) -> str:
        name = str(info.field_name)
        try:
            return clean_field(name, value)
        except MailError as error:
            raise PydanticCustomError(error.code, error.code) from error


def read(values: Mapping[str, str]) -> EmailSettings:
    """The settings of a form. Raises SettingsRefused with an error for every field that is wrong, not only the first."""
    problems: dict[str, MailError] = {}
    cleaned: dict[str, str] = {}
    for name, text in values.items():
        try:
            cleaned[name] = clean_field(name, text)
            if name != "logo_url" and card_numbers.found(cleaned[name]):
                raise CardNumber(name)
        except MailError as error:
            problems[name] = error
    if problems:
        raise SettingsRefused(problems)
    return EmailSettings(**cleaned)


def missing(settings: EmailSettings) -> tuple[str, ...]:
    """The names of the empty fields. As in HiPay's E-Terminal, mail is sent only when every field is filled in."""
    return tuple(name for name in FIELDS if not getattr(settings, name))


def resolve(
    default: EmailSettings, per_language: Mapping[str, EmailSettings], language: str
) -> EmailSettings:
    """The settings for a customer's language: what was filled in for it, else the default."""
    own = per_language.get(language, EmailSettings())
    return default.model_copy(update={name: value for name in FIELDS if (value := getattr(own, name))})


def contrast(one: str, other: str) -> float:
    """The contrast of two ``#rrggbb`` colours, 1 to 21 (WCAG 2.2, relative luminance)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def text_colour(colour: str) -> str:
    """The button's text colour on ``colour``: white, or dark ink where white would not be readable."""
    return WHITE if contrast(colour, WHITE) >= READABLE else INK


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
