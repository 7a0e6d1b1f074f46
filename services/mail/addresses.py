"""E-mail addresses and one-line texts, refused where they could become another recipient or another header.

Python before 3.11.15 and 3.12.13 turns an encoded word in a header into separate headers (``Bcc:``), and folds a display
name with a comma into a second address (CVE-2025-1795): encoded words and lists of addresses are therefore refused.
"""

import re
import unicodedata
from dataclasses import dataclass

from services.mail.errors import (
    AddressEmpty,
    AddressMalformed,
    AddressReserved,
    AddressTooLong,
    AddressWithName,
    CardNumber,
    ControlCharacter,
    EncodedWord,
    InvisibleCharacter,
    LineBreak,
    SeveralAddresses,
    TextTooLong,
)
from services.text import card_numbers
from services.text.normal_forms import normalised

MAX_ADDRESS = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets
MAX_LINE = 255  # HiPay's limit for a description; names are shorter by the order's own rules
MAX_BLOCK = 2000

_SEPARATORS = re.compile(r"[\s,;/|<>()\"]|mailto:", re.IGNORECASE)  # between addresses, or around one
_AROUND = " \u00a0,;.:'’‘“”«»`/|"
_LINE_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_ZERO_WIDTH_JOINER = "\u200d"
# Letters by their category, and yet invisible: combining grapheme joiner, Hangul and Khmer fillers, Braille blank.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_INVISIBLE = frozenset({"Cf", "Cs", "Co", "Cn"})


@dataclass(frozen=True)
class Address:
    """One address. ``text``: the form that is shown, stored and sent, ``local@domain_ascii``. ``internationalised``: it was
    typed with letters beyond ASCII (or their ``xn--`` form), so a person confirms ``text`` before a mail leaves.
    """

    local: str
    domain_ascii: str
    text: str
    internationalised: bool


def parse_address(text: str, field: str = "email") -> Address:
    """Read exactly one address, without asking the DNS. Raises AddressError, or TextError for dangerous characters."""
    typed = text.strip(" \u00a0")
    if not typed:
        raise AddressEmpty
    _refuse_dangerous(typed, field)
    if len(typed) > MAX_ADDRESS:
        raise AddressTooLong
    _refuse_lists_and_names(typed)
    from email_validator import (
        EmailNotValidError,
        EmailSyntaxError,
        validate_email,
    )  # loaded by who reads one

    try:
        valid = validate_email(typed, check_deliverability=False, strict=True)
    except EmailSyntaxError as error:
        # The library has no class of its own for the two; their words are pinned by the tests.
        if "special-use" in str(error):
            raise AddressReserved from None
        raise (AddressTooLong if "too long" in str(error) else AddressMalformed) from None
    except EmailNotValidError:
        raise AddressMalformed from None
    local, domain = valid.local_part, str(valid.ascii_domain)
    whole = f"{local}@{domain}"
    if len(whole) > MAX_ADDRESS:
        raise AddressTooLong
    return Address(local, domain, whole, internationalised=not typed.isascii() or "xn--" in domain)


def _refuse_lists_and_names(typed: str) -> None:
    """Refuse several addresses, and one with a name or brackets around it; the library finds any other fault."""
    words = [word for word in _SEPARATORS.split(typed) if _looks_like_one(word)]
    brackets = typed.count("<")
    if brackets > 1 or (len(words) > 1 and brackets != 1):
        raise SeveralAddresses
    alone = typed.strip(_AROUND)
    alone = alone[7:] if alone[:7].lower() == "mailto:" else alone
    if re.search(r"[<>\"()]", typed) or (
        alone != typed and [word.strip(_AROUND) for word in words] == [alone]
    ):
        raise AddressWithName
    if re.search(r"[,;]", typed):
        raise AddressMalformed


def _looks_like_one(word: str) -> bool:
    local, at, domain = word.partition("@")
    return bool(local and at and domain) and "@" not in domain


def clean_header_text(text: str, field: str, limit: int = MAX_LINE, *, digits: bool = False) -> str:
    """A name, a subject, a description: one line in Unicode's composed form, without blanks at its ends. Empty is allowed.

    Accents and emoji are allowed; line breaks, controls, zero-width and bidirectional characters, encoded words and card
    numbers are not. ``digits``: a reference or an id may rightly be all digits, so card numbers are not refused. Raises
    TextError.
    """
    cleaned = normalised("NFC", text.strip(" \u00a0"))
    _refuse_dangerous(cleaned, field)
    if len(cleaned) > limit:
        raise TextTooLong(field, limit)
    if not digits and card_numbers.found(cleaned):
        raise CardNumber(field)
    return cleaned


def clean_block_text(text: str, field: str, limit: int = MAX_BLOCK, *, digits: bool = False) -> str:
    """As ``clean_header_text`` for a text of several lines (signature, footer): its lines end in LF."""
    lines = text.replace("\r\n", "\n").strip(" \u00a0\n").split("\n")
    cleaned = "\n".join(clean_header_text(line, field, limit, digits=digits) for line in lines)
    if len(cleaned) > limit:
        raise TextTooLong(field, limit)
    if not digits and card_numbers.found(cleaned):  # over several lines
        raise CardNumber(field)
    return cleaned


def _refuse_dangerous(text: str, field: str) -> None:
    for index, character in enumerate(text):
        if character in _LINE_BREAKS:
            raise LineBreak(field, character, index + 1)
        category = unicodedata.category(character)
        if category == "Cc":
            raise ControlCharacter(field, character, index + 1)
        if character in _BLANKS or (category in _INVISIBLE and not _joins_emoji(text, index)):
            raise InvisibleCharacter(field, character, index + 1)
    if "=?" in text:
        raise EncodedWord(field)


def _joins_emoji(text: str, index: int) -> bool:
    """Whether the character is a zero-width joiner between two pictographs: it joins them to one emoji, and hides nothing."""
    if text[index] != _ZERO_WIDTH_JOINER or not 0 < index < len(text) - 1:
        return False
    before = text[index - 1]
    pictured = unicodedata.category(before) in ("So", "Sk") or before == "\ufe0f"
    return pictured and unicodedata.category(text[index + 1]) == "So"
