"""What a settlement file is read from: a text, or the table of a spreadsheet unfolded to text."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from services.settlements.archive import is_archive
from services.settlements.errors import EmptyFile, MissingColumns, NotASettlementFile
from services.settlements.sheet import HEAD_CHARACTERS, find_layout
from services.settlements.text import head, opened
from services.spreadsheets import marks
from services.spreadsheets.unfold import Unfolded, is_spreadsheet, unfolded


@dataclass(frozen=True)
class Source:
    """`text`: a delimited text, of a spreadsheet the table of its first visible sheet that has the header (`sheet`)."""

    text: Path | bytes
    kind: Literal["text", "sheet"] = "text"
    sheet: str = ""


@contextmanager
def open_source(file: Path | bytes) -> Iterator[Source]:
    """A file ready to be read, as often as needed while the context lasts.

    Raises NotASettlementFile for a ZIP (its `archive.members` are opened one by one), and for XLS, XLSX and ODS also
    MissingColumns and SpreadsheetError (services/spreadsheets). What is wrong with a text is found by `detect_file`.
    """
    with opened(file) as stream:
        start = stream.read(8)
    if is_archive(file):
        raise NotASettlementFile("zip")
    if not is_spreadsheet(start):
        yield Source(file)
        return
    with unfolded(file) as sheets:
        sheet = _with_header(sheets)
        yield Source(sheet.whole(), "sheet", sheet.name)


def _with_header(sheets: tuple[Unfolded, ...]) -> Unfolded:
    nearest: MissingColumns | None = None
    empty = True
    for sheet in sheets:
        try:
            find_layout(head(sheet.text, "utf-8", HEAD_CHARACTERS), "utf-8", marks.DELIMITER)
        except EmptyFile:
            continue
        except NotASettlementFile:
            empty = False
        except MissingColumns as error:
            nearest = nearest or error
        else:
            return sheet
    raise nearest or (EmptyFile() if empty else NotASettlementFile("spreadsheet"))
