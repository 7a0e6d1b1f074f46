"""Which stored lines a file corrects, and how they are shown before and after.

A file corrects a stored line if it has a line of the same ``key`` with other cells. A settlement also comes in parts, since
a spreadsheet ends at 150,000 rows. A part has other lines of the same settlement, and some of them have the keys of lines
in another part (fees without a transaction, captures of one transaction). So a file corrects lines of a settlement only if
it names most of the valid ones, as a payout that is issued again does; otherwise the lines of a part are added to the
others. A settlement that HiPay's API has delivered is whole: of it, a part corrects each line that it names.

A line that was corrected is restored when a later file names it again. A file is later if it also has a new line of the
same key. An older file has none, and undoes no correction.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from services.access import Actor, Right
from services.desk import Desk
from services.imports.file_rights import require_file
from services.settlements.columns import AMOUNTS, COLUMNS
from services.store import Connection
from services.store.settlements import corrections, line_totals, settlement_lines
from services.store.settlements.stored_lines import StoredLine

SHOWN = 50  # corrections that are listed
_STORED = {"account": "file_account", "order": "file_order", **{name: f"{name}_units" for name in AMOUNTS}}
_READ = {name: f"{name}_units" for name in AMOUNTS}


class CorrectionFinder:
    """Which lines of a file are known, new or corrections, block by block. ``file``: its id, 0 for a preview."""

    def __init__(self, file: int = 0) -> None:
        self._file = file
        self.known: set[int] = set()  # ids of lines of other files that are in this one, too
        self._known_count: Counter[tuple[str, str]] = Counter()  # by account and settlement
        # (settlement, key) of new lines that were searched among the lines of other files
        self._keys: set[tuple[str, str]] = set()
        self._new_by_key: Counter[str] = Counter()
        self._correctable: list[pd.DataFrame] = []  # stored lines that this file may correct
        self._corrected: list[pd.DataFrame] = []  # lines of this file that another file has corrected

    def note(
        self, tx: Connection, account: str, lines: Mapping[str, pa.Array], there: pd.DataFrame
    ) -> list[int]:
        """``lines``: identity, key and settlement_id of the next lines; ``there``: the stored ones of other files among
        them (``settlement_lines.by_identity``). The places of those that may correct a stored line."""
        if len(there):
            self.known.update(there["id"].tolist())
            if there["replaced"].any():
                self._corrected.append(there[there["replaced"]].assign(account=account))
        stored, new = set(there["identity"].tolist()), list[tuple[int, tuple[str, str]]]()
        names = ("identity", "key", "settlement_id")
        for place, (identity, key, settlement) in enumerate(
            zip(*(lines[name].to_pylist() for name in names), strict=True)
        ):
            if identity in stored:
                self._known_count[account, settlement] += 1
            else:
                new.append((place, (settlement, key)))
        searched = {key for _, key in new} - self._keys
        self._keys |= searched
        found = settlement_lines.by_key(tx, account, searched, self._file)
        if len(found):
            self._correctable.append(found.assign(account=account))
        wanted = set(found["key"].tolist()) | set(self._new_by_key)
        new = [(place, key) for place, key in new if key[1] in wanted]
        self._new_by_key.update(key for _, (_, key) in new)
        return [place for place, _ in new]

    def replaced(self, tx: Connection, whole: Collection[tuple[str, str]] = ()) -> list[int]:
        """The ids of the stored lines that this file corrects, once all its blocks have been noted. ``whole``: each (account,
        settlement) of which a part corrects what it names."""
        if not self._correctable:
            return []
        found = pd.concat(self._correctable, ignore_index=True).drop_duplicates("id").sort_values("id")
        found = found[~found["id"].isin(self.known)]
        taken = [
            place < self._new_by_key[key]
            for key, place in zip(found["key"], found.groupby("key").cumcount(), strict=True)
        ]
        found = found[pd.Series(taken, index=found.index, dtype="bool")]
        return self._issued_again(tx, found, whole)

    def restored(self, tx: Connection) -> list[int]:
        """The ids of the corrected lines that this file restores, once all its blocks have been noted."""
        if not self._corrected:
            return []
        found = pd.concat(self._corrected, ignore_index=True).drop_duplicates("id").sort_values("id")
        return self._issued_again(tx, found[found["key"].isin(set(self._new_by_key))])

    def _issued_again(
        self, tx: Connection, lines: pd.DataFrame, whole: Collection[tuple[str, str]] = ()
    ) -> list[int]:
        """Those of the lines whose settlement is ``whole``, or of which the file names most lines."""
        found: list[int] = []
        for (account, settlement), theirs in lines.groupby(["account", "settlement_id"]):
            valid = line_totals.count_valid(tx, str(account), str(settlement), self._file)
            if (account, settlement) in whole or 2 * (
                self._known_count[str(account), str(settlement)] + len(theirs)
            ) >= valid:
                found += theirs["id"].tolist()
        return sorted(found)


@dataclass(frozen=True)
class ShownCorrection:
    """``line``: its number in the new file. ``before`` and ``after``: the cells by canonical column, amounts in units of
    1/10000 or None; ``differs``: the columns whose cells differ."""

    line: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    differs: tuple[str, ...]


def of_file(desk: Desk, actor: Actor, file: int) -> tuple[ShownCorrection, ...]:
    """The first SHOWN lines that an imported file has corrected. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        old = corrections.replaced_by(tx, file, SHOWN)
        new = corrections.like(tx, file, [row.id for row in old])
    return of_stored(old, new)


def of_stored(old: Sequence[StoredLine], new: Sequence[StoredLine]) -> tuple[ShownCorrection, ...]:
    """Stored lines, each with the one that would take its place."""
    return _paired(
        _stored(old), [(row.account, row.key, row.line, _cells(asdict(row), _STORED)) for row in new]
    )


def of_read(
    tx: Connection, replaced: Sequence[int], new: Iterable[tuple[str, Mapping[str, Any]]]
) -> tuple[ShownCorrection, ...]:
    """The first SHOWN of the stored lines that a file would correct; ``new``: (our account, cells with ``key`` and
    ``line``) of the lines of the file that may do so."""
    old = corrections.of_ids(tx, replaced[:SHOWN])
    cells = [(account, row["key"], int(row["line"]), _cells(row, _READ)) for account, row in new]
    return _paired(_stored(old), cells)


def _stored(found: Sequence[StoredLine]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(row.account, row.key, _cells(asdict(row), _STORED)) for row in found]


def _cells(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {column: row[names.get(column, column)] for column in COLUMNS}


def _paired(
    old: Sequence[tuple[str, str, dict[str, Any]]], new: Sequence[tuple[str, str, int, dict[str, Any]]]
) -> tuple[ShownCorrection, ...]:
    """Lines with the same key are paired in their order."""
    waiting: defaultdict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for account, key, line, cells in new:
        waiting[account, key].append((line, cells))
    found = []
    for account, key, before in old:
        if not waiting[account, key]:
            continue
        line, after = waiting[account, key].pop(0)
        differs = tuple(column for column in COLUMNS if before[column] != after[column])
        found.append(ShownCorrection(line, before, after, differs))
    return tuple(found)
