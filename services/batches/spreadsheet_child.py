"""``python -m services.batches.spreadsheet_child``: a spreadsheet on stdin, its first sheet's rows as JSON on stdout.

A process of its own, with bounds on memory and time, because a workbook of some kilobytes can unfold to gigabytes. The
first line is ``{"rows": n}`` or ``{"refused": reason}``; each other line is ``[number, [cell, …]]``: a cell is its text,
or ``[text, "number" | "date"]`` where the spreadsheet knows it as one.
"""

import io
import json
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

MEMORY = 1 << 30
SECONDS = 15
MOST_UNPACKED = 400 << 20
MOST_ROWS = 150_000
MOST_COLUMNS = 200
MOST_TEXT = 2_000  # characters of a cell: more than any field takes, so that its length is refused in words


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    raw = sys.stdin.buffer.read()
    if raw.startswith(b"PK") and _unpacked(raw) > MOST_UNPACKED:
        _refuse("heavy")
    rows = _rows(raw)
    out = sys.stdout
    out.write(json.dumps({"rows": len(rows)}) + "\n")
    for number, row in rows:
        out.write(json.dumps([number, [_cell(value) for value in row[:MOST_COLUMNS]]]) + "\n")


def _rows(raw: bytes) -> list[tuple[int, list[Any]]]:
    from python_calamine import (
        CalamineError,
        CalamineWorkbook,
        PasswordError,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        for place, about in enumerate(workbook.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet or about.visible != SheetVisibleEnum.Visible:
                continue
            sheet = workbook.get_sheet_by_index(place)
            if sheet.height > MOST_ROWS + 1:
                _refuse("long")
            top, left = sheet.start or (0, 0)
            rows = sheet.to_python(skip_empty_area=True)
            if rows:
                before = [""] * min(left, MOST_COLUMNS)
                return [(number, before + row) for number, row in enumerate(rows, top + 1)]
    except PasswordError:
        _refuse("locked")
    except CalamineError:
        _refuse("unreadable")
    return []


def _unpacked(raw: bytes) -> int:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            return sum(entry.file_size for entry in archive.infolist())
    except zipfile.BadZipFile:
        _refuse("unreadable")
        return 0


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value[:MOST_TEXT]
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        # A spreadsheet keeps fifteen digits: what stands behind them is noise of the binary number.
        text = format(value, ".15g")
        return [format(Decimal(text), "f"), "number"]
    if isinstance(value, datetime | date):
        return [value.isoformat(), "date"]
    if isinstance(value, time | timedelta):
        return str(value)
    return ""


def _refuse(reason: str) -> None:
    sys.stdout.write(json.dumps({"refused": reason}) + "\n")
    sys.stdout.flush()
    sys.exit(0)


if __name__ == "__main__":
    try:
        main()
    except MemoryError:
        _refuse("heavy")
