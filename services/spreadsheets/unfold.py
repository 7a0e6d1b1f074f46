"""A workbook unfolded to delimited texts, one for each sheet, once for as long as its folder exists."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from services.parsing import results
from services.spreadsheets.web import is_web_page

if TYPE_CHECKING:
    from services.spreadsheets.texts import Workbook

_INDEX = "workbook"


@contextmanager
def unfolded(file: Path | bytes, folder: Path | None = None) -> "Iterator[Workbook]":
    """The sheets of a workbook. With a ``folder`` (which is made if there is none) they stay in it, and are found there the
    next time; without one they are removed with the context. In a bounded child only (`services.parsing`).

    Raises SheetTooHeavy, SheetLocked, SheetUnreadable, and NoTable for a web page that has none.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="sheets-") as name:
            yield _unfolded(file, Path(name))
    else:
        folder.mkdir(exist_ok=True)
        yield _stored(folder) or _store(file, folder)


def _stored(folder: Path) -> "Workbook | None":
    """The workbook as another child has unfolded it before."""
    whole = folder / "whole"
    try:
        workbook: Workbook = results.unpack((whole / _INDEX).read_bytes())
    except FileNotFoundError:
        return None
    return replace(
        workbook, sheets=tuple(replace(sheet, text=whole / sheet.text.name) for sheet in workbook.sheets)
    )


def _store(file: Path | bytes, folder: Path) -> "Workbook":
    """Unfold the workbook into a temporary folder, and rename that once it is complete: two children may do so at once, and
    each may be killed."""
    part = Path(tempfile.mkdtemp(dir=folder))
    workbook = _unfolded(file, part)
    (part / _INDEX).write_bytes(results.pack(workbook))
    try:
        os.rename(part, folder / "whole")
    except OSError:  # another was faster
        shutil.rmtree(part, ignore_errors=True)
    return _stored(folder) or workbook


def _unfolded(file: Path | bytes, folder: Path) -> "Workbook":
    if isinstance(file, bytes):
        (folder / "given").write_bytes(file)
        file = folder / "given"
    from services.spreadsheets.texts import write_texts  # not above: only a child opens a workbook

    return write_texts(file, folder)


def is_spreadsheet(start: bytes) -> bool:
    """Whether a file's first bytes (a thousand are enough) are those of an XLSX or ODS (or another ZIP), of an XLS, or of a
    web page, which many programs write and call so."""
    return start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")) or is_web_page(start)
