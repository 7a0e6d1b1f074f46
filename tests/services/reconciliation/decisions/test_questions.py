"""A colleague is asked about a line or a payout, answers with a comment, and nobody is asked who may not see it."""

from pathlib import Path

import pytest
from sqlalchemy import update

from services import retention
from services.access import Actor, NotAllowed
from services.desk import Desk
from services.reconciliation.decisions import history, payout_comments, questions
from services.reconciliation.decisions.errors import CommentRefused, LineUnknown
from services.reconciliation.decisions.payout_comments import PayoutUnknown
from services.reconciliation.decisions.questions import (
    ColleagueMayNotSee,
    QuestionEnded,
    QuestionUnknown,
    Subject,
)
from services.store import access, schema
from tests.support.decisions import Books, audited
from tests.support.desk import all_that_is_stored, person
from tests.support.payout_lines import line_id, payout_id


@pytest.fixture
def sender(desk: Desk, orders: Books) -> Actor:
    """Who has sent the payment request A-100."""
    who = person(desk, "manager", name="Ada Lund")
    with desk.store.write() as tx:
        here = update(schema.orders.orders).where(schema.orders.orders.c.id == orders["A-100"])
        tx.execute(here.values(actor_kind="user", actor_id=who.id))
    return who


def test_the_requests_sender_is_proposed_and_answers_with_a_comment(
    desk: Desk, finance: Actor, colleague: Actor, sender: Actor
) -> None:
    here = Subject(line=line_id(desk, "A-100"))
    found = questions.colleagues(desk, finance, here)
    assert (found[0].id, found[0].name, found[0].sender) == (sender.id, "Ada Lund", True)
    assert {one.name for one in found[1:]} == {"Robin Petit", "Camille Martin"}  # both of finance
    assert finance.id not in {one.id for one in found}
    for _ in range(2):  # a second press
        questions.ask(desk, finance, here, sender.id, "is this\nyours?", "q1")
    [asked] = questions.to_answer(desk, sender)
    assert (asked.question.text, asked.question.asker_name) == ("is this\nyours?", "Camille Martin")
    assert asked.line is not None
    assert (asked.line.order_id, asked.sees_payouts) == ("A-100", False)
    assert questions.to_answer(desk, colleague) == ()

    for _ in range(2):
        questions.answer(desk, sender, asked.question.id, "it is", "a1")
    assert questions.to_answer(desk, sender) == ()
    told = history.of_line(desk, finance, line_id(desk, "A-100"))
    assert [(entry.kind, entry.text, entry.who, entry.asked) for entry in told] == [
        ("question", "is this\nyours?", "Camille Martin", "Ada Lund"),
        ("comment", "it is", "Ada Lund", ""),
    ]
    [ended] = questions.of_subject(desk, finance, here)
    assert ended.answered is not None
    with pytest.raises(QuestionEnded):
        questions.answer(desk, sender, asked.question.id, "again", "a2")
    with pytest.raises(QuestionEnded):
        questions.withdraw(desk, finance, asked.question.id)
    assert len(history.of_line(desk, finance, line_id(desk, "A-100"))) == 2
    assert [one.action for one in reversed(audited(desk, finance, "question."))] == [
        "question.asked",
        "question.answered",
    ]


def test_a_question_about_a_payout_goes_to_who_sees_payouts_and_can_be_withdrawn(
    desk: Desk, finance: Actor, colleague: Actor, sender: Actor
) -> None:
    here = Subject(payout=payout_id(desk))
    assert sender.id not in {one.id for one in questions.colleagues(desk, finance, here)}
    with pytest.raises(ColleagueMayNotSee):
        questions.ask(desk, finance, here, sender.id, "why?", "q1")
    questions.ask(desk, finance, here, colleague.id, "why?", "q2")
    [asked] = questions.to_answer(desk, colleague)
    assert asked.payout is not None
    assert (asked.payout.settlement_id, asked.sees_payouts) == ("77", True)
    questions.withdraw(desk, finance, asked.question.id)
    assert questions.to_answer(desk, colleague) == ()
    [ended] = questions.of_subject(desk, finance, here)
    assert (ended.answered, ended.ended_at is None) == (None, False)
    assert payout_comments.of_payout(desk, finance, payout_id(desk)) == ()

    questions.ask(desk, finance, here, colleague.id, "why, now?", "q3")
    [asked] = questions.to_answer(desk, colleague)
    questions.answer(desk, colleague, asked.question.id, "HiPay has said so", "a1")
    [written] = payout_comments.of_payout(desk, finance, payout_id(desk))
    assert (written.text, written.who) == ("HiPay has said so", "Robin Petit")


