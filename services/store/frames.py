"""Rows as columns, filled in parts, so that never more than a part is in memory as Python objects."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Executable

_PART = 4_000  # rows: their cells fit into the processor's cache
_ARROW = {"str": pa.large_string(), "int64": pa.int64(), "Int64": pa.int64(), "bool": pa.bool_()}
_PANDAS = {pa.large_string(): pd.StringDtype(na_value=float("nan"))}  # the rest as numpy has it
_NULLABLE = {pa.int64(): pd.Int64Dtype()}


def frame(tx: Connection, query: Executable, kinds: Mapping[str, str]) -> pd.DataFrame:
    """The rows of ``query``, whose columns are ``kinds`` in that order, by name and type; a NULL text is ""."""
    return to_frame(arrays(tx, query, kinds), kinds)


def arrays(tx: Connection, query: Executable, kinds: Mapping[str, str]) -> dict[str, pa.Array]:
    """The same rows as columns."""
    parts: list[list[pa.Array]] = []
    result = tx.execute(query)
    cursor: Any = result.cursor  # its rows are plain tuples, which these columns are, too
    while rows := cursor.fetchmany(_PART):
        cells, step = list(chain.from_iterable(rows)), len(kinds)
        parts.append([_cells(cells[place::step], kind) for place, kind in enumerate(kinds.values())])
    result.close()
    return {
        name: pa.concat_arrays([part[place] for part in parts]) if parts else pa.array([], _ARROW[kind])
        for place, (name, kind) in enumerate(kinds.items())
    }


def tuples(tx: Connection, query: Executable) -> list[Any]:
    """The rows of a query whose columns the databases give as we want them: numbers and texts."""
    result = tx.execute(query)
    cursor: Any = result.cursor
    rows: list[Any] = cursor.fetchall()
    result.close()
    return rows


def to_frame(cells: Mapping[str, pa.Array], kinds: Mapping[str, str]) -> pd.DataFrame:
    """Columns as a frame, in the order of ``kinds``, which names their types."""
    table = pa.table({name: cells[name] for name in kinds})
    if not table.num_rows:
        return _empty(tuple(kinds.items())).copy(deep=False)
    found: pd.DataFrame = table.to_pandas(types_mapper=_PANDAS.get, split_blocks=True)
    for name, kind in kinds.items():
        if kind == "Int64":
            found[name] = table[name].to_pandas(types_mapper=_NULLABLE.get)
    return found


@cache
def _empty(kinds: tuple[tuple[str, str], ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in kinds})


def _cells(cells: Sequence[Any], kind: str) -> pa.Array:
    if kind == "bool":
        return pa.array(cells).cast(pa.bool_())  # SQLite's are numbers
    found = pa.array(cells, _ARROW[kind])
    return found.fill_null("") if kind == "str" and found.null_count else found


def text_cells(column: Any) -> pa.Array:
    """A column's texts, none of which is missing, in one piece."""
    cells = pa.array(column)
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    return cells if cells.type == pa.large_string() else cells.cast(pa.large_string())


def coded(column: Any) -> pa.DictionaryArray:
    """A column of few different texts, none of which is missing, as a dictionary."""
    if isinstance(column, pa.DictionaryArray):
        return column
    cells = pa.array(column)
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    found = cells.dictionary_encode()
    if found.dictionary.type == pa.large_string():
        return found
    return pa.DictionaryArray.from_arrays(found.indices, found.dictionary.cast(pa.large_string()))


def constant(text: str, count: int) -> pa.DictionaryArray:
    """A column that has the same text everywhere."""
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int32), pa.array([text], pa.large_string()))


def plain(column: Any) -> list[Any]:
    """A column's values as the databases take them, None for none."""
    cells = pa.array(column)
    if pa.types.is_fixed_size_binary(cells.type):  # ten times as fast as a scalar for each
        cells = cells.to_numpy(zero_copy_only=False)
    found: list[Any] = cells.tolist() if isinstance(cells, np.ndarray) else cells.to_pylist()
    return found
