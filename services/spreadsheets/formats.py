"""Signs of currencies that a workbook shows by the format of a cell, while the cell itself is a number.

If a person types $12.50 into a spreadsheet, the cell is the number 12.5 in such a format. Only formats of an XLSX whose cells
name their place are read (every program writes the place). A format whose sign depends on the country where the file is
opened names no currency.
"""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

Signs = dict[int, dict[int, str]]  # by row and column, from 0
_CHUNK = 1 << 20
_STYLES = "xl/styles.xml"
_LONGEST = 255  # of a format that a spreadsheet takes
_NAMED = re.compile(r"\[\$([^\]-]+)(?:-[^\]]*)?\]")  # [$€-40C]
_WRITTEN = re.compile(r'"([^"]*)"|\\(.)|([$€£¥])')  # "€", \€, $
_PLACE = re.compile(rb"(?:^|\s)r=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


class Formats:
    """Of one workbook, sheet by sheet. `parts`: the names of its sheets' parts, by their place among all."""

    def __init__(self, file: Path, parts: Sequence[str]) -> None:
        self._file, self._parts = file, parts
        self._signs: dict[str, str] = {}  # by the number of a cell's style
        if any(parts):
            with zipfile.ZipFile(file) as archive:
                if _STYLES in archive.namelist():
                    self._signs = _of_styles(archive.read(_STYLES))

    def of(self, sheet: int) -> Signs:
        if not self._signs or sheet >= len(self._parts) or not self._parts[sheet]:
            return {}
        found: Signs = {}
        with zipfile.ZipFile(self._file) as archive, archive.open(self._parts[sheet]) as stream:
            for row, column, style in _cells(iter(lambda: stream.read(_CHUNK), b""), self._signs):
                found.setdefault(row, {})[column] = self._signs[style]
        return found


def sign_of(code: str) -> str:
    """The sign or code of a currency that a number format shows, "" for none."""
    from services import money
    from services.text import currency_signs  # most workbooks need neither

    first = code[:_LONGEST].split(";", maxsplit=1)[0]
    named = _NAMED.search(first)
    sign = named[1] if named else "".join("".join(one) for one in _WRITTEN.findall(first))
    sign = sign.strip()
    return sign if currency_signs.meanings(sign) & money.CURRENCIES else ""


def _of_styles(xml: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 (bounded by our process)
    except ElementTree.ParseError:
        return {}  # the reader of the workbook will raise
    codes = {
        one.get("numFmtId"): one.get("formatCode", "")
        for one in root.iter()
        if _local(one.tag) == "numFmt" and re.search(r"[$€£¥\"\\]", one.get("formatCode", ""))
    }
    found: dict[str, str] = {}
    for styles in (one for one in root.iter() if _local(one.tag) == "cellXfs"):
        for place, style in enumerate(styles):
            if sign := sign_of(codes.get(style.get("numFmtId"), "")):
                found[str(place)] = sign
    return found


def _cells(chunks: Iterator[bytes], styles: Iterable[str]) -> Iterator[tuple[int, int, str]]:
    """(row, column, style) of each cell of these styles."""
    numbers = "|".join(map(re.escape, styles)).encode()
    tag = re.compile(rb"<(?:[\w.-]{1,40}:)?c(?=\s([^<>]*)>)[^<>]*?(?<=\s)s=[\"'](%b)[\"']" % numbers)
    left = b""
    for chunk in chunks:
        left += chunk
        cut = left.rfind(b"<")
        for cell in tag.finditer(left[:cut]):
            place = _PLACE.search(cell[1])
            if place:
                yield int(place[2]) - 1, _column(place[1]), cell[2].decode()
        left = left[cut:]


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return column - 1


def _local(name: str) -> str:
    return name.rsplit("}", 1)[-1]
