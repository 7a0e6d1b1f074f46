"""The follow-up of a complete file: rejoin the lines of other files that it concerns, and compute its orders' positions."""

import itertools
import time

from services.imports.loading.lease import Lease
from services.reconciliation.matching import order_changes, positions, rejoin
from services.store.payouts import versions
from services.store.settlements.files import payout_issues, settlement_files
from services.store.settlements.files.settlement_files import SettlementFile
from services.store.settlements.lines import joined_lines, settlement_lines
from services.store.settlements.positions import bump_version, orders_of_file, read_version

_LINES, _ORDERS = 5_000, 5_000  # at once


def follow_up(lease: Lease, file: SettlementFile) -> None:
    """Rejoin the lines that share a transaction with the file's, then compute the positions of its orders.

    All of it can be repeated: after an interruption, the lines continue where they stopped, and the orders begin again.
    """
    after = file.follow_up or 0
    with lease.store.read() as tx:
        only_file = not settlement_files.any_other(tx, file.id)
    while not only_file:
        with lease.store.read() as tx:
            last, shared = joined_lines.shared_transactions(tx, file.id, after, _LINES)
        if not last:
            break
        after = last
        for account, ids in shared.items():
            rejoin.rejoin(lease.store, account, ids, lease.write)
        if shared:
            with lease.write() as tx:
                settlement_files.change(tx, file.id, states=("complete",), follow_up=after)
        else:
            lease.check()
    _rejoin_beside(lease, file)
    with lease.store.read() as tx:
        orders = orders_of_file(tx, file.id)
    for account, ids in orders.items():
        _compute_positions(lease, account, ids)
    while order_changes.catch_up_store(lease.store):
        lease.check()
    with lease.write() as tx:
        settlement_files.change(tx, file.id, states=("complete",), follow_up=None, tries=0)
        payouts = {(account, settlement) for account, settlement in file.shared_payouts}
        accounts = settlement_files.possible_accounts(file.account, file.accounts)
        versions.lock(tx, {*accounts, *(account for account, _ in payouts)})
        versions.grow_payouts(tx, {*payouts, *itertools.product(accounts, file.settlements)})


def _rejoin_beside(lease: Lease, file: SettlementFile) -> None:
    """Rejoin the lines that share a transaction with lines that do not count because of the file."""
    with lease.store.read() as tx:
        again = bool(payout_issues.of_file(tx, file.id))
    after = 0
    while again:
        with lease.store.read() as tx:
            gone = joined_lines.not_counted(tx, file.id, after, _LINES)
            beside = joined_lines.beside(tx, gone)
            accounts = {one.account for one in payout_issues.of_file(tx, file.id)}
            theirs = {account: settlement_lines.of_account(tx, account, beside) for account in accounts}
        if not gone:
            break
        after = gone[-1]
        for account, ids in theirs.items():
            if ids:
                rejoin.rejoin(lease.store, account, ids, lease.write)
        lease.check()


def _compute_positions(lease: Lease, account: str, orders: list[int]) -> None:
    """Compute the orders' positions before the transaction that writes them, and again within it if the account has changed."""
    for start in range(0, len(orders), _ORDERS):
        if start:
            time.sleep(rejoin.GAP_SECONDS)
        some = orders[start : start + _ORDERS]
        with lease.store.read() as tx:
            version, found = read_version(tx, account), positions.compute(tx, some)
        with lease.write() as tx:
            if bump_version(tx, account) != version + 1:
                found = positions.compute(tx, some)
            positions.put(tx, found)
