"""A role is granted for one account, or for all of them."""

import pytest

from services.access import (
    ALL_ACCOUNTS,
    SYSTEM,
    WORKER,
    Actor,
    Grant,
    NotAllowed,
    NotSignedIn,
    Right,
    allowed_accounts,
    require,
    rights,
    rights_on,
    trail,
    users,
)
from services.desk import Desk
from tests.support.desk import person

ACCOUNT = {"environment": "stage", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(
    accounts={"shop": {"name": "Shop", **ACCOUNT}, "outlet": {"name": "Outlet", **ACCOUNT}}
)


def refused(desk: Desk, actor: Actor, right: Right, account: str) -> bool:
    with desk.store.read() as tx:
        try:
            require(tx, actor, right, account)
        except NotAllowed as refusal:
            return (refusal.right, refusal.account) == (right, account)
    return False


def allowed(desk: Desk, actor: Actor, right: Right) -> frozenset[str] | None:
    with desk.store.read() as tx:
        return allowed_accounts(tx, actor, right)


def test_a_grant_for_all_accounts_covers_each_and_the_installation(desk: Desk) -> None:
    everywhere = person(desk, "manager")
    assert not any(
        refused(desk, everywhere, Right.SEND, one) for one in ("shop", "outlet", "gone", ALL_ACCOUNTS)
    )
    assert allowed(desk, everywhere, Right.SEND) is None


def test_a_grant_for_one_account_covers_neither_another_nor_the_installation(desk: Desk) -> None:
    one = person(desk, "manager", account="shop")
    assert [refused(desk, one, Right.SEND, account) for account in ("shop", "outlet", ALL_ACCOUNTS)] == [
        False,
        True,
        True,
    ]
    assert allowed(desk, one, Right.SEND) == {"shop"}
    with pytest.raises(NotAllowed):
        allowed(desk, one, Right.RECONCILE)


def test_each_role_counts_on_its_own_account_only(desk: Desk) -> None:
    admin, both = person(desk, "admin"), person(desk)
    users.set_grants(desk, admin, both.id, frozenset({Grant("manager", "shop"), Grant("finance", "outlet")}))
    with desk.store.read() as tx:
        assert Right.SEND in rights_on(tx, both, "shop")
        assert Right.SEND not in rights_on(tx, both, "outlet")
        assert Right.RECONCILE in rights_on(tx, both, "outlet")
        assert rights_on(tx, both, ALL_ACCOUNTS) == frozenset()
        assert {Right.SEND, Right.RECONCILE} <= rights(tx, both)
        assert allowed_accounts(tx, both, Right.SEE_ORDERS) == {"shop", "outlet"}


@pytest.mark.parametrize("machine", [WORKER, SYSTEM])
def test_the_machinery_may_do_all_everywhere(desk: Desk, machine: Actor) -> None:
    assert not refused(desk, machine, Right.REFUND, "shop")
    assert not refused(desk, machine, Right.CONFIGURE, ALL_ACCOUNTS)
    assert allowed(desk, machine, Right.SEE_SETTLEMENTS) is None


def test_a_person_whose_session_is_over_is_told_to_sign_in(desk: Desk) -> None:
    one = person(desk, "manager", account="shop")
    gone = Actor(kind="user", id=one.id, session="ended")
    with pytest.raises(NotSignedIn):
        refused(desk, gone, Right.SEND, "shop")
    with pytest.raises(NotSignedIn):
        allowed(desk, gone, Right.SEND)


def test_a_grant_for_all_accounts_contains_those_for_one(desk: Desk) -> None:
    admin, other = person(desk, "admin"), person(desk)
    users.set_grants(desk, admin, other.id, frozenset({Grant("manager"), Grant("manager", "shop")}))
    assert [one.given for one in users.list_people(desk, admin) if one.id == other.id] == [{Grant("manager")}]


def test_a_grant_names_an_account_of_the_settings(desk: Desk) -> None:
    admin, other = person(desk, "admin"), person(desk, "finance", account="departed")
    with pytest.raises(users.UnknownAccount):
        users.set_grants(desk, admin, other.id, frozenset({Grant("manager", "departed")}))
    kept = frozenset({Grant("finance", "departed"), Grant("manager", "shop")})  # one that was there may stay
    users.set_grants(desk, admin, other.id, kept)
    assert [one.given for one in users.list_people(desk, admin) if one.id == other.id] == [kept]


def test_nobody_gives_themselves_a_role(desk: Desk) -> None:
    admin = person(desk, "admin")
    person(desk, "admin")
    for wanted in ({Grant("admin"), Grant("manager")}, {Grant("admin"), Grant("finance", "shop")}):
        with pytest.raises(users.OwnRole):
            users.set_grants(desk, admin, admin.id, frozenset(wanted))
    assert trail.entries(desk, admin) == ()


def test_a_role_of_ones_own_is_given_up_only_while_another_can_give_it_back(desk: Desk) -> None:
    admin = person(desk, "admin", "manager")
    person(desk, "admin", account="shop")
    with pytest.raises(users.LastAdmin):
        users.set_grants(desk, admin, admin.id, frozenset({Grant("admin")}))
    other = person(desk, "admin")
    users.set_grants(desk, admin, admin.id, frozenset({Grant("admin")}))
    assert [one.given for one in users.list_people(desk, other) if one.id == admin.id] == [{Grant("admin")}]


def test_the_last_administrator_of_all_accounts_stays(desk: Desk) -> None:
    admin, other = person(desk, "admin"), person(desk, "admin")
    users.set_grants(desk, admin, other.id, frozenset({Grant("admin", "shop")}))
    with pytest.raises(NotAllowed):
        users.set_grants(desk, other, admin.id, frozenset())
    with pytest.raises(users.LastAdmin):
        users.set_grants(desk, admin, admin.id, frozenset())
    with pytest.raises(users.LastAdmin):
        users.set_grants(desk, SYSTEM, admin.id, frozenset({Grant("admin", "shop")}))


def test_the_audit_says_for_which_account_a_role_was_given(desk: Desk) -> None:
    admin, other = person(desk, "admin"), person(desk, "finance")
    users.set_grants(desk, admin, other.id, frozenset({Grant("finance", "shop")}))
    assert [(one.action, one.detail) for one in trail.entries(desk, admin)] == [
        ("role.revoked", {"role": "finance"}),
        ("role.granted", {"role": "finance", "account": "shop"}),
    ]


def test_an_administrator_of_one_account_sees_neither_people_nor_the_audit(desk: Desk) -> None:
    one = person(desk, "admin", account="shop")
    for act in (
        lambda: users.list_people(desk, one),
        lambda: users.set_disabled(desk, one, one.id, False),
        lambda: trail.entries(desk, one),
    ):
        with pytest.raises(NotAllowed):
            act()
