"""Lines that a file corrects, before and after: of one that is only looked at, and of one that is imported."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.access import Actor, Right, require
from services.desk import Desk
from services.settlements.columns import AMOUNTS, COLUMNS
from services.store import Connection, Row
from services.store.settlements import corrections

SHOWN = 50  # corrections that are listed
_STORED = {"account": "file_account", "order": "file_order", **{name: f"{name}_units" for name in AMOUNTS}}
_READ = {name: f"{name}_units" for name in AMOUNTS}


@dataclass(frozen=True)
class Correction:
    """``line``: where it stands in the new file. ``before`` and ``after``: the cells by canonical column, amounts in units
    of 1/10000 or None; ``differs``: the columns in which they do not say the same."""

    line: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    differs: tuple[str, ...]


def of_file(desk: Desk, actor: Actor, file: int) -> tuple[Correction, ...]:
    """The first SHOWN lines that an imported file has corrected. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_SETTLEMENTS)
        old = corrections.replaced_by(tx, file, SHOWN)
        new = corrections.of_keys(tx, file, {(row.account, row.key) for row in old})
    return of_stored(old, new)


def of_stored(old: Sequence[Row[Any]], new: Sequence[Row[Any]]) -> tuple[Correction, ...]:
    """Whole stored lines beside those that would take their place."""
    return _paired(
        _stored(old), [(row.account, row.key, row.line, _cells(_named(row), _STORED)) for row in new]
    )


def of_read(
    tx: Connection, replaced: Sequence[int], new: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[Correction, ...]:
    """The first SHOWN of the stored lines that a file would correct; ``new``: (our account, cells with ``key`` and
    ``line``) of the lines of the file that may do so."""
    old = corrections.whole(tx, replaced[:SHOWN])
    cells = [(account, row["key"], int(row["line"]), _cells(row, _READ)) for account, row in new]
    return _paired(_stored(old), cells)


def _stored(found: Sequence[Row[Any]]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.account, row.key, _cells(_named(row), _STORED)) for row in found]


def _named(row: Row[Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row._mapping.items()}


def _cells(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {column: row[names.get(column, column)] for column in COLUMNS}


def _paired(
    old: Sequence[tuple[str, str, dict[str, Any]]], new: Sequence[tuple[str, str, int, dict[str, Any]]]
) -> tuple[Correction, ...]:
    """Lines of one key are told apart by their order alone."""
    waiting: defaultdict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for account, key, line, cells in new:
        waiting[account, key].append((line, cells))
    found = []
    for account, key, before in old:
        if not waiting[account, key]:
            continue
        line, after = waiting[account, key].pop(0)
        differs = tuple(column for column in COLUMNS if before[column] != after[column])
        found.append(Correction(line, before, after, differs))
    return tuple(found)
