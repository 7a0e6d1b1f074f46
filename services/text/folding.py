"""Texts as search compares them: a typed word finds the stored one, whatever the case, accents and hyphens.

No case, no accents; letters that Unicode does not take apart as one types them without (``œ`` oe, ``ł`` l, ``ß`` ss, after
CLDR's Latin-ASCII); no apostrophe and no hyphen of any kind; nothing invisible. Telephone numbers are found with and without
blanks, a country's code and the nought before the number at home. Payout lines are joined by other rules:
``services.reconciliation.matching.lookup``.
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

MARK = "☎"  # written before a telephone number as it is dialled at home, without the nought
_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i", "ȷ": "j", "ł": "l", "ŋ": "n", "ŧ": "t",
    "ĸ": "q", "ƀ": "b", "ɓ": "b", "ƈ": "c", "ɖ": "d", "ɗ": "d", "ǝ": "e", "ə": "e", "ɛ": "e", "ƒ": "f", "ɠ": "g", "ǥ": "g", "ɨ": "i",
    "ƙ": "k", "ƚ": "l", "ɔ": "o", "ɵ": "o", "ƥ": "p", "ʀ": "r", "ɍ": "r", "ƭ": "t", "ʉ": "u", "ʋ": "v", "ƴ": "y", "ɏ": "y",
    "ƶ": "z", "ȥ": "z",
}  # fmt: skip
# Apostrophes, accents that are typed instead of one, Hawaiian and Hebrew letters that look like one.
_APOSTROPHES = frozenset("'`‘’‚‛´′‵ʹʻʼʽʾʿˈˊˋ՚׳ꞌ＇")
_HYPHENS = frozenset("\u2212\u2043\u02d7")  # besides Unicode's dashes: the minus, a bullet, a modifier
_DOTS = frozenset("·‧\ufffd")  # Catalan l·l; the store's replacement for a character that it cannot store
_INVISIBLE = frozenset({"Cc", "Cf", "Cs"})
_DROPPED = _APOSTROPHES | _HYPHENS | _DOTS
_KEYS = str.maketrans("", "", "'`-")
_LONGEST = 200  # of a word: no fact is longer, and a database refuses much longer patterns
_MOST_WORDS = 40
_DIGITS = frozenset("0123456789")
_DIALLED = _DIGITS | frozenset("+()./")
_NUMBER = range(
    8, 18
)  # digits of a telephone number, with what is dialled before it (E.164: at most 15, and 00)
# Countries' codes of two digits; 1 and 7 have one, all others three (ITU-T E.164).
_TWO = frozenset(
    "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93"
    " 94 95 98".split()
)


@lru_cache(maxsize=8192)
def _letter(character: str) -> str:
    category = unicodedata.category(character)
    if character in _DROPPED or category == "Pd" or category in _INVISIBLE:
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = (
        c
        for c in unicodedata.normalize("NFKD", character)
        if not unicodedata.combining(c) and not c.isspace()
    )
    again = "".join(plain).casefold()
    if again == character:
        return _LETTERS.get(character, character)
    return "".join(map(_letter, again))  # a capital Ø, a ligature that holds an apostrophe


def folded(word: str) -> str:
    """One word as search compares it; blanks in it go, too."""
    bare = "".join(word.split())
    if bare.isascii() and bare.isprintable():  # what most facts are, in a tenth of the time
        return bare.lower().translate(_KEYS)
    return "".join(map(_letter, bare))


def typed(text: str) -> str:
    """The text with the hyphen and the apostrophe of a keyboard, and nothing invisible, but as it is otherwise."""
    return "".join(map(_key, text))


@lru_cache(maxsize=8192)
def _key(character: str) -> str:
    if character in _HYPHENS or unicodedata.category(character) == "Pd":
        return "-"
    if character in _APOSTROPHES:
        return "'"
    return character if character.isspace() or unicodedata.category(character) not in _INVISIBLE else ""


def words(text: str) -> list[str]:
    """The words of a text, each folded; one of which nothing is left is none."""
    return [word for word in map(folded, text.split()) if word]


def name_parts(text: str, first: str, last: str) -> bool:
    """Whether the text is this first name and this last name, in either order: ``jean d argent`` is Jean D’Argent."""
    typed, one, other = words(text), folded(first), folded(last)
    whole, ends, end = "".join(typed), {0}, 0
    for word in typed:
        end += len(word)
        ends.add(end)
    either = ((one, other), (other, one))
    return bool(whole) and any(whole == a + b and len(a) in ends for a, b in either)


def name_key(first: str, last: str) -> str:
    """A person's name as one key, whichever of its two parts is written first; "" for no name."""
    return " ".join(sorted((folded(first), folded(last)))).strip()


def name_keys(text: str) -> list[str]:
    """The ``name_key`` of each person whose full name ``name_parts`` finds in the text."""
    typed = words(text)
    splits = (("".join(typed[:cut]), "".join(typed[cut:])) for cut in range(len(typed) + 1))
    return sorted({" ".join(sorted(parts)).strip() for parts in splits} - {""})


def wanted(text: str) -> list[tuple[str, ...]]:
    """What a search text asks for: of each item one spelling must occur in the searched column. Empty: it asks for nothing."""
    found: dict[tuple[str, ...], None] = {}
    for run in _runs(words(text)):
        number = _number(run)
        for item in [number] if number else [(word[:_LONGEST],) for word in run]:
            found[item] = None
    return list(found)[:_MOST_WORDS]


def searched(names: tuple[str, str], codes: tuple[str, ...], phone: str, description: str) -> str:
    """The searched column of an order: ``codes`` are ids, references, addresses. Names and codes are written without blanks,
    so that ``Jean-Pierre`` and ``Jean Pierre`` are one; a description is written as words."""
    parts = [folded("".join(names)), *map(folded, codes), folded(phone), *words(description)]
    for text in (phone, description):
        for run in _runs(words(text)):
            parts += _number(run) or ()
    return " ".join(dict.fromkeys(part for part in parts if part))


def _runs(typed: list[str]) -> Iterator[list[str]]:
    """The words one by one, but those of a telephone number together."""
    run: list[str] = []
    for word in typed:
        dialled = _DIALLED.issuperset(word)
        if dialled and (run or word.lstrip("(")[:1] in ("+", "0")):
            run.append(word)
            continue
        yield from _parted(run)
        run = []
        yield [word]
    yield from _parted(run)


def _parted(run: list[str]) -> Iterator[list[str]]:
    if _number(run):
        yield run
    else:
        yield from ([word] for word in run)


def _number(run: list[str]) -> tuple[str, ...] | None:
    """A telephone number as it was typed, and as it is dialled at home; None for what is none."""
    whole = "".join(run)
    if not _DIALLED.issuperset(whole) or whole.lstrip("(")[:1] not in ("+", "0"):
        return None
    digits = "".join(c for c in whole if c in _DIGITS)
    if len(digits) not in _NUMBER:
        return None
    home = digits
    if whole.lstrip("(").startswith("+") or digits.startswith("00"):
        home = digits.removeprefix("00")
        home = home[1 if home[:1] in ("1", "7") else 2 if home[:2] in _TWO else 3 :]
    home = home.lstrip("0")
    return (digits, MARK + home) if home else None
