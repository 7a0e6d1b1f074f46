"""The identity of lines across files: a line read twice is one line, two equal lines of one file are two.

The identity is a hash of the line's values, whatever its dialect, and of its occurrence within its file. The key leaves out
the values that a correction may change (amounts, dates, names), so that a changed line is recognised as changed.
"""

from collections import Counter
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.columns import REFERENCES, TEXTS, UNITS
from services.settlements.settlement_operations import known_later

_CONTENT = (*(name for name in TEXTS if name != "operation"), *UNITS)
_KEY = (
    "account", "settlement_id", "original_settlement_id", "transaction_id", "order", "merchant_operation_id",
    *REFERENCES,
)  # fmt: skip
Hashes = NDArray[np.uint64]


class Occurrences:
    """How often each line has occurred so far in the blocks of one file: 8 bytes for each different line."""

    def __init__(self) -> None:
        self._runs: list[Hashes] = []  # sorted, each at least twice as long as the next
        self._more: Counter[int] = Counter()  # how often beyond once

    def count(self, hashes: Hashes) -> NDArray[np.int64]:
        """Which occurrence each of the next lines is, from 1."""
        before: NDArray[np.int64] = np.zeros(len(hashes), dtype=np.int64)
        for run in self._runs:
            before += run[np.minimum(np.searchsorted(run, hashes), len(run) - 1)] == hashes
        for place in np.flatnonzero(before):
            before[place] += self._more[int(hashes[place])]
        order = np.argsort(hashes, kind="stable")
        ranked = hashes[order]
        first = np.ones(len(hashes), dtype=bool)
        first[1:] = ranked[1:] != ranked[:-1]
        starts = np.flatnonzero(first)
        nth_here = np.empty(len(hashes), dtype=np.int64)
        nth_here[order] = np.arange(len(hashes)) - np.repeat(starts, np.diff(np.append(starts, len(hashes))))
        again, nth = nth_here > 0, before + 1 + nth_here
        for one in hashes[(before > 0) | again]:
            self._more[int(one)] += 1
        self._add_run(np.sort(hashes[(before == 0) & ~again]))
        return nth

    def _add_run(self, run: Hashes) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)


@dataclass(frozen=True)
class Identified:
    """Of each line: `identity` and `key` (16 bytes), and `occurrence` (1, 2, …)."""

    identity: pa.Array
    key: pa.Array
    occurrence: NDArray[np.int64]


def identify(lines: pa.RecordBatch, seen: Occurrences | None = None) -> Identified:
    """The identities of the lines of ONE file.

    `lines` as Block.lines, or the next block of the file, whose blocks before have been counted in `seen`. The
    order of the lines does not matter: equal ones are interchangeable.
    """
    # An unknown operation has no code: its text identifies it, also once it is known.
    operation = lines["operation_code"]
    unknown = pc.equal(operation, "")
    if later := [text for text in pc.unique(lines["operation"]).to_pylist() if known_later(text)]:
        unknown = pc.or_(unknown, pc.is_in(lines["operation"], pa.array(later, lines["operation"].type)))
    if pc.any(unknown).as_py():
        texts = pa.array([text.casefold() for text in lines["operation"].to_pylist()], operation.type)
        operation = pc.if_else(unknown, texts, operation)
    contents = _joined(lines, operation, _CONTENT)
    identities = [blake2b(text + b"\x1f1", digest_size=16).digest() for text in contents]
    first_halves = np.frombuffer(b"".join(identities), dtype=np.uint64)[::2]
    occurrences = (seen or Occurrences()).count(first_halves)
    for place in np.flatnonzero(occurrences > 1):
        text = contents[place] + b"\x1f%d" % occurrences[place]
        identities[place] = blake2b(text, digest_size=16).digest()
    keys = [blake2b(text, digest_size=16).digest() for text in _joined(lines, operation, _KEY)]
    return Identified(pa.array(identities, pa.binary(16)), pa.array(keys, pa.binary(16)), occurrences)


def _joined(lines: pa.RecordBatch, operation: pa.Array, columns: tuple[str, ...]) -> list[bytes]:
    # No cell that a person typed contains the unit separator; a blank amount (null) differs from each number.
    cells = (pc.fill_null(lines[name].cast(pa.large_string()), "") for name in columns)
    joined = pc.binary_join_element_wise(operation, *cells, pa.scalar("\x1f", pa.large_string()))
    found: list[bytes] = joined.cast(pa.large_binary()).to_pylist()
    return found
