"""The text of a table, streamed to pyarrow, which splits it to rows and cells."""

from collections.abc import Callable, Iterator

import pyarrow as pa
from pyarrow import csv as arrow_csv

from services.settlements.sheet import END, Layout
from services.settlements.tables import Table
from services.settlements.text import texts


class TextStream:
    """The text below the header as a file in UTF-8, which ends with a line of our own (`END`)."""

    closed = False

    def __init__(self, table: Table) -> None:
        self.done = 0
        self.ends_with_newline = True
        self._pieces = self._encoded(table)
        self._pending = bytearray()

    def _encoded(self, table: Table) -> Iterator[bytes]:
        skip, last = table.layout.skip, b"\n"
        for text in texts(table.text, table.layout.encoding):
            piece = text.encode()
            self.done += len(piece)
            piece, skip = piece[skip:], max(skip - len(piece), 0)
            if piece:
                last = piece[-1:]
                yield piece
        self.ends_with_newline = last in b"\r\n"
        yield (b"" if self.ends_with_newline else b"\n") + END.encode() + b"\n"

    def read(self, size: int) -> bytes:
        while len(self._pending) < size and (piece := next(self._pieces, None)) is not None:
            self._pending += piece
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def readable(self) -> bool:
        return True


def batches(
    stream: TextStream,
    layout: Layout,
    leave: Callable[[arrow_csv.InvalidRow], str],
    block_bytes: int,
) -> Iterator[pa.RecordBatch]:
    """The rows as pyarrow splits them; ``leave`` is called with each that has not as many cells as most."""
    names = [str(place) for place in range(layout.width)]
    found: Iterator[pa.RecordBatch] = arrow_csv.open_csv(
        pa.PythonFile(stream, mode="r"),
        # One thread: rows are numbered only so, and one is enough.
        read_options=arrow_csv.ReadOptions(use_threads=False, block_size=block_bytes, column_names=names),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=leave,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=False
        ),
    )
    return found
