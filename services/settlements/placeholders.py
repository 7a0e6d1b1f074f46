"""Placeholders: texts that mean that there is no id. Lines that share a placeholder do not belong together."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.cells import raw
from services.spreadsheets.lost import ERROR_CELL, FORMULA_CELL

# Zeros, dashes, dots, n/a, none, null, nil, a spreadsheet's errors, and its formulas without a result.
_PLACEHOLDER = rf"(?i:0+|[-–—_.]+|#?n\s*(?:/\s*)?a\.?|none|null|nil|{ERROR_CELL}|{FORMULA_CELL})"
_COMPILED = re.compile(_PLACEHOLDER)
_PATTERN = rf"^\s*{_PLACEHOLDER}\s*$"  # for Arrow, whose time grows only with the length of the text
_BLANK, _OTHERS = b"\t\n\x0b\f\r ", bytes(range(0x80, 0x100))


def _among(texts: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, bool)
    table[list(texts)] = True
    return table


# With which bytes a placeholder may begin, and go on behind a letter.
_LETTER = _among(b"bBeEfFnN")
_FIRST = _among(b"0-_.#=bBeEfFnN" + _BLANK + _OTHERS)
_SECOND = _among(b"aAeEiIoOrRuU/" + _BLANK + _OTHERS)


def says_none(text: str) -> bool:
    return _COMPILED.fullmatch(text.strip()) is not None


def say_none(texts: pa.Array) -> pa.Array:
    """The same of each text. Few begin as a placeholder does: only those are compared with the pattern."""
    pattern = _PATTERN.replace("–—", r"\x{2013}\x{2014}")
    if texts.null_count:
        return pc.match_substring_regex(texts, pattern)
    offsets, data = raw(texts)
    filled = np.flatnonzero(offsets[:-1] < offsets[1:])
    begins = offsets[filled]
    first, second = data[begins], data[np.minimum(begins + 1, len(data) - 1)]
    places = filled[_FIRST[first] & (_SECOND[second] | ~_LETTER[first])]
    found = np.zeros(len(texts), bool)
    if len(places):
        found[places] = pc.match_substring_regex(texts.take(pa.array(places)), pattern).to_numpy(
            zero_copy_only=False
        )
    return pa.array(found)
