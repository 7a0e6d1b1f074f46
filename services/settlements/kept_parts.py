"""The parts of a text, kept on the disk while its dialect is detected, so that it is split to rows and cells once."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from services.settlements.parts import Part
from services.settlements.source import Source

_MOST = 900 << 20  # bytes: a child may write a gigabyte into one file
_ROOM = 8  # bytes that must be free for each byte of the text, before any part is kept


@dataclass
class KeptParts:
    """``file``: a file without a name, gone with its process; None where nothing is kept."""

    file: BinaryIO | None
    _parts: list[tuple[Part, tuple[str, ...], int]] = field(
        default_factory=list
    )  # without cells, whose names, and bytes

    @classmethod
    def of(cls, source: Source, folder: Path) -> "KeptParts":
        """For the parts of a source, in this folder; none are kept of a workbook, without the folder, or where its disk has little
        room."""
        size = len(source.text) if isinstance(source.text, bytes) else source.text.stat().st_size
        if (
            source.kind != "text"
            or not folder.is_dir()
            or size > min(shutil.disk_usage(folder).free // _ROOM, _MOST)
        ):
            return cls(None)
        return cls(tempfile.TemporaryFile(prefix="parts-", dir=folder))

    def __enter__(self) -> "KeptParts":
        return self

    def __exit__(self, *_: object) -> None:
        self._drop()

    def add(self, part: Part) -> None:
        if self.file is None:
            return
        names = tuple(part.cells)
        batch = pa.RecordBatch.from_arrays(list(part.cells.values()), [str(n) for n in range(len(names))])
        content = pa.BufferOutputStream()
        with pa.ipc.new_stream(content, batch.schema) as writer:
            writer.write_batch(batch)
        written = content.getvalue()
        if self.file.tell() + written.size > _MOST:
            self._drop()
            return
        try:
            self.file.write(written)
            self.file.flush()
        except OSError:  # no room: then it is split again
            self._drop()
            return
        self._parts.append((replace(part, cells={}), names, written.size))

    def parts(self) -> Iterator[Part] | None:
        """The parts, once; None where they were not kept."""
        return None if self.file is None else self._read(self.file)

    def _read(self, file: BinaryIO) -> Iterator[Part]:
        file.seek(0)
        for part, names, size in self._parts:
            batch = pa.ipc.open_stream(pa.py_buffer(file.read(size))).read_next_batch()
            yield replace(part, cells=dict(zip(names, batch.columns, strict=True)))

    def _drop(self) -> None:
        if self.file is not None:
            with suppress(OSError):  # what it had still to write
                self.file.close()
        self.file = None
        self._parts.clear()
