"""Texts by which a file says that there is no id, or that say nothing: lines that have one in common have nothing in common."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from services.spreadsheets.lost import ERROR_CELL, FORMULA_CELL

# Zeros, dashes, dots, n/a, none, null, nil, a spreadsheet's errors, and its formulas without a result.
_PATTERN = rf"(?i)^\s*(?:0+|[-–—_.]+|#?n\s*/?\s*a\.?|none|null|nil|{ERROR_CELL}|{FORMULA_CELL})\s*$"
_COMPILED = re.compile(_PATTERN)


def says_none(text: str) -> bool:
    return _COMPILED.match(text) is not None


def say_none(texts: pa.Array) -> pa.Array:
    """The same of each text."""
    return pc.match_substring_regex(texts, _PATTERN.replace("–—", r"\x{2013}\x{2014}"))
