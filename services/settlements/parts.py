"""A text of any size read to columns of text, some megabytes at a time: each cell in its column, or its row set aside.

pyarrow splits the rows. Those that have not as many cells as most, and those that may be a total or repeat the header, are
checked one by one by `sheet.misfit`, so that each is named by the line of the file on which it begins.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv

from services.settlements.broken_quotes import (
    MOST_CELL,
    broken_line,
    count_breaks,
    parsed,
    refuse_open_quote,
    row_line_breaks,
)
from services.settlements.cells import clean, strings
from services.settlements.codes import SetAsideReason
from services.settlements.columns import AMOUNTS, IDS
from services.settlements.errors import (
    BrokenQuotes,
    HeaderOnly,
    JoinedFiles,
    SwallowedRows,
    TruncatedFile,
)
from services.settlements.joined import names_again, names_column
from services.settlements.quotes import Quotes, swallowing, unfolded
from services.settlements.sheet import (
    END,
    MOST_CELLS,
    SetAsideRow,
    is_blank,
    misfit,
    names_total,
    set_aside_row,
)
from services.settlements.tables import Table
from services.settlements.text_stream import TextStream, batches
from services.spreadsheets import marks
from services.spreadsheets.lost import why_lost

BLOCK_BYTES = 4 << 20  # a row that is longer has a quote that was never closed
_RIVAL = "\x00"  # begins the keys of columns that may be meant instead of another; no column has such a name
# Columns whose cells are never a column's name, but in a row that repeats the column names.
HEADER_MARKERS = ("operation", "original_currency", "settlement_currency")
# The mark of a spreadsheet that is not removed: that of a number in an amount, and that of a date in an id, which is no date.
_MARKED = {**dict.fromkeys(AMOUNTS, marks.NUMBER), **dict.fromkeys(set(IDS) - {"account"}, marks.DATE)}


@dataclass(frozen=True, kw_only=True)
class Part:
    """Consecutive rows. `cells`: the canonical columns that the file has, as text without blanks around it (and those of
    `rivals`); `lines`: where each row begins, from 1. `records`: how many rows it was made from, without blank ones.
    `bytes_done`: read so far. `open_end`: the line of the file's last row, if no line end closes it."""

    cells: dict[str, pa.Array]
    lines: NDArray[np.int64]
    set_aside: tuple[SetAsideRow, ...]
    records: int
    bytes_done: int
    open_end: int = 0


def rivals(part: Part) -> Iterator[tuple[str, int, pa.Array]]:
    """(the canonical column that is read, the place of another that may be meant as well, its cells)."""
    for key, cells in part.cells.items():
        if key.startswith(_RIVAL):
            _, column, place = key.split(_RIVAL)
            yield column, int(place), cells


def parts(tables: Sequence[Table], quotes: Quotes | None = None) -> Iterator[Part]:
    """The rows of these tables, one table after another; the rows above a header are set aside.

    `quotes`: how a person chose to read cells that seem to hide rows. Raises TruncatedFile, BrokenQuotes, SwallowedRows,
    JoinedFiles, HeaderOnly once the fault is reached.
    """
    records, done = 0, 0
    for table in tables:
        above = tuple(replace(row, line=row.line + table.above) for row in table.layout.preamble)
        last = 0
        for part in _parts(table, quotes):
            records, last = records + part.records, part.bytes_done
            yield replace(part, set_aside=(*above, *part.set_aside), bytes_done=done + last)
            above = ()
        done += last
    if not records:
        raise HeaderOnly


def _parts(table: Table, quotes: Quotes | None) -> Iterator[Part]:
    layout = table.layout
    stream = TextStream(table)
    rows = _Rows(table, quotes)
    try:
        for batch in batches(stream, layout, rows.leave, BLOCK_BYTES):
            yield rows.part(batch.columns, stream.done)
    except pa.ArrowInvalid:
        raise BrokenQuotes(broken_line(table)) from None
    rest = rows.part([strings([])] * layout.width, stream.done)
    open_end = rows.open_end(ends_with_newline=stream.ends_with_newline)
    if rest.records or open_end:
        yield replace(rest, open_end=open_end)


