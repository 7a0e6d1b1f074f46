"""Which stored lines a file corrects: it names the same thing (a key), and says other than before of it.

A settlement also comes in parts: a spreadsheet ends at 150,000 rows. A part has other lines of the same settlement, and some
of them have the keys of lines in another part (fees without a transaction, captures of one transaction). So a file corrects
lines of a settlement only where it names most of those that stand, as one that is issued again does; the lines of a part
stand beside the others. Where HiPay's API has delivered the settlement, it is whole, and a part changes what it names.

A line that was corrected, and that a later file names again, stands again: later is one that also has a new line of the
same key. An older file has none, and undoes no correction.
"""

from collections import Counter
from collections.abc import Collection

import pandas as pd

from services.store import Connection
from services.store.settlements import line_totals, settlement_lines


class Changes:
    """What is known, new and perhaps gone of a file's lines so far. ``file``: its id, 0 for one that is only looked at."""

    def __init__(self, file: int = 0) -> None:
        self._file = file
        self.known: set[int] = set()  # ids of lines of other files that are in this one, too
        self._named: Counter[tuple[str, str]] = Counter()  # how many of them, by account and settlement
        self._keys: set[str] = set()  # of new lines that have been looked up among those of other files
        self._new_by_key: Counter[str] = Counter()
        self._gone: list[pd.DataFrame] = []  # what was found: lines that may stand changed in this file
        self._former: list[pd.DataFrame] = []  # lines of this file that stood changed in another

    def note(self, tx: Connection, account: str, lines: pd.DataFrame, there: pd.DataFrame) -> pd.Index:
        """``lines``: identity, key and settlement_id of the next lines; ``there``: the stored ones of other files among
        them (``settlement_lines.by_identity``). Which of them may correct a stored line."""
        known = lines["identity"].isin(there["identity"])
        self.known.update(there["id"].tolist())
        for settlement, count in lines.loc[known, "settlement_id"].value_counts().items():
            self._named[account, str(settlement)] += int(count)
        self._former.append(there[there["replaced"]].assign(account=account))
        new = lines.loc[~known, "key"]
        asked = set(new) - self._keys
        self._keys |= asked
        found = settlement_lines.by_key(tx, account, sorted(asked), self._file).assign(account=account)
        self._gone.append(found)
        wanted = set(found["key"]) | set(self._new_by_key)
        new = new[new.isin(wanted)]
        self._new_by_key.update(new)
        return new.index

    def replaced(self, tx: Connection, whole: Collection[tuple[str, str]] = ()) -> list[int]:
        """The ids of the lines that stand changed in this file, once all of it has been noted. ``whole``: the (account,
        settlement) of which a part changes what it names."""
        if not self._gone:
            return []
        gone = pd.concat(self._gone, ignore_index=True).drop_duplicates("id").sort_values("id")
        gone = gone[~gone["id"].isin(self.known)]
        taken = [
            place < self._new_by_key[key]
            for key, place in zip(gone["key"], gone.groupby("key").cumcount(), strict=True)
        ]
        gone = gone[pd.Series(taken, index=gone.index, dtype="bool")]
        return self._issued_again(tx, gone, whole)

    def back(self, tx: Connection) -> list[int]:
        """The ids of the lines that were corrected and stand again, once all of it has been noted."""
        if not self._former:
            return []
        former = pd.concat(self._former, ignore_index=True).drop_duplicates("id").sort_values("id")
        return self._issued_again(tx, former[former["key"].isin(set(self._new_by_key))])

    def _issued_again(
        self, tx: Connection, lines: pd.DataFrame, whole: Collection[tuple[str, str]] = ()
    ) -> list[int]:
        """Those of settlements that the file names most of, or that are ``whole``."""
        found: list[int] = []
        for (account, settlement), theirs in lines.groupby(["account", "settlement_id"]):
            standing = line_totals.count_standing(tx, str(account), str(settlement), self._file)
            if (account, settlement) in whole or 2 * (
                self._named[str(account), str(settlement)] + len(theirs)
            ) >= standing:
                found += theirs["id"].tolist()
        return sorted(found)
