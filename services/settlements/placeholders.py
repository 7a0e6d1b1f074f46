"""Placeholders: texts that mean that there is no id. Lines that share a placeholder do not belong together."""

import re

import pyarrow as pa
import pyarrow.compute as pc

from services.spreadsheets.lost import ERROR_CELL, FORMULA_CELL

# Zeros, dashes, dots, n/a, none, null, nil, a spreadsheet's errors, and its formulas without a result.
_PLACEHOLDER = rf"(?i:0+|[-–—_.]+|#?n\s*(?:/\s*)?a\.?|none|null|nil|{ERROR_CELL}|{FORMULA_CELL})"
_COMPILED = re.compile(_PLACEHOLDER)
_PATTERN = rf"^\s*{_PLACEHOLDER}\s*$"  # for Arrow, whose time grows only with the length of the text


def says_none(text: str) -> bool:
    return _COMPILED.fullmatch(text.strip()) is not None


def say_none(texts: pa.Array) -> pa.Array:
    """The same of each text."""
    return pc.match_substring_regex(texts, _PATTERN.replace("–—", r"\x{2013}\x{2014}"))
