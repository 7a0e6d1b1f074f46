"""Cells that a workbook's reader returns as blank, or as 0, although they are neither: errors, and formulas whose result was
never stored.

They are written as the error's text, or as the formula after a "=" (for an XLS, whose formulas are no text, as "=" alone).
"""

import re
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from services.spreadsheets import faults_xls
from services.spreadsheets.lost import is_error

Cells = dict[int, dict[int, str]]  # by row and column, from 0
_CHUNK = 1 << 20
_MOST_TEXT = 200  # characters of a formula that are shown
_MOST_REPEATED = 1_000
_UNNAMED = "#ERROR!"
_UNWRITTEN = "=…"  # a formula whose text is in another cell
_ROW = re.compile(rb"<((?:[\w.-]{1,40}:)?)row(?=[\s/>])([^<>]*)>")
_ERROR = re.compile(rb"<[^<>]*?t=[\"']e[\"']")  # an attribute contains no "<"
_PLACE = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]*)([0-9]*)[\"']")
_TYPE = re.compile(rb"(?:^|\s)t\s*=\s*[\"']([a-z]+)[\"']", re.IGNORECASE)
_ZERO = re.compile(rb"-?0+(?:\.0*)?")
_ATTRIBUTES = rb"((?>[^<>\"']|\"[^<\"]*\"|'[^<']*')*)"  # an attribute contains no "<"
_TABLE = re.compile(rb"<table:table(?=[\s/>])")
_ODS_ROW = re.compile(rb"<table:table-row(?=[\s/>])%b>" % _ATTRIBUTES)
_ODS_ODD = re.compile(rb"table:formula\s*=|calcext:value-type\s*=\s*[\"']error")
_ODS_CELL = re.compile(rb"<table:(?:covered-)?table-cell(?=[\s/>])%b>" % _ATTRIBUTES)
_ODS_TEXT = re.compile(rb"<text:p(?:\s[^<>]*)?>([^<]*(?:<(?!/?text:p[\s/>])[^<]*)*)</text:p>")
_ODS_VALUES = {"date": b"date-value", "time": b"time-value", "boolean": b"boolean-value"}
_TAG = re.compile(rb"<[^<>]*>")


