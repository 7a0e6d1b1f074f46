"""A settlement file read whole, in memory and in this process."""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from services.settlements.blocks import Block, read_blocks
from services.settlements.damaged_cells import DamagedCell
from services.settlements.dialect import Chosen, Dialect, detect_file
from services.settlements.kept_parts import KeptParts
from services.settlements.sheet import Header, SetAsideRow
from services.settlements.source import Source, open_source


@dataclass(frozen=True, kw_only=True)
class SettlementFile:
    """`lines` as Block.frame; `blocks` as they were read."""

    lines: pd.DataFrame
    blocks: tuple[Block, ...]
    set_aside: tuple[SetAsideRow, ...]
    dialect: Dialect
    header: Header
    damaged: tuple[DamagedCell, ...]
    unknown_operations: tuple[str, ...]
    sha256: str

    @property
    def complete(self) -> bool:
        """Whether no row that may contain money was set aside: only then can a payout be proved."""
        return not any(row.blocking for row in self.set_aside)


def detect(raw: bytes, chosen: Chosen | None = None) -> Dialect:
    """How a small file is written. Raises as `detect_file` and `open_source`."""
    with open_source(raw) as source:
        return detect_file(source, chosen).dialect


def detect_and_read(
    source: Source, chosen: Chosen | None = None, rows: int = 50_000
) -> tuple[Dialect, list[Block]]:
    """The dialect, and the blocks, which are the same from parts that were kept while it was detected."""
    with KeptParts.of(source, Path(tempfile.gettempdir())) as kept:
        dialect = detect_file(source, chosen, None, kept.add).dialect
        blocks = list(read_blocks(source, dialect, rows=rows))
        if source.kind == "text":
            again = list(read_blocks(source, dialect, rows=rows, kept=kept.parts()))
            assert len(again) == len(blocks)
            for one, other in zip(blocks, again, strict=True):
                assert one.lines.equals(other.lines)
                for name in (
                    "set_aside",
                    "damaged",
                    "undated",
                ):  # how many bytes are read ahead depends on the moment
                    assert getattr(one, name) == getattr(other, name), name
    return dialect, blocks


def read(raw: bytes, dialect: Dialect | None = None) -> SettlementFile:
    """Read a file by this dialect, or by the detected one. Raises the errors of errors.py, and SpreadsheetError.

    Rows that do not parse are set aside with line, column, cell and reason; the others are read.
    """
    with open_source(raw) as source:
        if dialect is None:
            dialect, blocks = detect_and_read(source)
        else:
            blocks = list(read_blocks(source, dialect))
        header = dialect.tables(source)[0].layout.header
    lines = pd.concat([block.frame() for block in blocks], ignore_index=True)
    return SettlementFile(
        lines=lines,
        blocks=tuple(blocks),
        set_aside=tuple(row for block in blocks for row in block.set_aside),
        dialect=dialect,
        header=header,
        damaged=tuple(cell for block in blocks for cell in block.damaged),
        unknown_operations=tuple(sorted(lines.loc[lines["operation_code"] == "", "operation"].unique())),
        sha256=hashlib.sha256(raw).hexdigest(),
    )
