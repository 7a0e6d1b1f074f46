"""Who may see a payout file, and act on it: whoever has the right on every account of the file.

The accounts of a file are the one that it was added for and those to which its rows are booked. While nobody has said which
account one of its rows belongs to, only a right on all accounts covers the file, also for whoever uploaded it: the rows may
be another account's.
"""

from collections.abc import Iterable

from services.access import ALL_ACCOUNTS, AccessError, Actor, NotAllowed, Right, allowed_accounts, require
from services.imports.errors import FileUnknown
from services.store import Connection
from services.store.settlements import settlement_files
from services.store.settlements.settlement_files import SettlementFile


def accounts_of(file: SettlementFile) -> frozenset[str]:
    """``ALL_ACCOUNTS`` stands for an account that is not known yet."""
    return frozenset({file.account, *(account or ALL_ACCOUNTS for _, account, _ in file.accounts)})


def require_file(tx: Connection, actor: Actor, right: Right, file_id: int) -> SettlementFile:
    """The file. Raises FileUnknown, NotAllowed."""
    file = settlement_files.get(tx, file_id)
    if file is None:
        allowed_accounts(tx, actor, right)
        raise FileUnknown
    for account in sorted(accounts_of(file)):
        require(tx, actor, right, account)
    return file


def visible(tx: Connection, actor: Actor, right: Right, states: Iterable[str]) -> list[SettlementFile]:
    """The files in these states that the right covers, newest first. Raises NotAllowed."""
    allowed = allowed_accounts(tx, actor, right)
    found = settlement_files.listed(tx, states, allowed)
    return [file for file in found if allowed is None or accounts_of(file) <= allowed]


def importable_accounts(tx: Connection, file: SettlementFile) -> frozenset[str] | None:
    """The accounts to which the rows of a file may be booked, None for all: the one that it was added for, and those that
    whoever added it may reconcile."""
    try:
        allowed = allowed_accounts(tx, Actor(file.actor_kind, file.actor_id), Right.RECONCILE)
    except AccessError:  # a right that was taken away since does not stop what was accepted
        allowed = frozenset()
    return None if allowed is None else allowed | {file.account}


def require_importable(allowed: frozenset[str] | None, accounts: Iterable[str]) -> None:
    """Raises NotAllowed when a row would be booked to an account that is not ``allowed``."""
    for account in accounts:
        if account and allowed is not None and account not in allowed:
            raise NotAllowed(Right.RECONCILE, account)
