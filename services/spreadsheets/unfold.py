"""A spreadsheet to texts, by a process that cannot hurt us."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.settings import ROOT
from services.spreadsheets.child import MOST_ROWS
from services.spreadsheets.errors import (
    NoTable,
    SheetLocked,
    SheetTooHeavy,
    SheetTooLong,
    SheetUnreadable,
    SpreadsheetError,
)
from services.spreadsheets.web import is_web_page

SECONDS = 18  # the whole refusal stays under twenty
_REFUSED: dict[str, type[SpreadsheetError]] = {
    "heavy": SheetTooHeavy, "locked": SheetLocked, "unreadable": SheetUnreadable, "no_table": NoTable,
}  # fmt: skip


@dataclass(frozen=True)
class Unfolded:
    """One visible sheet: `text` as `child` and `marks` say, so many `rows`, of a `long` one only the first."""

    name: str
    text: Path
    long: bool
    rows: int

    def whole(self) -> Path:
        """The text of all its rows. Raises SheetTooLong."""
        if self.long:
            raise SheetTooLong(MOST_ROWS)
        return self.text


@dataclass(frozen=True)
class Workbook:
    """Its visible `sheets` in their order, and the names of the `hidden` ones."""

    sheets: tuple[Unfolded, ...]
    hidden: tuple[str, ...]


@contextmanager
def unfolded(file: Path | bytes) -> Iterator[Workbook]:
    """The sheets of a workbook, for as long as the context lasts.

    Raises SheetTooHeavy, SheetLocked, SheetUnreadable, and NoTable for a web page that has none.
    """
    with tempfile.TemporaryDirectory(prefix="sheets-") as name:
        folder = Path(name)
        if isinstance(file, bytes):
            (folder / "workbook").write_bytes(file)
            file = folder / "workbook"
        yield _workbook(file.absolute(), folder)


def _workbook(file: Path, folder: Path) -> Workbook:
    command = [sys.executable, "-m", "services.spreadsheets.child", str(file), str(folder)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False,
            start_new_session=True,
            env={},  # what reads a stranger's file has no business with our passwords
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SheetTooHeavy from None
    said = json.loads(done.stdout) if done.stdout.endswith(b"\n") else {}
    if "refused" in said:
        raise _REFUSED[said["refused"]]
    # It was ended by its bounds (a signal, or the allocator's abort), or the reader failed on what it was given.
    if done.returncode < 0 or (done.returncode == 1 and b"MemoryError" in done.stderr):
        raise SheetTooHeavy
    if done.returncode or "sheets" not in said:
        raise SheetUnreadable
    sheets = tuple(
        Unfolded(sheet["name"], folder / str(place), sheet["long"], sheet["rows"])
        for place, sheet in enumerate(said["sheets"])
    )
    return Workbook(sheets, tuple(said["hidden"]))


def is_spreadsheet(start: bytes) -> bool:
    """Whether a file's first bytes (a thousand are enough) are those of an XLSX or ODS (or another ZIP), of an XLS, or of a
    web page, which many programs write and call so."""
    return start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or is_web_page(start)
