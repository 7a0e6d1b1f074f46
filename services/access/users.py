"""The people and their roles, as an administrator sees and changes them.

AccessError
├── UnknownUser      nobody has this id
├── UnknownAccount   the settings name no such HiPay account
├── LastAdmin        nobody would be left to give roles
├── OwnRole          nobody gives themselves a role
└── OwnAccount       one cannot close one's own account

People concern the whole installation: only an administrator of all accounts sees and changes them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar

from services import clock
from services.access import (
    ALL_ACCOUNTS,
    ROLES,
    AccessError,
    Actor,
    Grant,
    Right,
    audit,
    require,
    rights,
)
from services.desk import Desk
from services.i18n import DASHBOARD_LANGUAGES
from services.store import Connection, access
from services.store.access import GrantSource


class UnknownUser(AccessError):
    code: ClassVar[str] = "unknown_user"


class UnknownAccount(AccessError):
    code = "unknown_account"

    def __init__(self, account: str) -> None:
        self.account = account


class OwnRole(AccessError):
    code = "own_role"


class LastAdmin(AccessError):
    code = "last_admin"


class OwnAccount(AccessError):
    code = "own_account"


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user; ``claimed`` are the roles that the provider gives, for all accounts; ``given`` the grants made here."""

    id: str
    name: str
    email: str
    issuer: str
    disabled: bool
    signed_in_at: datetime
    seen_at: datetime
    claimed: frozenset[str]
    given: frozenset[Grant]


def list_people(desk: Desk, actor: Actor) -> tuple[Person, ...]:
    """Everybody who ever signed in, by name. Raises NotAllowed."""
    with desk.store.read() as tx:
        require(tx, actor, Right.MANAGE_USERS, ALL_ACCOUNTS)
        grants = access.all_grants(tx)
        people = access.all_users(tx)
    return tuple(
        Person(
            id=row.id,
            name=row.name,
            email=row.email,
            issuer=row.issuer,
            disabled=row.disabled,
            signed_in_at=row.signed_in_at,
            seen_at=row.seen_at,
            claimed=frozenset(grant.role for grant in _known(grants, row.id, "claim")),
            given=_known(grants, row.id, "table"),
        )
        for row in people
    )


def _known(
    grants: Iterable[tuple[str, GrantSource, Grant]], user_id: str, source: GrantSource
) -> frozenset[Grant]:
    return frozenset(
        grant
        for holder, origin, grant in grants
        if (holder, origin) == (user_id, source) and grant.role in ROLES
    )


def set_grants(desk: Desk, actor: Actor, user_id: str, grants: frozenset[Grant]) -> None:
    """Replace the grants made here; those of the provider's claim stay. A grant for all accounts contains those for one.

    One's own can only be given up, while somebody else can give them back.

    Raises NotAllowed, UnknownUser, UnknownAccount, OwnRole, LastAdmin.
    """
    for_all = {grant.role for grant in grants if grant.account == ALL_ACCOUNTS}
    wanted = frozenset(
        grant
        for grant in grants
        if grant.role in ROLES and (grant.account == ALL_ACCOUNTS or grant.role not in for_all)
    )
    with desk.store.write() as tx:
        _person(tx, actor, user_id)
        before = access.grants_from(tx, user_id, "table")
        for grant in sorted(wanted - before):
            if grant.account != ALL_ACCOUNTS and grant.account not in desk.settings.all_accounts:
                raise UnknownAccount(grant.account)
        if user_id == actor.id and wanted - before:
            raise OwnRole
        if (
            user_id == actor.id
            and wanted != before
            and not access.active_for_all_accounts(tx, "admin") - {actor.id}
        ):
            raise LastAdmin
        access.set_grants(tx, user_id, "table", wanted, at=clock.now(), granted_by=actor.id)
        _require_an_admin(tx)
        for action, changed in (("role.granted", wanted - before), ("role.revoked", before - wanted)):
            for grant in sorted(changed):
                account = {"account": grant.account} if grant.account else {}
                audit.record(tx, actor, action, f"user:{user_id}", role=grant.role, **account)


def set_disabled(desk: Desk, actor: Actor, user_id: str, disabled: bool) -> None:
    """Close or open a person's account. Raises NotAllowed, UnknownUser, OwnAccount, LastAdmin."""
    with desk.store.write() as tx:
        _person(tx, actor, user_id)
        if disabled and user_id == actor.id:
            raise OwnAccount
        access.change_user(tx, user_id, disabled=disabled)
        if disabled:
            access.end_sessions_of(tx, user_id, datetime.now(UTC))
        _require_an_admin(tx)
        audit.record(tx, actor, "user.disabled" if disabled else "user.enabled", f"user:{user_id}")


def _person(tx: Connection, actor: Actor, user_id: str) -> None:
    require(tx, actor, Right.MANAGE_USERS, ALL_ACCOUNTS)
    # Locks their rows first: two administrators cannot remove each other at once.
    access.active_for_all_accounts(tx, "admin")
    if not access.user(tx, user_id):
        raise UnknownUser


def _require_an_admin(tx: Connection) -> None:
    """Raises LastAdmin when nobody is left who may give roles."""
    if not access.active_for_all_accounts(tx, "admin"):
        raise LastAdmin


def language(desk: Desk, actor: Actor) -> str:
    """The language that the person chose for the screens, "" for none yet."""
    with desk.store.read() as tx:
        row = access.user(tx, actor.id)
    return str(row.language) if row else ""


def save_language(desk: Desk, actor: Actor, code: str) -> None:
    """Store the person's own choice of language, unless their session is over."""
    if code in DASHBOARD_LANGUAGES:
        with desk.store.write() as tx:
            if rights(tx, actor):
                access.change_user(tx, actor.id, language=code)
