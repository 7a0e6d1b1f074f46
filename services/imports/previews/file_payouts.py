"""The lines of a previewed file by payout: joined to orders and summed up as its import would, none of them stored."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.imports import line_columns
from services.imports.issued_again.issue_finder import IssueFinder
from services.imports.line_columns import Lines
from services.reconciliation.matching import rejoin
from services.reconciliation.matching.lookup import strings
from services.reconciliation.matching.match import match
from services.store import Connection
from services.store.frames import constant
from services.store.payouts.sums import LineSum
from services.store.payouts.twice import TransactionLine
from services.store.settlements.lines import joined_lines
from services.store.settlements.lines.line_totals import MEASURED, TOTAL, Sums
from services.store.settlements.lines.settlement_lines import OUTCOME

HEAD = 50_000  # first lines of a file that are joined to orders, and looked through for what is counted twice
Payout = tuple[str, str]  # our account, settlement id
_SUMMED = (*TOTAL, *MEASURED, "line")
_TRANSACTION = (
    "line", "settlement_id", "settlement_currency", "transaction_id", "key", "kind", "operation_code", "order",
    "original_amount_units", "settled_amount_units", "reason", "settled",
)  # fmt: skip


class FilePayouts:
    """``lines``: how many the file has of each payout, those included that are stored already. ``head_only``: the file has more than
    HEAD lines, and the others were neither joined nor looked through."""

    def __init__(self) -> None:
        self.lines = Counter[Payout]()
        self.head_only = False
        self._left = HEAD
        self._sums = defaultdict[Payout, list[LineSum]](list)
        self._kept: list[tuple[str, pa.Table]] = []  # new lines of payouts that other files have lines of
        self._repeated: list[tuple[str, pa.Table]] = []  # lines of transactions that may be counted twice

    def note(
        self, tx: Connection, account: str, lines: Lines, there: Collection[str], issues: IssueFinder
    ) -> None:
        """``lines``: the next ones, all of one account; ``there``: the identities, in hex digits, of those that are stored; ``issues``
        has noted them, too."""
        for counted in pc.value_counts(strings(lines["settlement_id"])).to_pylist():
            self.lines[account, counted["values"]] += counted["counts"]
        if there:
            known = pc.is_in(
                lines["identity"], pa.array([bytes.fromhex(one) for one in there], lines["identity"].type)
            )
            lines = line_columns.taken(lines, pc.indices_nonzero(pc.invert(known)))
        if not (count := len(lines["line"])):
            return
        table = pa.table(self._joined(tx, account, lines, count))
        shared = {settlement for one, settlement in issues.payouts if one == account}
        kept = pc.is_in(strings(lines["settlement_id"]), pa.array(sorted(shared), pa.large_string()))
        self._kept.append((account, table.select(_SUMMED).filter(kept)))
        for one in _sums(table.filter(pc.invert(kept))):
            self._sums[account, one.settlement_id].append(one)

    def _joined(self, tx: Connection, account: str, lines: Lines, count: int) -> Lines:
        """The lines with their outcomes, which are blank beyond HEAD."""
        self.head_only |= count > self._left
        if count > self._left:
            self._left = 0
            blank = constant("", count)
            return line_columns.with_outcomes(lines, dict.fromkeys(OUTCOME, blank), 0)
        self._left -= count
        transactions = pc.unique(strings(lines["transaction_id"])).to_pylist()
        where = joined_lines.of_transactions(tx, account, transactions)
        context = joined_lines.joined(tx, where) if joined_lines.any_of(tx, where) else None
        matched = line_columns.with_context(lines, context)
        found = match(matched, rejoin.lookup_for(tx, matched), rejoin.rules_of(tx).get(account))
        whole = line_columns.with_outcomes(lines, found, 0)
        elsewhere = [] if context is None else context["transaction_id"].unique().tolist()
        self._note_repeated(account, whole, elsewhere)
        return whole

    def _note_repeated(self, account: str, lines: Lines, elsewhere: Collection[str]) -> None:
        """Keep the lines of transactions that stored lines have, or of which the file has several Sales."""
        transactions = strings(lines["transaction_id"])
        sales = transactions.filter(pc.equal(strings(lines["kind"]), "sale"))
        several = [one["values"] for one in pc.value_counts(sales).to_pylist() if one["counts"] > 1]
        wanted = pa.array(sorted({*elsewhere, *several} - {""}), pa.large_string())
        if len(wanted):
            table = pa.table({name: lines[name] for name in _TRANSACTION})
            self._repeated.append((account, table.filter(pc.is_in(transactions, wanted))))

    def sums(self, payout: Payout, without: Collection[int] = ()) -> list[LineSum]:
        """What the new lines of a payout come to; ``without``: numbers of lines that do not count."""
        account, settlement = payout
        found = [*self._sums[payout]]
        for one, table in self._kept:
            if one == account:
                theirs = pc.equal(strings(table["settlement_id"].combine_chunks()), settlement)
                gone = pc.is_in(table["line"], pa.array(sorted(without), pa.int64()))
                found += _sums(table.filter(pc.and_not(theirs, gone)))
        return found

    def currencies(self, account: str) -> set[tuple[str, str]]:
        """Settlement id and currency of the new lines that may be counted twice."""
        return {
            (row["settlement_id"], row["settlement_currency"])
            for one, table in self._repeated
            if one == account
            for row in table.select(["settlement_id", "settlement_currency"]).to_pylist()
        }

    def repeated(self, account: str, payouts: Mapping[tuple[str, str], int]) -> list[TransactionLine]:
        """The new lines of transactions that may be counted twice. ``payouts``: by settlement id and currency the number by which a
        payout is known; lines of others are left out."""
        found: list[TransactionLine] = []
        for one, table in self._repeated:
            if one != account:
                continue
            for row in table.to_pylist():
                number = payouts.get((row["settlement_id"], row["settlement_currency"]))
                if number is not None:
                    found.append(_transaction_line(row, number))
        return found


def _sums(table: pa.Table) -> list[LineSum]:
    return (
        Sums({name: table[name].combine_chunks() for name in table.column_names}).line_sums()
        if table.num_rows
        else []
    )


def _transaction_line(row: dict[str, Any], payout: int) -> TransactionLine:
    return TransactionLine(
        id=-row.pop("line"),
        payout=payout,
        currency=row.pop("settlement_currency"),
        file=0,
        issue=0,
        key=row.pop("key").hex(),
        original_units=row.pop("original_amount_units"),
        settled_units=row.pop("settled_amount_units"),
        **row,
    )
