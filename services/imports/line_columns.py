"""The lines of a block as columns, arrays of Arrow by name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from services.reconciliation.matching.lookup import Coded, array
from services.settlements.blocks import Block
from services.settlements.identity import Occurrences, identify

Lines = dict[str, pa.Array]


def identified(block: Block, seen: Occurrences) -> Lines:
    """The block's lines with their ``identity`` and ``key``; ``seen``: the file's lines before."""
    found = identify(block.lines, seen)
    named = zip(block.lines.schema.names, block.lines.columns, strict=True)
    return {**dict(named), "identity": found.identity, "key": found.key}


def by_account(lines: Lines, accounts: Mapping[str, str]) -> Iterator[tuple[str, Lines]]:
    """The lines of each account, ``accounts`` being the account of each Account cell. Their ``account`` becomes ours, the
    cell is ``file_account``."""
    cells = Coded(lines["account"])
    for account in sorted({accounts[cell] for cell in cells.texts}):
        which = cells.among([cell for cell in cells.texts if accounts[cell] == account])
        theirs = lines if which.all() else taken(lines, np.flatnonzero(which))
        ours = pa.repeat(pa.scalar(account, pa.large_string()), len(theirs["account"]))
        yield account, {**theirs, "file_account": theirs["account"], "account": ours}


def taken(lines: Lines, places: Sequence[int] | Any) -> Lines:
    """The lines at these places."""
    at = pa.array(places, pa.int64())
    return {name: column.take(at) for name, column in lines.items()}


def hexed(lines: Lines) -> Lines:
    """The lines with ``identity`` and ``key`` in hex digits, as stored lines have them in frames."""
    digits = {
        name: pa.array([digest.hex() for digest in lines[name].to_pylist()], pa.large_string())
        for name in ("identity", "key")
    }
    return {**lines, **digits}


def added(lines: Lines, others: pd.DataFrame, names: Iterable[str]) -> Lines:
    """The lines and after them the others: these columns of both."""
    return {name: pa.concat_arrays([lines[name], array(others[name], lines[name].type)]) for name in names}
