"""An untrusted settlement file: a bounded child reads its content, never this process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from services import parsing
from services.settlements.blocks import Block, read_blocks
from services.settlements.dialect import Chosen, Detection, Dialect, detect_file
from services.settlements.source import open_source


@dataclass(frozen=True)
class UntrustedFile:
    """``folder``: where a workbook is unfolded once for all calls; the caller makes and removes it."""

    file: Path | bytes
    folder: Path

    @property
    def size(self) -> int:
        return len(self.file) if isinstance(self.file, bytes) else self.file.stat().st_size

    def detect(
        self, chosen: Chosen | None = None, progress: Callable[[int], None] | None = None
    ) -> Detection:
        """As `dialect.detect_file`. Raises as it does, as `open_source`, and ParsingError."""
        return parsing.run(
            _detect, self.file, self.folder, chosen, size=self.size, progress=progress or _ignore
        )

    def blocks(self, dialect: Dialect, *, rows: int = 50_000) -> Iterator[Block]:
        """As `blocks.read_blocks`: the child reads the next block while the caller processes one. Raises as `detect` does."""
        return parsing.stream(_blocks, self.file, self.folder, dialect, rows, size=self.size)


def _ignore(_place: int) -> None:
    return


def _detect(
    file: Path | bytes, folder: Path, chosen: Chosen | None, *, progress: Callable[[int], None]
) -> Detection:
    with open_source(file, folder) as source:
        return detect_file(source, chosen, progress)


def _blocks(file: Path | bytes, folder: Path, dialect: Dialect, rows: int) -> Iterator[Block]:
    with open_source(file, folder) as source:
        yield from read_blocks(source, dialect, rows=rows)
