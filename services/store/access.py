"""Users, their roles, and the audit trail."""

import hashlib
import json
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from services.store import audited_accounts
from services.store.locks import at_the_end, one_at_a_time
from services.store.order_states import ActorKind
from services.store.schema.people import audit, sessions, user_roles, users

GrantSource = Literal["claim", "table"]  # the identity provider's claim; the screen People


@dataclass(frozen=True, order=True, slots=True)
class Grant:
    """A role, and the id of the account it is for; "" for all accounts."""

    role: str
    account: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """``language``: of the screens; "" until the person has chosen one."""

    id: str
    issuer: str
    subject: str
    email: str
    name: str
    language: str
    created_at: datetime
    signed_in_at: datetime
    seen_at: datetime
    disabled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """``id``: SHA-256 over the provider's token. ``ends_at`` moves on with use, up to the absolute limit."""

    id: str
    user_id: str
    started_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditEntry:
    """``subject``: ``kind:id``. ``hash``: over this row and the hash of the row before it."""

    id: int
    at: datetime
    actor_kind: ActorKind
    actor_id: str
    action: str
    subject: str
    detail: dict[str, Any]
    hash: str


def grants_of(tx: Connection, user_id: str) -> frozenset[Grant]:
    """The grants of a user who is not disabled, from whatever source."""
    query = (
        select(user_roles.c.role, user_roles.c.account)
        .join(users, users.c.id == user_roles.c.user_id)
        .where(user_roles.c.user_id == user_id, users.c.disabled.is_(False))
    )
    return frozenset(Grant(role, account) for role, account in tx.execute(query))


def find_user(tx: Connection, issuer: str, subject: str) -> User | None:
    query = select(users).where(users.c.issuer == issuer, users.c.subject == subject)
    row = tx.execute(query).first()
    return None if row is None else User(**row._asdict())


def user(tx: Connection, user_id: str) -> User | None:
    row = tx.execute(select(users).where(users.c.id == user_id)).first()
    return None if row is None else User(**row._asdict())


def all_users(tx: Connection) -> list[User]:
    """By name."""
    query = select(users).order_by(func.lower(users.c.name), users.c.id)
    return [User(**row._asdict()) for row in tx.execute(query)]


class UserChange(TypedDict, total=False):
    email: str
    name: str
    language: str
    signed_in_at: datetime
    seen_at: datetime
    disabled: bool


class NewUser(TypedDict):
    id: str
    issuer: str
    subject: str
    email: str
    name: str
    created_at: datetime
    signed_in_at: datetime
    seen_at: datetime
    disabled: bool


def add_user(tx: Connection, **values: Unpack[NewUser]) -> None:
    tx.execute(insert(users).values(**values))


def change_user(tx: Connection, user_id: str, **values: Unpack[UserChange]) -> None:
    tx.execute(update(users).where(users.c.id == user_id).values(**values))


def grants_from(tx: Connection, user_id: str, source: GrantSource) -> frozenset[Grant]:
    query = select(user_roles.c.role, user_roles.c.account).where(
        user_roles.c.user_id == user_id, user_roles.c.source == source
    )
    return frozenset(Grant(role, account) for role, account in tx.execute(query))


def set_grants(
    tx: Connection,
    user_id: str,
    source: GrantSource,
    grants: Iterable[Grant],
    *,
    at: datetime,
    granted_by: str,
) -> None:
    """Replace the grants that ``source`` gives to the user; those of the other source stay."""
    tx.execute(delete(user_roles).where(user_roles.c.user_id == user_id, user_roles.c.source == source))
    for grant in sorted(set(grants)):
        tx.execute(
            insert(user_roles).values(
                user_id=user_id,
                role=grant.role,
                source=source,
                account=grant.account,
                granted_at=at,
                granted_by=granted_by,
            )
        )


def all_grants(tx: Connection) -> frozenset[tuple[str, GrantSource, Grant]]:
    """Every grant of every user: user id, source, grant."""
    r = user_roles.c
    return frozenset(
        (user_id, source, Grant(role, account))
        for user_id, source, role, account in tx.execute(select(r.user_id, r.source, r.role, r.account))
    )


