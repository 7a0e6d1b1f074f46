"""The visible sheets of a workbook, each written as a text into a folder.

A workbook of some kilobytes can unfold to gigabytes: only a bounded child does it (`services.parsing`). Each text is UTF-8, one
line for each row from the sheet's first; `marks` says how cells are written, `faults` how those without a value are. Of a
sheet with more rows than MOST_ROWS only the first are written.
"""

import csv
import errno
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from services.errors import DeskError
from services.spreadsheets import marks, web
from services.spreadsheets.errors import NoTable, SheetLocked, SheetTooHeavy, SheetTooLong, SheetUnreadable
from services.spreadsheets.faults import Cells, Faults
from services.spreadsheets.formats import Formats, Signs
from services.spreadsheets.locked import locked

MOST_UNPACKED = 400 << 20
MOST_ROWS = 150_000
MOST_COLUMNS = 200
_EXACT = 10**15  # a spreadsheet stores fifteen digits
_HEAD = 400  # rows of a sheet that is too long: enough to recognise whether it has the columns
_NO_ROOM = (errno.EFBIG, errno.ENOSPC, errno.EDQUOT)
_OURS = {
    ord(character): " " for character in (marks.NUMBER, marks.DATE, marks.SIGN, marks.LINE_BREAK, "\x00")
}


@dataclass(frozen=True)
class Unfolded:
    """One visible sheet: its `text` and how many `rows` that has; of a `long` sheet only the first rows."""

    name: str
    text: Path
    long: bool
    rows: int

    def whole(self) -> Path:
        """The text of all its rows. Raises SheetTooLong."""
        if self.long:
            raise SheetTooLong(MOST_ROWS)
        return self.text


@dataclass(frozen=True)
class Workbook:
    """Its visible `sheets` in their order, and the names of the `hidden` ones."""

    sheets: tuple[Unfolded, ...]
    hidden: tuple[str, ...] = ()


def write_texts(file: Path, folder: Path) -> Workbook:
    """Write each sheet's text into the folder. Raises SheetTooHeavy, SheetLocked, SheetUnreadable, and NoTable for a web page
    that has no table."""
    with file.open("rb") as stream:
        start = stream.read(1024)
    with _as_unreadable():
        if web.is_web_page(start):
            return Workbook(_pages(file, folder))
        if start.startswith(b"PK") and _unpacked(file) > MOST_UNPACKED:
            raise SheetTooHeavy
        if locked(file):
            raise SheetLocked
        return _workbook(file, folder)


@contextmanager
def _as_unreadable() -> Iterator[None]:
    """Raise SheetUnreadable for whatever error a reader of workbooks raises on bytes that are no workbook."""
    try:
        yield
    except (DeskError, MemoryError):
        raise
    except PasswordError:
        raise SheetLocked from None
    except BaseException as error:  # a reader in another language ends with what is no Exception
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise
        raise SheetUnreadable from error


def _pages(file: Path, folder: Path) -> tuple[Unfolded, ...]:
    """The tables of a web page."""
    found = []
    for place, table in enumerate(web.tables(file.read_bytes(), MOST_ROWS + 1, MOST_COLUMNS)):
        target, rows = folder / str(place), table.rows[: _HEAD if table.long else None]
        with target.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, delimiter=marks.DELIMITER, lineterminator="\n")
            writer.writerows([_cell(cell) for cell in row] for row in rows)
        found.append(Unfolded(table.name, target, table.long, len(rows)))
    if not found:
        raise NoTable
    return tuple(found)


def _workbook(file: Path, folder: Path) -> Workbook:
    found: list[Unfolded] = []
    hidden: list[str] = []
    left = 2 * MOST_ROWS  # over all sheets
    workbook = CalamineWorkbook.from_path(str(file))
    faults = Faults(file)
    formats = Formats(file, faults.parts)
    for place, about in enumerate(workbook.sheets_metadata):
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        if about.visible != SheetVisibleEnum.Visible:
            hidden.append(about.name)
            continue
        sheet = workbook.get_sheet_by_index(place)
        odd = faults.of(place)
        rows = max(sheet.end[0] + 1 if sheet.end else 0, max(odd, default=-1) + 1)
        long = rows > MOST_ROWS + 1 or rows > left
        target = folder / str(len(found))
        with target.open("w", encoding="utf-8", newline="") as text:
            written = _write(sheet, text, _HEAD if long else rows, odd, formats.of(place))
        left -= 0 if long else rows
        found.append(Unfolded(about.name, target, long, written))
    return Workbook(tuple(found), tuple(hidden))


def _write(sheet: Any, text: Any, most: int, faults: Cells, signs: Signs) -> int:
    """How many rows were written."""
    writer = csv.writer(text, delimiter=marks.DELIMITER, lineterminator="\n")
    before = [""] * min(sheet.start[1] if sheet.start else 0, MOST_COLUMNS)
    height = sheet.end[0] + 1 if sheet.end else 0
    count = 0
    # A cell without a value may be below all that have one.
    for count, row in enumerate(islice(chain(sheet.iter_rows(), repeat([], max(most - height, 0))), most), 1):
        cells = before + [_cell(value) for value in row[:MOST_COLUMNS]]
        for place, sign in signs.get(count - 1, {}).items():
            if place < len(cells) and cells[place].startswith(marks.NUMBER):
                cells[place] += marks.SIGN + sign
        for place, fault in faults.get(count - 1, {}).items():
            if place < MOST_COLUMNS:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = _cell(fault)
        writer.writerow(cells)
    return count


def _unpacked(file: Path) -> int:
    with zipfile.ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = value[: marks.MOST_TEXT]
        return text if text.isprintable() else _one_line(text)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        # The digits behind the fifteenth are noise of the binary number.
        text = format(value, ".15g")
        return marks.NUMBER + (format(Decimal(text), "f") if abs(value) < _EXACT else f"{value:.14e}")
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return marks.DATE + (value.date() if midnight else value).isoformat()
    if isinstance(value, date):
        return marks.DATE + value.isoformat()
    if isinstance(value, time | timedelta):
        return str(value)
    return ""


def _one_line(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_OURS)
    return text.replace("\n", marks.LINE_BREAK)
