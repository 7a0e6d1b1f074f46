"""An untrusted settlement file: a bounded child reads its content, never this process."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services import parsing
from services.settlements.blocks import Block, read_blocks
from services.settlements.dialect import Chosen, Detection, Dialect, detect_file
from services.settlements.source import open_source


@dataclass
class UntrustedFile:
    """``folder``: where a workbook is unfolded once for all calls; the caller makes and removes it. ``rows``: most lines of a
    block.

    One child both detects and reads a small file: to start a second one would take longer than to read it.
    """

    file: Path | bytes
    folder: Path
    rows: int = 50_000
    _small: "tuple[Dialect, tuple[Block, ...]] | None" = field(default=None, init=False)

    @property
    def size(self) -> int:
        return len(self.file) if isinstance(self.file, bytes) else self.file.stat().st_size

    def detect(
        self, chosen: Chosen | None = None, progress: Callable[[int], None] | None = None
    ) -> Detection:
        """As `dialect.detect_file`. Raises as it does, as `open_source`, and ParsingError."""
        function = _detect_and_read if self.size <= parsing.SMALL else _detect
        detection, blocks = parsing.run(
            function, self.file, self.folder, self.rows, chosen, size=self.size, progress=progress or _ignore
        )
        self._small = None if blocks is None else (detection.dialect, blocks)
        return detection

    def blocks(self, dialect: Dialect) -> Iterator[Block]:
        """As `blocks.read_blocks`: the child reads the next block while the caller processes one. Raises as `detect` does."""
        if self._small is not None and self._small[0] == dialect:
            return iter(self._small[1])
        return parsing.stream(_blocks, self.file, self.folder, self.rows, dialect, size=self.size)


def _ignore(_place: int) -> None:
    return


def _detect(
    file: Path | bytes, folder: Path, _rows: int, chosen: Chosen | None, *, progress: Callable[[int], None]
) -> tuple[Detection, None]:
    with open_source(file, folder) as source:
        return detect_file(source, chosen, progress), None


def _detect_and_read(
    file: Path | bytes, folder: Path, rows: int, chosen: Chosen | None, *, progress: Callable[[int], None]
) -> tuple[Detection, tuple[Block, ...] | None]:
    """The detection, and the blocks unless a person must decide first how they are read."""
    with open_source(file, folder) as source:
        detection = detect_file(source, chosen, progress)
        undecided = bool(detection.dialect.questions)
        return detection, None if undecided else tuple(read_blocks(source, detection.dialect, rows=rows))


def _blocks(file: Path | bytes, folder: Path, rows: int, dialect: Dialect) -> Iterator[Block]:
    with open_source(file, folder) as source:
        yield from read_blocks(source, dialect, rows=rows)
