"""A survey of a whole file's amounts, dates and signs: each different outline with its first example, no rows."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.settlements import amounts, settlement_operations
from services.settlements.amounts import Sample
from services.settlements.cells import outlines
from services.settlements.columns import AMOUNTS, DATES
from services.settlements.parts import Part, rivals
from services.settlements.settlement_operations import Operation
from services.spreadsheets import marks

_MOST = 20_000  # different outlines of a kind: a column with more is of another kind
_DAY = 10  # characters of a day: what follows is a time


@dataclass(frozen=True)
class Sign:
    """Amounts of one operation that are not zero: written `below` zero or not."""

    operation: Operation
    below: bool
    sample: Sample


class Survey:
    """`amounts` by outline; `dates` by the text of the day; `accounts`: cells of the Account column and how many rows have
    them; `typed`: some amounts are numbers of a spreadsheet; `differing`: by canonical column, the places of other columns
    that may be meant and have other cells, with the first two that differ (the one that is read, the other)."""

    def __init__(self) -> None:
        self.lines = 0
        self.amounts: dict[str, Sample] = {}
        self.dates: dict[str, Sample] = {}
        self.accounts: Counter[str] = Counter()
        self.typed = False
        self.open_end = 0
        self.differing: dict[str, dict[int, tuple[str, str]]] = {}
        self._signs: dict[str, dict[tuple[str, bool], Sample]] = {column: {} for column in AMOUNTS}
        self._operations: dict[str, Operation | None] = {}

    def signs(self, column: str) -> list[Sign]:
        return [
            Sign(operation, below, sample)
            for (name, below), sample in self._signs[column].items()
            if (operation := self._operations[name]) is not None
        ]

    def add(self, part: Part) -> None:
        self.lines += part.records
        self.open_end = part.open_end or self.open_end
        if not len(part.lines):
            return
        self._note_rivals(part)
        operation = part.cells["operation"].dictionary_encode()
        for column in AMOUNTS:
            if column in part.cells:
                outlined = outlines(part.cells[column], zeros=True)
                self._note(self.amounts, part, column, outlined)
                self._note_signs(part, column, operation, outlined)
        for column in DATES:
            if column in part.cells:
                days = pc.utf8_slice_codeunits(part.cells[column], 0, _DAY).dictionary_encode()
                self._note(self.dates, part, column, days)
        if "account" in part.cells:
            for counted in pc.value_counts(part.cells["account"]).to_pylist():
                if counted["values"] in self.accounts or len(self.accounts) < 1000:
                    self.accounts[counted["values"]] += counted["counts"]

    def _note_rivals(self, part: Part) -> None:
        for column, place, cells in rivals(part):
            pairs = self.differing.get(column, {})
            if place not in pairs and not cells.equals(read := part.cells[column]):
                at = pc.index(pc.not_equal(read, cells), True).as_py()
                pair = (marks.plain(read[at].as_py()), marks.plain(cells[at].as_py()))
                self.differing[column] = {**pairs, place: pair}

    def _note(self, samples: dict[str, Sample], part: Part, column: str, encoded: pa.DictionaryArray) -> None:
        codes = encoded.indices.to_numpy()
        counts = np.bincount(codes, minlength=len(encoded.dictionary)).tolist()
        for code, (text, count) in enumerate(zip(encoded.dictionary.to_pylist(), counts, strict=True)):
            before = samples.get(text)
            if before:
                samples[text] = Sample(before.count + count, before.cell, before.line, before.column)
            elif text and len(samples) < _MOST:
                place = int(np.argmax(codes == code))
                cell = part.cells[column][place].as_py()
                samples[text] = Sample(count, cell, int(part.lines[place]), column)
                self.typed = self.typed or cell.startswith(marks.NUMBER)

    def _note_signs(
        self, part: Part, column: str, operation: pa.DictionaryArray, outlined: pa.DictionaryArray
    ) -> None:
        samples = self._signs[column]
        written = [amounts.negative(text) for text in outlined.dictionary.to_pylist()]
        below = np.array([0 if sign is None else 1 + sign for sign in written])[outlined.indices.to_numpy()]
        both = operation.indices.to_numpy() * 3 + below
        names = operation.dictionary.to_pylist()
        for pair, place, count in zip(*np.unique(both, return_index=True, return_counts=True), strict=True):
            name, sign = names[pair // 3], int(pair % 3)
            if not sign or len(self._operations) > _MOST:
                continue
            if name not in self._operations:
                self._operations[name] = settlement_operations.operation(name)
            key = (name, sign == 2)
            before = samples.get(key)
            if before:
                samples[key] = Sample(before.count + int(count), before.cell, before.line, column)
            else:
                cell = marks.plain(part.cells[column][int(place)].as_py())
                samples[key] = Sample(int(count), cell, int(part.lines[place]), column)
