"""What a person decides of payout lines, and which decisions are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update

import services.store.schema
from services.access import Actor
from services.desk import Desk
from services.mail.errors import TextError
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions import decide, errors, history, undo
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.matching import rejoin
from services.store.schema.settlement_files import settlement_files
from tests.support.decisions import ROWS, Books, audited, shown, standing_rows
from tests.support.payout_lines import (
    import_lines,
    line,
    line_id,
    orders_seen,
    outcomes,
    position,
    totals,
)


def test_a_line_is_matched_to_an_order_with_the_fee_of_its_transaction(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    before = totals(desk)
    done = decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "same customer", "k1")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-300"])
    assert outcomes(desk)["WEB-1 Fixed fee"] == ("matched", orders["A-300"])
    found = position(desk, orders["A-300"])
    assert (found.gross_units, found.fees_units, found.status) == (10_0000, 3000, "settled_in_full")
    [row] = standing_rows(desk)
    assert (row.kind, row.reason, row.shares, row.due) == (
        "match",
        "same customer",
        [[orders["A-300"], 10_0000]],
        False,
    )
    assert (row.before["outcome"], row.before["order"]) == ("unmatched", None)
    assert done.lines == (line_id(desk, "WEB-1"),)
    assert totals(desk) == before


def test_a_suggestion_is_accepted_in_one_step(desk: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(desk)["a200 Sale"][0] == "suggested"
    decide.accept(desk, finance, [shown(desk, "a200")], "same amount", "k1")
    assert outcomes(desk)["a200 Sale"] == ("matched", orders["A-200"])


def test_a_line_is_split_over_orders(desk: Desk, finance: Actor, orders: Books) -> None:
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(desk))
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", None)
    assert [position(desk, order).gross_units for order, _ in shares] == [4_0000, 6_0000]
    undo.undo_decisions(desk, finance, [standing_rows(desk)[0].id], "by mistake")
    assert outcomes(desk)["WEB-1 Sale"] == ("unmatched", None)
    assert [position(desk, order).gross_units for order, _ in shares] == [0, 0]


def test_a_split_is_changed_to_other_orders(desk: Desk, finance: Actor, orders: Books) -> None:
    first = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), first, "one payment", "k1", seen=orders_seen(desk))
    second = [(orders["A-200"], 7_0000), (orders["A-100"], 3_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), second, "other shares", "k2", seen=orders_seen(desk))
    gross = {name: position(desk, order).gross_units for name, order in orders.items()}
    assert gross == {"A-100": 13_0000, "A-200": 7_0000, "A-300": 0}


def test_an_order_taken_away_stays_away(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.unmatch(desk, finance, [shown(desk, "A-100")], "another sale", "k1")
    rejoin.rejoin_lines(desk, "demo", [line_id(desk, "A-100")])
    assert outcomes(desk)["A-100 Sale"] == ("unmatched", None)
    assert position(desk, orders["A-100"]).gross_units == 0


@pytest.mark.parametrize(("act", "outcome"), [(decide.exclude, "excluded"), (decide.not_ours, "not_ours")])
def test_a_line_is_put_aside(
    desk: Desk, finance: Actor, orders: Books, act: Callable[..., Any], outcome: str
) -> None:
    before = totals(desk)
    act(desk, finance, [shown(desk, "A-100")], "test payment", "k1")
    assert outcomes(desk)["A-100 Sale"] == (outcome, None)
    assert position(desk, orders["A-100"]).gross_units == 0
    assert totals(desk) == before


def test_an_account_level_line_may_be_matched(desk: Desk, finance: Actor, orders: Books) -> None:
    assert outcomes(desk)[" Monthly fee"][0] == "account_level"
    decide.match(desk, finance, [shown(desk, "", "Monthly fee")], orders["A-100"], "its fee", "k1")
    assert outcomes(desk)[" Monthly fee"] == ("matched", orders["A-100"])


def test_a_later_decision_takes_the_place_of_the_one_before(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-200"], "first", "k1")
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "second", "k2")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-300"])
    [row] = standing_rows(desk)
    assert (row.reason, row.before["order"]) == ("second", orders["A-200"])
    kinds = [entry.kind for entry in history.of_line(desk, finance, line_id(desk, "WEB-1"))]
    assert kinds == ["match", "undone", "match"]


def test_what_a_decision_needs(desk: Desk, finance: Actor, orders: Books) -> None:
    here = [shown(desk, "WEB-1")]
    for reason, refusal in (
        ("", errors.ReasonMissing),
        ("  ", errors.ReasonMissing),
        ("a\nb", TextError),
    ):
        with pytest.raises(refusal):
            decide.exclude(desk, finance, here, reason, "k1")
    with pytest.raises(errors.NothingChosen):
        decide.exclude(desk, finance, [], "why", "k1")
    many = [Shown(line=number) for number in range(decide.MOST_LINES + 1)]
    with pytest.raises(errors.TooManyLines) as refused:
        decide.exclude(desk, finance, many, "why", "k1")
    assert refused.value.most == decide.MOST_LINES
    with pytest.raises(errors.LineUnknown):
        decide.exclude(desk, finance, [Shown(line=10**6)], "why", "k1")
    with pytest.raises(UnknownOrder):
        decide.match(desk, finance, here, 10**6, "why", "k1")
    with pytest.raises(errors.NothingSuggested):
        decide.accept(desk, finance, here, "why", "k1")
    with pytest.raises(errors.NotMatched):
        decide.unmatch(desk, finance, here, "why", "k1")
    with pytest.raises(errors.SharesDiffer):
        decide.split(desk, finance, here[0], [(orders["A-200"], 1), (orders["A-300"], 2)], "why", "k1")
    assert standing_rows(desk) == []
    assert audited(desk, finance) == []


def test_a_total_line_belongs_to_no_order(desk: Desk, finance: Actor, orders: Books) -> None:
    total = [shown(desk, "", "Settlement")]
    for act in (
        lambda: decide.match(desk, finance, total, orders["A-100"], "why", "k1"),
        lambda: decide.exclude(desk, finance, total, "why", "k1"),
        lambda: decide.not_ours(desk, finance, total, "why", "k1"),
    ):
        with pytest.raises(errors.TotalLine):
            act()


def test_a_line_that_was_corrected_is_decided_no_more(desk: Desk, finance: Actor, orders: Books) -> None:
    old = shown(desk, "WEB-1")
    corrected = line("WEB-1", "11.00", transaction="T-9")
    import_lines(desk, *(corrected if row == line("WEB-1", transaction="T-9") else row for row in ROWS))
    with pytest.raises(errors.LineReplaced):
        decide.exclude(desk, finance, [old], "why", "k1")


def test_a_line_of_a_file_that_is_not_complete_is_not_there(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    here = shown(desk, "WEB-1")
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(state="running"))
    with pytest.raises(errors.LineUnknown):
        decide.exclude(desk, finance, [here], "why", "k1")


def test_an_erased_customers_order_takes_no_line(desk: Desk, finance: Actor, orders: Books) -> None:
    with desk.store.write() as tx:
        tx.execute(
            update(services.store.schema.orders.orders)
            .where(services.store.schema.orders.orders.c.id == orders["A-300"])
            .values(erased_at=services.store.schema.orders.orders.c.created_at)
        )
    with pytest.raises(errors.OrderErased) as refused:
        decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "why", "k1")
    assert refused.value.order_id == "A-300"


def test_of_many_lines_those_that_cannot_be_decided_are_left_and_named(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    here = [shown(desk, "WEB-1"), shown(desk, "", "Settlement"), Shown(line=10**6)]
    done = decide.exclude(desk, finance, here, "why", "k1")
    assert done.lines == (line_id(desk, "WEB-1"),)
    assert {type(refusal) for _, refusal in done.refused} == {errors.TotalLine, errors.LineUnknown}
