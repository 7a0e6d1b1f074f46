"""Reading the audit trail: who did what, when; and whether every entry still follows from the one before it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.access import ALL_ACCOUNTS, Actor, Right, require
from services.desk import Desk
from services.store import access


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One act. ``who`` is the person's name of today, empty for the machinery (see ``kind``).

    ``subject`` is ``kind:id``; ``subject_name`` the name of a person acted upon, else empty.
    """

    id: int
    at: datetime
    kind: str
    who: str
    action: str
    subject: str
    subject_name: str
    detail: dict[str, Any]


def entries(
    desk: Desk,
    actor: Actor,
    *,
    before: int | None = None,
    actions: tuple[str, ...] = (),
    accounts: tuple[str, ...] = (),
    limit: int = 100,
) -> tuple[Entry, ...]:
    """The newest entries first; ``before`` is the id of the last one already shown. ``accounts``: without those of other
    accounts; empty for all. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_AUDIT, ALL_ACCOUNTS)
        names = {row.id: row.name for row in access.all_users(tx)}
        found = access.audit_rows(tx, before=before, actions=actions, accounts=accounts, limit=limit)
    return tuple(
        Entry(
            id=row.id,
            at=row.at,
            kind=row.actor_kind,
            who=names.get(row.actor_id, ""),
            action=row.action,
            subject=row.subject,
            subject_name=names.get(row.subject.removeprefix("user:"), ""),
            detail=row.detail,
        )
        for row in found
    )


def actions(desk: Desk, actor: Actor) -> tuple[str, ...]:
    """Every action that the trail knows, for the filter. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_AUDIT, ALL_ACCOUNTS)
        return tuple(access.audit_actions(tx))


def broken_at(desk: Desk, actor: Actor) -> int | None:
    """The id of the first entry that was changed, or that follows one removed; None when the chain is whole. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.SEE_AUDIT, ALL_ACCOUNTS)
        return access.broken_link(tx)
