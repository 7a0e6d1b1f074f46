"""Which of our accounts the Account cells of a payout file belong to.

FileAccountRefused
├── FileAccountUnknown   nobody has assigned it yet: the file waits until somebody does
└── FileAccountInUse     another account has lines of it: they would count twice
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from services.access import Actor, Right, allowed_accounts, audit, require
from services.accounts.configured import require_account
from services.desk import Desk
from services.errors import DeskError
from services.store import Connection
from services.store.settlements import matching_rules
from services.store.settlements.files import settlement_files


class FileAccountRefused(DeskError):
    code: ClassVar[str] = "file_account"


class FileAccountUnknown(FileAccountRefused):
    code = "file_account_unknown"

    def __init__(self, cells: Iterable[str]) -> None:
        self.cells = ", ".join(cells)


class FileAccountInUse(FileAccountRefused):
    code = "file_account_in_use"

    def __init__(self, cell: str, account: str) -> None:
        self.cell, self.account = cell, account


class Part(NamedTuple):
    """The rows of a file with one Account. ``account``: ours, "" if nobody has assigned it."""

    cell: str
    account: str
    rows: int


@dataclass(frozen=True)
class FileAccounts:
    """``assigned``: our account of each cell that a person has assigned; ``keys``: our accounts, as they are configured."""

    assigned: Mapping[str, str]
    keys: Collection[str]

    def of(self, cell: str, given: str = "") -> str:
        """The account of a cell; of a blank one ``given``, for which the file was added. "": a person must assign it."""
        cell = cell.strip()
        if not cell:
            return given
        assigned = self.assigned.get(cell, "")
        return assigned if assigned in self.keys else cell if cell in self.keys else ""

    def parts(self, cells: Mapping[str, int], given: str) -> tuple[Part, ...]:
        """The parts of a file that has these cells in so many rows, the largest first."""
        found = [Part(cell, self.of(cell, given), count) for cell, count in cells.items()]
        return tuple(sorted(found, key=lambda part: (-part.rows, part.cell))) or (Part("", given, 0),)


def home(parts: Sequence[Part], given: str) -> str:
    """The account of most of a file's rows, by whose rules the whole of it is read."""
    return next((part.account for part in parts if part.account), given)


def known(tx: Connection, keys: Collection[str]) -> FileAccounts:
    return FileAccounts(_assigned(tx), keys)


def file_accounts(desk: Desk, actor: Actor) -> dict[str, str]:
    """Every assigned Account of a file with the key of our account. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        return {cell: key for cell, key in _assigned(tx).items() if allowed is None or key in allowed}


def accounts_in_use(desk: Desk, actor: Actor) -> frozenset[str]:
    """Every Account that has stored lines, and can therefore not be assigned otherwise. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        return frozenset(
            cell
            for cell, account in settlement_files.accounts_in_use(tx)
            if account in desk.settings.all_accounts and (allowed is None or account in allowed)
        )


def assign(desk: Desk, actor: Actor, cell: str, account: str) -> None:
    """Assign the Account of a file to this account of ours; files that waited only for this are imported.

    Raises FileAccountInUse, AccountUnknown, NotAllowed.
    """
    require_account(desk, account)
    keys = desk.settings.all_accounts
    cell = cell.strip()
    with desk.store.write() as tx:
        require(tx, actor, Right.RECONCILE, account)
        matching_rules.lock_file_accounts(tx)
        if before := _assigned(tx).get(cell):
            require(tx, actor, Right.RECONCILE, before)
        users = [key for name, key in settlement_files.accounts_in_use(tx) if name == cell and key in keys]
        if users and account not in users:
            require(tx, actor, Right.RECONCILE, users[0])  # the refusal names that account
            raise FileAccountInUse(cell, keys[users[0]].name)
        _record(tx, actor, cell, account)
        accounts = known(tx, keys)
        for file in settlement_files.failed_with(tx, FileAccountUnknown.code):
            if all(accounts.of(name, file.account) for name, _, _ in file.accounts):
                settlement_files.retry(tx, file)
    desk.wake.set()


def _record(tx: Connection, actor: Actor, cell: str, account: str) -> None:
    """Store the assignment. The caller has checked the right, and holds the lock of the file accounts."""
    matching_rules.lock_matching(tx, account)
    for row in matching_rules.all_matching(tx):
        others = {text: key for text, key in row.file_accounts.items() if text != cell}
        wanted = {**others, cell: account} if row.account == account else others
        if wanted != row.file_accounts:
            matching_rules.save_matching(tx, row.account, file_accounts=wanted)
    audit.record(tx, actor, "account.file_account", f"account:{account}")


def resolve(
    tx: Connection, actor: Actor, parts: Sequence[Part], given: str, keys: Collection[str], *, own: bool
) -> tuple[Part, ...]:
    """The parts of a file with their accounts, in the transaction that stores them with the file.

    ``own``: HiPay itself delivered the file for the account ``given``. If no Account is assigned to that account yet, and the
    file names exactly one unassigned Account, this one is assigned to it.
    """
    require(tx, actor, Right.RECONCILE, given)
    matching_rules.lock_file_accounts(tx)
    accounts = known(tx, keys)
    unknown = [part.cell for part in parts if not accounts.of(part.cell, given)]
    if (
        own
        and len(unknown) == 1
        and given not in accounts.assigned.values()
        and unknown[0] not in accounts.assigned
    ):
        _record(tx, actor, unknown[0], given)
        accounts = known(tx, keys)
    return tuple(Part(part.cell, accounts.of(part.cell, given), part.rows) for part in parts)


def _assigned(tx: Connection) -> dict[str, str]:
    return {text: key for row in matching_rules.all_matching(tx) for text, key in row.file_accounts.items()}
