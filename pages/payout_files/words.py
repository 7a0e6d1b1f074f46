"""The labels of a payout file's reading: the options of each choice, and the row and sheet of a line."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.i18n import Translator
from services.settlements.codes import EvidenceChoice
from services.settlements.tables import Sheet, place

AUTOMATIC = ""
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)", "utf-8-sig": "Unicode (UTF-8 with a mark)", "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16, little-endian)", "utf-16-be": "Unicode (UTF-16, big-endian)", "utf-32": "Unicode (UTF-32)",
    "cp1252": "Western Europe, Windows (1252)", "iso-8859-15": "Western Europe, ISO (8859-15)",
    "cp1250": "Central Europe, Windows (1250)", "mac_roman": "Western Europe, Mac (Roman)",
    "cp850": "Western Europe, DOS (850)",
}  # fmt: skip
CHOICES: dict[EvidenceChoice, tuple[str, dict[str, str]]] = {
    "decimal": ("Decimal sign", {",": "comma: 1234,56", ".": "point: 1234.56"}),
    "date": ("Dates", {"iso": "year first: 2026-11-24", "dmy": "day first: 24/11/2026", "mdy": "month first: 11/24/2026"}),
    "debits": (
        "Fees and refunds",
        {"negative": "have a minus sign", "positive": "have no sign and are subtracted", "inverted": "are positive, sales negative"},
    ),
    "delimiter": ("Column separator", {";": "semicolon ;", ",": "comma ,", "\t": "tab", "|": "bar |"}),
    "encoding": ("Encoding", ENCODINGS),
    "quotes": ("Quoted cells over several lines", {"text": "are one cell with a long text", "rows": "hide rows: the quotation marks are strays"}),
}  # fmt: skip


def sheets_of(reading: Mapping[str, Any]) -> tuple[Sheet, ...]:
    """The sheets that were read, as they are stored with a file."""
    return tuple(Sheet(*one) for one in reading.get("sheets", ()))


def where(line: int, sheets: Sequence[Sheet], t: Translator) -> str:
    """The line of the file; in a workbook of several sheets, the row and its sheet."""
    sheet, row = place(line, sheets)
    return t("{row}, sheet {sheet}", row=row, sheet=sheet) if sheet else str(row)
