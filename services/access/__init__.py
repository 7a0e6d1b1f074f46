"""Who may do what, on which account. Every service takes an actor and asks in the transaction that acts.

    AccessError
    ├── NotAllowed     the person's roles do not give the right on the account
    └── NotSignedIn    the person is unknown, disabled or signed out

A role is granted for one account, or for all of them. What acts on one account asks ``require`` with that account; what
concerns the whole installation asks with ``ALL_ACCOUNTS`` and needs a grant for all; a list, count, search or export
takes ``allowed_accounts`` and filters in SQL. ``rights`` is the union over the accounts: it draws menus, it guards nothing.

Roles are read from the database at each call, so that a role taken away stops the very next action; so is the session
of a person who signed in with a provider, so that it ends wherever the call comes from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from services.errors import DeskError
from services.store import Connection, access
from services.store.access import Grant as Grant
from services.store.order_states import ActorKind
from services.store.remembered import remembered


class Right(StrEnum):
    SEE_ORDERS = "see_orders"
    SEND = "send"
    REFUND = "refund"
    SEE_SETTLEMENTS = "see_settlements"
    RECONCILE = "reconcile"
    BANK = "bank"  # what the bank writes: statements hold salaries and suppliers, too
    CONFIGURE = "configure"
    MANAGE_USERS = "manage_users"
    SEE_AUDIT = "see_audit"


ALL_ACCOUNTS = ""  # as a grant's account, and as the account of what concerns the whole installation
ROLES = ("manager", "finance", "admin")
ROLE_RIGHTS: dict[str, frozenset[Right]] = {
    "manager": frozenset({Right.SEE_ORDERS, Right.SEND, Right.REFUND}),
    "finance": frozenset(
        {
            Right.SEE_ORDERS,
            Right.REFUND,
            Right.SEE_SETTLEMENTS,
            Right.RECONCILE,
            Right.BANK,
            Right.SEE_AUDIT,
        }
    ),
    "admin": frozenset({Right.SEE_ORDERS, Right.CONFIGURE, Right.MANAGE_USERS, Right.SEE_AUDIT}),
}
_MACHINERY = frozenset(Grant(role) for role in ROLES)


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who calls a service. Rows and the audit store the ``id``; name and address are for the screen.

    ``session`` is empty for the named local user and for the machinery: only a provider's sign-in can run out.
    """

    kind: ActorKind
    id: str
    name: str = ""
    email: str = ""
    session: str = ""


WORKER = Actor(kind="worker", id="worker")
HIPAY = Actor(kind="hipay", id="hipay")
CUSTOMER = Actor(kind="customer", id="customer")
SYSTEM = Actor(kind="system", id="system")


class AccessError(DeskError):
    code: ClassVar[str] = "access"


class NotAllowed(AccessError):
    """``account`` is the one that the right was asked for; "" for the whole installation, or for any account."""

    code = "not_allowed"

    def __init__(self, right: Right, account: str = ALL_ACCOUNTS) -> None:
        self.right = right
        self.account = account

    def fields(self) -> dict[str, str]:
        """Without the account: a sentence must not name one that the reader may not see."""
        return {"right": self.right}


class NotSignedIn(AccessError):
    code = "not_signed_in"


def rights(tx: Connection, actor: Actor) -> frozenset[Right]:
    """What the actor may do now on one account at least: for menus. A service asks for the account it acts on."""
    return _rights_of(grant.role for grant in _grants(tx, actor))


def rights_on(tx: Connection, actor: Actor, account: str) -> frozenset[Right]:
    """What the actor may do now on this account; with ``ALL_ACCOUNTS``, on the whole installation."""
    return _rights_of(grant.role for grant in _grants(tx, actor) if grant.account in (ALL_ACCOUNTS, account))


def rights_by_account(tx: Connection, actor: Actor) -> dict[str, frozenset[Right]]:
    """``rights_on`` for each account that a grant names, and under ``ALL_ACCOUNTS`` for any other."""
    accounts = {ALL_ACCOUNTS, *(grant.account for grant in _grants(tx, actor))}
    return {account: rights_on(tx, actor, account) for account in sorted(accounts)}


def rights_of_people(tx: Connection, account: str) -> dict[str, frozenset[Right]]:
    """What each person who is not disabled may do on this account, by the user's id; nobody without a right."""
    roles: dict[str, set[str]] = {}
    for user, grant in access.active_grants(tx):
        if grant.account in (ALL_ACCOUNTS, account):
            roles.setdefault(user, set()).add(grant.role)
    return {user: _rights_of(held) for user, held in roles.items()}


def require(tx: Connection, actor: Actor, right: Right, account: str) -> None:
    """Raises NotAllowed unless a grant of the right covers the account, NotSignedIn when the actor's session is over.

    With ``ALL_ACCOUNTS``, only a grant for all accounts does.
    """
    if right in rights_on(tx, actor, account):
        return
    raise _refusal(tx, actor, right, account)


def allowed_accounts(tx: Connection, actor: Actor, right: Right) -> frozenset[str] | None:
    """The ids of the accounts that the actor has the right on; None for all, also those that the settings no longer name.

    Raises NotAllowed when there is none, NotSignedIn when the actor's session is over.
    """
    accounts = {grant.account for grant in _grants(tx, actor) if right in _rights_of([grant.role])}
    if ALL_ACCOUNTS in accounts:
        return None
    if not accounts:
        raise _refusal(tx, actor, right, ALL_ACCOUNTS)
    return frozenset(accounts)


def _grants(tx: Connection, actor: Actor) -> frozenset[Grant]:
    """The grants in the database of a person whose session is alive; the machinery has every role for all accounts."""
    if actor.kind != "user":
        return _MACHINERY
    if not _session_lives(tx, actor):
        return frozenset()
    return remembered(tx, ("grants", actor.id), lambda: access.grants_of(tx, actor.id))


def _rights_of(roles: Iterable[str]) -> frozenset[Right]:
    return frozenset[Right]().union(*(ROLE_RIGHTS[role] for role in roles if role in ROLE_RIGHTS))


def _refusal(tx: Connection, actor: Actor, right: Right, account: str) -> AccessError:
    return NotAllowed(right, account) if _session_lives(tx, actor) else NotSignedIn()


def _session_lives(tx: Connection, actor: Actor) -> bool:
    if not actor.session:
        return True
    row = remembered(tx, ("session", actor.session), lambda: access.session(tx, actor.session))
    # The machine's clock, as the provider's: the sandbox's clock may jump by months.
    return row is not None and row.ends_at > datetime.now(UTC)