def active_grants(tx: Connection) -> frozenset[tuple[str, Grant]]:
    """Every grant of every user who is not disabled, with the user's id."""
    role = user_roles.c
    query = select(role.user_id, role.role, role.account).join(users, users.c.id == role.user_id)
    found = tx.execute(query.where(users.c.disabled.is_(False)))
    return frozenset((user_id, Grant(held, account)) for user_id, held, account in found)


def active_for_all_accounts(tx: Connection, role: str) -> frozenset[str]:
    """The users, not disabled, who have the role for all accounts; their rows stay locked to the end of the transaction."""
    query = (
        select(users.c.id)
        .join(user_roles, users.c.id == user_roles.c.user_id)
        .where(user_roles.c.role == role, user_roles.c.account == "", users.c.disabled.is_(False))
        .order_by(users.c.id)
        .with_for_update()
    )
    return frozenset(tx.scalars(query))


def session(tx: Connection, session_id: str) -> Session | None:
    row = tx.execute(select(sessions).where(sessions.c.id == session_id)).first()
    return None if row is None else Session(**row._asdict())


def add_session(tx: Connection, session: Session) -> None:
    tx.execute(insert(sessions).values(asdict(session)))


def end_session_at(tx: Connection, session_id: str, moment: datetime) -> None:
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(ends_at=moment))


def end_sessions_of(tx: Connection, user_id: str, moment: datetime) -> None:
    """End every session of the user that would last longer."""
    query = update(sessions).where(sessions.c.user_id == user_id, sessions.c.ends_at > moment)
    tx.execute(query.values(ends_at=moment))


def forget_sessions(tx: Connection, *, started_before: datetime) -> None:
    tx.execute(delete(sessions).where(sessions.c.started_at < started_before))


def record(
    tx: Connection,
    *,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
    action: str,
    subject: str,
    detail: dict[str, Any],
) -> None:
    """Append an audit row chained to the one before it, as the last statement of the transaction: all others that append
    wait for it."""
    row = {
        "at": at,
        "actor_kind": actor_kind,
        "actor_id": actor_id,
        "action": action,
        "subject": subject,
        "detail": detail,
    }

    def append(tx: Connection) -> None:
        one_at_a_time(tx, "audit")
        previous = tx.scalar(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)) or ""
        tx.execute(insert(audit).values(**row, hash=_link(previous, **row)))

    at_the_end(tx, append)


def audit_rows(
    tx: Connection,
    *,
    before: int | None = None,
    limit: int = 100,
    actions: Iterable[str] = (),
    accounts: Collection[str] = (),
) -> list[AuditEntry]:
    """Newest first; ``before`` is the id to go on from, ``actions`` the only ones wanted. ``accounts``: the only ones whose
    entries are wanted, beside those that are of no account."""
    query = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if accounts:
        account = audited_accounts.account_of(audit.c.subject)
        query = query.where(or_(account.is_(None), account.in_(("", *accounts))))
    if before:
        query = query.where(audit.c.id < before)
    if wanted := tuple(actions):
        query = query.where(audit.c.action.in_(wanted))
    return [AuditEntry(**row._asdict()) for row in tx.execute(query)]


def audit_actions(tx: Connection) -> list[str]:
    """Each action that the trail knows, in alphabetical order."""
    return list(tx.scalars(select(audit.c.action).distinct().order_by(audit.c.action)))


def broken_link(tx: Connection) -> int | None:
    """The id of the first audit row that does not follow from those before it, or None when the chain is whole."""
    previous = ""
    for row in tx.execute(select(audit).order_by(audit.c.id)).yield_per(1000):
        values = {
            name: getattr(row, name)
            for name in ("at", "actor_kind", "actor_id", "action", "subject", "detail")
        }
        if row.hash != _link(previous, **values):
            return int(row.id)
        previous = row.hash
    return None


def _link(previous: str, **values: Any) -> str:
    values["at"] = values["at"].isoformat()
    text_ = json.dumps([previous, values], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text_.encode()).hexdigest()
