"""The texts from which a settlement file is read: one text, or one for each sheet of a workbook."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.settlements.archive import is_archive
from services.settlements.errors import NotASettlementFile
from services.settlements.text import opened
from services.spreadsheets.errors import NoTable
from services.spreadsheets.texts import Unfolded
from services.spreadsheets.unfold import is_spreadsheet, unfolded
from services.spreadsheets.web import is_web_page


@dataclass(frozen=True, kw_only=True)
class Source:
    """`text`: a delimited text, b"" for a workbook: its visible `sheets` are read, the `hidden` ones are only named."""

    text: Path | bytes
    kind: Literal["text", "sheet"] = "text"
    sheets: tuple[Unfolded, ...] = ()
    hidden: tuple[str, ...] = ()
    looks_like: Literal["text", "spreadsheet", "html"] = "text"  # the tables of a web page count as sheets


@contextmanager
def open_source(file: Path | bytes, folder: Path | None = None) -> Iterator[Source]:
    """Open a file, which can be read several times while the context lasts. ``folder``: where a workbook is unfolded once, as
    for `unfolded`. An untrusted file is opened only in a child (`untrusted_file`).

    Raises NotASettlementFile for a ZIP (its `archive.members` are opened one by one), and SpreadsheetError for XLS, XLSX and
    ODS (services/spreadsheets). `detect_file` finds the faults of the content.
    """
    with opened(file) as stream:
        start = stream.read(1024)
    if is_archive(file):
        raise NotASettlementFile("zip")
    if not is_spreadsheet(start):
        yield Source(text=file)
        return
    page = is_web_page(start)
    with contextlib.ExitStack() as opening:
        try:
            workbook = opening.enter_context(unfolded(file, folder))
        except NoTable:
            raise NotASettlementFile("html") from None
        yield Source(
            text=b"",
            kind="sheet",
            sheets=workbook.sheets,
            hidden=workbook.hidden,
            looks_like="html" if page else "spreadsheet",
        )
