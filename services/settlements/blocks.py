"""A settlement file to blocks of lines."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from services.settlements.dialect import Chosen, Dialect, analyse
from services.settlements.read import DamagedCell, read
from services.settlements.sheet import AsideRow, Header
from services.settlements.source import Source


@dataclass(frozen=True)
class Detection:
    """`lines`: rows below the header that are not blank, those to be set aside included. `accounts`: each different
    cell of the Account column (at most 1,000), with how many rows have it."""

    dialect: Dialect
    header: Header
    lines: int
    accounts: dict[str, int]


@dataclass(frozen=True)
class Block:
    """Some consecutive rows of a file. `lines` as SettlementFile.lines, its index 0…n-1; `aside` and `damaged` those
    found among the same rows. `bytes_done`: how much of the text (UTF-8) has been read, for the progress."""

    lines: pd.DataFrame
    aside: tuple[AsideRow, ...]
    damaged: tuple[DamagedCell, ...]
    bytes_done: int


def detect_file(source: Source, chosen: Chosen | None = None) -> Detection:
    """How the whole file is written, in one pass over it. Raises the errors of errors.py but UndecidedReading."""
    raw = source.text if isinstance(source.text, bytes) else source.text.read_bytes()
    dialect, sheet = analyse(raw, chosen or Chosen())
    accounts = sheet.cells["account"].value_counts() if "account" in sheet.cells else {}
    return Detection(
        dialect, sheet.header, len(sheet.cells), {str(k): int(v) for k, v in dict(accounts).items()}
    )


def read_blocks(source: Source, dialect: Dialect, *, rows: int = 50_000) -> Iterator[Block]:
    """The lines in the file's order, at most `rows` at a time; the same blocks whenever it is read again.

    Raises UndecidedReading before the first block. Every other refusal of errors.py that concerns the whole file has
    been raised by `detect_file`.
    """
    raw = source.text if isinstance(source.text, bytes) else source.text.read_bytes()
    file = read(raw, dialect)
    aside: tuple[AsideRow, ...] = file.aside
    for start in range(0, max(len(file.lines), 1), rows):
        block = file.lines.iloc[start : start + rows].reset_index(drop=True)
        yield Block(block, aside, file.damaged if not start else (), len(raw))
        aside = ()
