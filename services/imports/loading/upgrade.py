"""What the import process does in steps after an upgrade, before any other work: lines into the table of today, then their
measures, then the operations that only this version knows."""

import time

from services.imports.loading import rewrite
from services.imports.loading.lease import Lease
from services.payouts import fill_measures
from services.reconciliation.matching import learned_operations
from services.reconciliation.matching.rejoin import GAP_SECONDS
from services.store import Store


def waiting(store: Store) -> bool | None:
    """Whether there is a next step; None where nothing of it is under way."""
    if rewriting := rewrite.under_way(store):
        return rewriting.state != "unequal"
    return True if fill_measures.under_way(store) or learned_operations.waiting(store) else None


def step(lease: Lease) -> bool | None:
    """Do the next step; None where nothing of it is under way. Raises NoRoom, LeaseEnded."""
    if rewriting := rewrite.under_way(lease.store):
        return rewrite.step(lease, rewriting)
    if measuring := fill_measures.under_way(lease.store):
        fill_measures.step(lease.store, lease.write, measuring)
        time.sleep(GAP_SECONDS)
        return True
    if learned_operations.waiting(lease.store):
        learned_operations.step(lease.write)
        return True
    return None