def test_a_line_without_a_request_is_asked_of_who_sees_payouts(
    desk: Desk, finance: Actor, colleague: Actor, sender: Actor
) -> None:
    here = Subject(line=line_id(desk, "WEB-1"))
    assert sender.id not in {one.id for one in questions.colleagues(desk, finance, here)}
    with pytest.raises(ColleagueMayNotSee):
        questions.ask(desk, finance, here, sender.id, "yours?", "q1")
    near = Subject(line=line_id(desk, "a200"))  # nearly A-200
    assert sender.id in {one.id for one in questions.colleagues(desk, finance, near)}


def test_who_has_lost_the_right_is_asked_no_more(
    desk: Desk, finance: Actor, colleague: Actor, sender: Actor
) -> None:
    here = Subject(line=line_id(desk, "A-100"))
    questions.ask(desk, finance, here, sender.id, "yours?", "q1")
    with desk.store.read() as tx:
        assert len(questions.waiting(tx, None)) == 1
    [asked] = questions.to_answer(desk, sender)
    with desk.store.write() as tx:
        access.change_user(tx, sender.id, disabled=True)
    with desk.store.read() as tx:
        assert questions.waiting(tx, None) == ()
    with pytest.raises(NotAllowed):
        questions.answer(desk, sender, asked.question.id, "mine", "a1")
    questions.answer(desk, colleague, asked.question.id, "for Ada: hers", "a2")  # whoever reconciles may


def test_who_may_not_asks_answers_and_withdraws_nothing(
    desk: Desk, finance: Actor, colleague: Actor, sender: Actor
) -> None:
    manager = person(desk, "manager")
    here = Subject(line=line_id(desk, "A-100"))
    questions.ask(desk, finance, here, sender.id, "yours?", "q1")
    [asked] = questions.to_answer(desk, sender)
    for act in (
        lambda: questions.colleagues(desk, manager, here),
        lambda: questions.ask(desk, manager, here, colleague.id, "?", "q2"),
        lambda: questions.answer(desk, manager, asked.question.id, "!", "a1"),
        lambda: questions.withdraw(desk, sender, asked.question.id),
        lambda: questions.of_subject(desk, sender, here),
        lambda: payout_comments.comment(desk, manager, payout_id(desk), "words", "c1"),
        lambda: payout_comments.of_payout(desk, manager, payout_id(desk)),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert len(questions.to_answer(desk, sender)) == 1


def test_a_question_needs_words_and_a_place(desk: Desk, finance: Actor, colleague: Actor) -> None:
    with pytest.raises(CommentRefused):
        questions.ask(desk, finance, Subject(payout=payout_id(desk)), colleague.id, " \n", "q1")
    with pytest.raises(LineUnknown):
        questions.ask(desk, finance, Subject(line=10**6), colleague.id, "words", "q1")
    with pytest.raises(PayoutUnknown):
        questions.ask(desk, finance, Subject(payout=10**6), colleague.id, "words", "q1")
    with pytest.raises(QuestionUnknown):
        questions.answer(desk, finance, 10**6, "words", "a1")
    with pytest.raises(CommentRefused):
        payout_comments.comment(desk, finance, payout_id(desk), "", "c1")
    with pytest.raises(PayoutUnknown):
        payout_comments.comment(desk, finance, 10**6, "words", "c1")


def test_an_erased_customer_takes_along_what_was_written_of_their_payouts(
    desk: Desk, finance: Actor, colleague: Actor, tmp_path: Path
) -> None:
    payout = payout_id(desk)
    for _ in range(2):
        payout_comments.comment(desk, finance, payout, "Zerline pays twice", "c1")
    assert len(payout_comments.of_payout(desk, finance, payout)) == 1
    questions.ask(desk, finance, Subject(payout=payout), colleague.id, "does Zerline?", "q1")
    questions.ask(desk, finance, Subject(line=line_id(desk, "a200")), colleague.id, "Zerline?", "q2")
    retention.erase(desk, person(desk, "admin"), "elodie@example.com")
    assert b"Zerline" not in all_that_is_stored(desk, tmp_path)
    assert [one.text for one in payout_comments.of_payout(desk, finance, payout)] == [""]
    assert [one.question.text for one in questions.to_answer(desk, colleague)] == ["", ""]
