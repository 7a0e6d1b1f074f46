"""A person accepts an open order and undoes that; the page has these actions."""

import pytest

from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import (
    acceptances,
    decide,
)
from services.reconciliation.decisions.decide import Shown
from services.reconciliation.decisions.errors import ConflictingDecision
from services.reconciliation.matching import positions
from tests.support.decision_screens import Open, field, html, press, ready, run, words
from tests.support.desk import person
from tests.support.payout_lines import import_lines, line, line_id, outcomes, position


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
