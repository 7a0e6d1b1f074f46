"""The payout files as screens list them, and one of them whole."""

from collections.abc import Sequence

from services.access import Actor, Right, allowed_accounts
from services.access.payout_files import covers, require_accounts
from services.desk import Desk
from services.reconciliation.views.lists import SHOWN
from services.reconciliation.views.payout_list import visible_accounts
from services.store import Connection
from services.store.remembered import remembered
from services.store.settlements import reconciliation_views
from services.store.settlements.files.settlement_files import SettlementFile as SettlementFile
from services.store.settlements.reconciliation_views import ListedFile as ListedFile


def any_file(desk: Desk, actor: Actor) -> bool:
    """Whether a file was ever added. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        return remembered(tx, ("any file", allowed), lambda: reconciliation_views.any_file(tx, allowed))


def files(
    desk: Desk, actor: Actor, accounts: Sequence[str] = (), before: int | None = None
) -> tuple[ListedFile, ...]:
    """A page of the files, newest first, in any state; one more than SHOWN says that there are more. Raises NotAllowed."""
    with desk.store.read() as tx:
        chosen = visible_accounts(tx, desk, actor, accounts)
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        key = ("files", chosen, allowed, before)
        return remembered(tx, key, lambda: _files(tx, chosen, allowed, before))


def _files(
    tx: Connection, chosen: tuple[str, ...], allowed: frozenset[str] | None, before: int | None
) -> tuple[ListedFile, ...]:
    shown: list[ListedFile] = []
    # A page may hold files that have rows of other accounts, too: read on until this one is full.
    while len(shown) <= SHOWN:
        page = reconciliation_views.files(tx, chosen, before, SHOWN + 1)
        shown += [file for file in page if covers(allowed, file)]
        if len(page) <= SHOWN:
            break
        before = page[-1].id
    return tuple(shown[: SHOWN + 1])


def unfinished(desk: Desk, actor: Actor, also: Sequence[int] = ()) -> tuple[ListedFile, ...]:
    """The files that wait or are imported, oldest first, and these in any state. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        key = ("unfinished", tuple(also), allowed)
        found = remembered(tx, key, lambda: reconciliation_views.unfinished(tx, also, allowed))
        return tuple(file for file in found if covers(allowed, file))


def file(desk: Desk, actor: Actor, file_id: int) -> SettlementFile | None:
    """One file with the rows that it set aside and how it was read. Raises NotAllowed."""
    with desk.store.read() as tx:
        found = reconciliation_views.file(tx, file_id)
        require_accounts(tx, actor, Right.SEE_SETTLEMENTS, found)
        return found
