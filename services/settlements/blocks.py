"""A settlement file read to blocks of lines: ids with every digit, exact amounts, each row that is no line set aside."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services import money
from services.settlements import dates, settlement_operations
from services.settlements.cells import outlines, units
from services.settlements.codes import SetAsideReason
from services.settlements.columns import AMOUNTS, COLUMNS, CURRENCIES, CURRENCY_OF, DATES, TEXTS
from services.settlements.damaged_cells import DamagedCell, damaged_ids, undated_cells
from services.settlements.dialect import Dialect
from services.settlements.errors import UndecidedReading
from services.settlements.parse_once import Parsed, ParseOnce
from services.settlements.parts import Part, parts
from services.settlements.sheet import SetAsideRow, set_aside_row
from services.settlements.source import Source
from services.spreadsheets import marks
from services.spreadsheets.lost import why_lost

_PANDAS = {pa.int64(): pd.Int64Dtype()}
_STAMP = "1111-11-11{}11:11:11"  # the outline of a day with a time behind it


@dataclass(frozen=True, kw_only=True)
class Block:
    """Consecutive rows of a file. `lines`, one row a line, in the file's order:

    - `line` int64, its 1-based place in the file (where its row begins)
    - the 26 columns that are not amounts, as text, "" for blank; dates ISO; currencies in capitals
    - `original_amount_units` … `settled_amount_units` int64, 1/10000, credits to the merchant positive; null for blank, but
      never the settled one: such a row is set aside
    - `operation_code` ("" if unknown) and `kind` (settlement_operations.Kind)
    - `lost`: the columns of this line, separated by blanks, whose ids a spreadsheet has damaged

    `set_aside`, `damaged` and `undated`: what was found among the same rows. `bytes_done`: how much of the text, as UTF-8, was read.
    """

    lines: pa.RecordBatch
    set_aside: tuple[SetAsideRow, ...]
    damaged: tuple[DamagedCell, ...]
    bytes_done: int
    undated: tuple[DamagedCell, ...] = ()

    def frame(self) -> pd.DataFrame:
        """The lines as a frame."""
        found: pd.DataFrame = self.lines.to_pandas(types_mapper=_PANDAS.get)
        return found


def read_blocks(
    source: Source, dialect: Dialect, *, rows: int = 50_000, kept: Iterable[Part] | None = None
) -> Iterator[Block]:
    """The lines in the file's order, at most `rows` at a time: the same blocks whenever it is read again. ``kept``: its parts,
    where they were kept while the dialect was detected.

    Raises UndecidedReading before the first block. `detect_file`, which reads the whole file, raises the other errors of
    errors.py that concern the whole file: here they are raised once their place is reached.
    """
    if dialect.decimal is None or dialect.debits is None:
        raise UndecidedReading(dialect.questions)
    converted = Conversion(dialect)
    for part in parts(dialect.tables(source), dialect.quotes) if kept is None else kept:
        for piece in _pieces(part, rows):
            yield converted.block(piece)


def _pieces(part: Part, rows: int) -> Iterator[Part]:
    """The part in pieces of so many lines, each with the rows set aside among them."""
    if len(part.lines) <= rows:
        yield part
        return
    set_aside_lines = [row.line for row in part.set_aside]
    done = 0
    for start in range(0, len(part.lines), rows):
        end = start + rows
        upto = bisect(set_aside_lines, part.lines[end]) if end < len(part.lines) else len(set_aside_lines)
        cells = {name: column.slice(start, rows) for name, column in part.cells.items()}
        yield Part(
            cells=cells,
            lines=part.lines[start:end],
            set_aside=part.set_aside[done:upto],
            records=0,
            bytes_done=part.bytes_done,
        )
        done = upto


@dataclass
class _Refused:
    """The first wrong cell of each row, in the order of the columns: place → (column, reason)."""

    cells: dict[int, tuple[str, SetAsideReason]] = field(default_factory=dict)

    def note(self, column: str, bad: Sequence[tuple[int, SetAsideReason]]) -> None:
        for place, reason in bad:
            before = self.cells.get(place)
            if before is None or COLUMNS.index(column) < COLUMNS.index(before[0]):
                self.cells[place] = (column, reason)


class Conversion:
    """Converts text to values by one dialect. For columns with few different texts, values are reused from block to block."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._dates = ParseOnce(partial(_date, form=dialect.date))
        self._currencies = ParseOnce(_currency)
        self._values = ParseOnce(lambda text: (text, why_lost(text)))
        self._codes = ParseOnce(
            lambda text: (found.code if (found := settlement_operations.operation(text)) else "", "")
        )
        self._kinds = ParseOnce(
            lambda text: (found.kind if (found := settlement_operations.operation(text)) else "unknown", "")
        )

    def block(self, part: Part) -> Block:
        refused = _Refused()
        count = len(part.lines)
        for column in ("operation", "settlement_id"):
            refused.note(column, self._values(part.cells[column])[1])
        blank = pa.array([""] * count, pa.string())
        texts = {column: part.cells.get(column, blank) for column in TEXTS}
        undated: list[DamagedCell] = []
        for column in DATES:
            if column in part.cells:
                texts[column], bad = self._dated(part.cells[column])
                if column == "date":
                    refused.note(column, bad)
                elif bad:
                    texts[column], found = undated_cells(
                        column, part, texts[column], [place for place, _ in bad]
                    )
                    undated += found
        for column in CURRENCIES:
            if column in part.cells:
                texts[column], bad = self._currencies(part.cells[column])
                refused.note(column, bad)
        code, _ = self._codes(texts["operation"])
        kind, _ = self._kinds(texts["operation"])
        refused.note("settlement_id", _of_no_payout(texts, kind))
        amounts = self._amounts(part, code, texts, refused)
        lost, damaged = damaged_ids(texts, part.lines, sheet=bool(self._dialect.sheets))
        texts |= {"operation_code": code, "kind": kind, "lost": lost}
        columns = {
            "line": pa.array(part.lines),
            **{name: column.cast(pa.large_string()) for name, column in texts.items()},
            **amounts,
        }
        lines = pa.RecordBatch.from_arrays(list(columns.values()), list(columns))
        wrong = self._set_aside(part, refused)
        if wrong:
            is_line = np.ones(count, dtype=bool)
            is_line[list(refused.cells)] = False
            lines = lines.filter(pa.array(is_line))
            gone = {row.line for row in wrong}
            damaged = [cell for cell in damaged if cell.line not in gone]
            undated = [cell for cell in undated if cell.line not in gone]
        rows = tuple(sorted((*part.set_aside, *wrong), key=lambda row: row.line))
        undated.sort(key=lambda cell: cell.line)
        return Block(
            lines=lines,
            set_aside=rows,
            damaged=tuple(damaged),
            bytes_done=part.bytes_done,
            undated=tuple(undated),
        )

    def _dated(self, column: pa.Array) -> tuple[pa.Array, list[tuple[int, SetAsideReason]]]:
        """If all cells have a time behind the day, only the days are parsed: there are fewer of them."""
        shapes = outlines(column).dictionary.to_pylist()
        if shapes and all(shape in (_STAMP.format(" "), _STAMP.format("T")) for shape in shapes):
            days, _ = self._dates(pc.utf8_slice_codeunits(column, 0, 10))
            if not _empty(days).any():  # each is a day
                return pc.binary_join_element_wise(days, pc.utf8_slice_codeunits(column, 11), "T"), []
        return self._dates(column)

    def _amounts(
        self, part: Part, code: pa.Array, texts: dict[str, pa.Array], refused: _Refused
    ) -> dict[str, pa.Array]:
        decimal, debits = self._dialect.decimal, self._dialect.debits
        assert decimal is not None
        assert debits is not None
        encoded = code.dictionary_encode()
        debit = (
            np.array(
                [
                    name in settlement_operations.BY_CODE and settlement_operations.BY_CODE[name].sign < 0
                    for name in encoded.dictionary.to_pylist()
                ],
                dtype=bool,
            )[encoded.indices.to_numpy()]
            if len(code)
            else np.zeros(0, dtype=bool)
        )
        found = {}
        for column in AMOUNTS:
            if column in part.cells:
                cells = part.cells[column]
                values, blank, bad, signs = units(cells, decimal, self._dialect.thousands)
                refused.note(column, [(place, why_lost(cells[place].as_py()) or why) for place, why in bad])
                for places, meant in signs:
                    _note_other_currency(refused, column, texts[CURRENCY_OF[column]], places, meant)
            else:
                values, blank = np.zeros(len(code), np.int64), np.ones(len(code), bool)
            if column == "settled_amount":  # a missing amount is not 0
                refused.note(column, [(int(place), "amount_missing") for place in np.flatnonzero(blank)])
            way = debits.get(column, "negative")
            if way == "inverted":
                values = -values
            elif way == "positive":
                values = np.where(debit, -np.abs(values), values)
            if column in ("original_amount", "settled_amount"):
                currency = CURRENCY_OF[column]
                bare = np.flatnonzero(_empty(texts[currency]) & (values != 0))
                refused.note(currency, [(int(place), "currency_missing") for place in bare])
            found[f"{column}_units"] = pa.array(values, mask=blank)
        return found

    def _set_aside(self, part: Part, refused: _Refused) -> list[SetAsideRow]:
        found = []
        for place, (column, reason) in sorted(refused.cells.items()):
            row = {name: marks.plain(cells[place].as_py()) for name, cells in part.cells.items()}
            whole = set_aside_row(int(part.lines[place]), reason, list(row.values()), self._dialect.delimiter)
            payout = "" if why_lost(row["settlement_id"]) else row["settlement_id"]
            found.append(
                SetAsideRow(
                    line=whole.line,
                    reason=reason,
                    column=column,
                    cell=row.get(column, "")[:200],
                    text=whole.text,
                    settlement_id=payout,
                )
            )
        return found


