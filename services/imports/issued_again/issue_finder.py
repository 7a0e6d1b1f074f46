"""Which lines of a file are stored already and which are new, block by block, by payout that other files have lines of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.imports.issued_again import issue_sums
from services.imports.issued_again.issue_sums import Sums
from services.imports.issued_again.issues import COMPARED
from services.store import Connection
from services.store.settlements.lines import settlement_lines

KEPT = 200_000  # new lines of a preview that are kept with all their cells
_NEEDED = (*COMPARED, "line")


@dataclass(kw_only=True)
class NamedLines:
    """The lines of one payout that a file names. ``known``: ids of stored ones of other files; ``back``: of those among them that
    do not count; ``new``: how many are not stored there; ``sums``: of all of them. ``lines``: of a preview, the new ones with
    the columns by which they are compared, their ``line`` and their ``kind``."""

    known: list[NDArray[np.int64]] = field(default_factory=list)
    back: list[int] = field(default_factory=list)
    new: int = 0
    sums: Sums = field(default_factory=dict)
    lines: list[pa.Table] = field(default_factory=list)

    def known_ids(self) -> NDArray[np.int64]:
        return np.concatenate(self.known) if self.known else np.empty(0, np.int64)


class IssueFinder:
    """``file``: its id, 0 for a preview, which keeps the new lines."""

    def __init__(self, file: int = 0) -> None:
        self._file = file
        self.known: set[int] = set()  # ids of lines of other files that are in this one, too
        self.payouts: dict[tuple[str, str], NamedLines] = {}  # by account and settlement id
        self.cells: list[tuple[str, pa.Table]] = []  # of a preview: the first new lines whole, by account
        self._kept = 0
        self._others: dict[tuple[str, str], bool] = {}

    def note(self, tx: Connection, account: str, lines: Mapping[str, pa.Array], there: pd.DataFrame) -> None:
        """``lines``: the next ones, with identity and key in hex digits; ``there``: the stored ones of other files among them
        (``settlement_lines.by_identity``)."""
        self.known.update(there["id"].tolist())
        payouts = pc.unique(lines["settlement_id"]).to_pylist()
        unasked = [one for one in payouts if (account, one) not in self._others]
        found = settlement_lines.payouts_of_others(tx, account, unasked, self._file) if unasked else set()
        self._others |= {(account, one): one in found for one in unasked}
        shared = [one for one in payouts if self._others[account, one]]
        if not shared:
            return
        new = pc.invert(pc.is_in(lines["identity"], pa.array(there["identity"].tolist(), pa.large_string())))
        by_payout = dict(tuple(there.groupby("settlement_id"))) if len(there) else {}
        table = pa.table(dict(lines))
        for payout in shared:
            named = self.payouts.setdefault((account, payout), NamedLines())
            known = by_payout.get(payout, there[:0])
            named.known.append(known["id"].to_numpy(np.int64))
            named.back += known.loc[known["replaced"] | known["withdrawn"], "id"].tolist()
            theirs = table if len(payouts) == 1 else table.filter(pc.equal(lines["settlement_id"], payout))
            fresh = theirs.filter(
                new if len(payouts) == 1 else new.filter(pc.equal(lines["settlement_id"], payout))
            )
            named.new += fresh.num_rows
            named.sums = issue_sums.added(named.sums, issue_sums.of_lines(_columns(theirs)))
            if not self._file and fresh.num_rows:
                named.lines.append(fresh.select(_NEEDED))
                if self._kept < KEPT:
                    self._kept += fresh.num_rows
                    self.cells.append((account, fresh))


def _columns(table: pa.Table) -> dict[str, pa.Array]:
    names = ("settlement_currency", "operation_code", "kind", "settled_amount_units")
    return {name: table[name].combine_chunks() for name in names}
