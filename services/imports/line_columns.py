"""The lines of a block as columns, arrays of Arrow by name; where few texts repeat, as dictionaries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from services.reconciliation.matching.lookup import Coded, array
from services.settlements.blocks import Block
from services.settlements.columns import CURRENCIES, DATES
from services.settlements.identity import Occurrences, identify
from services.store.frames import constant, plain
from services.store.settlements.lines import joined_lines

Lines = dict[str, pa.Array]
# Columns in which few texts repeat: coded once, for all that is done with them.
_REPEATED = (
    "account", "account_name", *DATES, "settlement_id", "product_name", "invoiced", "settled", *CURRENCIES, "operation",
    "original_settlement_id", "collect_mode", "operation_code", "kind", "lost",
)  # fmt: skip


def identified(block: Block, seen: Occurrences) -> Lines:
    """The block's lines with their ``identity`` and ``key``; ``seen``: the file's lines before."""
    found = identify(block.lines, seen)
    named = dict(zip(block.lines.schema.names, block.lines.columns, strict=True))
    few = {name: named[name].dictionary_encode() for name in _REPEATED}
    return {**named, **few, "identity": found.identity, "key": found.key}


def by_account(lines: Lines, accounts: Mapping[str, str]) -> Iterator[tuple[str, Lines]]:
    """The lines of each account, ``accounts`` being the account of each Account cell. Their ``account`` becomes ours, the
    cell is ``file_account``."""
    cells = Coded(lines["account"])
    for account in sorted({accounts[cell] for cell in cells.texts}):
        which = cells.among([cell for cell in cells.texts if accounts[cell] == account])
        theirs = lines if which.all() else taken(lines, np.flatnonzero(which))
        ours = constant(account, len(theirs["line"]))
        yield account, {**theirs, "file_account": theirs["account"], "account": ours}


def taken(lines: Lines, places: Sequence[int] | Any) -> Lines:
    """The lines at these places."""
    at = pa.array(places, pa.int64())
    return {name: column.take(at) for name, column in lines.items()}


def hexed(lines: Lines) -> Lines:
    """The lines without dictionaries, and ``identity`` and ``key`` in hex digits, as stored lines have them in frames."""
    digits = {
        name: pa.array([digest.hex() for digest in plain(lines[name])], pa.large_string())
        for name in ("identity", "key")
    }
    return {**{name: _decoded(column) for name, column in lines.items()}, **digits}


def added(lines: Lines, others: pd.DataFrame, names: Iterable[str]) -> Lines:
    """The lines and after them the others: these columns of both."""
    own = {name: _decoded(lines[name]) for name in names}
    return {name: pa.concat_arrays([cells, array(others[name], cells.type)]) for name, cells in own.items()}


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column


def with_context(lines: Lines, context: pd.DataFrame | None) -> Lines:
    """New lines as ``match`` takes them, and after them the stored ones that it looks at together with them."""
    count = len(lines["line"])
    blank = constant("", count)
    new = {**lines, "decided": blank, "decided_order": pa.nulls(count, pa.int64()), "decided_split": blank}
    return added(new, context, joined_lines.MATCHED) if context is not None else new


def with_outcomes(lines: Lines, found: Mapping[str, pa.Array], file: int) -> Lines:
    """New lines of a file with their outcomes, the first that ``match`` found, as ``new_lines.prepared`` takes them."""
    count = len(lines["identity"])
    outcomes = {name: column.slice(0, count) for name, column in found.items()}
    of_file = pa.repeat(pa.scalar(file, pa.int64()), count)
    return {**lines, "file_order": lines["order"], "file": of_file, **outcomes}
