"""The identity of lines across files: a line read twice is one line, two equal lines of one file are two.

The identity is a hash of the line's values, whatever its dialect, and of its occurrence within its file. The key leaves out
the values that a correction may change (amounts, dates, names), so that a changed line is recognised as changed.
"""

from collections import Counter
from hashlib import blake2b

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.settlements.columns import REFERENCES, TEXTS, UNITS

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
        here = pd.Series(hashes)
        again = here.duplicated().to_numpy()
        nth = before + 1
        if again.any():
            twins = here[here.duplicated(keep=False)]
            nth[twins.index] += twins.groupby(twins).cumcount()
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


def identify(lines: pd.DataFrame, seen: Occurrences | None = None) -> pd.DataFrame:
    """`identity`, `key` (32 hex digits each) and `occurrence` (1, 2, …) of the lines of ONE file, on their index.

    `lines` as Block.lines, or the next block of the file, whose blocks before have been counted in `seen`. The
    order of the lines does not matter: equal ones are interchangeable.
    """
    # An unknown operation has no code: its text identifies it.
    operation = lines["operation_code"].where(
        lines["operation_code"] != "", lines["operation"].str.casefold()
    )
    contents = _joined(lines, operation, _CONTENT)
    digests = [blake2b(text + b"\x1f1", digest_size=16).digest() for text in contents]
    first_halves = np.frombuffer(b"".join(digests), dtype=np.uint64)[::2]
    occurrences = (seen or Occurrences()).count(first_halves)
    identities = [digest.hex() for digest in digests]
    for place in np.flatnonzero(occurrences > 1):
        identities[place] = blake2b(
            contents[place] + b"\x1f%d" % occurrences[place], digest_size=16
        ).hexdigest()
    keys = [blake2b(text, digest_size=16).hexdigest() for text in _joined(lines, operation, _KEY)]
    return pd.DataFrame(
        {
            "identity": pd.Series(identities, dtype="str"),
            "key": pd.Series(keys, dtype="str"),
            "occurrence": pd.Series(occurrences, dtype="int64"),
        }
    ).set_index(lines.index)


def _joined(lines: pd.DataFrame, operation: pd.Series, columns: tuple[str, ...]) -> list[bytes]:
    # No cell that a person typed contains the unit separator; a blank amount (NA) differs from each number.
    parts = [_texts(operation), *(_texts(lines[column]) for column in columns)]
    joined = pc.binary_join_element_wise(*parts, pa.scalar("\x1f", pa.large_string()))
    found: list[bytes] = joined.cast(pa.large_binary()).to_pylist()
    return found


def _texts(column: pd.Series) -> pa.Array:
    cells = pa.array(column)
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    return pc.fill_null(cells.cast(pa.large_string()), "")
