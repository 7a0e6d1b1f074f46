"""A person of one account sees, sends, changes and exports nothing of another account's payment requests."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.i18n import translator
from services.orders import (
    confirm,
    create,
    history,
    history_export,
    link_rules,
    links,
    maintenance_operations,
    templates,
    warnings,
)
from services.orders.drafts import check
from services.orders.errors import UnknownOrder
from services.orders.history import Filter
from services.orders.maintenance_operations import Possible
from services.orders.templates import Content
from services.store.orders import orders
from services.store.orders.maintenance_operations import add, change
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import store_paid_order

ACCOUNT = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(accounts={"one": ACCOUNT, "two": ACCOUNT})
CONTENT = Content(
    amount=None, currency="EUR", description="Acompte", references=(), language="fr", capture="now", days=7
)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Two accounts with a paid payment request each."""
    for account, order_id in (("one", "A-100"), ("two", "B-100")):
        store_paid_order(desk, order_id, account=account)
        templates.save(desk, person(desk, "manager"), account, "Acompte", CONTENT)
    return desk


@pytest.fixture
def ours(desk: Desk) -> Actor:
    """May send, refund and reconcile for the account "one"."""
    return person(desk, "manager", "finance", account="one")


def ids(desk: Desk) -> dict[str, int]:
    everybody = person(desk, "manager")
    return {order.account: order.id for order in history.find(desk, everybody, Filter()).orders}


@pytest.mark.parametrize("wanted", [(), ("one", "two"), ("two",)])
def test_list_count_and_export_are_of_the_persons_account(
    desk: Desk, ours: Actor, wanted: tuple[str, ...]
) -> None:
    theirs = [] if wanted == ("two",) else ["A-100"]
    listing = history.find(desk, ours, Filter(accounts=wanted))
    assert ([order.order_id for order in listing.orders], listing.total) == (theirs, len(theirs))
    out = io.BytesIO()
    assert history_export.write_history(
        desk, ours, Filter(accounts=wanted), "csv", translator("en"), out
    ) == len(theirs)
    assert b"B-100" not in out.getvalue()


def test_senders_are_of_the_persons_account(desk: Desk, ours: Actor) -> None:
    store_paid_order(desk, "A-101", account="one")
    assert history.senders(desk, ours) == [("test", "Test")]
    nobody = person(desk, "manager", account="empty")
    assert history.senders(desk, nobody) == []


ACTS: dict[str, Callable[[Desk, Actor, int], Any]] = {
    "detail": history.detail,
    "check_now": lambda desk, who, order: history.check_now(desk, who, [order]),
    "retry": history.retry,
    "offer": link_rules.offer,
    "resend": lambda desk, who, order: links.resend(desk, who, order, "k"),
    "readdress": lambda desk, who, order: links.readdress(desk, who, order, "a@example.com", "k"),
    "cancel": lambda desk, who, order: links.cancel(desk, who, order, "k"),
    "extend": lambda desk, who, order: links.extend(desk, who, order, clock.now() + timedelta(days=2), "k"),
    "renew": lambda desk, who, order: links.renew(desk, who, order, clock.now() + timedelta(days=2), "k"),
    "correct": lambda desk, who, order: links.correct(desk, who, order, 10_000, "x", "k", mail=False),
    "operations": maintenance_operations.of_order,
    "refund": lambda desk, who, order: maintenance_operations.ask(
        desk, who, order, Possible(kind="refund", reference="r", most=1), 1, "why", "k"
    ),
    "capture": lambda desk, who, order: maintenance_operations.ask(
        desk, who, order, Possible(kind="capture", reference="r", most=1), 1, "", "k"
    ),
    "confirmable": confirm.confirmable,
    "confirm": lambda desk, who, order: confirm.confirm(desk, who, order, (), "why", "k"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_order_of_another_account_is_refused(desk: Desk, ours: Actor, name: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        ACTS[name](desk, ours, ids(desk)["two"])
    assert refused.value.account == "two"


@pytest.mark.parametrize("name", sorted(ACTS.keys() - {"check_now", "cancel", "refund", "capture"}))
def test_who_has_the_right_nowhere_learns_of_no_order(desk: Desk, name: str) -> None:
    stranger = person(desk)
    with pytest.raises(NotAllowed):
        ACTS[name](desk, stranger, 99)
    with pytest.raises(UnknownOrder):
        history.detail(desk, person(desk, "manager", account="one"), 99)


def test_an_operation_of_another_account_is_not_decided(desk: Desk, ours: Actor) -> None:
    order = ids(desk)["two"]
    with desk.store.write() as tx:
        asked = add(
            tx,
            order=order,
            account="two",
            reference="r",
            kind="refund",
            amount=1,
            currency="EUR",
            why="",
            form_key="k",
            operation_id="B-100-R1",
            created_at=clock.now(),
            actor_kind="user",
            actor_id="test",
        )
        change(tx, asked, state="unknown")
    with pytest.raises(NotAllowed):
        maintenance_operations.decide(desk, ours, asked, done=True)


def test_nothing_is_sent_or_looked_up_for_another_account(desk: Desk, ours: Actor) -> None:
    accepted, problems = check(draft(account="two"), clock.now())
    assert accepted is not None, problems
    for act in (
        lambda: create.create(desk, ours, draft(account="two"), "k"),
        lambda: create.preview(desk, ours, accepted),
        lambda: warnings.warnings(desk, ours, accepted),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_duplicate_is_not_warned_of_an_order_out_of_reach(desk: Desk, ours: Actor) -> None:
    accepted, _ = check(draft(account="one"), clock.now())
    assert accepted is not None
    former = ids(desk)["two"]
    with desk.store.write() as tx:
        orders.write_state(tx, former, {"payment": "pending"})

    def warned(who: Actor) -> set[str]:
        return {one.code for one in warnings.warnings(desk, who, accepted, duplicated_from=former)}

    assert "former_payable" in warned(person(desk, "manager"))
    assert "former_payable" not in warned(ours)


def test_templates_are_of_the_persons_account(desk: Desk, ours: Actor) -> None:
    (theirs,) = templates.listing(desk, person(desk, "manager"), "two")
    for act in (
        lambda: templates.listing(desk, ours, "two"),
        lambda: templates.save(desk, ours, "two", "Other", CONTENT),
        lambda: templates.rename(desk, ours, theirs.id, "Other"),
        lambda: templates.delete(desk, ours, theirs.id),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert [one.name for one in templates.listing(desk, ours, "one")] == ["Acompte"]
