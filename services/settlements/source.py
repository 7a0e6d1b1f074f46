"""What a settlement file is read from: a text, or the sheets of a workbook, each unfolded to one."""

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


@dataclass(frozen=True)
class Source:
    """`text`: a delimited text, b"" where it is a workbook: its visible `sheets` are read, the `hidden` ones are named."""

    text: Path | bytes
    kind: Literal["text", "sheet"] = "text"
    sheets: tuple[Unfolded, ...] = ()
    hidden: tuple[str, ...] = ()
    looks_like: Literal["text", "spreadsheet", "html"] = "text"  # a web page's tables are sheets, too


@contextmanager
def open_source(file: Path | bytes, folder: Path | None = None) -> Iterator[Source]:
    """A file ready to be read, as often as needed while the context lasts. ``folder``: where a workbook is unfolded once, as
    `unfolded` says. Whatever is not ours to read is opened in a child (`given`).

    Raises NotASettlementFile for a ZIP (its `archive.members` are opened one by one), and for XLS, XLSX and ODS
    SpreadsheetError (services/spreadsheets). What is wrong with what stands in it is found by `detect_file`.
    """
    with opened(file) as stream:
        start = stream.read(1024)
    if is_archive(file):
        raise NotASettlementFile("zip")
    if not is_spreadsheet(start):
        yield Source(file)
        return
    page = is_web_page(start)
    with contextlib.ExitStack() as opening:
        try:
            workbook = opening.enter_context(unfolded(file, folder))
        except NoTable:
            raise NotASettlementFile("html") from None
        yield Source(b"", "sheet", workbook.sheets, workbook.hidden, "html" if page else "spreadsheet")
