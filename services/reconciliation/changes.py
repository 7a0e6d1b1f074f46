"""Which stored lines a file corrects: it names the same thing (a key), and says other than before of it.

A settlement also comes in parts: a spreadsheet ends at 150,000 rows. A part has other lines of the same settlement, and some
of them have the keys of lines in another part (fees without a transaction, captures of one transaction). So a file corrects
lines of a settlement only where it names most of those that stand, as one that is issued again does; the lines of a part
stand beside the others.
"""

from collections import Counter

import pandas as pd

from services.store import Connection, line_totals, settlement_lines


class Changes:
    """What is known, new and perhaps gone of a file's lines so far. ``file``: its id, 0 for one that is only looked at."""

    def __init__(self, file: int = 0) -> None:
        self._file = file
        self.known: set[int] = set()  # ids of lines of other files that are in this one, too
        self._named: Counter[tuple[str, str]] = Counter()  # how many of them, by account and settlement
        self._keys: set[str] = set()  # of new lines that have been looked up among those of other files
        self._new_by_key: Counter[str] = Counter()
        self._gone: list[pd.DataFrame] = []  # what was found: lines that may stand changed in this file

    def note(self, tx: Connection, account: str, lines: pd.DataFrame, there: pd.DataFrame) -> None:
        """``lines``: identity, key and settlement_id of the next lines; ``there``: the stored ones of other files among
        them (``settlement_lines.by_identity``)."""
        known = lines["identity"].isin(there["identity"])
        self.known.update(there["id"].tolist())
        for settlement, count in lines.loc[known, "settlement_id"].value_counts().items():
            self._named[account, str(settlement)] += int(count)
        new = lines.loc[~known, "key"]
        asked = set(new) - self._keys
        self._keys |= asked
        found = settlement_lines.by_key(tx, account, sorted(asked), self._file).assign(account=account)
        self._gone.append(found)
        wanted = set(found["key"]) | set(self._new_by_key)
        self._new_by_key.update(key for key in new if key in wanted)

    def replaced(self, tx: Connection) -> list[int]:
        """The ids of the lines that stand changed in this file, once all of it has been noted."""
        if not self._gone:
            return []
        gone = pd.concat(self._gone, ignore_index=True).drop_duplicates("id").sort_values("id")
        gone = gone[~gone["id"].isin(self.known)]
        taken = [
            place < self._new_by_key[key]
            for key, place in zip(gone["key"], gone.groupby("key").cumcount(), strict=True)
        ]
        gone = gone[pd.Series(taken, index=gone.index, dtype="bool")]
        again: list[int] = []
        for (account, settlement), theirs in gone.groupby(["account", "settlement_id"]):
            standing = line_totals.count_standing(tx, str(account), str(settlement), self._file)
            if 2 * (self._named[str(account), str(settlement)] + len(theirs)) >= standing:
                again += theirs["id"].tolist()
        return sorted(again)
