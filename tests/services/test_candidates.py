"""Which orders are proposed for a line, the nearest first."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from services.access import Actor, NotAllowed
from services.desk import Desk
from services.reconciliation.candidates import SHOWN, find
from services.reconciliation.decision_errors import LineUnknown
from services.store import schema
from tests.support.by_hand import an_order, line, line_id, take
from tests.support.desk import open_test_desk, person


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Desk]:
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    opened = open_test_desk(tmp_path, accounts={"one": account, "two": account})
    an_order(opened, "A-100", "42.00", account="one", customer="Lefèvre", reference="F-2026-7")
    an_order(opened, "A-200", "42.00", account="one", currency="GBP", customer="Durand")
    an_order(opened, "A-300", "17.00", account="one", customer="Lefèvre-Roy")
    an_order(opened, "B-100", "42.00", account="two", customer="Lefèvre")
    take(opened, line("WEB-1", "42.00"), line("a300", "42.00", transaction=""), account="one")
    yield opened
    opened.close()


@pytest.fixture
def finance(books: Desk) -> Actor:
    return person(books, "finance")


def named(
    desk: Desk, actor: Actor, text: str = "", order: str = "WEB-1", locale: str = "fr"
) -> list[tuple[str, str]]:
    return [(one.order_id, one.why) for one in find(desk, actor, line_id(desk, order), text, locale)]


def test_without_a_text_what_comes_near_is_proposed(books: Desk, finance: Actor) -> None:
    assert named(books, finance) == [("A-100", "amount"), ("A-200", "amount")]
    assert named(books, finance, order="a300") == [
        ("A-300", "suggested"),
        ("A-100", "amount"),
        ("A-200", "amount"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A-100", [("A-100", "typed")]),
        ("a100", [("A-100", "typed")]),
        ("f 2026 7", [("A-100", "typed")]),
        ("lefevre", [("A-100", "found"), ("A-300", "found")]),
        ("Lefèvre Roy", [("A-300", "found")]),
        ("17,00", [("A-300", "amount")]),
        ("42", [("A-100", "amount"), ("A-200", "amount")]),
        ("B-100", []),
        ("nobody", []),
        ("%", []),
    ],
)
def test_an_order_is_found_by_what_is_typed(
    books: Desk, finance: Actor, text: str, found: list[tuple[str, str]]
) -> None:
    assert named(books, finance, text) == found


def test_what_differs_is_said(books: Desk, finance: Actor) -> None:
    first, second = find(books, finance, line_id(books, "WEB-1"))
    assert (first.same_amount, first.other_currency, first.amount, first.references) == (
        True,
        False,
        42_0000,
        ("F-2026-7",),
    )
    assert (second.same_amount, second.other_currency, second.currency) == (True, True, "GBP")


def test_an_erased_order_is_not_proposed(books: Desk, finance: Actor) -> None:
    with books.store.write() as tx:
        tx.execute(
            update(schema.orders)
            .where(schema.orders.c.order_id == "A-100")
            .values(erased_at=schema.orders.c.created_at)
        )
    assert named(books, finance) == [("A-200", "amount")]


def test_no_more_are_shown_than_a_person_reads(books: Desk, finance: Actor) -> None:
    for number in range(SHOWN + 5):
        an_order(books, f"C-{number}", account="one", customer="Nombreux")
    assert len(named(books, finance, "nombreux")) == SHOWN


def test_a_line_that_is_not_there_and_a_person_who_may_not(books: Desk, finance: Actor) -> None:
    with pytest.raises(LineUnknown):
        find(books, finance, 10**6)
    with pytest.raises(NotAllowed):
        find(books, person(books, "manager"), line_id(books, "WEB-1"))
