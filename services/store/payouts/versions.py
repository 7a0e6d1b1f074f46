"""The versions of payouts: whatever changes what a row is worked out from lets its version grow in the same transaction.

Whoever changes rows of an account has locked the account before (``lock``, or ``positions.bump_version``), so that no two transactions
wait for each other's rows.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, select, true, tuple_, update

from services.store.in_list import among
from services.store.locks import insert_new
from services.store.schema.payouts import payouts
from services.store.schema.reconciliation import account_matching

_row = payouts.c
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


def grow_settlements(tx: Connection, accounts: Collection[str], settlements: Collection[str]) -> None:
    """Those of these accounts with one of these settlement ids, in every currency."""
    if accounts and settlements:
        lock(tx, accounts)
        named = among(tx, _row.settlement_id, sorted(settlements))
        grow(tx, _row.account.in_(sorted(accounts)), named)


def grow_keys(tx: Connection, keys: Collection[Key]) -> None:
    wanted = sorted(set(keys))
    ids = [
        row.id
        for start in range(0, len(wanted), 200)
        for row in tx.execute(
            select(_row.id).where(
                tuple_(_row.account, _row.settlement_id, _row.currency).in_(wanted[start : start + 200])
            )
        )
    ]
    if ids:
        grow_ids(tx, ids)


def grow_all(tx: Connection) -> None:
    grow(tx, true())


def grow_account(tx: Connection, account: str) -> None:
    grow(tx, _row.account == account)
