"""Who uses the screens: a person who signed in with the identity provider, or the one local user.

    AccessError
    └── NotSignedIn
        ├── ClaimsIncomplete    the provider's token lacks what a sign-in needs
        ├── ForeignToken        the token is of another provider, or made out to another client
        ├── SessionEnded        the session is over: too old, unused for too long, or signed out
        └── UserDisabled        an administrator has closed the account

Streamlit stores the provider's claims in a cookie for thirty days and does not check them again. So a session is a row of
our own, found by the token's identity: it ends after ``absolute_hours``, after ``idle_minutes`` without use, or at
sign-out, and the same cookie shown again finds the ended row. Sessions are measured by the machine's clock, as the
provider's token is: the sandbox's clock may jump by months.
"""

import hashlib
import os
import pwd
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from services.access import ROLES, Actor, Grant, NotSignedIn, Right, audit, rights
from services.desk import Desk
from services.i18n import Translator
from services.settings.account import SignIn
from services.store import Connection, access
from services.store.access import Session
from services.store.locks import one_at_a_time

LOCAL_ISSUER = "local"
LOCAL_USER = "Local user"  # screens show it in the reader's language: ``person_name``
_SKEW = timedelta(minutes=1)  # between the provider's clock and ours
_TOUCH = timedelta(minutes=1)  # a session's end is written again only when use has moved it by this much


class ClaimsIncomplete(NotSignedIn):
    code: ClassVar[str] = "claims_incomplete"

    def __init__(self, claim: str) -> None:
        self.claim = claim


class ForeignToken(NotSignedIn):
    code = "foreign_token"


class SessionEnded(NotSignedIn):
    code = "session_ended"


class UserDisabled(NotSignedIn):
    code = "user_disabled"


@dataclass(frozen=True, kw_only=True)
class _Token:
    """What a sign-in needs of the provider's claims."""

    issuer: str
    subject: str
    issued_at: datetime
    expires_at: datetime | None
    session: str


def sign_in(desk: Desk, claims: Mapping[str, Any]) -> Actor:
    """The person of these claims, with a live session. Called at each run of the router.

    A token seen for the first time begins a session: the user's row is made or brought up to date, and the roles that
    the claim gives replace those it gave before; roles given on the People page stay. A later call moves the idle limit.
    An e-mail address that the provider has not verified is used for nothing.

    Raises ClaimsIncomplete, ForeignToken, SessionEnded, UserDisabled.
    """
    token = _token(desk, claims)
    now, limits = datetime.now(UTC), desk.settings.sign_in
    with desk.store.read() as tx:
        user, session = access.find_user(tx, token.issuer, token.subject), access.session(tx, token.session)
    if user and user.disabled:
        raise UserDisabled
    if user and session:
        if session.ends_at <= now:
            raise SessionEnded
        ends_at = _end(session.started_at, now, limits)
        if ends_at - session.ends_at > _TOUCH:
            with desk.store.write() as tx:
                _use(tx, token.session, user.id, now, ends_at)
        return Actor(kind="user", id=user.id, name=user.name, email=user.email, session=token.session)
    return _begin(desk, token, claims, now)


def session_of(desk: Desk, claims: Mapping[str, Any]) -> str:
    """The id of the session of these claims, begun or not. Raises ClaimsIncomplete, ForeignToken."""
    return _token(desk, claims).session


def held_by(desk: Desk, session: str) -> tuple[str, frozenset[Right]]:
    """The id of the person whose session it is, and their rights now; nobody and none when it has ended or never began."""
    with desk.store.read() as tx:
        row = access.session(tx, session)
        if row is None:
            return "", frozenset()
        return row.user_id, rights(tx, Actor(kind="user", id=row.user_id, session=session))


def sign_out(desk: Desk, actor: Actor) -> None:
    """End the person's session: the cookie, wherever a copy of it lies, opens nothing any more."""
    with desk.store.write() as tx:
        access.end_session_at(tx, actor.session, datetime.now(UTC))
        audit.record(tx, actor, "user.signed_out", f"user:{actor.id}")


def local_user(desk: Desk) -> Actor:
    """The one person of an installation without a provider, who has every role. Reached over the loopback address only."""
    now = datetime.now(UTC)
    with desk.store.write() as tx:
        one_at_a_time(tx, "sign-in")
        user = access.find_user(tx, LOCAL_ISSUER, "user")
        if user:
            access.change_user(tx, user.id, seen_at=now)
            return Actor(kind="user", id=user.id, name=user.name, email=user.email)
        actor = Actor(kind="user", id=uuid.uuid4().hex, name=_machine_user())
        access.add_user(
            tx,
            id=actor.id,
            issuer=LOCAL_ISSUER,
            subject="user",
            email="",
            name=actor.name,
            created_at=now,
            signed_in_at=now,
            seen_at=now,
            disabled=False,
        )
        access.set_grants(tx, actor.id, "table", map(Grant, ROLES), at=now, granted_by=actor.id)
        audit.record(tx, actor, "user.created", f"user:{actor.id}", roles=list(ROLES))
    return actor