class Faults:
    """The cells without a value of one workbook, sheet by sheet. `parts`: of an XLSX, the names of its sheets' parts."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._xls: list[Cells] | None = None
        with file.open("rb") as stream:
            if stream.read(2) != b"PK":
                self._xls = faults_xls.find(file.read_bytes())
        self._ods: list[Cells] | None = None
        self.parts: list[str] = []
        self._computed = True
        if self._xls is None:
            with zipfile.ZipFile(file) as archive:
                self._read_parts(archive)

    def of(self, sheet: int) -> Cells:
        """Of the sheet at this place among all, from 0."""
        sheets = self._xls if self._xls is not None else self._ods
        if sheets is not None:
            return sheets[sheet] if sheet < len(sheets) else {}
        if sheet >= len(self.parts) or not self.parts[sheet]:
            return {}
        with zipfile.ZipFile(self._file) as archive:
            return _of_xlsx(_chunks(archive, self.parts[sheet]), computed=self._computed)

    def _read_parts(self, archive: zipfile.ZipFile) -> None:
        names = {name.replace("\\", "/").casefold(): name for name in archive.namelist()}
        if "content.xml" in names:
            self._ods = _of_ods(_chunks(archive, names["content.xml"]))
        elif "xl/workbook.xml" in names and "xl/_rels/workbook.xml.rels" in names:
            try:
                book = ElementTree.fromstring(archive.read(names["xl/workbook.xml"]))  # noqa: S314 (bounded by our process)
                links = ElementTree.fromstring(archive.read(names["xl/_rels/workbook.xml.rels"]))  # noqa: S314
            except ElementTree.ParseError:
                return  # the reader of the workbook will raise
            targets = {link.get("Id"): link.get("Target", "") for link in links}
            for sheet in (one for one in book.iter() if _local(one.tag) == "sheet"):
                linked = next((sheet.attrib[name] for name in sheet.attrib if _local(name) == "id"), None)
                target = targets.get(linked, "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                self.parts.append(names.get(path.casefold(), ""))
            # A program that writes formulas without computing them marks the workbook so, and writes 0 as their results.
            self._computed = not any(
                one.get("fullCalcOnLoad") in ("1", "true")
                for one in book.iter()
                if _local(one.tag) == "calcPr"
            )


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _pieces(chunks: Iterator[bytes], row: "re.Pattern[bytes]") -> Iterator[tuple[bytes, list[int]]]:
    """Texts that end where a row does, and where in each its rows begin."""
    left, more = b"", list[bytes]()
    for chunk in chunks:
        more.append(chunk)
        if sum(map(len, more)) < len(left):
            continue  # a row without end is searched again once it is twice as long
        left, more = b"".join((left, *more)), []
        starts = [found.start() for found in row.finditer(left)]
        if len(starts) > 1:
            yield left[: starts[-1]], starts[:-1]
            left = left[starts[-1] :]
    left = b"".join((left, *more))
    yield left, [found.start() for found in row.finditer(left)]


def _of_xlsx(chunks: Iterator[bytes], *, computed: bool) -> Cells:
    found: Cells = {}
    number = -1
    for text, starts in _pieces(chunks, _ROW):
        for start, end in pairwise((*starts, len(text))):
            tag = _ROW.match(text, start)
            assert tag is not None
            named = _place(tag[2])[1]
            number = number + 1 if named is None else named
            cells = _of_xlsx_row(text[tag.end() : end], _elements(tag[1]), computed=computed)
            if cells:
                found[number] = cells
    return found


class _Elements(NamedTuple):
    """Patterns for the elements of a sheet; an element's name may have a prefix."""

    begun: "re.Pattern[bytes]"  # a formula
    cell: "re.Pattern[bytes]"
    formula: "re.Pattern[bytes]"
    value: "re.Pattern[bytes]"


@lru_cache(maxsize=8)
def _elements(prefix: bytes) -> _Elements:
    def whole(name: bytes, caught: bytes) -> "re.Pattern[bytes]":
        name = re.escape(prefix) + name
        within = rb"[^<]*(?:<(?!%b[\s/>])[^<]*)*?" % name  # none of its own kind: one left open ends there
        return re.compile(rb"<%b%b(?:/>|>(%b)</%b>)" % (name, caught, within, name))

    return _Elements(
        re.compile(rb"<%bf[\s/>]" % re.escape(prefix)),
        whole(b"c", rb"((?:\s[^<>]*?)?)"),
        whole(b"f", rb"(?:\s[^<>]*?)?"),
        whole(b"v", rb"(?:\s[^<>]*?)?"),
    )


def _of_xlsx_row(text: bytes, elements: _Elements, *, computed: bool) -> dict[int, str]:
    # A formula follows its cell's tag directly; an error's type is within the tag.
    starts = {text.rfind(b"<", 0, one.start()) for one in elements.begun.finditer(text)}
    starts |= {one.start() for one in _ERROR.finditer(text)}
    found: dict[int, str] = {}
    counted: dict[int, int] = {}
    for start in sorted(starts):
        cell = elements.cell.match(text, max(start, 0))
        if cell is None:
            continue
        fault = _of_xlsx_cell(cell[1], cell[2] or b"", elements, computed=computed)
        if fault:
            column = _place(cell[1])[0]
            if column is None:
                counted = counted or _counted(text, elements)
                column = counted.get(cell.start(), 0)
            found[column] = fault
    return found


