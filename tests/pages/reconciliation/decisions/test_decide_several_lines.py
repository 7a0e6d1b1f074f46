"""A person decides several lines of a list at once."""

import pytest
from streamlit.testing.v1 import AppTest

from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import (
    decide,
)
from services.reconciliation.decisions.decide import Shown
from tests.support.decision_screens import field, html, press, ready, run, several, words
from tests.support.desk import person
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, line_id, outcomes, stored


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
