"""Stray quotation marks: two of them make one cell of all the text between them, which may contain whole rows.

Whether such a cell is a long text or hides rows is a question that a person answers (`Quotes`): nothing is guessed.
"""

import re
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.cells import contains

Quotes = Literal["rows", "text"]  # rows of their own, since the marks are strays; or one long text
_BREAK = re.compile("\r\n|\r|\n")


def line_breaks(column: pa.Array) -> NDArray[np.int64]:
    """How many line breaks each cell contains."""
    total = np.zeros(len(column), dtype=np.int64)
    if contains(column, "\n") or contains(column, "\r"):
        for pattern, sign in (("\n", 1), ("\r", 1), ("\r\n", -1)):
            total += sign * pc.count_substring(column, pattern).to_numpy()
    return total


def swallowing(column: pa.Array, delimiter: str, needed: int) -> NDArray[np.int64]:
    """The places of cells that contain line breaks, and as many separators as rows of so many needed cells would have."""
    breaks = line_breaks(column)
    if not breaks.any():
        return np.zeros(0, dtype=np.int64)
    # Half of them are enough for a doubt: the marks may be in different columns of their rows.
    separators = pc.count_substring(column, delimiter).to_numpy()
    return np.flatnonzero((breaks > 0) & (2 * separators >= breaks * (needed - 1)))


def unfolded(cells: list[str], delimiter: str, needed: int) -> list[tuple[int, list[str]]]:
    """The rows that stray marks joined to these cells, each with how many lines below the first it begins; the one row
    itself if no cell hides any."""
    rows: list[tuple[int, list[str]]] = []
    row: list[str] = []
    begins = within = 0  # line breaks above the row, and line breaks within its cells
    for cell in cells:
        breaks = len(_BREAK.findall(cell))
        if not breaks or 2 * cell.count(delimiter) < breaks * (needed - 1):
            row.append(cell)
            within += breaks
            continue
        first, *others, last = (part.split(delimiter) for part in _BREAK.split(cell))
        rows.append((begins, [*row, *first]))
        rows += ((begins + within + n, other) for n, other in enumerate(others, 1))
        begins, within, row = begins + within + breaks, 0, last
    return [*rows, (begins, row)]
