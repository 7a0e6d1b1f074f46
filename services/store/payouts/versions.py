"""The versions of payouts: whatever changes what a row is worked out from lets its version grow in the same transaction."""

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, Connection, select, tuple_, update

from services.store.in_list import among, in_batches
from services.store.schema.payouts import payouts

_row = payouts.c
Key = tuple[str, str, str]  # account, settlement id, currency


def grow(tx: Connection, *conditions: ColumnElement[bool]) -> None:
    """The rows for which these conditions hold are behind from this transaction on."""
    # locked in one order, or two transactions would wait for each other
    query = select(_row.id).where(*conditions).order_by(_row.id).with_for_update()
    ids = list(tx.scalars(query))
    for some in in_batches(ids):
        tx.execute(update(payouts).where(_row.id.in_(some)).values(version=_row.version + 1))


def grow_ids(tx: Connection, ids: Iterable[int]) -> None:
    grow(tx, among(tx, _row.id, sorted(set(ids))))


def grow_settlements(tx: Connection, accounts: Collection[str], settlements: Collection[str]) -> None:
    """Those of these accounts with one of these settlement ids, in every currency."""
    if accounts and settlements:
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


def grow_account(tx: Connection, account: str) -> None:
    grow(tx, _row.account == account)
