"""The versions of payouts: whatever changes what a row is worked out from lets its version grow in the same transaction.

Whoever changes rows of an account has locked the account before (``lock``, or ``positions.bump_version``), so that no two transactions
wait for each other's rows.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, or_, select, true, tuple_, update

from services.store.in_list import among
from services.store.locks import insert_new
from services.store.schema.payouts import payouts
from services.store.schema.reconciliation import account_matching

_row = payouts.c
Payout = tuple[str, str]  # account, settlement id
Key = tuple[str, str, str]  # account, settlement id, currency


def lock(tx: Connection, accounts: Collection[str]) -> None:
    """Nobody else changes payouts or lines of these accounts before this transaction ends. To be called once, with all of them."""
    if tx.dialect.name != "postgresql":  # SQLite has one writer at a time
        return
    for account in sorted(set(accounts)):
        insert_new(tx, account_matching, ("account",), account=account)
        here = select(account_matching.c.account).where(account_matching.c.account == account)
        tx.execute(here.with_for_update()).all()


def grow(tx: Connection, *conditions: ColumnElement[bool]) -> None:
    """The rows for which these conditions hold are behind from this transaction on."""
    tx.execute(update(payouts).where(*conditions).values(version=_row.version + 1))


def grow_ids(tx: Connection, ids: Iterable[int]) -> None:
    grow(tx, among(tx, _row.id, sorted(set(ids))))


def grow_settlements(
    tx: Connection, accounts: Collection[str], settlements: Collection[str], *, complete: bool = True
) -> None:
    """Those of these accounts with one of these settlement ids, in every currency. Not ``complete``: only those of which a file has
    been complete by now."""
    if accounts and settlements:
        lock(tx, accounts)
        named = among(tx, _row.settlement_id, sorted(settlements))
        grow(tx, _row.account.in_(sorted(accounts)), named, true() if complete else _row.version > 0)


def grow_payouts(tx: Connection, payouts: Iterable[Payout]) -> None:
    """These payouts, in every currency: what is missing in one of them is part of each row's proof."""
    wanted = sorted(set(payouts))
    ids = [
        row.id
        for start in range(0, len(wanted), 200)
        for row in tx.execute(
            select(_row.id).where(tuple_(_row.account, _row.settlement_id).in_(wanted[start : start + 200]))
        )
    ]
    if ids:
        grow_ids(tx, ids)


def grow_carried(tx: Connection, accounts: Iterable[tuple[str, str]]) -> None:
    """Payouts that carry a balance over, of these accounts and currencies: a line that moves a balance has changed. So are those that
    are behind, of which it is not known whether they do: a step that has read the lines before must not write."""
    for account, currency in sorted(set(accounts)):
        carries = or_(_row.announced_by == "deferred", _row.version != _row.worked_version)
        grow(tx, _row.account == account, _row.currency == currency, carries, _row.version > 0)


def grow_all(tx: Connection) -> None:
    grow(tx, true())


def grow_account(tx: Connection, account: str) -> None:
    grow(tx, _row.account == account)
