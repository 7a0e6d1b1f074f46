"""Sign-in by claims, sessions of our own, roles by claim and by table, and what stops the next action."""

import pwd
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from services.access import (
    ALL_ACCOUNTS,
    Actor,
    Grant,
    NotAllowed,
    NotSignedIn,
    Right,
    require,
    rights,
    sign_in,
    trail,
    users,
)
from services.access.sign_in import ClaimsIncomplete, ForeignToken, SessionEnded, UserDisabled
from services.desk import Desk
from services.settings.account import SignIn
from services.store import access
from tests.support.desk import ISSUER, PROVIDER, person

pytestmark = pytest.mark.desk(
    auth=PROVIDER, sign_in=SignIn(absolute_hours=12, idle_minutes=30, admins=("Boss@Example.com", ""))
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def claims(at: datetime | None = None, **more: Any) -> dict[str, Any]:
    issued = int(at.timestamp()) if at else int(time.time())
    base = {
        "iss": ISSUER,
        "aud": "desk",
        "provider": "default",
        "sub": "42",
        "iat": issued,
        "exp": issued + 300,
        "nonce": f"n{issued}",
    }
    return (
        base
        | {
            "email": "camille@example.com",
            "email_verified": True,
            "name": "Camille Martin",
            "roles": ["manager"],
        }
        | more
    )


def may(desk: Desk, actor: Actor) -> frozenset[Right]:
    with desk.store.read() as tx:
        return rights(tx, actor)


def require_now(desk: Desk, actor: Actor, right: Right) -> None:
    with desk.store.read() as tx:
        require(tx, actor, right, ALL_ACCOUNTS)


def test_a_first_sign_in_makes_the_person_with_the_claimed_roles(desk: Desk, clock: Any) -> None:
    actor = sign_in.sign_in(desk, claims(roles=["manager", "finance", "gardener"]))
    assert (actor.kind, actor.name, actor.email) == ("user", "Camille Martin", "camille@example.com")
    with desk.store.read() as tx:
        assert access.grants_from(tx, actor.id, "claim") == {Grant("manager"), Grant("finance")}
        assert [row.action for row in access.audit_rows(tx)] == ["user.signed_in", "user.created"]
        assert access.broken_link(tx) is None


def test_the_same_token_is_the_same_session_and_writes_no_second_entry(desk: Desk, clock: Any) -> None:
    first, again = sign_in.sign_in(desk, claims()), sign_in.sign_in(desk, claims())
    assert first == again
    with desk.store.read() as tx:
        assert len(access.audit_rows(tx)) == 2


def test_claimed_roles_are_replaced_at_each_sign_in_and_given_ones_stay(desk: Desk, clock: Any) -> None:
    actor = sign_in.sign_in(desk, claims(roles="manager"))
    users.set_grants(desk, person(desk, "admin"), actor.id, frozenset({Grant("finance")}))
    clock.shift(60)
    again = sign_in.sign_in(desk, claims(roles=["admin"], name="Camille Durand"))
    assert (again.id, again.name) == (actor.id, "Camille Durand")
    with desk.store.read() as tx:
        assert access.grants_of(tx, actor.id) == {Grant("admin"), Grant("finance")}


def test_an_older_token_of_another_browser_does_not_bring_old_roles_back(desk: Desk, clock: Any) -> None:
    old = claims(roles=["admin"])
    clock.shift(60)
    actor = sign_in.sign_in(desk, claims(roles=["manager"]))
    assert sign_in.sign_in(desk, old).id == actor.id
    with desk.store.read() as tx:
        assert access.grants_of(tx, actor.id) == {Grant("manager")}


@pytest.mark.parametrize(
    ("claim", "value", "roles"),
    [
        ("roles", "finance", {"finance"}),
        ("roles", ["finance", 7, None], {"finance"}),
        ("roles", None, set()),
        ("realm_access.roles", None, {"admin"}),
        ("https://example.com/roles", ["manager"], {"manager"}),
    ],
)
def test_the_claim_is_a_text_a_list_or_lies_deeper(claim: str, value: Any, roles: set[str]) -> None:
    given = {claim: value, "realm_access": {"roles": ["admin", "other"]}}
    assert sign_in.claimed_roles(given, SignIn(roles_claim=claim)) == roles


@pytest.mark.parametrize(
    ("verified", "roles"), [(True, {"admin"}), (False, set()), (None, set()), ("true", set())]
)
def test_a_listed_address_is_an_administrator_only_when_the_provider_verified_it(
    verified: Any, roles: set[str]
) -> None:
    given = {"email": "boss@example.COM", "email_verified": verified}
    assert sign_in.claimed_roles(given, SignIn(admins=("Boss@Example.com",))) == roles


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_nobody_verified_is_used_for_nothing(desk: Desk, clock: Any, verified: Any) -> None:
    actor = sign_in.sign_in(desk, claims(email="Boss@example.com", email_verified=verified, name="", sub="b"))
    assert (actor.email, actor.name) == ("", "b")
    assert Right.MANAGE_USERS not in may(desk, actor)
    with desk.store.read() as tx:
        [row] = access.all_users(tx)
    assert (row.email, row.name) == ("", "b")


@pytest.mark.parametrize(
    "foreign",
    [
        {"iss": "https://other.example.com"}, {"iss": f"{ISSUER}.evil.example"}, {"iss": "local"}, {"aud": "another"}, {"aud": None},
        {"aud": ["another"]}, {"provider": "another"}, {"iss": None},
    ],
)  # fmt: skip
def test_a_token_of_another_provider_or_client_opens_nothing(
    desk: Desk, clock: Any, foreign: dict[str, Any]
) -> None:
    kept = sign_in.sign_in(desk, claims())
    with pytest.raises(ForeignToken):
        sign_in.sign_in(desk, claims(**foreign))
    assert sign_in.sign_in(desk, claims(aud=["desk", "other"], iss=f"{ISSUER}/", nonce="x")).id != kept.id
    desk.settings.auth.providers.clear()  # type: ignore[union-attr] # the provider was taken out, and the cookie is still there
    with pytest.raises(ForeignToken):
        sign_in.sign_in(desk, claims())


@pytest.mark.parametrize("missing", ["sub", "iat"])
def test_a_token_without_what_identifies_it_is_refused(desk: Desk, missing: str) -> None:
    with pytest.raises(ClaimsIncomplete) as refusal:
        sign_in.sign_in(desk, {name: value for name, value in claims().items() if name != missing})
    assert refusal.value.fields() == {"claim": missing}


def test_a_session_ends_when_unused(desk: Desk, clock: Any) -> None:
    token = claims()
    actor = sign_in.sign_in(desk, token)
    clock.shift(timedelta(minutes=29))
    sign_in.sign_in(desk, token)
    clock.shift(timedelta(minutes=29))
    sign_in.sign_in(desk, token)
    require_now(desk, actor, Right.SEND)
    clock.shift(timedelta(minutes=31))
    with pytest.raises(NotSignedIn):
        require_now(desk, actor, Right.SEND)
    with pytest.raises(SessionEnded):
        sign_in.sign_in(desk, token)


def test_a_session_ends_after_its_longest_time_however_busy(desk: Desk, clock: Any) -> None:
    token = claims()
    for _ in range(35):
        sign_in.sign_in(desk, token)
        clock.shift(timedelta(minutes=20))
    sign_in.sign_in(desk, token)  # 11 h 40
    clock.shift(timedelta(minutes=20))
    with pytest.raises(SessionEnded):
        sign_in.sign_in(desk, token)


def test_an_old_cookie_begins_no_session(desk: Desk, clock: Any) -> None:
    for at in (NOON - timedelta(hours=13), NOON - timedelta(hours=1)):  # too old; its token has expired
        with pytest.raises(SessionEnded):
            sign_in.sign_in(desk, claims(at))
    with desk.store.read() as tx:
        assert access.all_users(tx) == []


def test_a_token_from_the_future_does_not_last_longer(desk: Desk, clock: Any) -> None:
    actor = sign_in.sign_in(desk, claims(NOON + timedelta(days=20)))
    with desk.store.read() as tx:
        session = access.session(tx, actor.session)
    assert session is not None
    assert session.ends_at == NOON + timedelta(minutes=30)


def test_after_sign_out_the_cookie_opens_nothing_and_a_new_sign_in_does(desk: Desk, clock: Any) -> None:
    token = claims()
    actor = sign_in.sign_in(desk, token)
    sign_in.sign_out(desk, actor)
    with pytest.raises(SessionEnded):
        sign_in.sign_in(desk, token)
    with pytest.raises(NotSignedIn):
        require_now(desk, actor, Right.SEND)
    fresh = sign_in.sign_in(desk, claims(nonce="another"))  # within the same second
    require_now(desk, fresh, Right.SEND)


def test_one_browsers_sign_out_leaves_the_others(desk: Desk, clock: Any) -> None:
    here, there = sign_in.sign_in(desk, claims(nonce="a")), sign_in.sign_in(desk, claims(nonce="b"))
    sign_in.sign_out(desk, here)
    require_now(desk, there, Right.SEND)


def test_a_role_taken_away_stops_the_next_action(desk: Desk, clock: Any) -> None:
    admin, other = person(desk, "admin"), person(desk, "manager")
    users.set_grants(desk, admin, other.id, frozenset())
    with pytest.raises(NotAllowed) as refusal:
        require_now(desk, other, Right.SEND)
    assert refusal.value.right == Right.SEND


def test_a_disabled_person_can_do_nothing_and_not_sign_in(desk: Desk, clock: Any) -> None:
    admin, actor = person(desk, "admin"), sign_in.sign_in(desk, claims())
    users.set_disabled(desk, admin, actor.id, True)
    assert may(desk, actor) == frozenset()
    with pytest.raises(UserDisabled):
        sign_in.sign_in(desk, claims())
    with pytest.raises(UserDisabled):
        sign_in.sign_in(desk, claims(nonce="new"))
    users.set_disabled(desk, admin, actor.id, False)
    with pytest.raises(SessionEnded):
        sign_in.sign_in(desk, claims())
    assert Right.SEND in may(desk, sign_in.sign_in(desk, claims(nonce="new")))


def test_old_sessions_are_forgotten(desk: Desk, clock: Any) -> None:
    gone = sign_in.sign_in(desk, claims())
    clock.shift(timedelta(hours=13))
    sign_in.sign_in(desk, claims())
    with desk.store.read() as tx:
        assert access.session(tx, gone.session) is None


def test_the_local_user_is_one_named_person_with_every_role(desk: Desk) -> None:
    first, second = sign_in.local_user(desk), sign_in.local_user(desk)
    assert first == second
    assert first.name
    assert may(desk, first) == frozenset(Right)


@pytest.mark.parametrize(
    ("full_name", "shown"),
    [("root", "Local user"), (",,,", "Local user"), ("Camille Martin,,,", "Camille Martin")],
)
def test_the_local_user_has_a_persons_name_or_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, full_name: str, shown: str
) -> None:
    account = pwd.struct_passwd(("root", "x", 0, 0, full_name, "/root", "/bin/sh"))
    monkeypatch.setattr("services.access.sign_in.pwd.getpwuid", lambda _: account)
    assert sign_in.local_user(desk).name == shown


