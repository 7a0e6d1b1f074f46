"""A match whose lines and order differ in amount, currency or account: asked or refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services import store
from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import decide, errors
from tests.support.decisions import Books, shown, standing_rows
from tests.support.desk import open_test_desk, person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import (
    import_lines,
    line,
    orders_seen,
    outcomes,
    position,
)


def test_another_currency_is_asked_and_then_taken(desk: Desk, finance: Actor, orders: Books) -> None:
    pounds = store_paid_order(desk, "GB-1", currency="GBP")
    here = [shown(desk, "WEB-1"), shown(desk, "A-100")]
    with pytest.raises(errors.CurrencyDiffers) as asked:
        decide.match(desk, finance, here, pounds, "why", "k1")
    assert asked.value.fields() == {"line_currency": "EUR", "order_currency": "GBP", "order_id": "GB-1"}
    assert standing_rows(desk) == []
    decide.match(desk, finance, here, pounds, "why", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", pounds)


def test_another_amount_is_asked_and_then_taken(desk: Desk, finance: Actor, orders: Books) -> None:
    dear = store_paid_order(desk, "D-1", "12.00")
    here = [shown(desk, "WEB-1")]
    with pytest.raises(errors.AmountDiffers) as asked:
        decide.match(desk, finance, here, dear, "why", "k1")
    wanted = {"order_id": "D-1", "lines_units": "100000", "ordered_units": "120000", "currency": "EUR"}
    assert asked.value.fields() == wanted
    assert standing_rows(desk) == []
    decide.match(desk, finance, here, dear, "two euros were agreed", "k1", seen={dear: (12_0000, "EUR")})
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", dear)


def test_an_order_that_was_changed_since_it_was_seen_takes_no_line(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    dear = store_paid_order(desk, "D-1", "12.00")
    seen = orders_seen(desk)
    with desk.store.write() as tx:
        store.orders.orders.change_order(tx, dear, amount=13_0000)
    with pytest.raises(errors.OrderChanged) as refused:
        decide.match(desk, finance, [shown(desk, "WEB-1")], dear, "two euros", "k1", seen=seen)
    assert (refused.value.order_id, refused.value.now_units, refused.value.currency) == (
        "D-1",
        13_0000,
        "EUR",
    )
    assert standing_rows(desk) == []


def test_two_parts_that_make_the_order_need_no_question(desk: Desk, finance: Actor) -> None:
    whole = store_paid_order(desk, "W-1", "100.00")
    import_lines(desk, line("P-1", "60.00"), line("P-2", "40.00"))
    with pytest.raises(errors.AmountDiffers):
        decide.match(desk, finance, [shown(desk, "P-1")], whole, "why", "k1")
    decide.match(desk, finance, [shown(desk, "P-1"), shown(desk, "P-2")], whole, "both parts", "k2")
    assert position(desk, whole).gross_units == 100_0000


def test_a_suggestion_with_another_amount_is_asked_too(desk: Desk, finance: Actor) -> None:
    near = store_paid_order(desk, "N-500", "99.00")
    import_lines(desk, line("n500", "98.00", transaction=""))
    assert outcomes(desk)["n500 Sale"][0] == "suggested"
    with pytest.raises(errors.AmountDiffers):
        decide.accept(desk, finance, [shown(desk, "n500")], "why", "k1")
    decide.accept(desk, finance, [shown(desk, "n500")], "one less", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["n500 Sale"] == ("matched", near)


def test_a_share_that_is_not_the_orders_amount_is_asked_too(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    with pytest.raises(errors.AmountDiffers):
        decide.split(desk, finance, shown(desk, "WEB-1"), shares, "why", "k1")
    assert standing_rows(desk) == []


@pytest.fixture
def two_accounts(tmp_path: Path) -> Iterator[Desk]:
    account = {"name": "Maison", "environment": "stage", "login": "l", "password": "p", "passphrase": "s"}
    opened = open_test_desk(tmp_path, accounts={"one": account, "two": account})
    yield opened
    opened.close()


def test_another_accounts_order_is_refused(two_accounts: Desk) -> None:
    finance = person(two_accounts, "finance")
    theirs = store_paid_order(two_accounts, "B-1", account="two")
    import_lines(two_accounts, line("WEB-1"), account="one")
    with pytest.raises(errors.OrderElsewhere) as refused:
        decide.match(two_accounts, finance, [shown(two_accounts, "WEB-1")], theirs, "why", "k1")
    assert refused.value.order_id == "B-1"