def _note_other_currency(
    refused: _Refused, column: str, currency: pa.Array, places: NDArray[np.int64], meant: frozenset[str]
) -> None:
    """Note each amount whose currency sign cannot mean the currency of its row."""
    for place, code in zip(places.tolist(), currency.take(pa.array(places)).to_pylist(), strict=True):
        if not code:
            refused.note(CURRENCY_OF[column], [(place, "currency_missing")])
        elif code not in meant:
            refused.note(column, [(place, "amount_other_currency")])


def _date(text: str, form: dates.Form) -> Parsed:
    iso = dates.to_iso(text, form)
    return (iso, "") if iso is not None else ("", "date_unreadable")


def _currency(text: str) -> Parsed:
    code = text.upper()
    return (code, "") if not code or money.is_currency(code) else (code, why_lost(text) or "currency_unknown")


def _of_no_payout(texts: dict[str, pa.Array], kind: pa.Array) -> list[tuple[int, SetAsideReason]]:
    """Rows that name no payout although they belong to one. HiPay may book the account's own operations outside payouts."""
    places = np.flatnonzero(_empty(texts["settlement_id"]))
    if not len(places):
        return []
    kinds, transactions = (
        column.take(pa.array(places)).to_pylist() for column in (kind, texts["transaction_id"])
    )
    return [
        (int(place), "settlement_missing")
        for place, name, transaction in zip(places, kinds, transactions, strict=True)
        if name not in settlement_operations.ACCOUNT_KINDS and (name != "fee" or transaction)
    ]


def _empty(column: pa.Array) -> NDArray[np.bool_]:
    empty: NDArray[np.bool_] = pc.equal(column, "").to_numpy(zero_copy_only=False)
    return empty
