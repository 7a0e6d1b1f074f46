"""A table's lines: rows of a file whose cells are named by the columns of its heading. ``raw_rows`` reads the bytes."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Literal

from services import parsing
from services.bulk.columns import Column, missing, recognise
from services.bulk.errors import (
    ColumnsDoubtful,
    ColumnsMissing,
    NoRows,
    NotATable,
    TablesJoined,
    TableTooLarge,
    TooManyRows,
)
from services.bulk.heading import ChosenColumns, Head, doubts, head_of, samples
from services.bulk.raw_rows import HEAD_ROWS, Row, decoded, find_heading, records, rows_of_sheet
from services.spreadsheets import marks
from services.spreadsheets.errors import NoTable
from services.spreadsheets.lost import is_error, is_formula
from services.spreadsheets.unfold import is_spreadsheet
from services.text import currency_signs

MAX_BYTES = 50 << 20
_SHOWN_ROWS = 20  # from which the samples of each column are taken


@dataclass(frozen=True, kw_only=True)
class Line:
    """``number``: the row of the spreadsheet or the line of the text, from 1. ``cells``: by column, without blanks around.

    ``typed``: columns whose cell is a number (with a point) or a date (ISO) in the spreadsheet itself; ``dates``: those of
    them that are dates. ``lost``: columns whose cell is an error, or in a spreadsheet a formula without its result.
    ``shifted``: the row has more cells than there are headings. ``last``: the line of the text on which the row ends, where
    a quoted cell of it seems to hide rows, else 0.
    """

    number: int
    cells: dict[str, str]
    typed: frozenset[str] = frozenset()
    shifted: bool = False
    lost: frozenset[str] = frozenset()
    dates: frozenset[str] = frozenset()
    last: int = 0


@dataclass(frozen=True, kw_only=True)
class Table:
    """``places``: column → its place from 0; ``unknown``: headings that name no column, whose cells are not read."""

    kind: Literal["sheet", "text"]
    head: Head
    places: dict[str, int]
    unknown: tuple[str, ...]
    lines: tuple[Line, ...]

    def where(self, line: int, column: str) -> str:
        """The name of a cell in its program: ``D12`` in a spreadsheet, ``12`` for a line of text."""
        if self.kind == "text" or column not in self.places:
            return str(line)
        place, letters = self.places[column] + 1, ""
        while place:
            place, rest = divmod(place - 1, 26)
            letters = chr(65 + rest) + letters
        return f"{letters}{line}"


def read(
    raw: bytes,
    columns: tuple[Column, ...],
    most_rows: int,
    chosen: ChosenColumns | None = None,
    sheets: Path | None = None,
) -> Table:
    """Read, in a child process, a table whose heading names these columns or whose columns a person chose.

    ``sheets``: a folder for the unfolded workbook, so that a second reading need not unfold it again. Raises TableError, SpreadsheetError, ParsingError, or
    SettlementFileError for broken text.
    """
    if len(raw) > MAX_BYTES:
        raise TableTooLarge(MAX_BYTES >> 20)
    with tempfile.TemporaryDirectory(prefix="sheets-") as folder:
        given = (raw, columns, most_rows, chosen or ChosenColumns(), sheets or Path(folder))
        return parsing.run(_read, *given, size=len(raw))


def _read(
    raw: bytes, columns: tuple[Column, ...], most_rows: int, chosen: ChosenColumns, sheets: Path
) -> Table:
    if is_spreadsheet(raw):
        try:
            rows = rows_of_sheet(raw, sheets)
        except NoTable:
            raise NotATable("html") from None
        score, place = find_heading(rows[:HEAD_ROWS], columns)
        if not score:
            raise ColumnsMissing(missing((), columns))
        return _table("sheet", rows[place], iter(rows[place + 1 :]), columns, most_rows, chosen)
    text, delimiter = decoded(raw, columns)
    found = records(text, delimiter)
    head = [row for _, row in zip(range(HEAD_ROWS), found, strict=False)]
    _, place = find_heading(head, columns)
    return _table("text", head[place], chain(head[place + 1 :], found), columns, most_rows, chosen, delimiter)


def _table(
    kind: Literal["sheet", "text"],
    top: Row,
    rows: Iterator[Row],
    columns: tuple[Column, ...],
    most: int,
    chosen: ChosenColumns,
    delimiter: str = "",
) -> Table:
    head = head_of(top.cells, columns, chosen)
    places, first = head.choice.places, list(islice(rows, _SHOWN_ROWS))
    head = replace(head, samples=samples([row.cells for row in first], len(head.names)))
    if (lacking := missing(places, columns)) and not head.choice.doubts:
        raise ColumnsMissing(lacking, head)
    found: list[Row] = []
    for row in chain(first, rows):
        if not any(cell.strip() for cell in row.cells) or _headings_again(row, top, columns):
            continue
        if len(found) == most:
            raise TooManyRows(most)
        found.append(row)
    if not found:
        raise NoRows
    head = replace(head, doubts=doubts(head, [row.cells for row in found]))
    if head.doubts:
        raise ColumnsDoubtful(head)
    if lacking:
        raise ColumnsMissing(lacking, head)
    width = max((place for place, name in enumerate(head.names) if name), default=0) + 1
    lines = (_line(row, places, width, kind, delimiter) for row in found)
    if head.sign:
        lines = (_with_sign(line, head.sign) for line in lines)
    return Table(kind=kind, head=head, places=places, unknown=head.unknown, lines=tuple(lines))


def _with_sign(line: Line, sign: str) -> Line:
    """The line with the heading's currency sign in its amount, where the cell has none itself."""
    cell = line.cells["amount"]
    if not cell or "amount" in line.lost or currency_signs.split(cell).signs:
        return line
    return replace(line, cells={**line.cells, "amount": f"{cell} {sign}"})


