"""XLSX, XLS and ODS, opened in a bounded process of their own: a bomb ends there, and nothing else notices."""

import json
import subprocess
import sys
from dataclasses import dataclass

from services.batches.errors import (
    SheetLocked,
    SheetTooHeavy,
    SheetTooLong,
    SheetUnreadable,
    TableError,
)
from services.batches.spreadsheet_child import MOST_ROWS
from services.settings import ROOT

SECONDS = 18  # the whole refusal stays under twenty
_REFUSED: dict[str, TableError] = {
    "heavy": SheetTooHeavy(), "long": SheetTooLong(MOST_ROWS), "locked": SheetLocked(), "unreadable": SheetUnreadable(),
}  # fmt: skip


@dataclass(frozen=True)
class SheetRow:
    """``number``: as the spreadsheet counts, from 1. ``typed``: the places of cells that are numbers or dates there."""

    number: int
    cells: tuple[str, ...]
    typed: frozenset[int]


def is_spreadsheet(raw: bytes) -> bool:
    return raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))


def rows(raw: bytes) -> list[SheetRow]:
    """The rows of the first visible sheet that has any.

    Raises SheetTooHeavy, SheetTooLong, SheetLocked, SheetUnreadable.
    """
    command = [sys.executable, "-m", "services.batches.spreadsheet_child"]
    try:
        done = subprocess.run(
            command, cwd=ROOT, input=raw, capture_output=True, timeout=SECONDS, check=False, start_new_session=True,
            env={},  # what reads a stranger's file has no business with our passwords
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SheetTooHeavy from None
    lines = done.stdout.splitlines()
    head = json.loads(lines[0]) if lines else {}
    if "refused" in head:
        raise _REFUSED[head["refused"]]
    # It was ended by its bounds (a signal, or the allocator's abort), or the reader failed on what it was given.
    if done.returncode < 0 or (done.returncode == 1 and b"MemoryError" in done.stderr):
        raise SheetTooHeavy
    if done.returncode or "rows" not in head or len(lines) != head["rows"] + 1:
        raise SheetUnreadable
    return [_row(json.loads(line)) for line in lines[1:]]


def _row(parsed: list[object]) -> SheetRow:
    number, cells = parsed
    assert isinstance(number, int)
    assert isinstance(cells, list)
    typed = frozenset(place for place, cell in enumerate(cells) if isinstance(cell, list))
    return SheetRow(number, tuple(cell[0] if isinstance(cell, list) else cell for cell in cells), typed)
