"""Who may decide, what the audit and a line's history say, and what is erased with a customer."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

import services.store.schema
from services import retention
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.orders.errors import UnknownOrder
from services.reconciliation.decisions import available, decide, errors, history, undo
from tests.support.decisions import Books, audited, shown, standing_rows
from tests.support.desk import all_that_is_stored, person
from tests.support.payout_lines import (
    line_id,
    orders_seen,
    outcomes,
    stored,
)


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_may_not_reconcile_decides_nothing(desk: Desk, finance: Actor, orders: Books, role: str) -> None:
    other, here = person(desk, role), [shown(desk, "WEB-1")]
    decide.exclude(desk, finance, [shown(desk, "A-100")], "why", "k0")
    for act in (
        lambda: decide.match(desk, other, here, orders["A-300"], "why", "k1"),
        lambda: decide.accept(desk, other, [shown(desk, "a200")], "why", "k1"),
        lambda: decide.split(desk, other, here[0], [(1, 1), (2, 2)], "why", "k1"),
        lambda: decide.unmatch(desk, other, here, "why", "k1"),
        lambda: decide.exclude(desk, other, here, "why", "k1"),
        lambda: decide.not_ours(desk, other, here, "why", "k1"),
        lambda: undo.undo_decisions(desk, other, [standing_rows(desk)[0].id], "why"),
        lambda: undo.undo_group(desk, other, "k0", "why"),
        lambda: history.comment_line(desk, other, here[0].line, "a comment", "k1"),
        lambda: history.comment_order(desk, other, orders["A-100"], "a comment", "k1"),
        lambda: history.of_line(desk, other, here[0].line),
        lambda: history.of_order(desk, other, orders["A-100"]),
        lambda: available.read_lines(desk, other, [here[0].line]),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert len(standing_rows(desk)) == 1


def test_the_audit_holds_ids_and_no_word_of_a_person(desk: Desk, finance: Actor, orders: Books) -> None:
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "Mrs Marchand called", "k1")
    undo.undo_group(desk, finance, "k1", "Mrs Marchand called again")
    history.comment_line(desk, finance, line_id(desk, "WEB-1"), "Mrs Marchand, again", "k2")
    with desk.store.read() as tx:
        kept = [str(row) for row in tx.execute(select(services.store.schema.people.audit))]
    assert not any("Marchand" in text for text in kept)
    actions = [entry.action for entry in reversed(audited(desk, finance, ""))]
    assert [action for action in actions if action.startswith(("line.", "comment"))] == [
        "line.match",
        "line.undone",
        "comment_written",
    ]
    match = audited(desk, finance)[-1]
    assert (match.subject, match.detail["orders"]) == (f"line:{line_id(desk, 'WEB-1')}", [orders["A-300"]])


def test_what_a_line_is_and_what_can_be_done_with_it(desk: Desk, finance: Actor, orders: Books) -> None:
    ids = {name: row.id for name, row in stored(desk).items()}
    found = {one.id: one for one in available.read_lines(desk, finance, ids.values())}
    assert found[ids["a200 Sale"]].possible[0] == "accept"
    assert (found[ids["a200 Sale"]].suggested_id, found[ids["a200 Sale"]].suggested) == (
        "A-200",
        orders["A-200"],
    )
    assert "unmatch" in found[ids["A-100 Sale"]].possible
    assert found[ids["A-100 Sale"]].order_id == "A-100"
    assert found[ids[" Settlement"]].possible == ("twice",)
    decide.exclude(desk, finance, [shown(desk, "WEB-1"), shown(desk, "A-100")], "why", "k1")
    [line_now] = available.read_lines(desk, finance, [ids["WEB-1 Sale"]])
    assert line_now.decided is not None
    assert (line_now.decided.who, line_now.decided.group_size, line_now.decided.kind) == (
        "Camille Martin",
        2,
        "exclude",
    )
    assert line_now.possible == ("match", "split", "not_ours", "twice", "undo")
    assert line_now.shown == replace(shown(desk, "WEB-1"), outcome="excluded")


def test_a_lines_history_is_in_order_and_names_who(
    desk: Desk, finance: Actor, colleague: Actor, orders: Books
) -> None:
    here = line_id(desk, "WEB-1")
    history.comment_line(desk, colleague, here, "whose is this?\nNot ours, I think.", "c1")
    history.comment_line(desk, colleague, here, "whose is this?\nNot ours, I think.", "c1")  # a second press
    shares = [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)]
    decide.split(desk, finance, shown(desk, "WEB-1"), shares, "one payment", "k1", seen=orders_seen(desk))
    undo.undo_group(desk, colleague, "k1", "not so")
    told = history.of_line(desk, finance, here)
    assert [(entry.kind, entry.who) for entry in told] == [
        ("comment", "Robin Petit"),
        ("split", "Camille Martin"),
        ("undone", "Robin Petit"),
    ]
    assert told[1].shares == (("A-200", 4_0000), ("A-300", 6_0000))
    assert (told[1].before, told[1].is_valid, told[2].text) == ("unmatched", False, "not so")


def test_a_comment_needs_words_and_a_place(desk: Desk, finance: Actor, orders: Books) -> None:
    with pytest.raises(errors.CommentRefused):
        history.comment_line(desk, finance, line_id(desk, "WEB-1"), " \n ", "k1")
    with pytest.raises(errors.LineUnknown):
        history.comment_line(desk, finance, 10**6, "words", "k1")
    with pytest.raises(UnknownOrder):
        history.comment_order(desk, finance, 10**6, "words", "k1")
    history.comment_order(desk, finance, orders["A-100"], "words", "k1")
    assert [entry.text for entry in history.of_order(desk, finance, orders["A-100"])] == ["words"]


def test_an_erased_customer_takes_along_what_was_written_of_them(
    desk: Desk, finance: Actor, orders: Books, tmp_path: Path
) -> None:
    here = line_id(desk, "WEB-1")
    decide.match(desk, finance, [shown(desk, "WEB-1")], orders["A-300"], "called Zerline", "k1")
    undo.undo_group(desk, finance, "k1", "was not Zerline")
    decide.split(
        desk,
        finance,
        shown(desk, "WEB-1"),
        [(orders["A-200"], 4_0000), (orders["A-300"], 6_0000)],
        "with Zerline",
        "k2",
        seen=orders_seen(desk),
    )
    history.comment_line(desk, finance, here, "Zerline again", "c1")
    history.comment_order(desk, finance, orders["A-300"], "wife of Zerline", "c2")
    decide.exclude(desk, finance, [shown(desk, "", "Monthly fee")], "of nobody", "k3")
    before = outcomes(desk)
    retention.erase(desk, person(desk, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(desk, tmp_path)
    assert outcomes(desk) == before
    told = history.of_line(desk, finance, here)
    assert [(entry.kind, entry.who, entry.text) for entry in told] == [
        ("match", "Camille Martin", ""),
        ("undone", "Camille Martin", ""),
        ("split", "Camille Martin", ""),
        ("comment", "Camille Martin", ""),
    ]
    assert standing_rows(desk)[-1].reason == "of nobody"