def _headings_again(row: Row, top: Row, columns: tuple[Column, ...]) -> bool:
    """Whether the row repeats the heading, as where two tables were joined. Raises TablesJoined for a heading of other columns."""
    cells, names = ([cell.strip() for cell in one.cells] for one in (row, top))
    if cells == names:
        return True
    known = [recognise(cell, columns) for cell in cells]
    if len({*known} - {None}) < 2 or 2 * sum(name is not None for name in known) < sum(map(bool, cells)):
        return False
    if known == [recognise(name, columns) for name in names]:
        return True
    raise TablesJoined(row.number, top.number)


def _line(
    row: Row, places: dict[str, int], width: int, kind: Literal["sheet", "text"], delimiter: str
) -> Line:
    cells = {
        name: _plain(_formatted(row.cells[place], name)) if place < len(row.cells) else ""
        for name, place in places.items()
    }
    typed = frozenset(name for name, place in places.items() if place in row.typed)
    lost = frozenset(
        name for name, cell in cells.items() if is_error(cell) or (kind == "sheet" and is_formula(cell))
    )
    dates = frozenset(name for name, place in places.items() if place in row.dates)
    shifted = any(cell.strip() for cell in row.cells[width:])
    from services.settlements import quotes  # not above: it loads pyarrow, and only a child reads a table

    hidden = quotes.unfolded(list(row.cells), delimiter, 2 * width - 1)[-1][0] if kind == "text" else 0
    return Line(
        number=row.number,
        cells=cells,
        typed=typed,
        shifted=shifted,
        lost=lost,
        dates=dates,
        last=row.number + hidden if hidden else 0,
    )


def _formatted(cell: str, name: str) -> str:
    """The cell; a number's currency sign, which its format shows, is added only in the amount column."""
    number, mark, sign = cell.partition(marks.SIGN)
    return f"{number} {sign}" if mark and name == "amount" else number


def _plain(cell: str) -> str:
    """The cell without blanks around it, and without the ``="…"`` that marks digits as text (``="0012"``); cut to a length that
    is still refused as too long."""
    cell = cell.strip()[: marks.MOST_TEXT]
    return cell[2:-1] if len(cell) > 2 and cell.startswith('="') and cell.endswith('"') else cell
