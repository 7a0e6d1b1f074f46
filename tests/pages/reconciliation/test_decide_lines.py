"""Deciding payout lines on the screen: one line, several, undoing, rules; in both languages."""

from collections.abc import Callable
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from services import store
from services.access import Actor
from services.desk import Desk
from services.imports import reading
from services.reconciliation.decisions import (
    acceptances,
    account_rules,
    decide,
    history,
    not_ours_rules,
)
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import ConflictingDecision
from services.reconciliation.matching import positions
from services.settlements.dialect import Chosen
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, outcomes, position, stored

Open = Callable[..., AppTest]


@pytest.fixture
def orders(desk: Desk) -> dict[str, int]:
    found = {
        "A-100": store_paid_order(desk, "A-100", "42.00", customer="Lefèvre"),
        "A-200": store_paid_order(desk, "A-200", "17.00", customer="Durand", reference="F-7"),
        "GB-1": store_paid_order(desk, "GB-1", "42.00", currency="GBP", customer="Smith"),
    }
    import_lines(
        desk,
        line("WEB-1", "42.00"),
        line("WEB-2", "59.00"),
        line("a200", "17.00", transaction=""),
        line("", "118.00", operation="Settlement", transaction=""),
    )
    return found


def alone() -> None:
    import streamlit as st

    from pages.reconciliation import decision_history, decision_window, decisions

    decisions.show_result()
    decisions.actions(st.session_state["line"])
    decision_history.show_history(st.session_state["line"])
    decision_window.window()


def several() -> None:
    import streamlit as st

    from pages.reconciliation import decision_window, decisions

    decisions.show_result()
    decisions.actions_of_several(st.session_state["lines"])
    decision_window.window()


def ruling() -> None:
    from pages.reconciliation import not_ours, rules

    rules.show()
    not_ours.window()


def run(script: Callable[[], None], actor: Actor, language: str = "en", **state: Any) -> AppTest:
    """What the reconciliation page shows of this, without the page around it."""
    at = AppTest.from_function(script, default_timeout=30)
    for name, value in {"actor": actor, "language": language, **state}.items():
        at.session_state[name] = value
    at.run()
    assert not at.exception
    return at


def on_line(desk: Desk, actor: Actor, order: str, language: str = "en") -> AppTest:
    return run(alone, actor, language, line=line_id(desk, order))


def press(at: AppTest, key: str) -> AppTest:
    at = next(one for one in at.button if one.key and one.key.startswith(key)).click().run()
    assert not at.exception
    return at


def field(widgets: Any, start: str) -> Any:
    return next(one for one in widgets if one.key and one.key.startswith(start))


def words(at: AppTest) -> str:
    shown = [*at.caption, *at.markdown, *at.warning, *at.error, *at.info, *at.success]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def html(at: AppTest) -> str:
    return "\n".join(element.proto.body for element in at.get("html"))


def ready(at: AppTest) -> bool:
    return not field(at.button, "go_").disabled


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


