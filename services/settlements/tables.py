"""Where a file's lines stand: in the one table of a text, or in those sheets of a workbook that have the columns."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from services.settlements.errors import EmptyFile, MissingColumns, NotASettlementFile
from services.settlements.sheet import HEAD_CHARACTERS, Layout, find_layout
from services.settlements.source import Source
from services.settlements.text import LEGACY, encodings, head
from services.spreadsheets import marks
from services.spreadsheets.texts import Unfolded


class Sheet(NamedTuple):
    """A sheet that is read. `above`: how many rows of the file stand before its first."""

    name: str
    header_line: int
    above: int


@dataclass(frozen=True)
class Table:
    """Rows under one header. `sheet`: its name, "" of a text; `above` as in Sheet: rows are numbered over the file."""

    sheet: str
    text: Path | bytes
    layout: Layout
    above: int = 0
    typed: bool = False  # its cells carry marks (services/spreadsheets)


@dataclass(frozen=True)
class Found:
    """`left_out`: sheets that are not read, since they have not the columns or were not chosen; empty ones are no matter.

    `by_encoding`: why the encoding was taken, a code of words.EVIDENCE.
    """

    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    by_encoding: str


def place(line: int, sheets: Sequence[Sheet]) -> tuple[str, int]:
    """(sheet, row in it) of a row that is numbered over the file; no sheet is named where the file has but one table."""
    if len(sheets) < 2:
        return "", line
    sheet = sheets[max(bisect_left([one.above for one in sheets], line) - 1, 0)]
    return sheet.name, line - sheet.above


def find_tables(
    source: Source,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_line: int | None = None,
    columns: Mapping[str, str] | None = None,
    sheets: Sequence[str] | None = None,
) -> Found:
    """The tables of a file, as far as nothing is said of them; `columns`: what a name of the file stands for.

    Raises NotASettlementFile where nothing names a few of the columns, MissingColumns where some without which nothing
    counts are not named, SheetTooLong, and as `text.encodings`.
    """
    if source.kind == "sheet":
        return _of_workbook(source, header_line, columns, sheets)
    possible = encodings(source.text)  # also refuses other types of file, whatever was chosen
    if encoding:
        possible = (encoding,)
    # Among encodings that bytes cannot tell apart, the one in which most columns have their name.
    best: Layout | None = None
    refusal: NotASettlementFile | MissingColumns | None = None
    for one in possible:
        try:
            found = find_layout(head(source.text, one, HEAD_CHARACTERS), one, delimiter, header_line, columns)
        except (NotASettlementFile, MissingColumns) as error:
            refusal = refusal or error
            continue
        if best is None or found.header.named > best.header.named:
            best = found
    if best is None:
        raise refusal or NotASettlementFile("text")
    why = "chosen" if encoding else ("legacy" if possible == LEGACY else "bytes")
    return Found((Table("", source.text, best),), (), why)


def tables_of(
    source: Source,
    *,
    encoding: str,
    delimiter: str,
    header_line: int,
    columns: Mapping[str, str],
    sheets: Sequence[Sheet],
) -> tuple[Table, ...]:
    """The tables of a file of which `find_tables` has been asked before. Raises as it does."""
    if source.kind == "sheet":
        texts = {one.name: one for one in source.sheets}
        return tuple(
            _table(texts[name], line, columns, above) for name, line, above in sheets if name in texts
        )
    text = head(source.text, encoding, HEAD_CHARACTERS)
    return (Table("", source.text, find_layout(text, encoding, delimiter, header_line, columns)),)


def _of_workbook(
    source: Source, header_line: int | None, columns: Mapping[str, str] | None, chosen: Sequence[str] | None
) -> Found:
    """Every visible sheet that has the columns. A line of the header that is said holds where one stands there: in one
    sheet at least."""
    tables: list[Table] = []
    left_out: list[str] = []
    refusal: NotASettlementFile | MissingColumns | None = None
    above = 0
    for sheet in source.sheets:
        if chosen is not None and sheet.name not in chosen:
            left_out.append(sheet.name)
            continue
        try:
            try:
                table = _table(sheet, header_line, columns, above)
            except NotASettlementFile:
                if header_line is None:
                    raise
                table = _table(sheet, None, columns, above)
        except EmptyFile:
            continue
        except (NotASettlementFile, MissingColumns) as error:
            left_out.append(sheet.name)
            if not isinstance(refusal, MissingColumns):
                refusal = error if refusal is None or isinstance(error, MissingColumns) else refusal
        else:
            tables.append(table)
            above += sheet.rows
    if tables and header_line is not None and all(one.layout.header.line != header_line for one in tables):
        raise NotASettlementFile("spreadsheet")
    if not tables:
        if isinstance(refusal, NotASettlementFile):
            raise NotASettlementFile(source.looks_like)
        raise refusal or (NotASettlementFile(source.looks_like) if left_out else EmptyFile())
    return Found(tuple(tables), tuple(left_out), "sheet")


def _table(sheet: Unfolded, line: int | None, columns: Mapping[str, str] | None, above: int) -> Table:
    text = head(sheet.text, "utf-8", HEAD_CHARACTERS)
    try:
        layout = find_layout(text, "utf-8", marks.DELIMITER, line, columns)
    except NotASettlementFile:
        raise NotASettlementFile("spreadsheet") from None
    return Table(sheet.name, sheet.whole(), layout, above, typed=True)
