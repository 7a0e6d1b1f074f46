"""The payout files as screens list them, and one of them whole."""

from collections.abc import Sequence

from services.access import ALL_ACCOUNTS, Actor, Right, allowed_accounts, require
from services.desk import Desk
from services.reconciliation.views.lists import SHOWN
from services.reconciliation.views.payout_list import visible_accounts
from services.store.settlements import reconciliation_views
from services.store.settlements.reconciliation_views import ListedFile as ListedFile
from services.store.settlements.reconciliation_views import ReadFile as ReadFile


def any_file(desk: Desk, actor: Actor) -> bool:
    """Whether a file was ever added. Raises NotAllowed."""
    with desk.store.read() as tx:
        return reconciliation_views.any_file(tx, allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS))


def files(
    desk: Desk, actor: Actor, accounts: Sequence[str] = (), before: int | None = None
) -> tuple[ListedFile, ...]:
    """A page of the files, newest first, in any state; one more than SHOWN says that there are more. Raises NotAllowed."""
    with desk.store.read() as tx:
        visible = visible_accounts(tx, desk, actor, accounts)
        return tuple(reconciliation_views.files(tx, visible, before, SHOWN + 1))


def unfinished(desk: Desk, actor: Actor, also: Sequence[int] = ()) -> tuple[ListedFile, ...]:
    """The files that wait or are imported, oldest first, and these in any state. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS)
        return tuple(reconciliation_views.unfinished(tx, also, allowed))


def file(desk: Desk, actor: Actor, file_id: int) -> ReadFile | None:
    """One file with the rows that it set aside and how it was read. Raises NotAllowed."""
    with desk.store.read() as tx:
        found = reconciliation_views.file(tx, file_id)
        require(tx, actor, Right.SEE_SETTLEMENTS, found.account if found else ALL_ACCOUNTS)
        return found
