"""Whether a file brings lines of a stored payout again, in another rendition.

A spreadsheet that was saved again drops the zeros of an id, and an older export lacks columns. Such a line has another
identity and another key, and would be stored twice. So new lines of a stored payout are compared with its stored lines by
what every rendition has: operation, settled amount and transaction, or the day if the transaction is missing or has lost
digits. If half of the new lines look like stored ones, a person must confirm that they are other lines. The parts of a
payout that comes in several files have different transactions, so they do not look alike. The payout's own id may have lost its zeros,
too: a payout that is not stored is compared with those whose ids differ by leading zeros alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from services.errors import DeskError
from services.reconciliation.matching.lookup import (
    damaged,
    hashed,
    joined,
    strings,
)
from services.store import Connection
from services.store.payouts import leading_zeros
from services.store.settlements.lines import line_totals, settlement_lines

Hashes = NDArray[np.uint64]
_COMPARED = (
    "settlement_id", "settlement_currency", "settled_amount_units", "operation_code", "operation", "kind", "transaction_id",
    "date", "lost",
)  # fmt: skip


class PayoutsStored(DeskError):
    """The file's lines look like those of payouts that are stored."""

    code: ClassVar[str] = "import_payouts_stored"

    def __init__(self, found: "Collection[StoredPayout]") -> None:
        self.payouts = ", ".join(dict.fromkeys(one.settlement_id for one in found))


@dataclass(frozen=True, kw_only=True)
class StoredPayout:
    """A payout in one currency that a file seems to bring again: its stored lines and settled units, and those of the file.

    Control totals count as lines, and not in the units.
    """

    account: str
    settlement_id: str
    currency: str
    lines: int
    units: int
    file_lines: int
    file_units: int


@dataclass
class _Marks:
    """Hashes of lines by what every rendition has: by transaction, by day, and by day for lines without a transaction."""

    by_transaction: list[Hashes]
    by_day: list[Hashes]
    by_day_alone: list[Hashes]

    @staticmethod
    def none() -> "_Marks":
        return _Marks([], [], [])

    def add(self, lines: pd.DataFrame) -> None:
        transaction = pc.utf8_lower(pc.utf8_ltrim(strings(lines["transaction_id"]), "0"))
        lacking = damaged(lines, "transaction_id") | pc.equal(transaction, "").to_numpy(zero_copy_only=False)
        code = lines["operation_code"].where(lines["operation_code"] != "", lines["operation"].str.casefold())
        units = lines["settled_amount_units"].astype("str")
        what = (strings(code), strings(lines["settlement_currency"]), strings(units))
        days = hashed(joined(*what, strings(lines["date"].str.slice(0, 10))))
        self.by_transaction.append(hashed(joined(*what, transaction))[~lacking])
        self.by_day.append(days[~lacking])
        self.by_day_alone.append(days[lacking])

    def shared(self, other: "_Marks") -> int:
        """How many of these lines look like one of the other's, each paired with a different one, at most."""
        return (
            _common(self.by_transaction, other.by_transaction)
            + _common(self.by_day_alone, other.by_day + other.by_day_alone)
            + _common(self.by_day, other.by_day_alone)
        )


class DuplicateFinder:
    """Which stored payouts a file seems to bring again, block by block. ``file``: its id, 0 for a preview."""

    def __init__(self, file: int = 0) -> None:
        self._file = file
        self._stored_as: dict[tuple[str, str], list[str]] = {}  # the ids under which a payout has lines
        self._new: dict[tuple[str, str], _Marks] = {}
        self._sums: list[pd.DataFrame] = []

    def note(
        self, tx: Connection, account: str, lines: Mapping[str, pa.Array], known: "pd.Series[str]"
    ) -> None:
        """The next lines of the file, with their identity. ``known``: identities of those that other files have."""
        payouts = pc.unique(lines["settlement_id"]).to_pylist()
        for payout in payouts:
            if (account, payout) not in self._stored_as:
                ids = leading_zeros.alike(payout) if payout else []
                found = line_totals.having_lines(tx, account, ids, self._file)
                self._stored_as[account, payout] = [payout] if payout in found else found
        again = [payout for payout in payouts if self._stored_as[account, payout]]
        if not again:
            return
        whole = pa.table({name: lines[name] for name in (*_COMPARED, "identity")}).to_pandas(
            types_mapper={pa.int64(): pd.Int64Dtype()}.get
        )
        theirs = whole[whole["settlement_id"].isin(again)]
        money = theirs["settled_amount_units"].where(theirs["kind"] != "control", 0)
        keys = ["settlement_id", "settlement_currency"]
        sums = theirs.assign(money=money).groupby(keys, as_index=False)
        self._sums.append(sums.agg(lines=("money", "size"), units=("money", "sum")).assign(account=account))
        for payout, new in theirs[~theirs["identity"].isin(known)].groupby("settlement_id"):
            self._new.setdefault((account, str(payout)), _Marks.none()).add(new)

    def stored(
        self,
        tx: Connection,
        known: Collection[int],
        replaced: Collection[int],
        payouts: Collection[tuple[str, str]],
        *,
        others: bool,
    ) -> tuple[StoredPayout, ...]:
        """Those of these payouts, and those that are stored under another id, that the file brings again. ``known``: ids of stored
        lines that are in the file too; ``replaced``: of those that it corrects; ``others``: a person said that its lines are
        others."""
        found: list[StoredPayout] = []
        for (account, payout), new in self._new.items():
            ids = self._stored_as[account, payout]
            if (account, payout) not in payouts and (others or payout in ids):
                continue
            there = pd.concat(settlement_lines.of_payout(tx, account, one, self._file) for one in ids)
            changed = there["id"].isin(replaced)
            marks = _Marks.none()
            marks.add(there[~changed & ~there["id"].isin(known)])
            added = _count(new.by_day + new.by_day_alone) - int(changed.sum())
            if added > 0 and 2 * new.shared(marks) >= added:
                found += self._figures(account, payout, there)
        return tuple(found)

    def _figures(self, account: str, payout: str, there: pd.DataFrame) -> list[StoredPayout]:
        ours = pd.concat(self._sums, ignore_index=True)
        ours = ours[(ours["account"] == account) & (ours["settlement_id"] == payout)]
        money = there["settled_amount_units"].where(there["kind"] != "control", 0)
        result = []
        for currency in sorted({*ours["settlement_currency"], *there["settlement_currency"]}):
            in_file, in_store = (
                ours["settlement_currency"] == currency,
                there["settlement_currency"] == currency,
            )
            result.append(
                StoredPayout(
                    account=account,
                    settlement_id=payout,
                    currency=str(currency),
                    lines=int(in_store.sum()),
                    units=int(money[in_store].sum()),
                    file_lines=int(ours.loc[in_file, "lines"].sum()),
                    file_units=int(ours.loc[in_file, "units"].sum()),
                )
            )
        return result


def _count(parts: list[Hashes]) -> int:
    return sum(len(part) for part in parts)


def _common(ours: list[Hashes], theirs: list[Hashes]) -> int:
    """How many hashes are in both lists, each counted as often as it is in both."""
    if not _count(ours) or not _count(theirs):
        return 0
    (one, counts), (other, others) = (
        np.unique(np.concatenate(heap), return_counts=True) for heap in (ours, theirs)
    )
    _, here, there = np.intersect1d(one, other, assume_unique=True, return_indices=True)
    return int(np.minimum(counts[here], others[there]).sum())
