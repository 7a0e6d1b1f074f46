"""Who may see a payout file, and act on it: whoever has the right on every account of the file.

The accounts of a file are the one that it was added for and those to which its rows are booked. While the account of
one of its rows is not known, only a right on all accounts covers the file, also for whoever uploaded it: the rows may be
another account's.
"""

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from services.access import ALL_ACCOUNTS, Actor, Right, require
from services.store import Connection


class FileOfAccounts(Protocol):
    """``accounts``: [Account in the file, our account or "", rows]."""

    @property
    def account(self) -> str: ...
    @property
    def accounts(self) -> Sequence[Sequence[Any]]: ...


def accounts_of(file: FileOfAccounts) -> frozenset[str]:
    """The accounts of the file; ``ALL_ACCOUNTS`` in place of one that is not known yet."""
    return frozenset({file.account, *(account or ALL_ACCOUNTS for _, account, _ in file.accounts)})


def covers(allowed: Collection[str] | None, file: FileOfAccounts) -> bool:
    """Whether a right on these accounts (None: on all) covers the file."""
    return allowed is None or accounts_of(file) <= set(allowed)


def require_accounts(tx: Connection, actor: Actor, right: Right, file: FileOfAccounts | None) -> None:
    """For a file that is not there, too, so that nobody learns which files are. Raises NotAllowed."""
    for account in sorted(accounts_of(file)) if file else (ALL_ACCOUNTS,):
        require(tx, actor, right, account)
