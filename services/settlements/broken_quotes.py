"""Quotation marks that are never closed, and line breaks within quoted cells."""

import csv
import io

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.cells import contains
from services.settlements.errors import BrokenQuotes, TruncatedFile
from services.settlements.quotes import line_breaks
from services.settlements.sheet import END, records
from services.settlements.tables import Table
from services.settlements.text import texts

MOST_CELL = csv.field_size_limit()  # bytes of a cell, a longer cell has a quote that was never closed


def parsed(text: str, delimiter: str, line: int) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        raise BrokenQuotes(line) from None


def count_breaks(text: str) -> int:
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def row_line_breaks(batch: list[pa.Array]) -> NDArray[np.int64]:
    """How many line breaks the cells of each row contain."""
    total = np.zeros(len(batch[0]), dtype=np.int64)
    for column in batch:
        total += line_breaks(column)
    return total


def refuse_open_quote(batch: list[pa.Array], lines: NDArray[np.int64]) -> None:
    for column in batch:
        longest = int(pc.max(pc.binary_length(column)).as_py() or 0)
        if longest > MOST_CELL:
            place = pc.index(pc.binary_length(column), longest).as_py()
            raise BrokenQuotes(int(lines[place]))
    if contains(batch[-1], END[0]):  # our own line, within quotes
        raise TruncatedFile(int(lines[-1]))


def broken_line(table: Table) -> int:
    """The line on which a quote begins whose end is not within one block."""
    layout = table.layout
    text = "".join(texts(table.text, layout.encoding))
    try:
        for _ in records(io.StringIO(text, newline=""), layout.delimiter):
            pass
    except (BrokenQuotes, TruncatedFile) as error:
        return table.above + error.line
    return table.above + layout.header.end + 1
