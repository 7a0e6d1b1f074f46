"""Who may do what. Every service takes an actor and asks ``require`` in the transaction that acts.

    AccessError
    ├── NotAllowed     the person's roles do not give the right
    └── NotSignedIn    the person is unknown, disabled or signed out

Roles are read from the database at each call, so that a role taken away stops the very next action; so is the session
of a person who signed in with a provider, so that it ends wherever the call comes from.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar, Literal

from services.errors import DeskError
from services.store import Connection, access


class Right(StrEnum):
    SEE_ORDERS = "see_orders"
    SEND = "send"
    REFUND = "refund"
    SEE_SETTLEMENTS = "see_settlements"
    RECONCILE = "reconcile"
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    SEE_AUDIT = "see_audit"


ROLES = ("manager", "finance", "admin")
ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    "manager": frozenset({Right.SEE_ORDERS, Right.SEND, Right.REFUND}),
    "finance": frozenset(
        {Right.SEE_ORDERS, Right.REFUND, Right.SEE_SETTLEMENTS, Right.RECONCILE, Right.SEE_AUDIT}
    ),
    "admin": frozenset({Right.SEE_ORDERS, Right.CONFIGURE, Right.MANAGE_USERS, Right.SEE_AUDIT}),
}


@dataclass(frozen=True)
class Actor:
    """Who calls a service. ``id`` is what rows and the audit keep; name and address are for the screen.

    ``session`` is empty for the named local user and for the machinery: only a provider's sign-in can run out.
    """

    kind: Literal["user", "worker", "hipay", "customer", "system"]
    id: str
    name: str = ""
    email: str = ""
    session: str = ""


WORKER = Actor("worker", "worker")
HIPAY = Actor("hipay", "hipay")
CUSTOMER = Actor("customer", "customer")
SYSTEM = Actor("system", "system")


class AccessError(DeskError):
    code: ClassVar[str] = "access"


class NotAllowed(AccessError):
    code = "not_allowed"

    def __init__(self, right: Right) -> None:
        self.right = right


class NotSignedIn(AccessError):
    code = "not_signed_in"


def rights(tx: Connection, actor: Actor) -> frozenset[Right]:
    """What the actor may do now. A person's rights come from the roles in the database; the machinery has all."""
    if actor.kind != "user":
        return frozenset(Right)
    if not _session_lives(tx, actor):
        return frozenset()
    roles = access.roles_of(tx, actor.id)
    return frozenset().union(*(ROLE_RIGHTS[role] for role in roles if role in ROLE_RIGHTS))


def require(tx: Connection, actor: Actor, right: Right) -> None:
    """Raises NotSignedIn when the actor's session is over, NotAllowed when the roles do not give the right."""
    if right in rights(tx, actor):
        return
    raise NotAllowed(right) if _session_lives(tx, actor) else NotSignedIn


def _session_lives(tx: Connection, actor: Actor) -> bool:
    if not actor.session:
        return True
    row = access.session(tx, actor.session)
    # The machine's clock, as the provider's: the sandbox's clock may jump by months.
    return row is not None and row.ends_at > datetime.now(UTC)
