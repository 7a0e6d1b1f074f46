"""A workbook unfolded to texts, once for as long as its folder stands."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from services.parsing import results
from services.spreadsheets.texts import Workbook, write_texts
from services.spreadsheets.web import is_web_page

_INDEX = "workbook"


@contextmanager
def unfolded(file: Path | bytes, folder: Path | None = None) -> Iterator[Workbook]:
    """The sheets of a workbook. With a ``folder`` (made where it is not there) they stay in it, and are found there the next
    time; else they are gone with the context. In a bounded child only (`services.parsing`).

    Raises SheetTooHeavy, SheetLocked, SheetUnreadable, and NoTable for a web page that has none.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="sheets-") as name:
            yield _unfolded(file, Path(name))
    else:
        folder.mkdir(exist_ok=True)
        yield _kept(folder) or _keep(file, folder)


def _kept(folder: Path) -> Workbook | None:
    """What a child has unfolded before."""
    whole = folder / "whole"
    try:
        workbook: Workbook = results.unpack((whole / _INDEX).read_bytes())
    except FileNotFoundError:
        return None
    return replace(
        workbook, sheets=tuple(replace(sheet, text=whole / sheet.text.name) for sheet in workbook.sheets)
    )


def _keep(file: Path | bytes, folder: Path) -> Workbook:
    """Unfolded beside, and put in its place when it is whole: two may do so at once, and either may be killed."""
    part = Path(tempfile.mkdtemp(dir=folder))
    workbook = _unfolded(file, part)
    (part / _INDEX).write_bytes(results.pack(workbook))
    try:
        os.rename(part, folder / "whole")
    except OSError:  # another was faster
        shutil.rmtree(part, ignore_errors=True)
    return _kept(folder) or workbook


def _unfolded(file: Path | bytes, folder: Path) -> Workbook:
    if isinstance(file, bytes):
        (folder / "given").write_bytes(file)
        file = folder / "given"
    return write_texts(file, folder)


def is_spreadsheet(start: bytes) -> bool:
    """Whether a file's first bytes (a thousand are enough) are those of an XLSX or ODS (or another ZIP), of an XLS, or of a
    web page, which many programs write and call so."""
    return start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or is_web_page(start)
