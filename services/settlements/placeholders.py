"""Texts by which a file says that there is no id, or that say nothing: lines that have one in common have nothing in common."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from services.spreadsheets.lost import ERROR_CELL, FORMULA_CELL

# Zeros, dashes, dots, n/a, none, null, nil, a spreadsheet's errors, and its formulas without a result.
_SAYS = rf"(?i:0+|[-–—_.]+|#?n\s*(?:/\s*)?a\.?|none|null|nil|{ERROR_CELL}|{FORMULA_CELL})"
_COMPILED = re.compile(_SAYS)
_PATTERN = (
    rf"^\s*{_SAYS}\s*$"  # for Arrow, whose time grows with the text alone whatever stands beside each other
)


def says_none(text: str) -> bool:
    return _COMPILED.fullmatch(text.strip()) is not None


def say_none(texts: pa.Array) -> pa.Array:
    """The same of each text."""
    return pc.match_substring_regex(texts, _PATTERN.replace("–—", r"\x{2013}\x{2014}"))
