"""The state of one file's import, shared by the load of its blocks and by the transaction that completes it."""

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services import clock
from services.imports.duplicates import DuplicateFinder
from services.imports.file_accounts import FileAccounts
from services.imports.issued_again.issue_finder import IssueFinder
from services.imports.loading.file_end import FileEnd
from services.reconciliation.matching.lookup import Lookup, MatchRules, hashed
from services.settlements.findings import FindingsCollector, SetAsideCollector
from services.settlements.identity import Occurrences
from services.store import Connection
from services.store.settlements.files import settlement_files
from services.store.settlements.files.settlement_files import SettlementFile


class ImportCancelled(Exception):
    """The file was cancelled while it was imported."""


class SeenTransactions:
    """The transactions of the file's lines so far: 8 bytes for each."""

    def __init__(self) -> None:
        self._counts = Occurrences()

    def repeated(self, texts: pa.Array) -> list[str]:
        """Those of these transactions that earlier lines have, too."""
        different = pc.unique(texts.filter(pc.not_equal(texts, "")))
        nth = self._counts.count(hashed(different))
        found: list[str] = different.filter(pa.array(nth > 1)).to_pylist()
        return found


@dataclass(kw_only=True)
class ImportRun:
    """The state of the import of one file, while its blocks are loaded."""

    file: SettlementFile
    lookup: (
        Lookup | None
    )  # of all orders; None: there are so many, and so few lines, that theirs are looked for
    rules: dict[str, MatchRules]
    accounts: FileAccounts
    allowed: frozenset[str] | None  # the accounts to which the lines may be booked, None for all
    cursor: dict[str, Any]  # up to which changes of orders the lookup is up to date
    issues: IssueFinder
    findings: FindingsCollector
    duplicates: DuplicateFinder
    file_end: FileEnd
    occurrences: Occurrences = field(default_factory=Occurrences)
    lines: int = 0
    had_lines: dict[str, bool] = field(default_factory=dict)  # by account, before this file
    transactions: SeenTransactions = field(default_factory=SeenTransactions)
    set_aside: SetAsideCollector = field(default_factory=SetAsideCollector)
    settlements: set[str] = field(default_factory=set)
    # account and settlement id of stored lines with the same transactions
    shared_payouts: set[tuple[str, str]] = field(default_factory=set)


def update_running(tx: Connection, file_id: int, **values: Any) -> None:
    """Change the file that is being imported. Raises ImportCancelled if a person has cancelled it."""
    if not settlement_files.change(tx, file_id, states=("running",), alive_at=clock.now(), **values):
        raise ImportCancelled
