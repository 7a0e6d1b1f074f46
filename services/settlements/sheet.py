"""From text to a frame of text: the header wherever it stands, and every row in its column or set aside."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import pandas as pd

from services.settlements.columns import COLUMNS, REQUIRED, plain, recognise
from services.settlements.errors import (
    BrokenQuotes,
    HeaderOnly,
    MissingColumns,
    NotASettlementFile,
    TruncatedFile,
)

DELIMITERS = (";", ",", "\t", "|")
_HEAD_CHARACTERS = 262_144  # a header further down than this is not looked for
_HEAD_RECORDS = 400
_ENOUGH = 4  # names that must be recognised before a line is taken for a header
_BLOCK = 20_000  # rows held as Python text at a time
_END = "\x00end"  # text with NUL was refused before: no file holds this line
_TOTALS = ("total", "totals", "totaux", "sum", "somme", "subtotal", "grand total", "sous total")


@dataclass(frozen=True)
class AsideRow:
    """A row that is not a line. `reason`: preamble, total, header_again; or, blocking the proof of its settlement,
    one of the codes of words.ASIDE. `line` is 1-based; `column` is canonical, empty where the whole row is meant."""

    line: int
    reason: str
    column: str
    cell: str
    text: str

    @property
    def blocking(self) -> bool:
        """Whether money may stand in it: a preamble or a total does not hold a line of its own."""
        return self.reason not in ("preamble", "total", "header_again")


@dataclass(frozen=True)
class Header:
    """`names` as in the file; `columns` the canonical one of each place, None for an extra or a repeated one."""

    line: int
    names: tuple[str, ...]
    columns: tuple[str | None, ...]

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Canonical columns that the file names more than once: the first is read."""
        counts = Counter(column for name in self.names if (column := recognise(name)))
        return tuple(column for column, count in counts.items() if count > 1)

    @property
    def extra(self) -> tuple[str, ...]:
        return tuple(name for name in self.names if name and recognise(name) is None)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(column for column in COLUMNS if column not in self.columns)


@dataclass(frozen=True)
class Sheet:
    """`cells`: `line` (int64) and the canonical columns present, as stripped text; the other rows are aside."""

    header: Header
    cells: pd.DataFrame
    aside: tuple[AsideRow, ...]


def find_header(text: str, delimiter: str | None = None, line: int | None = None) -> tuple[str, Header]:
    """The delimiter and the line under which most of the known columns are named; either may be given.

    Raises NotASettlementFile where no line names a few of them, MissingColumns where one without them counts nothing.
    """
    best: tuple[int, str, Header] | None = None
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        for start, row in _head(text, candidate):
            if line is not None and start != line:
                continue
            header = _header(start, row)
            score = sum(column is not None for column in header.columns)
            if best is None or score > best[0]:
                best = (score, candidate, header)
    if best is None or best[0] < _ENOUGH:
        raise NotASettlementFile("text")
    lacking = tuple(column for column in REQUIRED if column not in best[2].columns)
    if lacking:
        raise MissingColumns(lacking)
    return best[1], best[2]


