"""A frame as CSV that a spreadsheet opens: no text of it can run as a formula, and no number becomes text."""

import csv
import io
import re
from collections.abc import Mapping

import pandas as pd

# What starts a formula in a spreadsheet, in its full-width forms too, and the blanks that some of them skip first.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A spreadsheet of another country reads the file by another separator: a cell may begin for it after any of these.
_ELSEWHERE = re.compile(r'([;,\t|]"?)(?=[=+@＝＋－＠-])')


def to_csv(
    frame: pd.DataFrame, labels: Mapping[str, str], *, delimiter: str = ";", decimal: str = ","
) -> bytes:
    """The columns named in `labels`, in that order, under those headings; UTF-8 with BOM, lines ended by CR LF.

    Columns called `…_units` are amounts in 1/10000 and stand as numbers with two to four decimals, negative ones too;
    other whole numbers stand as they are; a text that would start a formula gets an apostrophe before it.
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([inert(label) for label in labels.values()])
    columns = [_cells(frame[name], decimal) for name in labels]
    writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode("utf-8-sig")


def _cells(column: pd.Series, decimal: str) -> list[str]:
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
    """A text as no spreadsheet runs it."""
    text = _ELSEWHERE.sub(r"\1'", text.replace("\x00", ""))
    return "'" + text if text.startswith(_FORMULA) else text
