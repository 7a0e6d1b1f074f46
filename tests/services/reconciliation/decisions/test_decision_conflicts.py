"""Decisions on lines that somebody, or the join, has changed since they were shown."""

import threading

import pytest
from sqlalchemy import update

from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import available, decide, errors, undo
from services.reconciliation.matching.order_changes import catch_up
from services.store.schema.payout_lines import payout_lines
from tests.support.decisions import Books, audited, shown, standing_rows
from tests.support.orders import store_paid_order
from tests.support.payout_lines import (
    line_id,
    outcomes,
)


def test_somebody_elses_decision_since_it_was_shown_is_named(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen = shown(desk, "WEB-1")
    decide.match(desk, colleague, [seen], orders["A-200"], "mine", "k1")
    [theirs] = standing_rows(desk)
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.exclude(desk, finance, [seen], "why", "k2")
    assert (refused.value.who, refused.value.at) == ("Robin Petit", theirs.at)
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k2")  # having seen it
    assert outcomes(desk)["WEB-1 Sale"][0] == "excluded"


def test_a_line_that_has_moved_by_itself_since_it_was_shown_is_left(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(desk, finance, [line_id(desk, "WEB-1")])
    [other] = available.read_lines(desk, finance, [line_id(desk, "A-100")])
    store_paid_order(desk, "WEB-1")  # and now it has its order
    catch_up(desk)
    assert outcomes(desk)["WEB-1 Sale"][0] == "matched"
    with pytest.raises(errors.LineMoved):
        decide.exclude(desk, finance, [seen.shown], "why", "k1")
    done = decide.exclude(desk, finance, [seen.shown, other.shown], "why", "k2")
    assert done.lines == (other.id,)
    assert [(line, type(refusal)) for line, refusal in done.refused] == [(seen.id, errors.LineMoved)]
    [now] = available.read_lines(desk, finance, [seen.id])
    assert seen.changed_since_shown(now)
    assert seen.changed_since_shown(None)
    assert not now.changed_since_shown(now)


def test_a_suggestion_that_is_another_by_now_is_not_accepted(
    desk: Desk, finance: Actor, orders: Books
) -> None:
    [seen] = available.read_lines(desk, finance, [line_id(desk, "a200")])
    with desk.store.write() as tx:
        wanted = payout_lines.c.id == seen.id
        tx.execute(update(payout_lines).where(wanted).values(nearest=orders["A-300"]))
    with pytest.raises(errors.LineMoved):
        decide.accept(desk, finance, [seen.shown], "why", "k1")
    assert standing_rows(desk) == []


def test_somebody_elses_undoing_since_it_was_shown_is_named(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    decide.exclude(desk, finance, [shown(desk, "WEB-1")], "why", "k1")
    seen = shown(desk, "WEB-1")
    undo.undo_decisions(desk, colleague, [seen.decision or 0], "not so")
    with pytest.raises(errors.ConflictingDecision) as refused:
        decide.not_ours(desk, finance, [seen], "why", "k2")
    assert refused.value.who == "Robin Petit"


def test_a_second_press_is_the_first(desk: Desk, finance: Actor, orders: Books) -> None:
    seen = shown(desk, "WEB-1")
    first = decide.exclude(desk, finance, [seen], "why", "k1")
    assert decide.exclude(desk, finance, [seen], "why", "k1").lines == first.lines
    assert len(standing_rows(desk)) == len(audited(desk, finance)) == 1


def test_two_presses_at_once_are_one(desk: Desk, finance: Actor, orders: Books) -> None:
    seen, ready, failed = shown(desk, "WEB-1"), threading.Barrier(2), []

    def press() -> None:
        ready.wait(30)
        try:
            decide.exclude(desk, finance, [seen], "why", "k1")
        except Exception as error:  # noqa: BLE001 (told to the test)
            failed.append(error)

    both = [threading.Thread(target=press) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert failed == []
    assert len(standing_rows(desk)) == 1


def test_two_people_at_once_cannot_both_decide(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    seen, ready, said = shown(desk, "WEB-1"), threading.Barrier(2), []

    def exclude(actor: Actor, key: str) -> None:
        ready.wait(30)
        try:
            decide.exclude(desk, actor, [seen], "why", key)
            said.append("done")
        except errors.ConflictingDecision:
            said.append("refused")

    both = [threading.Thread(target=exclude, args=who) for who in ((finance, "k1"), (colleague, "k2"))]
    for one in both:
        one.start()
    for one in both:
        one.join(60)
    assert sorted(said) == ["done", "refused"]
    assert len(standing_rows(desk)) == 1