def test_a_rule_is_begun_from_a_line_with_what_it_takes(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(on_line(desk, finance, "WEB-1"), "by_hand_not_ours_")
    which = field(at.radio, "ruled_")
    at = which.set_value(which.options[1]).run()
    at = field(at.button_group, "rule_pattern_").set_value("starts").run()
    at = field(at.text_input, "rule_text_").set_value("WEB-").run()
    assert "Takes 2 open lines now (€101.00), and those to come." in words(at)
    at = field(at.text_input, "why_").set_value("our web shop").run()
    at = press(at, "go_")
    assert {outcomes(desk)[name][0] for name in ("WEB-1 Sale", "WEB-2 Sale")} == {"not_ours"}


# -- several lines at once


@pytest.fixture
def on_several(desk: Desk, finance: Actor, orders: dict[str, int]) -> AppTest:
    return run(several, finance, lines=[row.id for row in stored(desk).values()])


def test_several_lines_are_decided_and_undone_at_once(on_several: AppTest, desk: Desk) -> None:
    labels = {one.key: one.label for one in on_several.button}
    assert labels["by_hand_bulk_exclude"] == "Leave out (3)"
    assert labels["by_hand_bulk_accept"] == "Accept the suggestion (1)"
    before = outcomes(desk)
    at = press(on_several, "by_hand_bulk_exclude")
    at = field(at.text_input, "why_").set_value("test payments").run()
    at = press(at, "go_")
    assert "3 lines decided: Leave out." in words(at)
    assert [outcome for outcome, _ in outcomes(desk).values()].count("excluded") == 3
    at = press(at, "by_hand_said_undo")
    at = field(at.text_input, "why_").set_value("by mistake").run()
    at = press(at, "go_")
    assert outcomes(desk) == before


def test_of_several_those_that_somebody_decided_meanwhile_are_named_and_left(
    on_several: AppTest, desk: Desk, orders: dict[str, int]
) -> None:
    at = press(on_several, "by_hand_bulk_exclude")
    assert "**3** lines, €118.00 together" in words(at)
    for name in ("Sale · €42.00 · 20 Nov 2026 · WEB-1", "Sale · €59.00 · 20 Nov 2026 · WEB-2"):
        assert f"- {name}" in words(at)
    other = person(desk, "finance", name="Robin Petit")
    decide.match(desk, other, [Shown(line=line_id(desk, "WEB-1"))], orders["A-100"], "mine", "theirs")
    at = field(at.text_input, "why_").set_value("test payments").run()
    assert "**2** lines, €76.00 together" in words(at)
    assert "- Sale · €42.00 · 20 Nov 2026 · WEB-1: Matched, A-100 (Match to an order, Robin Petit, " in words(
        at
    )
    at = press(at, "go_")
    assert "2 lines decided" in words(at)
    assert outcomes(desk)["WEB-1 Sale"] == ("matched", orders["A-100"])


def test_a_button_reaches_the_lines_that_stood_beside_it(
    on_several: AppTest, desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    """A colleague is faster: the press finds other lines than the person saw, and says so."""
    decide.exclude(
        desk, person(desk, "finance", name="Robin Petit"), [Shown(line=line_id(desk, "WEB-2"))], "mine", "k"
    )
    at = press(on_several, "by_hand_bulk_exclude")
    assert "1 line has changed since it was shown, and is not touched:" in words(at)
    assert "WEB-2: Left out (Leave out, Robin Petit, " in words(at)
    assert "**2** lines, €59.00 together" in words(at)


def test_several_suggestions_stand_beside_their_orders(
    on_several: AppTest, desk: Desk, orders: dict[str, int]
) -> None:
    at = press(on_several, "by_hand_bulk_accept")
    assert "It is order **A-200**." in words(at)
    assert "paid: €17.00 collected" in html(at)
    store_paid_order(desk, "N-900", "99.00")
    import_lines(desk, line("n900", "98.00", transaction=""))
    at = run(several, at.session_state["actor"], lines=[row.id for row in stored(desk).values()])
    at = press(at, "by_hand_bulk_accept")
    assert "→ N-900, €99.00 · €1.00 less than the order · paid: €99.00 collected" in words(at)
    assert not ready(at)
    at = field(at.text_input, "why_differs_").set_value("one less, agreed").run()
    at = press(at, "go_")
    assert [outcomes(desk)[name][0] for name in ("a200 Sale", "n900 Sale")] == ["matched", "matched"]


def test_who_may_only_look_is_offered_nothing(
    desk: Desk, orders: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    from services import access

    monkeypatch.setitem(access.ROLE_RIGHTS, "finance", frozenset({access.Right.SEE_SETTLEMENTS}))
    at = on_line(desk, person(desk, "finance"), "WEB-1")
    assert not [one for one in at.button if one.key and one.key.startswith("by_hand_")]


# -- the rules


def test_rules_show_what_is_filled_and_what_a_change_would_do(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(desk, line("WEB-5", reference="f7"))
    at = run(ruling, finance)
    assert "filled in 1 of 5 lines and 1 of 3 orders" in at.radio(key="matching_reference_demo").options[1]
    at = at.button_group(key="matching_ignore_demo").set_value(["case", "dashes"]).run()
    assert "With these rules 2 more would" in words(at)
    at = press(at, "matching_save_demo")
    assert account_rules.rules(desk, finance, "demo").ignore == {"case", "dashes"}
    assert "all lines are being joined anew" in words(at)


def test_a_rule_is_added_and_ended_in_french(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    at = press(run(ruling, finance, "fr"), "add_rule")
    at = field(at.button_group, "rule_pattern_").set_value("starts").run()
    at = field(at.text_input, "rule_text_").set_value("WEB-").run()
    assert "Prend 2 lignes ouvertes" in words(at)
    at = field(at.text_input, "why_").set_value("boutique en ligne").run()
    at = press(at, "go_")
    [rule] = not_ours_rules.rules(desk, finance, "demo")
    assert (rule.field, rule.pattern, rule.text) == ("order", "starts", "WEB-")
    at = run(ruling, finance, "fr")
    at = press(at, f"end_rule_{rule.id}")
    at = field(at.text_input, "why_").set_value("par erreur").run()
    at = press(at, "go_")
    assert not_ours_rules.rules(desk, finance, "demo")[0].ended_at is not None
    assert outcomes(desk)["WEB-1 Sale"][0] == "unmatched"


def test_a_remembered_reading_can_be_forgotten(desk: Desk, finance: Actor, orders: dict[str, int]) -> None:
    reading.remember(desk, finance, "demo", Chosen(decimal=","))
    at = run(ruling, finance)
    assert "comma: 1234,56" in words(at)
    press(at, "forget_reading")
    assert reading.remembered_reading(desk, finance, "demo") is None


# -- on the page


def test_an_open_order_is_accepted_and_that_is_undone(
    open_page: Open, desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    import_lines(desk, line("A-100", "41.99"))
    at = open_page("reconciliation/page.py", actor=finance)
    at.query_params["view"], at.query_params["order_of"] = "orders", str(orders["A-100"])
    at = at.run()
    assert "Of €42.00 collected, €0.01 is in no payout line." in words(at)
    at = press(at, "accept_order_")
    at = field(at.text_input, "why_").set_value("a cent").run()
    at = press(at, "go_")
    assert position(desk, orders["A-100"]).open is False
    assert "Accepted as it stood" in words(at)
    at = press(at, "undo_order_")
    at = field(at.text_input, "why_").set_value("by mistake").run()
    press(at, "go_")
    assert position(desk, orders["A-100"]).open is True


def test_an_order_that_moves_under_the_window_is_not_accepted(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = press(run(accepting_window, finance, order=orders["A-100"]), "accept_order_")
    assert "€42.00" in html(at)
    at = field(at.text_input, "why_").set_value("a cent").run()
    decide.match(desk, finance, [Shown(line=line_id(desk, "WEB-1"))], orders["A-100"], "its sale", "k1")
    at = press(at, "go_")
    assert "The order's figures have changed meanwhile: look at it again." in words(at)
    assert not ready(at)


def test_an_acceptance_that_is_another_by_now_is_not_undone(
    desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    order, other = orders["A-100"], person(desk, "finance", name="Robin Petit")
    accept(desk, finance, order, "mine", "k1")
    shown = position(desk, order).accepted
    acceptances.undo(desk, other, order, "no")
    accept(desk, other, order, "theirs", "k2")
    with pytest.raises(ConflictingDecision) as refused:
        acceptances.undo(desk, finance, order, "mistake", shown=shown)
    assert refused.value.who == "Robin Petit"
    acceptances.undo(desk, finance, order, "mistake", shown=position(desk, order).accepted)
    assert position(desk, order).open is True


def accept(desk: Desk, actor: Actor, order: int, reason: str, key: str) -> None:
    figures = positions.figures(position(desk, order)._mapping)
    acceptances.accept(desk, actor, order, figures, reason, key)


def accepting_window() -> None:
    import streamlit as st

    from pages.components.common import actor, desk
    from pages.reconciliation import acceptance
    from services.reconciliation.views import details

    acceptance.show(details.order(desk(), actor(), st.session_state["order"]).order)
    acceptance.window()


def test_the_page_has_the_actions_of_a_line_and_the_rules(
    open_page: Open, desk: Desk, finance: Actor, orders: dict[str, int]
) -> None:
    at = open_page("reconciliation/page.py", actor=finance)
    at.query_params["line"] = str(line_id(desk, "WEB-1"))
    at = press(at.run(), "by_hand_exclude_")
    at = field(at.text_input, "why_").set_value("test payment").run()
    at = press(at, "go_")
    assert outcomes(desk)["WEB-1 Sale"] == ("excluded", None)
    assert "1 line decided: Leave out." in words(at)
    at.query_params["view"] = "rules"
    assert "add_rule" in [one.key for one in at.run().button]
