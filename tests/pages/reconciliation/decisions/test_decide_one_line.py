"""A person decides one line on its screen."""

import pytest

from services import store
from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import (
    decide,
    history,
)
from services.reconciliation.decisions.decide import Shown
from tests.support.decision_screens import alone, field, html, on_line, press, ready, run, words
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line, line_id, outcomes, stored


def test_a_suggestion_is_accepted_with_an_offered_reason(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = on_line(desk, finance, "a200")
    assert field(at.button, "by_hand_accept_").label.replace("\\", "") == "It is order A-200"
    at = press(at, "by_hand_accept_")
    assert not ready(at)
    at = field(at.button_group, "phrase_").set_value("Typing error in the reference").run()
    assert not at.exception
    assert field(at.text_input, "why_").value == "Typing error in the reference"
    assert ready(at)
    at = press(at, "go_")
    assert outcomes(desk)["a200 Sale"] == ("matched", orders["A-200"])
    assert "1 line decided" in words(at)


def test_an_order_is_searched_and_chosen(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_match_")
    caption = field(at.radio, "found_").proto.captions[0].replace("\\", "")
    assert caption.startswith("has the line's amount · paid: €42.00 collected")
    assert len(field(at.radio, "found_").options) == 1
    at = field(at.text_input, "search_").set_value("durand").run()
    choice = field(at.radio, "found_")
    assert len(choice.options) == 1
    assert "Durand" in choice.options[0]
    facts = html(at)
    assert ("€42.00" in facts, "€17.00" in facts, "€25.00 more than the order" in facts) == (True, True, True)
    assert "paid: €17.00 collected" in facts
    at = field(at.text_input, "why_").set_value("on the telephone").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-200"])
    told = history.of_line(desk, finance, line_id(desk, "WEB-1"))
    assert told[0].text == "on the telephone"


def test_a_difference_needs_a_reason_of_its_own_that_is_written(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_match_")
    at = field(at.button_group, "phrase_").set_value("Checked with the customer").run()
    assert ready(at)  # the amount is the same
    at = field(at.text_input, "search_").set_value("smith").run()
    assert "another currency: EUR and GBP" in html(at)
    assert "They differ: say below why they belong together." in words(at)
    assert not [one for one in at.button_group if one.key and one.key.startswith("phrase_")]
    assert not ready(at)
    at = field(at.text_input, "why_differs_").set_value("  ").run()
    assert not ready(at)
    at = field(at.text_input, "why_differs_").set_value("paid in pounds by agreement").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["GB-1"])
    assert history.of_line(desk, finance, line_id(desk, "WEB-1"))[0].text == "paid in pounds by agreement"


def test_an_order_that_changes_between_the_window_and_the_press_is_not_matched_to(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_match_")
    at = field(at.text_input, "search_").set_value("A-200").run()
    at = field(at.text_input, "why_differs_").set_value("agreed").run()
    with desk.store.write() as tx:
        store.orders.orders.change_order(tx, orders["A-200"], amount=18_0000)
    at = press(at, "go_")
    assert "This has changed while you pressed" in words(at)
    assert "€24.00 more than the order" in html(at)
    assert outcomes(desk)["WEB-1 Sale"] == ("unmatched", None)
    at = press(at, "go_")  # having seen it
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-200"])


def test_a_line_is_shared_out_and_the_last_order_takes_the_rest(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-2", "fr"), "by_hand_split_")
    for name in ("A-100", "A-200"):
        at = field(at.text_input, "search_").set_value(name).run()
        at = press(at, "add_")
    assert "Aucune commande de ce compte ne correspond" not in words(at)  # it is taken, not unknown
    assert field(at.text_input, "share_").value == "42,00"
    assert "17,00" in words(at)  # what is left
    at = field(at.text_input, "share_").set_value("60").run()
    at = field(at.text_input, "why_").set_value("un seul paiement").run()
    assert not ready(at)
    at = field(at.text_input, "share_").set_value("41,5").run()
    assert "0,50\u00a0€ de moins que la commande" in html(at)
    assert not ready(at)
    at = field(at.text_input, "why_differs_").set_value("un seul paiement, arrondi").run()
    at = press(at, "go_")
    told = history.of_line(desk, finance, line_id(desk, "WEB-2"))
    assert told[0].shares == (("A-100", 41_5000), ("A-200", 17_5000))


@pytest.mark.parametrize(("act", "outcome"), [("exclude", "excluded"), ("not_ours", "not_ours")])
def test_a_line_is_put_aside_and_taken_back(
    desk: Desk, finance: Actor, orders: dict[str, int], act: str, outcome: str
) -> None:
    at = press(on_line(desk, finance, "WEB-1", "fr"), f"by_hand_{act}_")
    at = field(at.text_input, "why_").set_value("essai").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Sale"] == (outcome, None)
    assert "Décision prise pour 1 ligne" in words(at)
    at = on_line(desk, finance, "WEB-1", "fr")
    assert "essai" in words(at)
    at = press(at, "by_hand_undo_")
    at = field(at.text_input, "why_").set_value("par erreur").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Sale"][0] == "unmatched"


def test_somebody_elses_decision_meanwhile_is_told_and_nothing_is_done(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_exclude_")
    other = person(desk, "finance", name="Robin Petit")
    decide.match(desk, other, [Shown(line=line_id(desk, "WEB-1"))], orders["A-100"], "mine", "theirs")
    at = at.run()
    assert "1 line has changed since it was shown, and is not touched:" in words(at)
    assert "Matched, A-100 (Match to an order, Robin Petit, " in words(at)
    assert not ready(at)
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-100"])


def test_a_decision_between_the_last_drawing_and_the_press_is_told_and_nothing_is_done(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_exclude_")
    at = field(at.text_input, "why_").set_value("why").run()
    other = person(desk, "finance", name="Robin Petit")
    decide.match(desk, other, [Shown(line=line_id(desk, "WEB-1"))], orders["A-100"], "mine", "theirs")
    at = press(at, "go_")
    assert "Robin Petit" in words(at)
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-100"])


def test_a_comment_is_kept_with_its_marks(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_comment_")
    assert not ready(at)
    at = field(at.text_area, "comment_").set_value("whose is *this*?").run()
    at = press(at, "go_")
    at = on_line(desk, finance, "WEB-1")
    assert "whose is *this*?" in words(at)
    assert outcomes(desk)["WEB-1 Sale"][0] == "unmatched"


def test_a_total_line_can_only_be_counted_twice_and_commented_on(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    total = next(row.id for row in stored(desk).values() if row.kind == "control")
    at = run(alone, finance, line=total)
    assert [one.key for one in at.button if one.key and one.key.startswith("by_hand_")] == [
        f"by_hand_twice_{total}",
        f"by_hand_comment_{total}",
    ]


def test_a_line_goes_with_its_sale_and_the_message_says_so(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(
        desk, line("WEB-1", "-0.30", operation="Fixed fee"), line("WEB-1", "-0.10", operation="Variable")
    )
    at = press(on_line(desk, finance, "WEB-1", "fr"), "by_hand_match_")
    at = field(at.text_input, "search_").set_value("durand").run()
    at = field(at.text_input, "why_").set_value("au téléphone").run()
    at = press(at, "go_")
    assert "2 autres lignes de la transaction ont suivi." in words(at)
    assert outcomes(desk)["WEB-1 Variable"] == ("matched", orders["A-200"])


def test_a_line_is_left_out_with_those_of_its_transaction_or_out_of_its_payout(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(desk, line("WEB-1", "-0.30", operation="Fixed fee"))
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_exclude_")
    assert field(at.checkbox, "companions_").value
    assert "Fixed fee" in words(at)
    at = field(at.text_input, "why_").set_value("test").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Fixed fee"] == ("excluded", None)
    at = press(on_line(desk, finance, "WEB-2"), "by_hand_exclude_")
    which = field(at.radio, "twice_")
    at = which.set_value(which.options[1]).run()
    at = field(at.text_input, "why_").set_value("test").run()
    at = press(at, "go_")
    assert stored(desk)["WEB-2 Sale"].reason == "twice_by_hand"


def test_a_refund_is_shared_with_its_sign_by_what_the_orders_have_kept(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(
        desk, line("A-100", "42.00"), line("A-200", "14.00"), line("WEB-5", "-20.00", operation="Refund")
    )
    at = press(run(alone, finance, "fr", line=line_id(desk, "WEB-5", "Refund")), "by_hand_split_")
    for name in ("A-100", "A-200"):
        at = field(at.text_input, "search_").set_value(name).run()
        at = press(at, "add_")
    assert "-20,00" in words(at)
    assert field(at.text_input, "share_").value == "-15,00"
    assert "-5,00" in words(at)  # what is left
    at = field(at.text_input, "why_").set_value("un seul avoir").run()
    at = press(at, "go_")
    told = history.of_line(desk, finance, line_id(desk, "WEB-5", "Refund"))
    assert told[0].shares == (("A-100", -15_0000), ("A-200", -5_0000))


def test_who_may_only_look_is_offered_nothing(
    desk: Desk, orders: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from services import access

    monkeypatch.setitem(access.ROLE_RIGHTS, "finance", frozenset({access.Right.SEE_SETTLEMENTS}))
    at = on_line(desk, person(desk, "finance"), "WEB-1")
    assert not [one for one in at.button if one.key and one.key.startswith("by_hand_")]
