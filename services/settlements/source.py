"""What a settlement file is read from: a text, the table of a spreadsheet, or several of either in a ZIP."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Source:
    """`text`: a delimited text, of a spreadsheet the table of its first visible sheet that has the header (`sheet`)."""

    text: Path | bytes
    kind: Literal["text", "sheet"] = "text"
    sheet: str = ""


@dataclass(frozen=True)
class Member:
    """One file to read. `name` is for the eye, never a path; `path` is where its bytes lie."""

    name: str
    path: Path


@contextmanager
def members(path: Path, name: str) -> Iterator[tuple[Member, ...]]:
    """The files of a ZIP, unpacked for as long as the context lasts; any other file alone.

    Raises SettlementFileError for what is no harmless ZIP. Each member is opened, detected and refused on its own.
    """
    yield (Member(name, path),)


@contextmanager
def open_source(file: Path | bytes) -> Iterator[Source]:
    """A file ready to be read, as often as needed while the context lasts.

    Raises SettlementFileError, and SpreadsheetError (services/spreadsheets) for XLS, XLSX and ODS.
    """
    yield Source(file)
