"""Which orders are proposed for a line, the nearest first."""

import pytest
from sqlalchemy import update

from services import store
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.reconciliation.decisions.candidates import SHOWN, find, suggestions
from services.reconciliation.decisions.errors import LineUnknown
from services.store.orders import orders
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id

ACCOUNT = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}

pytestmark = pytest.mark.desk(accounts={"one": ACCOUNT, "two": ACCOUNT})


@pytest.fixture
def desk(desk: Desk) -> Desk:
    store_paid_order(desk, "A-100", "42.00", account="one", customer="Lefèvre", reference="F-2026-7")
    store_paid_order(desk, "A-200", "42.00", account="one", currency="GBP", customer="Durand")
    store_paid_order(desk, "A-300", "17.00", account="one", customer="Lefèvre-Roy")
    store_paid_order(desk, "B-100", "42.00", account="two", customer="Lefèvre")
    import_lines(desk, line("WEB-1", "42.00"), line("a300", "42.00", transaction=""), account="one")
    return desk


def named(
    desk: Desk, actor: Actor, text: str = "", order: str = "WEB-1", locale: str = "fr"
) -> list[tuple[str, str]]:
    return [(one.order_id, one.why) for one in find(desk, actor, line_id(desk, order), text, locale)]


def test_without_a_text_what_comes_near_is_proposed(desk: Desk, finance: Actor) -> None:
    """42 pounds are not the line's amount of 42 euros."""
    assert named(desk, finance) == [("A-100", "amount")]
    assert named(desk, finance, order="a300") == [("A-300", "suggested"), ("A-100", "amount")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A-100", [("A-100", "typed")]),
        ("a100", [("A-100", "typed")]),
        ("f 2026 7", [("A-100", "typed")]),
        ("lefevre", [("A-100", "found"), ("A-300", "found")]),
        ("Lefèvre Roy", [("A-300", "found")]),
        ("17,00", [("A-300", "amount_typed")]),
        ("42", [("A-100", "amount"), ("A-200", "amount_typed")]),
        ("B-100", []),
        ("nobody", []),
        ("%", []),
    ],
)
def test_an_order_is_found_by_what_is_typed(
    desk: Desk, finance: Actor, text: str, found: list[tuple[str, str]]
) -> None:
    assert named(desk, finance, text) == found


def test_what_differs_is_said(desk: Desk, finance: Actor) -> None:
    first, second = find(desk, finance, line_id(desk, "WEB-1"), "42")
    assert (first.same_amount, first.other_currency, first.amount, first.references) == (
        True,
        False,
        42_0000,
        ("F-2026-7",),
    )
    assert (second.same_amount, second.other_currency, second.currency) == (False, True, "GBP")


def test_it_is_said_whether_the_order_is_paid_and_where_it_is_settled(desk: Desk, finance: Actor) -> None:
    store_paid_order(desk, "S-1", "30.00", account="one")
    import_lines(desk, line("S-1", "30.00"), account="one")
    unpaid, awaited = (
        store_paid_order(desk, "U-1", account="one"),
        store_paid_order(desk, "L-1", account="one"),
    )
    with desk.store.write() as tx:
        orders.write_state(tx, unpaid, {"captured": 0, "payment": "unpaid"})
        orders.write_state(tx, awaited, {"captured": 0, "payment": "unpaid", "channel": "imported"})
    here = line_id(desk, "WEB-1")
    found = {one: find(desk, finance, here, one)[0] for one in ("A-100", "S-1", "U-1", "L-1")}
    assert {name: one.paid for name, one in found.items()} == {
        "A-100": "paid",
        "S-1": "settled",
        "U-1": "not_paid",
        "L-1": "awaited",
    }
    assert (found["S-1"].gross, found["S-1"].settlement_ids) == (30_0000, "77")
    assert found["A-100"].collected == 42_0000


def test_the_suggestions_of_several_lines_stand_beside_them(desk: Desk, finance: Actor) -> None:
    near, none = line_id(desk, "a300"), line_id(desk, "WEB-1")
    found = suggestions(desk, finance, [near, none])
    assert {line: (one.order_id, one.amount) for line, one in found.items()} == {near: ("A-300", 17_0000)}
    with pytest.raises(NotAllowed):
        suggestions(desk, person(desk, "manager"), [near])


def test_an_erased_order_is_not_proposed(desk: Desk, finance: Actor) -> None:
    with desk.store.write() as tx:
        tx.execute(
            update(store.schema.orders.orders)
            .where(store.schema.orders.orders.c.order_id == "A-100")
            .values(erased_at=store.schema.orders.orders.c.created_at)
        )
    assert named(desk, finance) == []


def test_no_more_are_shown_than_a_person_reads(desk: Desk, finance: Actor) -> None:
    for number in range(SHOWN + 5):
        store_paid_order(desk, f"C-{number}", account="one", customer="Nombreux")
    assert len(named(desk, finance, "nombreux")) == SHOWN


def test_a_line_that_is_not_there_and_a_person_who_may_not(desk: Desk, finance: Actor) -> None:
    with pytest.raises(LineUnknown):
        find(desk, finance, 10**6)
    with pytest.raises(NotAllowed):
        find(desk, person(desk, "manager"), line_id(desk, "WEB-1"))