def _of_xlsx_cell(attributes: bytes, content: bytes, elements: _Elements, *, computed: bool) -> str:
    kind, formula, value = (
        _TYPE.search(attributes),
        elements.formula.search(content),
        elements.value.search(content),
    )
    shown = (value[1] or b"").strip() if value else b""
    if kind and kind[1] == b"e":
        return _text(shown) or _UNNAMED
    empty = not shown and not (value and kind and kind[1] == b"str")  # the result may be an empty text
    if formula and (empty or (not computed and _ZERO.fullmatch(shown))):
        words = _text(formula[1] or b"")
        return f"={words}" if words else _UNWRITTEN
    return ""


def _counted(text: bytes, elements: _Elements) -> dict[int, int]:
    """The column of each cell, by where the cell begins: one that names no column follows the cell before it."""
    column, found = -1, {}
    for cell in elements.cell.finditer(text):
        named = _place(cell[1])[0]
        column = column + 1 if named is None else named
        found[cell.start()] = column
    return found


def _place(attributes: bytes) -> tuple[int | None, int | None]:
    """The column and the row, from 0, that a cell or a row names; None where it names none."""
    named = _PLACE.search(attributes)
    if not named:
        return None, None
    column = 0
    for letter in named[1].upper():
        column = column * 26 + letter - 64
    return column - 1 if named[1] else None, int(named[2]) - 1 if named[2] else None


def _of_ods(chunks: Iterator[bytes]) -> list[Cells]:
    sheets: list[Cells] = []
    number = 0
    for text, starts in _pieces(chunks, _ODS_ROW):
        for start, end in pairwise((0, *starts, len(text))):
            row, ended, after = text[start:end].partition(b"</table:table-row>")
            tag = _ODS_ROW.match(row)
            if tag is not None:
                times = _repeated(tag[1], b"rows")
                if _ODS_ODD.search(row) and sheets:
                    cells = _of_ods_row(row)
                    for again in range(min(times, _MOST_REPEATED)) if cells else ():
                        sheets[-1][number + again] = cells
                number += times
            for _ in _TABLE.finditer(after if ended else row):
                sheets.append({})
                number = 0
    return sheets


def _of_ods_row(text: bytes) -> dict[int, str]:
    found: dict[int, str] = {}
    column = 0
    cells = list(_ODS_CELL.finditer(text))
    for cell, end in zip(cells, [*(one.start() for one in cells[1:]), len(text)], strict=True):
        times, fault = _repeated(cell[1], b"columns"), _of_ods_cell(cell[1], text[cell.end() : end])
        if fault:
            found |= dict.fromkeys(range(column, column + min(times, _MOST_REPEATED)), fault)
        column += times
    return found


def _of_ods_cell(attributes: bytes, content: bytes) -> str:
    formula = _attribute(attributes, b"table:formula")
    wrong = _attribute(attributes, b"calcext:value-type") == "error"
    if formula is None and not wrong:
        return ""
    shown = [_text(_TAG.sub(b"", text[1])) for text in _ODS_TEXT.finditer(content)]
    error = next((text for text in shown if is_error(text)), "")
    if error or wrong:
        return error or _UNNAMED
    kind = _attribute(attributes, b"office:value-type")
    value = _attribute(attributes, b"office:" + _ODS_VALUES.get(kind or "", b"value"))
    if kind is None or (kind != "string" and not value):
        return f"={(formula or '').partition('=')[2]}"
    return ""


def _repeated(attributes: bytes, what: bytes) -> int:
    count = _attribute(attributes, b"table:number-%b-repeated" % what)
    return int(count) if count and count.isdigit() else 1


def _attribute(attributes: bytes, name: bytes) -> str | None:
    found = re.search(rb"(?:^|\s)%b\s*=\s*(?:\"([^\"]*)\"|'([^']*)')" % re.escape(name), attributes)
    return None if found is None else _text(found[1] if found[1] is not None else found[2])


def _text(xml: bytes) -> str:
    return unescape(xml.decode(errors="replace")).strip()[:_MOST_TEXT]
