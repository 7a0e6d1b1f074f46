"""Rows as a file for a spreadsheet, written in batches: a hundred thousand take no more memory than a thousand. A frame as CSV.

No text of it can run as a formula, and no number becomes text. A batch is formatted column by column, and each different
value once.
"""

import csv
import io
import re
import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any, BinaryIO, Literal, TypeVar

import pandas as pd
import xlsxwriter
from babel.numbers import get_decimal_symbol
from xlsxwriter.exceptions import FileCreateError

from services.i18n import Translator
from services.money import from_units

# What starts a formula in a spreadsheet, in its full-width forms too, and the blanks that some of them skip first.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet of another country reads the file with another separator: for it, a cell may begin after any of these.
_ELSEWHERE = re.compile(r'([;,\t|]"?)(?=[=+@＝＋－＠-])')
_BETWEEN = "\x1f"  # the cells of a batch, so that all of them are searched at once
_NOT_INERT = re.compile(rf"(?:\A|{_BETWEEN})[{re.escape(''.join(_FORMULA))}]|{_ELSEWHERE.pattern}|\x00")

Form = Literal["csv", "xlsx"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SHEET_ROWS = 1_000_000  # a worksheet ends at 1,048,576
_XLSX = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
}  # fmt: skip


V = TypeVar("V", bound=Hashable)
C = TypeVar("C")
Values = Callable[[Sequence[Any]], Iterable[Any]]  # of a batch of rows: the value of each in one column
Progress = Callable[[int], object]  # called after each batch with the number of rows so far


@dataclass(frozen=True)
class Column:
    """``label`` is an English msgid. ``kind``: what a value is: a text, units of 1/10000 or None, a whole number or None,
    or a local time without zone or None."""

    label: str
    kind: Literal["text", "amount", "count", "time"]
    values: Values
    width: int = 16


def field(name: str) -> Values:
    """The attribute of each row."""
    return partial(map, attrgetter(name))


def each(value: Callable[[Any], Any]) -> Values:
    """``value`` of each row."""
    return partial(map, value)


def write(
    batches: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    form: Form,
    t: Translator,
    out: BinaryIO,
    progress: Progress = lambda rows: None,
) -> int:
    """Write the rows to `out`; how many there were.

    CSV: UTF-8 with BOM, in the reader's notation. XLSX: texts are texts, amounts numbers, times dates.
    """
    return (_csv if form == "csv" else _xlsx)(batches, columns, t, out, progress)


def _csv(
    batches: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    t: Translator,
    out: BinaryIO,
    progress: Progress,
) -> int:
    decimal = get_decimal_symbol(t.locale)
    delimiter = ";" if decimal == "," else ","
    out.write(b"\xef\xbb\xbf")
    out.write(_csv_lines([[inert(t(column.label)) for column in columns]], delimiter))
    count = 0
    for rows in batches:
        cells = [_csv_cells(column.kind, list(column.values(rows)), decimal) for column in columns]
        out.write(_csv_lines(zip(*cells, strict=True), delimiter))
        count += len(rows)
        progress(count)
    return count


def _csv_lines(rows: Iterable[Iterable[str]], delimiter: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _csv_cells(kind: str, values: list[Any], decimal: str) -> Iterable[str]:
    if kind == "text":
        return _all_inert(values)
    if kind == "amount":
        return _by_value(values, lambda value: "" if value is None else amount_text(value, decimal))
    if kind == "count":
        return _by_value(values, lambda value: "" if value is None else str(value))
    return _by_value(values, lambda value: "" if value is None else str(value.strftime("%Y-%m-%d %H:%M")))


def _by_value(values: Sequence[V], cell: Callable[[V], C]) -> Iterable[C]:
    """``cell`` of each value, worked out once for each different one."""
    known = {value: cell(value) for value in set(values)}
    return map(known.__getitem__, values)


def _all_inert(texts: list[str]) -> Iterable[str]:
    """``inert`` of each text. Most batches have nothing to change, as one search over all of them shows."""
    different = set(texts)
    if not _NOT_INERT.search(_BETWEEN.join(different)):
        return texts
    return _by_value(texts, inert)


def _xlsx(
    batches: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    t: Translator,
    out: BinaryIO,
    progress: Progress,
) -> int:
    with tempfile.TemporaryDirectory() as folder:  # what the library leaves there goes with it
        book = xlsxwriter.Workbook(out, {**_XLSX, "tmpdir": folder})
        try:
            count = _fill(book, batches, columns, t, progress)
        except BaseException:
            for sheet in book.worksheets():
                sheet.row_data_fh.close()
            raise
        try:
            book.close()
        except FileCreateError as error:  # its word for an error of the system, such as a full disk
            raise error.args[0] from None
    return count


def _fill(
    book: Any,
    batches: Iterable[Sequence[Any]],
    columns: Sequence[Column],
    t: Translator,
    progress: Progress,
) -> int:
    bold = book.add_format({"bold": True, "bottom": 1})
    amounts = book.add_format({"num_format": "#,##0.00##"})
    times = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet, count = _new_sheet(book, columns, bold, t), 0
    for rows in batches:
        for cells in zip(*(_xlsx_cells(column, rows) for column in columns), strict=True):
            place = count % SHEET_ROWS + 1
            if place == 1 and count:
                sheet = _new_sheet(book, columns, bold, t)
            count += 1
            for across, value in enumerate(cells):
                if isinstance(value, str):
                    sheet.write_string(place, across, value)
                elif isinstance(value, Decimal):
                    sheet.write_number(place, across, value, amounts)
                elif isinstance(value, datetime):
                    sheet.write_datetime(place, across, value, times)
                elif value is not None:
                    sheet.write_number(place, across, value)
        progress(count)
    return count


def _xlsx_cells(column: Column, rows: Sequence[Any]) -> Iterable[Any]:
    """Texts, amounts as decimals, whole numbers, times; None where a cell stays empty."""
    if column.kind != "amount":
        return column.values(rows)
    return _by_value(list(column.values(rows)), lambda units: None if units is None else from_units(units))


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
