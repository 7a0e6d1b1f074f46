"""The tables of a file that contain its lines: the one table of a text, or the sheets of a workbook that have the columns."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from services.settlements.codes import EvidenceCode
from services.settlements.errors import EmptyFile, MissingColumns, NotASettlementFile
from services.settlements.sheet import HEAD_CHARACTERS, Layout, find_layout
from services.settlements.source import Source
from services.settlements.text import LEGACY, encodings, head
from services.spreadsheets import marks
from services.spreadsheets.texts import Unfolded


class Sheet(NamedTuple):
    """A sheet that is read. `above`: how many rows of the file come before its first row."""

    name: str
    header_line: int
    above: int


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows under one header. `sheet`: its name, "" of a text; `above` as in Sheet: rows are numbered over the file."""

    sheet: str
    text: Path | bytes
    layout: Layout
    above: int = 0
    typed: bool = False  # its cells have marks (services/spreadsheets/marks.py)


@dataclass(frozen=True)
class Found:
    """`left_out`: sheets that are not read, since they have not the columns or were not chosen; empty sheets are not named.

    `by_encoding`: why this encoding was chosen, a code of words.EVIDENCE.
    """

    tables: tuple[Table, ...]
    left_out: tuple[str, ...]
    by_encoding: EvidenceCode


def place(line: int, sheets: Sequence[Sheet]) -> tuple[str, int]:
    """(sheet, row in it) of a row that is numbered over the file; "" for the sheet if the file has only one table."""
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
    """Find the tables of a file. Each argument that is not None is a person's choice; `columns`: for a name of the file the
    canonical column.

    Raises NotASettlementFile if nothing names a few of the columns, MissingColumns if required columns are not named,
    SheetTooLong, and as `text.encodings` does.
    """
    if source.kind == "sheet":
        return _of_workbook(source, header_line, columns, sheets)
    possible = encodings(source.text)  # also refuses other types of file, whatever was chosen
    if encoding:
        possible = (encoding,)
    # Of several encodings that fit the bytes, the one in which most columns have their name.
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
    why: EvidenceCode = "chosen" if encoding else ("legacy" if possible == LEGACY else "bytes")
    return Found((Table(sheet="", text=source.text, layout=best),), (), why)


def tables_of(
    source: Source,
    *,
    encoding: str,
    delimiter: str,
    header_line: int,
    columns: Mapping[str, str],
    sheets: Sequence[Sheet],
) -> tuple[Table, ...]:
    """The tables of a file that `find_tables` has found before. Raises as it does."""
    if source.kind == "sheet":
        texts = {one.name: one for one in source.sheets}
        return tuple(
            _table(texts[name], line, columns, above) for name, line, above in sheets if name in texts
        )
    text = head(source.text, encoding, HEAD_CHARACTERS)
    layout = find_layout(text, encoding, delimiter, header_line, columns)
    return (Table(sheet="", text=source.text, layout=layout),)


def _of_workbook(
    source: Source, header_line: int | None, columns: Mapping[str, str] | None, chosen: Sequence[str] | None
) -> Found:
    """Every visible sheet that has the columns. A chosen header line applies to each sheet that has a header on it: to at
    least one sheet."""
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
    return Table(sheet=sheet.name, text=sheet.whole(), layout=layout, above=above, typed=True)