def _begin(desk: Desk, token: _Token, claims: Mapping[str, Any], now: datetime) -> Actor:
    limits = desk.settings.sign_in
    started_at = min(token.issued_at, now)
    ends_at = _end(started_at, now, limits)
    if ends_at <= now or (token.expires_at and token.expires_at + _SKEW <= now):
        raise SessionEnded
    roles = claimed_roles(claims, limits)
    email, name = _address(claims), _name(claims)
    with desk.store.write() as tx:
        one_at_a_time(tx, "sign-in")
        access.forget_sessions(tx, started_before=now - timedelta(hours=limits.absolute_hours) - _SKEW)
        user = access.find_user(tx, token.issuer, token.subject)
        if user and access.session(tx, token.session):  # two tabs came with the same new token
            return Actor(kind="user", id=user.id, name=user.name, email=user.email, session=token.session)
        user_id = user.id if user else uuid.uuid4().hex
        actor = Actor(kind="user", id=user_id, name=name, email=email, session=token.session)
        if not user:
            access.add_user(
                tx,
                id=user_id,
                issuer=token.issuer,
                subject=token.subject,
                email=email,
                name=name,
                created_at=now,
                signed_in_at=started_at,
                seen_at=now,
                disabled=False,
            )
            audit.record(tx, actor, "user.created", f"user:{user_id}")
        if not user or started_at >= user.signed_in_at:  # an older token knows less than the row
            access.change_user(tx, user_id, email=email, name=name, signed_in_at=started_at)
            access.set_grants(tx, user_id, "claim", map(Grant, roles), at=now, granted_by="provider")
        access.add_session(
            tx, Session(id=token.session, user_id=user_id, started_at=started_at, ends_at=ends_at)
        )
        _use(tx, token.session, user_id, now, ends_at)
        audit.record(tx, actor, "user.signed_in", f"user:{user_id}", claimed=sorted(roles))
    return actor


def _use(tx: Connection, session_id: str, user_id: str, now: datetime, ends_at: datetime) -> None:
    access.change_user(tx, user_id, seen_at=now)  # the user before the session, as whoever disables them does
    access.end_session_at(tx, session_id, ends_at)


def _end(started_at: datetime, now: datetime, limits: SignIn) -> datetime:
    return min(
        started_at + timedelta(hours=limits.absolute_hours), now + timedelta(minutes=limits.idle_minutes)
    )


def claimed_roles(claims: Mapping[str, Any], limits: SignIn) -> frozenset[str]:
    """The roles that the provider's claim gives, and admin for a listed address that the provider has verified.

    The claim is a text or a list of texts, named as it is or by a dotted path (``realm_access.roles``).
    """
    roles = {limits.roles[value] for value in _claimed(claims, limits.roles_claim) if value in limits.roles}
    admins = {address.casefold() for address in limits.admins if address}
    if _address(claims).casefold() in admins:
        roles.add("admin")
    return frozenset(roles)


def _claimed(claims: Mapping[str, Any], name: str) -> Iterator[str]:
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    if isinstance(found, str):
        yield found
    elif isinstance(found, list | tuple):
        yield from (value for value in found if isinstance(value, str))


def _address(claims: Mapping[str, Any]) -> str:
    """The address that the provider has verified, "" for none: a person may write any other into their account there."""
    return str(claims.get("email") or "") if claims.get("email_verified") is True else ""


def _token(desk: Desk, claims: Mapping[str, Any]) -> _Token:
    # Authlib compares the issuer at the sign-in; Streamlit's cookie is read for thirty days after, whatever is configured then.
    if desk.settings.auth is None or not desk.settings.auth.issued(claims):
        raise ForeignToken
    for name in ("iss", "sub", "iat"):
        if not claims.get(name):
            raise ClaimsIncomplete(name)
    issuer, subject = str(claims["iss"]), str(claims["sub"])
    # The nonce is new at each sign-in, so that two within one second are two sessions.
    parts = (issuer, subject, str(claims["iat"]), str(claims.get("nonce", "")))
    return _Token(
        issuer=issuer,
        subject=subject,
        issued_at=_moment(claims["iat"], "iat"),
        expires_at=_moment(claims["exp"], "exp") if claims.get("exp") else None,
        session=hashlib.sha256("\n".join(parts).encode()).hexdigest(),
    )


def _moment(value: Any, claim: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ClaimsIncomplete(claim) from None


def _name(claims: Mapping[str, Any]) -> str:
    return str(claims.get("name") or claims.get("preferred_username") or _address(claims) or claims["sub"])


def _machine_user() -> str:
    """The full name of the machine's account where it has one: a login like ``root`` names nobody."""
    try:
        account = pwd.getpwuid(os.getuid())
    except KeyError:  # a container's user without a name
        return LOCAL_USER
    full_name = account.pw_gecos.split(",")[0].strip()
    return LOCAL_USER if full_name.casefold() in ("", account.pw_name.casefold()) else full_name


def person_name(name: str, t: Translator) -> str:
    """The name that was stored with what the person did; the local user in the reader's words."""
    return t(LOCAL_USER) if name == LOCAL_USER else name