def _head(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    try:
        for count, (start, row) in enumerate(_records(text[:_HEAD_CHARACTERS], delimiter)):
            if count == _HEAD_RECORDS:
                return
            yield start, row
    except (BrokenQuotes, TruncatedFile):
        return  # this delimiter, or the cut through the head, made the quotes odd


def _header(line: int, row: list[str]) -> Header:
    names = _names(row)
    seen: set[str] = set()
    columns: list[str | None] = []
    for name in names:
        column = recognise(name)
        columns.append(None if column in seen else column)
        if column:
            seen.add(column)
    return Header(line, names, tuple(columns))


def _names(row: list[str]) -> tuple[str, ...]:
    names = [" ".join(cell.split()) for cell in row]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Each record with the 1-based line at which it begins. Raises BrokenQuotes, and TruncatedFile for an open quote.

    The end is marked by a line of our own: a reader that returns it inside a cell was still within quotes.
    """
    lines = chain(io.StringIO(text, newline=""), (_END,))
    reader = csv.reader(lines, delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            if _END in row[-1:]:
                if len(row) > 1:
                    raise TruncatedFile(start)
                return
            if row and row[-1].endswith(_END):
                raise TruncatedFile(start)
            yield start, row
            start = reader.line_num + 1
    except csv.Error:
        raise BrokenQuotes(start) from None


def load(text: str, delimiter: str, header: Header) -> Sheet:
    """Every record below the header, in its columns; what stands above, totals and misfits are set aside.

    A row may lack empty cells at its end, as spreadsheets leave them out, or have more of them. Raises TruncatedFile,
    BrokenQuotes, HeaderOnly.
    """
    names = [column for column in header.columns if column]
    places = [place for place, column in enumerate(header.columns) if column]
    width = len(header.names)
    operation = header.columns.index("operation")
    needed = 1 + max(header.columns.index(column) for column in REQUIRED)

    aside: list[AsideRow] = []
    blocks: list[pd.DataFrame] = []
    rows: list[list[str]] = []
    starts: list[int] = []

    def flush() -> None:
        cells = list(zip(*rows, strict=True)) if rows else [() for _ in range(width)]
        block = {
            name: pd.Series(cells[place], dtype="str") for name, place in zip(names, places, strict=True)
        }
        blocks.append(pd.DataFrame({"line": pd.Series(starts, dtype="int64"), **block}))
        rows.clear()
        starts.clear()

    below = False
    shortest = width  # cells of the shortest row but the last
    last = (0, width)  # line and cells of the last row
    for start, row in _records(text, delimiter):
        if start <= header.line:
            if start < header.line and any(cell.strip() for cell in row):
                aside.append(_aside(start, "preamble", row, delimiter))
            continue
        if not any(cell and not cell.isspace() for cell in row):
            continue
        below, shortest, last = True, min(shortest, last[1]), (start, len(row))
        reason = _misfit(row, header, operation, needed)
        if reason == "total":
            last = (start, width)
        if reason:
            aside.append(_aside(start, reason, row, delimiter))
            continue
        rows.append(row[:width] + [""] * (width - len(row)))
        starts.append(start)
        if len(rows) == _BLOCK:
            flush()
    if not below:
        raise HeaderOnly
    if last[1] < shortest and not text.endswith(("\n", "\r")):
        raise TruncatedFile(last[0])
    flush()
    return Sheet(header, _clean(pd.concat(blocks, ignore_index=True)), tuple(aside))


def _misfit(row: list[str], header: Header, operation: int, needed: int) -> str:
    """Why a row is not a line, or ""."""
    width = len(header.names)
    cell = row[operation].strip() if len(row) > operation else ""
    if not cell:
        if _is_total(row):
            return "total"
        return "wrong_width" if len(row) < width else "operation_missing"
    if plain(cell) in _TOTALS:
        return "total"
    if len(row) < needed or any(cell.strip() for cell in row[width:]):
        return "wrong_width"
    if cell == header.names[operation] and _names(row[:width]) == header.names:
        return "header_again"
    return ""


def _aside(line: int, reason: str, row: list[str], delimiter: str) -> AsideRow:
    first = next((cell for cell in row if cell.strip()), "")
    return AsideRow(line, reason, "", first[:200], delimiter.join(row)[:1000])


def _is_total(row: list[str]) -> bool:
    words = plain(next((cell for cell in row if cell.strip()), ""))
    return words.startswith(_TOTALS) or words.split(" ", 1)[0] in (
        "count",
        "nombre",
        "end",
        "fin",
        "lines",
        "lignes",
    )


def _clean(cells: pd.DataFrame) -> pd.DataFrame:
    """Blanks around a cell go, and the ="0012" with which a spreadsheet is told that digits are text."""
    for name in cells.columns.drop("line"):
        column = cells[name].str.strip()
        wrapped = column.str.startswith('="')
        if wrapped.any():
            column = column.mask(wrapped, column.str.replace(r'^="(.*)"$', r"\1", regex=True))
        cells[name] = column
    return cells
