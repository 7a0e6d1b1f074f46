"""The payout files that an actor may see or change (``access.payout_files``), and the accounts their rows may be booked to."""

from collections.abc import Collection, Iterable

from services.access import AccessError, Actor, NotAllowed, Right, allowed_accounts
from services.access.payout_files import covers, require_accounts
from services.imports.errors import FileUnknown
from services.store import Connection
from services.store.settlements.files import settlement_files
from services.store.settlements.files.settlement_files import FileState, SettlementFile


def require_file(tx: Connection, actor: Actor, right: Right, file_id: int) -> SettlementFile:
    """The file. Raises FileUnknown, NotAllowed."""
    file = settlement_files.get(tx, file_id)
    if file is None:
        allowed_accounts(tx, actor, right)
        raise FileUnknown
    require_accounts(tx, actor, right, file)
    return file


def visible(tx: Connection, actor: Actor, right: Right, states: Iterable[FileState]) -> list[SettlementFile]:
    """The files in these states that the right covers, newest first. Raises NotAllowed."""
    allowed = allowed_accounts(tx, actor, right)
    found = settlement_files.listed(tx, states, allowed)
    return [file for file in found if covers(allowed, file)]


def importable_accounts(tx: Connection, file: SettlementFile) -> frozenset[str] | None:
    """The accounts to which the rows of a file may be booked, None for all: the one that it was added for, and those that
    the person who added it may reconcile."""
    try:
        allowed = allowed_accounts(tx, Actor(kind=file.actor_kind, id=file.actor_id), Right.RECONCILE)
    except AccessError:  # a right that was withdrawn since does not stop a file that was accepted
        allowed = frozenset()
    return None if allowed is None else allowed | {file.account}


def require_importable(allowed: Collection[str] | None, accounts: Iterable[str]) -> None:
    """Raises NotAllowed when a row would be booked to an account that is not ``allowed`` (None: all are)."""
    for account in accounts:
        if account and allowed is not None and account not in allowed:
            raise NotAllowed(Right.RECONCILE, account)
