"""A colleague is asked about a line or a payout on its screen, and answers there; a payout is commented."""

import pytest

from services import store
from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import payout_comments, questions
from tests.support.decision_screens import field, on_line, on_payout, press, ready, run, words
from tests.support.desk import person
from tests.support.payout_lines import payout_id


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_line_is_asked_about_and_answered(
    desk: Desk, finance: Actor, orders: dict[str, int], language: str
) -> None:
    colleague = person(desk, "finance", name="Robin Petit")
    at = press(on_line(desk, finance, "a200", language), "ask_line_")
    assert field(at.selectbox, "asked_").value is None  # nobody known has sent the request
    field(at.selectbox, "asked_").select_index(
        [one.id for one in questions.colleagues(desk, finance, _line(at))].index(colleague.id)
    )
    assert not ready(at)
    at = field(at.text_area, "question_").set_value("do you know *this*?").run()
    at = press(at, "go_")
    assert "Robin Petit" in words(at)
    assert "do you know *this*?" in words(at)
    [asked] = questions.to_answer(desk, colleague)

    at = press(on_line(desk, colleague, "a200", language), f"answer_{asked.question.id}")
    at = field(at.text_area, "answer_text_").set_value("a repair").run()
    at = press(at, "go_")
    assert questions.to_answer(desk, colleague) == ()
    assert "a repair" in words(at)
    assert not [one for one in at.button if one.key and one.key.startswith("answer_")]


def test_the_sender_is_chosen_first(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    sender = person(desk, "manager", name="Ada Lund")
    with desk.store.write() as tx:
        store.orders.orders.change_order(tx, orders["A-200"], actor_id=sender.id)
    at = press(on_line(desk, finance, "a200"), "ask_line_")
    assert field(at.selectbox, "asked_").value.id == sender.id
    assert field(at.selectbox, "asked_").options[0] == "Ada Lund · has sent the request"


def test_a_payout_is_commented_asked_about_and_the_question_withdrawn(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    person(desk, "finance", name="Robin Petit")
    at = press(run(on_payout, finance, payout=payout_id(desk)), "comment_payout_")
    at = field(at.text_area, "comment_").set_value("HiPay was told").run()
    at = press(at, "go_")
    assert "HiPay was told" in words(at)
    assert [one.text for one in payout_comments.of_payout(desk, finance, payout_id(desk))] == [
        "HiPay was told"
    ]
    at = press(at, "ask_payout_")
    field(at.selectbox, "asked_").select_index(0)
    at = field(at.text_area, "question_").set_value("why?").run()
    at = press(at, "go_")
    at = press(at, "withdraw_")
    assert "withdrawn" in words(at)
    assert not [one for one in at.button if one.key and one.key.startswith("withdraw_")]


def _line(at: object) -> questions.Subject:
    return questions.Subject(line=at.session_state["line"])
