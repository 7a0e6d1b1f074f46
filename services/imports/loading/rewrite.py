"""Brings the lines of former versions into the table of today, step by step (``services.store.line_rewrite``).

Each step is a short transaction under the lease of the import process, so that imports and joins wait until it is over, and
one that is killed goes on where it was.
"""

import logging
import time
from dataclasses import replace

from services.imports.loading.lease import Lease
from services.reconciliation.matching.rejoin import GAP_SECONDS
from services.store import Store, line_rewrite
from services.store.line_rewrite import Rewrite
from services.store.settlements.lines import former_lines

log = logging.getLogger(__name__)
AT_ONCE = 3_000  # lines in a transaction


def under_way(store: Store) -> Rewrite | None:
    with store.read() as tx:
        return line_rewrite.under_way(tx)


def step(lease: Lease, found: Rewrite) -> bool:
    """Do what comes next; False where there is nothing to do, since the tables differ. Raises NoRoom, LeaseEnded."""
    if found.state == "unequal":
        return False
    if found.state == "deleting":
        with lease.write(grows=False) as tx:
            if not former_lines.delete(tx, AT_ONCE):
                line_rewrite.change(tx, None)
                log.info("all %d payout lines are in their new table", found.lines)
    else:
        _move(lease, found)
    time.sleep(GAP_SECONDS)
    return True


def _move(lease: Lease, found: Rewrite) -> None:
    with lease.store.read() as tx, line_rewrite.moving(tx):
        lines = former_lines.read(tx, found.after, AT_ONCE)
        equal = lines is None and former_lines.equal(tx)
    with lease.write() as tx, line_rewrite.moving(tx):
        if lines is not None:
            former_lines.write(tx, lines)
            moved = replace(found, moved=found.moved + len(lines.more), after=lines.last)
            line_rewrite.change(tx, moved)
        else:
            line_rewrite.change(tx, replace(found, state="deleting" if equal else "unequal"))
    if lines is None and not equal:
        log.error(
            "the payout lines of the former table and of the new one differ: both stay, and nobody reads lines"
        )
