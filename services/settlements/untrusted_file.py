"""An untrusted settlement file: a bounded child reads its content, never this process."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services import parsing
from services.settlements.blocks import Block, read_blocks
from services.settlements.dialect import Chosen, Detection, Dialect, detect_file
from services.settlements.kept_parts import KeptParts
from services.settlements.source import open_source


@dataclass
class UntrustedFile:
    """``folder``: where a workbook is unfolded once for all calls, and the cells of a text are kept; the caller makes and removes
    it. ``rows``: most lines of a block.

    One child both detects and reads: a file is split to rows once. To start a second one would take longer than to read a small
    file, whose blocks come with the detection; those of a larger one are asked for one by one.
    """

    file: Path | bytes
    folder: Path
    rows: int = 50_000
    _small: "tuple[Dialect, tuple[Block, ...]] | None" = field(default=None, init=False)
    _open: "tuple[Dialect, Generator[Any]] | None" = field(default=None, init=False)

    @property
    def size(self) -> int:
        return len(self.file) if isinstance(self.file, bytes) else self.file.stat().st_size

    def detect(
        self, chosen: Chosen | None = None, progress: Callable[[int], None] | None = None
    ) -> Detection:
        """As `dialect.detect_file`. Raises as it does, as `open_source`, and ParsingError."""
        arguments = (self.file, self.folder, self.rows, chosen)
        size, progress = self.size, progress or _ignore
        self._small = None
        self._opened(None)  # a child that is no longer wanted has a place that the next one may need
        if size <= parsing.SMALL:
            detection, blocks = parsing.run(_detect_and_read, *arguments, size=size, progress=progress)
            self._small = None if blocks is None else (detection.dialect, blocks)
            return detection
        child: Generator[Any] = parsing.stream(_detect_then_read, *arguments, size=size, progress=progress)
        found: Detection = next(child)
        self._open = (found.dialect, child)
        return found

    def blocks(self, dialect: Dialect) -> Iterator[Block]:
        """As `blocks.read_blocks`: the child reads the next block while the caller processes one. Raises as `detect` does."""
        if self._small is not None and self._small[0] == dialect:
            return iter(self._small[1])
        if child := self._opened(dialect):
            return child
        return parsing.stream(_blocks, self.file, self.folder, self.rows, dialect, size=self.size)

    def _opened(self, dialect: Dialect | None) -> "Generator[Any] | None":
        """The child that detected this dialect and has read nothing else yet; one that detected another is ended."""
        known, self._open = self._open, None
        if known is not None and known[0] != dialect:
            known[1].close()
            return None
        return known and known[1]


def _ignore(_place: int) -> None:
    return


def _detect_and_read(
    file: Path | bytes, folder: Path, rows: int, chosen: Chosen | None, *, progress: Callable[[int], None]
) -> tuple[Detection, tuple[Block, ...] | None]:
    """The detection, and the blocks unless a person must decide first how they are read."""
    with open_source(file, folder) as source:
        detection = detect_file(source, chosen, progress)
        undecided = bool(detection.dialect.questions)
        return detection, None if undecided else tuple(read_blocks(source, detection.dialect, rows=rows))


def _detect_then_read(
    file: Path | bytes, folder: Path, rows: int, chosen: Chosen | None, *, progress: Callable[[int], None]
) -> Iterator[Detection | Block]:
    """The detection; and then the blocks unless a person must decide first how they are read."""
    with open_source(file, folder) as source, KeptParts.of(source, folder) as kept:
        detection = detect_file(source, chosen, progress, kept.add)
        yield detection
        if not detection.dialect.questions:
            yield from read_blocks(source, detection.dialect, rows=rows, kept=kept.parts())


def _blocks(file: Path | bytes, folder: Path, rows: int, dialect: Dialect) -> Iterator[Block]:
    with open_source(file, folder) as source:
        yield from read_blocks(source, dialect, rows=rows)
