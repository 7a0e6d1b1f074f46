"""Card numbers within a text: so that none is stored, mailed or sent on by mistake.

A number is one where an issuer's prefix, its length and the check digit (ISO/IEC 7812-1, Luhn) fit, written in one piece or
in groups with blanks, dots or hyphens between them, in the digits of whatever script. Not one is a telephone number with
its ``+``, a part of an IBAN whose check digits are right, or a French SIRET (14 digits, by the same check digit) that is grouped or
named as one.

The prefixes are the public ones: Visa, Mastercard, American Express, Diners Club, Discover, JCB, UnionPay, Maestro, Bancontact.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

# (first prefix, last prefix, lengths)
_ISSUERS: tuple[tuple[str, str, frozenset[int]], ...] = (
    ("4", "4", frozenset({16, 19})),  # Visa; those of 13 digits are issued no more, and many an EAN has the same form
    ("51", "55", frozenset({16})), ("2221", "2720", frozenset({16})),  # Mastercard
    ("34", "34", frozenset({15})), ("37", "37", frozenset({15})),  # American Express
    *((first, last, frozenset(range(14, 20))) for first, last in (("300", "305"), ("3095", "3095"), ("36", "36"), ("38", "39"))),  # Diners Club
    *((first, last, frozenset(range(16, 20))) for first, last in (("6011", "6011"), ("644", "649"), ("65", "65"))),  # Discover
    ("3528", "3589", frozenset(range(16, 20))),  # JCB
    ("62", "62", frozenset(range(16, 20))),  # UnionPay
    *(
        (prefix, prefix, frozenset(range(12, 20)))  # Maestro; 6703 is Bancontact, too
        for prefix in ("5018", "5020", "5038", "5893", "6304", "6390", "6703", "6759", "6761", "6762", "6763", "6799")
    ),
)  # fmt: skip
_LEAST, _PHONE_MOST = 12, 15  # digits; a telephone number has 15 at most (E.164)
_BETWEEN = r"[\s.\-\u2010-\u2015\u2212]"
_RUN = re.compile(rf"[0-9](?:{_BETWEEN}{{0,3}}[0-9])*")
_GROUPS = re.compile(r"[0-9]+")
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}", re.ASCII)
_LONG = re.compile(r"\d(?:\D{0,3}\d){11}")  # of whatever script: a shorter text is not searched


def found(text: str) -> bool:
    """Whether there is a card number in the text."""
    return bool(_LONG.search(text)) and next(_spans(_folded(text)), None) is not None


def masked(text: str) -> str:
    """The text with a dot for each digit of a card number: for a name that cannot be refused. In such a text the digits of
    other scripts become ASCII, and invisible characters are removed."""
    if not found(text):
        return text
    folded = _folded(text)
    for start, end in _spans(folded):
        folded = folded[:start] + re.sub(r"\d", "•", folded[start:end]) + folded[end:]
    return folded


def _folded(text: str) -> str:
    """ASCII digits for those of other scripts; without marks that nobody sees."""
    shown = (sign for sign in text if unicodedata.category(sign) != "Cf")
    return "".join(str(unicodedata.decimal(sign, sign)) for sign in shown)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The start and end of each card number in a folded text."""
    text = _without_ibans(text)
    for run in _RUN.finditer(text):
        groups = [(run.start() + one.start(), run.start() + one.end()) for one in _GROUPS.finditer(run[0])]
        for some in _candidates(groups):
            digits = "".join(text[start:end] for start, end in some)
            phone = some[0][0] > 0 and text[some[0][0] - 1] == "+" and len(digits) <= _PHONE_MOST
            if not phone and _is_card(digits) and not _is_siret(text, some, digits):
                yield some[0][0], some[-1][1]


def _candidates(groups: Sequence[tuple[int, int]]) -> Iterator[Sequence[tuple[int, int]]]:
    """The groups that may be one number: all of a run where they are of one size but for the last, which may be shorter; and
    within a run one alone, or some as cards are printed."""
    sizes = [end - start for start, end in groups]
    if len(groups) <= 19 and len(set(sizes[:-1])) == 1 and sizes[-1] <= sizes[0]:
        yield groups
    for place in range(len(groups)):
        if sizes[place] >= _LEAST:
            yield groups[place : place + 1]
        for count in (3, 4, 5):
            if _as_printed(sizes[place : place + count], count):
                yield groups[place : place + count]


def _as_printed(sizes: Sequence[int], count: int) -> bool:
    if len(sizes) < count:
        return False
    if count == 3:  # American Express, Diners Club, a short Maestro
        return sizes[0] == 4 and sizes[1:] in ([6, 4], [6, 5], [4, 4])
    return sizes[:3] == [4, 4, 4] and (sizes[3] <= 7 if count == 4 else sizes[3] == 4 and sizes[4] <= 3)


def _is_card(digits: str) -> bool:
    fits = any(
        first <= digits[: len(first)] <= last and len(digits) in sizes for first, last, sizes in _ISSUERS
    )
    return fits and _luhn(digits)


def _is_siret(text: str, groups: Sequence[tuple[int, int]], digits: str) -> bool:
    """A SIREN of 9 digits, itself with its check digit, and 5 of an establishment."""
    sizes, start = [end - begin for begin, end in groups], groups[0][0]
    named = "siret" in text[max(0, start - 20) : start].casefold()
    return len(digits) == 14 and _luhn(digits[:9]) and (named or sizes in ([9, 5], [3, 3, 3, 5]))


def _luhn(digits: str) -> bool:
    doubled = (2 * int(digit) if place % 2 else int(digit) for place, digit in enumerate(reversed(digits)))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def _without_ibans(text: str) -> str:
    """The text with a letter for each sign of an IBAN (ISO 13616: 15 to 34 signs, whose remainder by 97 is 1)."""
    for match in _IBAN.finditer(text):
        ends = [match.start() + place for place, sign in enumerate(match[0], 1) if sign not in " -"]
        for count in range(len(ends), 14, -1):
            end = ends[count - 1]
            if text[end : end + 1].isalnum():
                continue
            signs = re.sub(r"[ -]", "", text[match.start() : end])
            if int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1:
                text = text[: match.start()] + "x" * (end - match.start()) + text[end:]
                break
    return text
