"""A file's bytes read as rows of named cells, whichever program wrote it: CSV in any dialect, XLSX, XLS, ODS."""

import csv
import io
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
from services.bulk.heading import (
    ChosenColumns,
    Head,
    doubts,
    head_of,
    samples,
)
from services.settlements import quotes
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
from services.spreadsheets.errors import NoTable
from services.spreadsheets.lost import is_error, is_formula
from services.spreadsheets.texts import MOST_TEXT
from services.spreadsheets.unfold import is_spreadsheet, unfolded
from services.text import currency_signs

DELIMITERS = (";", ",", "\t", "|")
MAX_BYTES = 50 << 20
_HEAD_ROWS = 50  # a heading further down is not looked for
_SHOWN_ROWS = 20  # among which the first cells of each column are looked for


@dataclass(frozen=True)
class Row:
    """``number``: as the spreadsheet or the text counts, from 1. ``typed``: the places of cells that are numbers or
    dates in the spreadsheet; ``dates``: of those that are dates."""

    number: int
    cells: tuple[str, ...]
    typed: frozenset[int] = frozenset()
    dates: frozenset[int] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Line:
    """``number``: the row of the spreadsheet, the line of the text, from 1. ``cells``: by column, blanks around gone.

    ``typed``: columns whose cell is a number (with a point) or a date (ISO) in the spreadsheet itself; ``dates``: those of
    them that are dates. ``lost``: columns whose cell has no value, an error, or in a spreadsheet a formula without its
    result. ``shifted``: it has more cells than there are headings. ``last``: the line of the text on which it ends, where a
    quoted cell of it seems to hide rows, else 0.
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
    """``places``: column → its place from 0; ``unknown``: headings that name no column and were left out."""

    kind: Literal["sheet", "text"]
    head: Head
    places: dict[str, int]
    unknown: tuple[str, ...]
    lines: tuple[Line, ...]

    def where(self, line: int, column: str) -> str:
        """A cell as its program names it: ``D12`` in a spreadsheet, ``12`` for a line of text."""
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

    ``sheets``: a folder in which a workbook is unfolded once for all readings. Raises TableError, SpreadsheetError, ParsingError, or
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
            rows = _sheet(raw, sheets)
        except NoTable:
            raise NotATable("html") from None
        score, place = _heading(rows[:_HEAD_ROWS], columns)
        if not score:
            raise ColumnsMissing(missing((), columns))
        return _table("sheet", rows[place], iter(rows[place + 1 :]), columns, most_rows, chosen)
    text, delimiter = _decoded(raw, columns)
    found = _records(text, delimiter)
    head = [row for _, row in zip(range(_HEAD_ROWS), found, strict=False)]
    _, place = _heading(head, columns)
    return _table("text", head[place], chain(head[place + 1 :], found), columns, most_rows, chosen, delimiter)


def _sheet(raw: bytes, folder: Path) -> list[Row]:
    """The rows of the first visible sheet that has any."""
    with unfolded(raw, folder) as workbook:
        for sheet in workbook.sheets:
            if sheet.text.stat().st_size:
                with sheet.whole().open(encoding="utf-8", newline="") as text:
                    return [
                        Row(
                            number,
                            # "=" alone: a formula of an XLS that came to nothing
                            tuple("" if cell == "=" else _unmarked(cell) for cell in cells),
                            frozenset(place for place, cell in enumerate(cells) if marks.is_typed(cell)),
                            frozenset(
                                place for place, cell in enumerate(cells) if cell.startswith(marks.DATE)
                            ),
                        )
                        for number, cells in enumerate(csv.reader(text, delimiter=marks.DELIMITER), 1)
                    ]
    return []


def _decoded(raw: bytes, columns: tuple[Column, ...]) -> tuple[str, str]:
    """The text and the delimiter under which the heading names the most columns."""
    best: tuple[int, str, str] = (0, "", "")
    broken: SettlementFileError | None = None
    try:
        for encoding in encodings(raw):
            text = decode(raw, encoding)
            for delimiter in DELIMITERS:
                try:
                    head = [row for _, row in zip(range(_HEAD_ROWS), _records(text, delimiter), strict=False)]
                except (BrokenQuotes, TruncatedFile, TooManyColumns) as error:
                    broken = broken or error
                    continue
                score, _ = _heading(head, columns)
                if score > best[0]:
                    best = (score, text, delimiter)
    except NotASettlementFile as error:
        raise NotATable(error.looks_like) from None
    if not best[0]:
        raise broken or ColumnsMissing(missing((), columns))
    return best[1], best[2]


def _records(text: str, delimiter: str) -> Iterator[Row]:
    """Each record with the line at which it begins. Raises BrokenQuotes, TruncatedFile, TooManyColumns."""
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


def _heading(head: list[Row], columns: tuple[Column, ...]) -> tuple[int, int]:
    """(how many columns the heading names, its place in `head`); a line that names but one is none."""
    scores = [len({recognise(cell, columns) for cell in row.cells} - {None}) for row in head]
    best = max(scores, default=0)
    return (best, scores.index(best)) if best > 1 else (0, 0)


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
    """The amount with the currency that its heading names, where the cell says nothing itself."""
    cell = line.cells["amount"]
    if not cell or "amount" in line.lost or currency_signs.split(cell).signs:
        return line
    return replace(line, cells={**line.cells, "amount": f"{cell} {sign}"})


def _headings_again(row: Row, top: Row, columns: tuple[Column, ...]) -> bool:
    """Whether the row is the heading once more, of a table put behind the first. Raises TablesJoined where it is another's."""
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


def _unmarked(cell: str) -> str:
    """The cell as a reader sees it; of a number in a currency's format SIGN stays until its column is known."""
    return cell[1:] if marks.is_typed(cell) else marks.plain(cell)


def _formatted(cell: str, name: str) -> str:
    """Of a number, the currency that its format shows stays where it is an amount."""
    number, mark, sign = cell.partition(marks.SIGN)
    return f"{number} {sign}" if mark and name == "amount" else number


def _plain(cell: str) -> str:
    """Without blanks around it, and without the ="0012" with which a spreadsheet is told that digits are text; no longer than that
    its length can be refused in words."""
    cell = cell.strip()[:MOST_TEXT]
    return cell[2:-1] if len(cell) > 2 and cell.startswith('="') and cell.endswith('"') else cell
