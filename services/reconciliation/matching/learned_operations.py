"""Lines that were stored while their operation was unknown take its kind and bucket once the program knows it, in short steps.

They keep their id, identity and decisions: kind, operation and bucket are those of the group, so a line gets another group, its sums move,
and it is joined again with the lines of its transaction.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pandas as pd

from services.reconciliation.matching.rejoin import rejoin_here
from services.settlements import settlement_operations
from services.store import Connection, Store
from services.store.settlements import positions
from services.store.settlements.lines import settlement_lines, unknown_operations
from services.store.settlements.lines.line_totals import Sums, counted
from services.store.settlements.lines.settlement_lines import OUTCOME

AT_ONCE = 1_000  # lines in one transaction
Write = Callable[[], AbstractContextManager[Connection]]


def waiting(store: Store) -> bool:
    """Whether there are lines of unknown operations, and the program knows others than when all of them were looked through; or an
    operation has another bucket than its lines."""
    with store.read() as tx:
        groups = unknown_operations.groups(tx)
        if any(one.moved for one in groups):
            return True
        unknown = any(not one.operation_code for one in groups)
        return unknown and unknown_operations.state(tx).known != settlement_operations.known()


def step(write: Write, at_once: int = AT_ONCE) -> None:
    """Look through the next lines of unknown operations."""
    known = settlement_operations.known()
    with write() as tx:
        state = unknown_operations.state(tx)
        after = state.after if state.looking_for == known else 0
        last, lines = unknown_operations.next_lines(tx, after, at_once)
        if lines is None:
            unknown_operations.renew_buckets(tx)
            unknown_operations.finish(tx, known)
            return
        found = [settlement_operations.operation(text) for text in lines["operation"]]
        learned = lines[[one is not None for one in found]].assign(
            kind=[one.kind for one in found if one], operation_code=[one.code for one in found if one]
        )
        if len(learned):
            _learn(tx, lines.loc[learned.index], learned)
        unknown_operations.go_on(tx, known, last)


def _learn(tx: Connection, before: pd.DataFrame, learned: pd.DataFrame) -> None:
    for account in sorted(learned["account"].unique()):
        positions.bump_version(tx, account)
    current = learned["current"].to_numpy(dtype=bool)
    was = before[current]
    Sums(counted(was, was["was_outcome"], was["was_reason"])).write(tx, sign=-1)
    settlement_lines.change(tx, learned, {name: learned[f"was_{name}"] for name in OUTCOME})
    now = learned[current]
    Sums(counted(now, now["was_outcome"], now["was_reason"])).write(tx)
    for account, theirs in now.groupby("account"):
        rejoin_here(tx, str(account), theirs["id"].tolist())
