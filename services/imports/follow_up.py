"""What is left to do once a file is complete: the lines of other files that it touches, and where its orders stand."""

import time
from itertools import islice

from services.imports.lease import Lease
from services.reconciliation.matching import order_changes, positions, rejoin
from services.store.settlements import settlement_files, settlement_lines
from services.store.settlements.positions import bump_version, orders_of_file, put_positions, read_version
from services.store.settlements.settlement_files import SettlementFile

_LINES, _ORDERS = 5_000, 5_000  # at once


def follow_up(lease: Lease, file: SettlementFile) -> None:
    """Join the lines again that share a transaction with the file's, then compute where its orders stand.

    All of it can be done twice: one that was broken off goes on with the lines, and begins the orders anew.
    """
    after = file.follow_up or 0
    with lease.store.read() as tx:
        alone = not settlement_files.any_other(tx, file.id)
    while not alone:
        with lease.store.read() as tx:
            last, shared = settlement_lines.shared_transactions(tx, file.id, after, _LINES)
        if not last:
            break
        for account, ids in shared.items():
            rejoin.rejoin(lease.store, account, ids, lease.write)
        after = last
        with lease.write() as tx:
            settlement_files.change(tx, file.id, states=("complete",), follow_up=after)
    with lease.store.read() as tx:
        orders = orders_of_file(tx, file.id)
    for account, ids in orders.items():
        _stand(lease, account, ids)
    while order_changes.catch_up_store(lease.store):
        lease.check()
    with lease.write() as tx:
        settlement_files.change(tx, file.id, states=("complete",), follow_up=None, tries=0)


def _stand(lease: Lease, account: str, orders: list[int]) -> None:
    """Compute the orders' positions beside the transaction that writes them; where something came between, within it."""
    left = iter(orders)
    while some := list(islice(left, _ORDERS)):
        with lease.store.read() as tx:
            version, found = read_version(tx, account), positions.compute(tx, some)
        with lease.write() as tx:
            if bump_version(tx, account) != version + 1:
                found = positions.compute(tx, some)
            put_positions(tx, found)
        time.sleep(rejoin.GAP_SECONDS)
