"""Rows as columns, filled in parts, so that never more than a part is in memory as Python objects."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, Executable

_PART = 20_000  # rows
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
        parts.append(
            [_cells(some, kind) for some, kind in zip(zip(*rows, strict=True), kinds.values(), strict=True)]
        )
    result.close()
    return {
        name: pa.concat_arrays([part[place] for part in parts]) if parts else pa.array([], _ARROW[kind])
        for place, (name, kind) in enumerate(kinds.items())
    }


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


def text_cells(column: "pd.Series[Any]") -> pa.Array:
    """A column's texts, none of which is missing, in one piece."""
    cells = pa.array(column)
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    return cells.cast(pa.large_string())


def plain(column: "pd.Series[Any]") -> list[Any]:
    """A column's values as the databases take them, None for none."""
    found: list[Any] = pa.array(column).to_pylist()
    return found
