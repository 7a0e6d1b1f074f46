"""JSON from outside: bounded in bytes, depth and digits, and read in place.

Python's own reader takes what no document of ours needs, and what those who handle the values cannot bear: numbers of any
length (``1e9999999999`` is an error of ``decimal``, or a text of gigabytes once it is written out), any depth, NaN, and
two members of one name, of which one reader takes the first and another the last.
"""

import json
from decimal import Decimal
from typing import Any

MOST_BYTES = 1_000_000
MOST_DEPTH = 40
MOST_DIGITS = 40  # of a number as it is written, its exponent's places counted, too


class NotJson(ValueError):
    """The text is no JSON, or not one that is read here."""


def read(raw: bytes | str) -> Any:
    """The document: fractions as ``Decimal``, whole numbers as ``int``, at most ``MOST_BYTES`` long. Raises NotJson."""
    if len(raw) > MOST_BYTES:
        raise NotJson("too long")
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw
        found = json.loads(
            text,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_no_number,
            object_pairs_hook=_members,
        )
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson(type(error).__name__) from None
    _refuse_depth(found)
    return found


def _whole(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise NotJson("a number is too long")
    return int(text)


def _fraction(text: str) -> Decimal:
    exponent = text.lower().partition("e")[2]
    if len(text) > MOST_DIGITS or len(exponent) > 4 or abs(int(exponent or 0)) > MOST_DIGITS:
        raise NotJson("a number is too long")
    return Decimal(text)


def _no_number(word: str) -> None:
    raise NotJson(word)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("two members of one name")
    return found


def _refuse_depth(document: Any) -> None:
    here = [document]
    for _ in range(MOST_DEPTH):
        here = [
            item
            for one in here
            if isinstance(one, dict | list)
            for item in (one.values() if isinstance(one, dict) else one)
        ]
        if not here:
            return
    raise NotJson("too deep")