class _Rows:
    """The state of the rows read so far, and the rows that pyarrow has left to this module."""

    def __init__(self, table: Table, quotes: Quotes | None) -> None:
        self._layout, self._sheet, self._quotes, self._above = table.layout, table.typed, quotes, table.above
        layout = table.layout
        columns = layout.header.columns
        self._markers = {name: columns.index(name) for name in HEADER_MARKERS}
        self._left: list[tuple[int, str]] = []  # (number of the record from 1, its text)
        self._number = 1  # of the next record
        self._line = table.above + layout.header.end + 1  # on which it begins
        self._shortest = len(layout.header.names)  # cells of the shortest row but the last
        self._last = (0, len(layout.header.names))  # line and cells of the last row

    def leave(self, row: arrow_csv.InvalidRow) -> str:
        """The handler for rows that have not as many cells as most."""
        self._left.append((row.number, row.text))
        return "skip"

    def part(self, batch: list[pa.Array], done: int) -> Part:
        """The rows of one batch and those left out among, before and right after them.

        Raises TruncatedFile, BrokenQuotes, SwallowedRows, JoinedFiles.
        """
        count, first = len(batch[0]), self._number
        left = np.array([number for number, _ in self._left], dtype=np.int64)
        numbers = np.arange(first, first + count + len(left))
        numbers = numbers[~np.isin(numbers, left, assume_unique=True)][:count]
        last = int(numbers[-1]) if count else first - 1
        among = int(np.searchsorted(left, last))
        while among < len(left) and left[among] == last + 1 and END[0] not in self._left[among][1]:
            among, last = among + 1, last + 1
        taken, self._left = self._left[:among], self._left[among:]
        breaks = np.zeros(last + 1 - first, dtype=np.int64)  # line breaks within each record
        breaks[numbers - first] = row_line_breaks(batch)
        breaks[left[:among] - first] = [count_breaks(text) for _, text in taken]
        begins = self._line + np.arange(len(breaks)) + np.cumsum(breaks) - breaks
        lines, left_lines = begins[numbers - first], begins[left[:among] - first]
        self._number = last + 1
        self._line += len(breaks) + int(breaks.sum())
        refuse_open_quote(batch, lines)
        apart, hidden = self._hidden(batch, lines)
        is_line, set_aside, blank = self._examined(batch, lines, apart)
        for line, (_, text) in zip(left_lines.tolist(), taken, strict=True):
            hidden += self._unfolded(line, parsed(text, self._layout.delimiter, line))
        rows, also_set_aside, widths = self._one_by_one(hidden)
        whole = np.flatnonzero(~blank)[-2:]  # of these rows two are enough: the last, and one before it
        self._ended(widths + [(int(line), self._layout.width) for line in lines[whole]])
        records = count - int(blank.sum()) - int(apart.sum()) + len(widths)
        return self._joined(batch, lines, is_line, rows, (*set_aside, *also_set_aside), records, done)

    def open_end(self, *, ends_with_newline: bool) -> int:
        """The line of the last row if no line end closes it, else 0. Raises TruncatedFile or BrokenQuotes if it ends within a
        quoted cell, or has fewer cells than any other row."""
        if not self._left or self._left[-1][1] != END:
            swallowed = len(self._left[-1][1]) if self._left else 0
            raise (BrokenQuotes if swallowed > MOST_CELL else TruncatedFile)(self._line)
        if self._last[1] < self._shortest and not ends_with_newline:
            raise TruncatedFile(self._last[0])
        return 0 if ends_with_newline else self._last[0]

    def _ended(self, widths: list[tuple[int, int]]) -> None:
        for line, width in sorted(widths):
            self._shortest = min(self._shortest, self._last[1])
            self._last = (line, width)

    def _hidden(
        self, batch: list[pa.Array], lines: NDArray[np.int64]
    ) -> tuple[NDArray[np.bool_], list[tuple[int, list[str]]]]:
        """(which rows contain several rows between stray quotes, those rows). Raises SwallowedRows if no person has chosen."""
        apart = np.zeros(len(lines), dtype=bool)
        if self._sheet or self._quotes == "text":
            return apart, []
        for column in batch:
            apart[swallowing(column, self._layout.delimiter, self._layout.header.needed)] = True
        found = []
        for place in np.flatnonzero(apart).tolist():
            found += self._unfolded(int(lines[place]), [column[place].as_py() for column in batch])
        return apart, found

    def _unfolded(self, line: int, row: list[str]) -> list[tuple[int, list[str]]]:
        """The row, or the rows that stray quotes joined to it, each with its line. Raises SwallowedRows."""
        if self._sheet or self._quotes == "text":
            return [(line, row)]
        rows = unfolded(row, self._layout.delimiter, self._layout.header.needed)
        if len(rows) > 1 and self._quotes is None:
            raise SwallowedRows(line, line + rows[-1][0], len(rows))
        return [(line + below, cells) for below, cells in rows]

    def _examined(
        self, batch: list[pa.Array], lines: NDArray[np.int64], apart: NDArray[np.bool_]
    ) -> tuple[NDArray[np.bool_] | None, list[SetAsideRow], NDArray[np.bool_]]:
        """(which rows are lines or None for all, those set aside, which are blank)."""
        header = self._layout.header
        doubtful = apart.copy()
        for name, place in self._markers.items():
            encoded = clean(batch[place], marked="" if self._sheet else None).dictionary_encode()
            odd = [
                names_column(cell, header.names) or (name == "operation" and (not cell or names_total(cell)))
                for cell in encoded.dictionary.to_pylist()
            ]
            if any(odd):
                doubtful |= np.array(odd, dtype=bool)[encoded.indices.to_numpy()]
        for column in batch[len(header.names) :]:
            doubtful |= pc.greater(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        blank = np.zeros(len(lines), dtype=bool)
        if not doubtful.any():
            return None, [], blank
        is_line, found = ~doubtful, []
        places = np.flatnonzero(doubtful & ~apart)
        rows = zip(*(column.take(pa.array(places)).to_pylist() for column in batch), strict=True)
        for place, cells in zip(places.tolist(), rows, strict=True):
            row = self._plain(list(cells))
            if is_blank(row):
                blank[place] = True
            elif reason := self._misfit(int(lines[place]), row):
                found.append(self._set_aside(int(lines[place]), reason, row))
            else:
                is_line[place] = True
        return is_line, found, blank

    def _misfit(self, line: int, row: list[str]) -> SetAsideReason | Literal[""]:
        """As `sheet.misfit`. Raises JoinedFiles."""
        header = self._layout.header
        if len(row) > MOST_CELLS:
            if not is_blank(row[MOST_CELLS:]):
                return "wrong_width"
            row = row[:MOST_CELLS]
        again = names_again(row, header.names, header.known, tuple(self._markers.values()))
        if again == "other_names":
            raise JoinedFiles(line - self._above, header.line)
        return again or misfit(row, header)

    def _one_by_one(
        self, left: list[tuple[int, list[str]]]
    ) -> tuple[list[tuple[int, list[str]]], list[SetAsideRow], list[tuple[int, int]]]:
        """(line and cells of those that are lines, those set aside, line and number of cells of all but blank ones)."""
        rows, found, widths = [], [], []
        header, width = self._layout.header, self._layout.width
        for line, row in left:
            shown = self._plain(row)
            if is_blank(shown):
                continue
            reason = self._misfit(line, shown)
            widths.append((line, len(header.names) if reason == "total" else len(row)))
            if reason:
                found.append(self._set_aside(line, reason, shown))
            else:
                rows.append((line, row[:width] + [""] * (width - len(row))))
        return rows, found, widths

    def _plain(self, row: list[str]) -> list[str]:
        return [marks.plain(cell) for cell in row] if self._sheet else row

    def _set_aside(self, line: int, reason: SetAsideReason, row: list[str]) -> SetAsideRow:
        place = self._layout.header.columns.index("settlement_id")
        sure = reason != "wrong_width" and len(row) > place and not why_lost(row[place].strip())
        return set_aside_row(line, reason, row, self._layout.delimiter, row[place].strip() if sure else "")

    def _joined(
        self,
        batch: list[pa.Array],
        lines: NDArray[np.int64],
        is_line: NDArray[np.bool_] | None,
        rows: list[tuple[int, list[str]]],
        found: tuple[SetAsideRow, ...],
        records: int,
        done: int,
    ) -> Part:
        if is_line is not None:
            lines = lines[is_line]
        order = None
        if rows:
            lines = np.concatenate([lines, np.array([line for line, _ in rows], dtype=np.int64)])
            order = np.argsort(lines)
            lines = lines[order]
        cells = {}
        header = self._layout.header
        read = [(place, name, name) for place, name in enumerate(header.columns) if name]
        others = [(place, f"{_RIVAL}{name}{_RIVAL}{place}", name) for place, name in header.rivals]
        for place, key, name in (*read, *others):
            if place < len(batch):
                column = batch[place] if is_line is None else batch[place].filter(pa.array(is_line))
                if order is not None:
                    column = pa.concat_arrays([column, strings([row[place] for _, row in rows])]).take(
                        pa.array(order)
                    )
            else:
                column = pa.array([""] * len(lines), pa.string())
            cells[key] = clean(column, marked=_MARKED.get(name, "") if self._sheet else None)
        rows_set_aside = tuple(sorted(found, key=lambda row: row.line))
        return Part(cells=cells, lines=lines, set_aside=rows_set_aside, records=records, bytes_done=done)
