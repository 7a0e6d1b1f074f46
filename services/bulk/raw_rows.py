"""A file's bytes read as rows of cells, whichever program wrote it: CSV in any dialect, XLSX, XLS, ODS."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from services.bulk.columns import Column, missing, recognise
from services.bulk.errors import ColumnsMissing, NotATable
from services.settlements.errors import (
    BrokenQuotes,
    NotASettlementFile,
    SettlementFileError,
    TooManyColumns,
    TruncatedFile,
)
from services.settlements.sheet import MOST_CELLS, is_blank
from services.settlements.text import decode, encodings
from services.spreadsheets import marks
from services.spreadsheets.unfold import unfolded

DELIMITERS = (";", ",", "\t", "|")
HEAD_ROWS = 50  # the heading is among these


@dataclass(frozen=True)
class Row:
    """``number``: the row of the spreadsheet or the line of the text, from 1. ``typed``: the places of the cells that are
    numbers or dates in the spreadsheet; ``dates``: of those that are dates."""

    number: int
    cells: tuple[str, ...]
    typed: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()


def rows_of_sheet(raw: bytes, folder: Path) -> list[Row]:
    """The rows of the first visible sheet that has any."""
    with unfolded(raw, folder) as workbook:
        for sheet in workbook.sheets:
            if sheet.text.stat().st_size:
                with sheet.whole().open(encoding="utf-8", newline="") as text:
                    return [
                        Row(
                            number,
                            # "=" alone: a formula of an XLS without a result
                            tuple("" if cell == "=" else _unmarked(cell) for cell in cells),
                            frozenset(place for place, cell in enumerate(cells) if marks.is_typed(cell)),
                            frozenset(
                                place for place, cell in enumerate(cells) if cell.startswith(marks.DATE)
                            ),
                        )
                        for number, cells in enumerate(csv.reader(text, delimiter=marks.DELIMITER), 1)
                    ]
    return []


def decoded(raw: bytes, columns: tuple[Column, ...]) -> tuple[str, str]:
    """The text and the delimiter under which the heading names the most columns."""
    best: tuple[int, str, str] = (0, "", "")
    broken: SettlementFileError | None = None
    try:
        for encoding in encodings(raw):
            text = decode(raw, encoding)
            for delimiter in DELIMITERS:
                try:
                    head = [row for _, row in zip(range(HEAD_ROWS), records(text, delimiter), strict=False)]
                except (BrokenQuotes, TruncatedFile, TooManyColumns) as error:
                    broken = broken or error
                    continue
                score, _ = find_heading(head, columns)
                if score > best[0]:
                    best = (score, text, delimiter)
    except NotASettlementFile as error:
        raise NotATable(error.looks_like) from None
    if not best[0]:
        raise broken or ColumnsMissing(missing((), columns))
    return best[1], best[2]


def records(text: str, delimiter: str) -> Iterator[Row]:
    """Each record with the number of its first line. Raises BrokenQuotes, TruncatedFile, TooManyColumns."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    try:
        for row in reader:
            if len(row) > MOST_CELLS:
                if not is_blank(row[MOST_CELLS:]):
                    raise TooManyColumns(MOST_CELLS)
                del row[MOST_CELLS:]
            yield Row(start, tuple(row))
            start = reader.line_num + 1
    except csv.Error as error:
        raise (TruncatedFile if "unexpected end" in str(error) else BrokenQuotes)(start) from None


def find_heading(head: list[Row], columns: tuple[Column, ...]) -> tuple[int, int]:
    """(how many columns the heading names, its place in ``head``); (0, 0) without one. A line that names only one is no heading."""
    scores = [len({recognise(cell, columns) for cell in row.cells} - {None}) for row in head]
    best = max(scores, default=0)
    return (best, scores.index(best)) if best > 1 else (0, 0)


def _unmarked(cell: str) -> str:
    """The cell as a reader sees it. A number in a currency's format still has ``marks.SIGN``, until its column is known."""
    return cell[1:] if marks.is_typed(cell) else marks.plain(cell)
