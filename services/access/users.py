"""The people and their roles, as an administrator sees and changes them.

AccessError
├── UnknownUser      nobody has this id
├── LastAdmin        nobody would be left to give roles
└── OwnAccount       one cannot close one's own account
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from services import clock
from services.access import ROLES, AccessError, Actor, Right, audit, require, rights
from services.desk import Desk
from services.i18n import DASHBOARD_LANGUAGES
from services.store import Connection, access


class UnknownUser(AccessError):
    code: ClassVar[str] = "unknown_user"


class LastAdmin(AccessError):
    code = "last_admin"


class OwnAccount(AccessError):
    code = "own_account"


@dataclass(frozen=True)
class Person:
    """A user; ``claimed`` are the roles that the provider gives, ``given`` those of this table."""

    id: str
    name: str
    email: str
    issuer: str
    disabled: bool
    signed_in_at: datetime
    seen_at: datetime
    claimed: frozenset[str]
    given: frozenset[str]


def list_people(desk: Desk, actor: Actor) -> tuple[Person, ...]:
    """Everybody who ever signed in, by name. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.MANAGE_USERS)
        roles = {(row.user_id, row.source, row.role) for row in access.all_roles(tx)}
        people = access.all_users(tx)
    return tuple(
        Person(
            row.id,
            row.name,
            row.email,
            row.issuer,
            row.disabled,
            row.signed_in_at,
            row.seen_at,
            claimed=frozenset(role for role in ROLES if (row.id, "claim", role) in roles),
            given=frozenset(role for role in ROLES if (row.id, "table", role) in roles),
        )
        for row in people
    )


def set_given_roles(desk: Desk, actor: Actor, user_id: str, roles: frozenset[str]) -> None:
    """Replace the roles given here; those of the provider's claim stay. Raises NotAllowed, UnknownUser, LastAdmin."""
    wanted = roles & frozenset(ROLES)
    with desk.store.write() as tx:
        _person(tx, actor, user_id)
        before = access.roles_from(tx, user_id, "table")
        access.set_roles(tx, user_id, "table", wanted, at=clock.now(), granted_by=actor.id)
        _keep_an_admin(tx)
        for action, changed in (("role.granted", wanted - before), ("role.revoked", before - wanted)):
            for role in sorted(changed):
                audit.record(tx, actor, action, f"user:{user_id}", role=role)


def set_disabled(desk: Desk, actor: Actor, user_id: str, disabled: bool) -> None:
    """Close or open a person's account. Raises NotAllowed, UnknownUser, OwnAccount, LastAdmin."""
    with desk.store.write() as tx:
        _person(tx, actor, user_id)
        if disabled and user_id == actor.id:
            raise OwnAccount
        access.change_user(tx, user_id, disabled=disabled)
        if disabled:
            access.end_sessions_of(tx, user_id, datetime.now(UTC))
        _keep_an_admin(tx)
        audit.record(tx, actor, "user.disabled" if disabled else "user.enabled", f"user:{user_id}")


def _person(tx: Connection, actor: Actor, user_id: str) -> None:
    require(tx, actor, Right.MANAGE_USERS)
    access.active_with_role(
        tx, "admin"
    )  # locks their rows first: two administrators cannot remove each other at once
    if not access.user(tx, user_id):
        raise UnknownUser


def _keep_an_admin(tx: Connection) -> None:
    if not access.active_with_role(tx, "admin"):
        raise LastAdmin


def language(desk: Desk, actor: Actor) -> str:
    """The language that the person chose for the screens, "" for none yet."""
    with desk.store.read() as tx:
        row = access.user(tx, actor.id)
    return str(row.language) if row else ""


def keep_language(desk: Desk, actor: Actor, code: str) -> None:
    """Remember the person's own choice of language; of a session that is over nothing is remembered."""
    if code in DASHBOARD_LANGUAGES:
        with desk.store.write() as tx:
            if rights(tx, actor):
                access.change_user(tx, actor.id, language=code)