def test_somebody_can_always_give_roles(desk: Desk) -> None:
    admin = person(desk, "admin")
    with pytest.raises(users.LastAdmin):
        users.set_grants(desk, admin, admin.id, frozenset())
    with pytest.raises(users.OwnAccount):
        users.set_disabled(desk, admin, admin.id, True)
    other = person(desk, "admin")
    users.set_grants(desk, admin, admin.id, frozenset())
    with pytest.raises(NotAllowed):
        users.set_disabled(desk, admin, other.id, True)
    assert [one.given for one in users.list_people(desk, other) if one.id == admin.id] == [set()]


def test_changes_of_people_are_audited_and_only_an_administrator_makes_them(desk: Desk) -> None:
    admin, other = person(desk, "admin"), person(desk, "finance")
    for act in (
        lambda: users.list_people(desk, other),
        lambda: users.set_grants(desk, other, other.id, frozenset({Grant("admin")})),
        lambda: users.set_disabled(desk, other, admin.id, True),
    ):
        with pytest.raises(NotAllowed):
            act()
    users.set_grants(desk, admin, other.id, frozenset({Grant("manager")}))
    with pytest.raises(users.UnknownUser):
        users.set_disabled(desk, admin, "nobody", True)
    found = trail.entries(desk, admin)
    assert [(entry.action, entry.detail) for entry in found] == [
        ("role.revoked", {"role": "finance"}),
        ("role.granted", {"role": "manager"}),
    ]
    assert {entry.who for entry in found} == {admin.name}
    assert trail.actions(desk, admin) == ("role.granted", "role.revoked")
    assert [entry.action for entry in trail.entries(desk, admin, actions=("role.granted",))] == [
        "role.granted"
    ]
    assert trail.broken_at(desk, admin) is None
    with pytest.raises(NotAllowed):
        trail.entries(desk, person(desk, "manager"))
