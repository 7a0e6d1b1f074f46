"""Rows as a file for a spreadsheet, written as a stream: a hundred thousand take no more memory than a thousand. A frame as CSV.

No text of it can run as a formula, and no number becomes text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal

import pandas as pd
import xlsxwriter
from babel.numbers import get_decimal_symbol

from services.i18n import Translator
from services.money import from_units

# What starts a formula in a spreadsheet, in its full-width forms too, and the blanks that some of them skip first.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet of another country reads the file with another separator: for it, a cell may begin after any of these.
_ELSEWHERE = re.compile(r'([;,\t|]"?)(?=[=+@＝＋－＠-])')

Form = Literal["csv", "xlsx"]
SHEET_ROWS = 1_000_000  # a worksheet ends at 1,048,576
_XLSX = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """``label`` is an English msgid. ``kind``: what the value is: a text, units of 1/10000 or None, a whole number or None,
    or a local time without zone or None."""

    label: str
    kind: Literal["text", "amount", "count", "time"]
    value: Callable[[Any], Any]
    width: int = 16


def write(rows: Iterable[Any], columns: Sequence[Column], form: Form, t: Translator, out: BinaryIO) -> int:
    """Write the rows to `out`; how many there were.

    CSV: UTF-8 with BOM, in the reader's notation. XLSX: texts are texts, amounts numbers, times dates.
    """
    return (_csv if form == "csv" else _xlsx)(rows, columns, t, out)


def _csv(rows: Iterable[Any], columns: Sequence[Column], t: Translator, out: BinaryIO) -> int:
    decimal = get_decimal_symbol(t.locale)
    out.write(b"\xef\xbb\xbf")
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";" if decimal == "," else ",", lineterminator="\r\n")
    writer.writerow([inert(t(column.label)) for column in columns])
    count = 0
    for row in rows:
        writer.writerow([_csv_cell(column.kind, column.value(row), decimal) for column in columns])
        count += 1
    text.detach()
    return count


def _csv_cell(kind: str, value: Any, decimal: str) -> str:
    if kind == "text":
        return inert(value)
    if value is None:
        return ""
    if kind == "amount":
        return amount_text(value, decimal)
    return str(value) if kind == "count" else str(value.strftime("%Y-%m-%d %H:%M"))


def _xlsx(rows: Iterable[Any], columns: Sequence[Column], t: Translator, out: BinaryIO) -> int:
    count = 0
    with xlsxwriter.Workbook(out, _XLSX) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        formats = {
            "amount": book.add_format({"num_format": "#,##0.00##"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        sheet: Any = None
        for count, row in enumerate(rows, 1):
            place = (count - 1) % SHEET_ROWS + 1
            if place == 1:
                sheet = _new_sheet(book, columns, bold, t)
            for across, column in enumerate(columns):
                value = column.value(row)
                if column.kind == "text":
                    sheet.write_string(place, across, value)
                elif isinstance(value, datetime):
                    sheet.write_datetime(place, across, value, formats["time"])
                elif column.kind == "amount" and value is not None:
                    sheet.write_number(place, across, from_units(value), formats["amount"])
                elif value is not None:
                    sheet.write_number(place, across, value)
        if not count:
            _new_sheet(book, columns, bold, t)
    return count


def _new_sheet(book: Any, columns: Sequence[Column], bold: Any, t: Translator) -> Any:
    sheet = book.add_worksheet()
    for across, column in enumerate(columns):
        sheet.set_column(across, across, column.width)
        sheet.write_string(0, across, t(column.label), bold)
    sheet.freeze_panes(1, 0)
    return sheet


def to_csv(
    frame: pd.DataFrame, labels: Mapping[str, str], *, delimiter: str = ";", decimal: str = ","
) -> bytes:
    """The columns named in `labels`, in that order, under those headings; UTF-8 with BOM, lines ended by CR LF.

    Columns called `…_units` are amounts in 1/10000, written as numbers with two to four decimals, also negative ones; other
    whole numbers are written as they are; a text that would start a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([inert(label) for label in labels.values()])
    columns = [_frame_cells(frame[name], decimal) for name in labels]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8-sig")


def _frame_cells(column: pd.Series, decimal: str) -> list[str]:
    name = str(column.name)
    if name.endswith("_units"):
        return ["" if pd.isna(value) else amount_text(int(value), decimal) for value in column]
    if pd.api.types.is_integer_dtype(column.dtype):
        return ["" if pd.isna(value) else str(int(value)) for value in column]
    return ["" if pd.isna(value) else inert(str(value)) for value in column]


def amount_text(units: int, decimal: str) -> str:
    """Units of 1/10000 as a number with two to four decimals: ``-1250,5`` is ``-1250,50``."""
    whole, fraction = divmod(abs(units), 10_000)
    shown = f"{fraction:04d}".rstrip("0").ljust(2, "0")
    return f"{'-' if units < 0 else ''}{whole}{decimal}{shown}"


def inert(text: str) -> str:
    """The text in a form that no spreadsheet runs as a formula."""
    text = _ELSEWHERE.sub(r"\1'", text.replace("\x00", ""))
    return "'" + text if text.startswith(_FORMULA) else text
