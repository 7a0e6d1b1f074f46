"""``python -m services.spreadsheets.child FILE FOLDER``: the visible sheets of FILE as texts 0, 1, … in FOLDER.

A process of its own, with bounds on memory and time, because a workbook of some kilobytes can unfold to gigabytes. It
prints one line of JSON: ``{"sheets": [{"name", "long", "rows"}, …], "hidden": [name, …]}`` or ``{"refused": reason}``. Each text is UTF-8, a line a
row from the sheet's first, its cells as `marks` says, those without a value as `faults` says. Of a sheet with more rows
than MOST_ROWS only the first stand there.
"""

import csv
import json
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain, islice, repeat
from pathlib import Path
from typing import Any

from services.spreadsheets import marks, web
from services.spreadsheets.faults import Cells, Faults
from services.spreadsheets.formats import Formats, Signs
from services.spreadsheets.locked import locked

MEMORY = 1 << 30
SECONDS = 15
MOST_UNPACKED = 400 << 20
MOST_WRITTEN = 1 << 30
MOST_ROWS = 150_000
MOST_COLUMNS = 200
MOST_TEXT = 2_000  # characters of a cell: more than any field takes, so that its length is refused in words
_EXACT = 10**15  # a spreadsheet keeps fifteen digits
_HEAD = 400  # rows of a sheet that is too long: enough to know whether it is the one that is looked for
_OURS = {
    ord(character): " " for character in (marks.NUMBER, marks.DATE, marks.SIGN, marks.LINE_BREAK, "\x00")
}


def main(file: Path, folder: Path) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_FSIZE, MOST_WRITTEN),
        (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        _, hard = resource.getrlimit(kind)  # of the process that asks, which may be bounded itself
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (bound, bound))
    with file.open("rb") as stream:
        start = stream.read(1024)
    if web.is_web_page(start):
        _answer(sheets=_pages(file, folder), hidden=[])
    if start.startswith(b"PK") and _unpacked(file) > MOST_UNPACKED:
        _answer(refused="heavy")
    if locked(file):
        _answer(refused="locked")
    sheets, hidden = _sheets(file, folder)
    _answer(sheets=sheets, hidden=hidden)


def _pages(file: Path, folder: Path) -> list[dict[str, Any]]:
    """What is said of the tables of a web page."""
    found = web.tables(file.read_bytes(), MOST_ROWS + 1, MOST_COLUMNS)
    if not found:
        _answer(refused="no_table")
    for place, table in enumerate(found):
        with (folder / str(place)).open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text, delimiter=marks.DELIMITER, lineterminator="\n")
            writer.writerows(
                [_cell(cell) for cell in row] for row in table.rows[: _HEAD if table.long else None]
            )
    return [
        {"name": table.name, "long": table.long, "rows": len(table.rows[: _HEAD if table.long else None])}
        for table in found
    ]


def _sheets(file: Path, folder: Path) -> tuple[list[dict[str, Any]], list[str]]:
    """What is said of the visible sheets, and the names of the others."""
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    found: list[dict[str, Any]] = []
    hidden: list[str] = []
    left = 2 * MOST_ROWS  # over all sheets
    try:
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
            with (folder / str(len(found))).open("w", encoding="utf-8", newline="") as text:
                written = _write(sheet, text, _HEAD if long else rows, odd, formats.of(place))
            left -= 0 if long else rows
            found.append({"name": about.name, "long": long, "rows": written})
    except PasswordError:
        _answer(refused="locked")
    except CalamineError:
        _answer(refused="unreadable")
    return found, hidden


def _write(sheet: Any, text: Any, most: int, faults: Cells, signs: Signs) -> int:
    """How many rows were written."""
    writer = csv.writer(text, delimiter=marks.DELIMITER, lineterminator="\n")
    before = [""] * min(sheet.start[1] if sheet.start else 0, MOST_COLUMNS)
    height = sheet.end[0] + 1 if sheet.end else 0
    count = 0
    # A cell without a value may stand below all that have one.
    for count, row in enumerate(islice(chain(sheet.iter_rows(), repeat([], max(most - height, 0))), most), 1):
        cells = before + [_cell(value) for value in row[:MOST_COLUMNS]]
        for place, sign in signs.get(count - 1, {}).items():
            if place < len(cells) and cells[place].startswith(marks.NUMBER):
                cells[place] += marks.SIGN + sign
        for place, said in faults.get(count - 1, {}).items():
            if place < MOST_COLUMNS:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = _cell(said)
        writer.writerow(cells)
    return count


def _unpacked(file: Path) -> int:
    try:
        with zipfile.ZipFile(file) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        _answer(refused="unreadable")
        return 0


def _cell(value: Any) -> str:
    if isinstance(value, str):
        text = value[:MOST_TEXT]
        return text if text.isprintable() else _one_line(text)
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        # What stands behind the fifteenth digit is noise of the binary number; before it, digits are missing.
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


def _answer(**said: Any) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except MemoryError:
        _answer(refused="heavy")
