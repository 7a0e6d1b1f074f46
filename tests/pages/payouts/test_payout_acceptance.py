"""The difference of a payout is accepted on its screen, as what it is, and that is undone."""

from datetime import timedelta

import pytest

from services import clock
from services.access import Actor
from services.desk import Desk
from services.reconciliation.decisions import payout_acceptances
from services.store.payouts import rows
from tests.support.decision_screens import field, html, on_payout, press, ready, run, words
from tests.support.payout_lines import import_lines, line, payout_id


@pytest.fixture
def payout(desk: Desk) -> int:
    """Payout 77, whose lines are 30.00 and whose payout line is 20.00."""
    import_lines(
        desk, line("A-1"), line("A-2", "20.00"), line("", "20.00", operation="Settlement", transaction="")
    )
    return payout_id(desk)


def state(desk: Desk, number: int) -> str:
    with desk.store.read() as tx:
        row = rows.get(tx, number)
    assert row is not None
    return row.worked_state


def test_a_claim_is_made_with_reference_and_day_and_undone(desk: Desk, finance: Actor, payout: int) -> None:
    at = press(run(on_payout, finance, payout=payout), "accept_payout_")
    assert "€10.00" in html(at)
    assert not ready(at)
    at = field(at.radio, "accepted_kind_").set_value("claim").run()
    at = field(at.text_input, "why_").set_value("a sale is missing").run()
    assert not ready(at)  # a claim has a reference and a day
    at = field(at.text_input, "claim_reference_").set_value("HP-4711").run()
    assert not ready(at)
    yesterday = clock.now().date() - timedelta(days=1)
    at = field(at.date_input, "claim_day_").set_value(yesterday).run()
    at = press(at, "go_")
    assert state(desk, payout) == "accepted"
    assert "reference HP-4711. It waits for HiPay." in words(at)
    assert "a sale is missing" in words(at)
    assert not [one for one in at.button if one.key and one.key.startswith("accept_payout_")]

    at = press(at, "undo_payout_")
    at = field(at.text_input, "why_").set_value("HiPay refuses").run()
    at = press(at, "go_")
    assert state(desk, payout) == "differs"
    assert "Claim to HiPay (undone since)" in words(at)
    assert "HiPay refuses" in words(at)


def test_a_write_off_above_the_limit_is_refused_in_french(desk: Desk, finance: Actor, payout: int) -> None:
    at = press(run(on_payout, finance, "fr", payout=payout), "accept_payout_")
    assert "au plus 5,00\u00a0€" in "".join(field(at.radio, "accepted_kind_").proto.captions)
    at = field(at.radio, "accepted_kind_").set_value("write_off").run()
    at = field(at.text_input, "why_").set_value("une broutille").run()
    at = press(at, "go_")
    assert "L’écart est de 10,00\u00a0€, et au plus 5,00\u00a0€ peut être passé en perte" in words(at)
    assert state(desk, payout) == "differs"


def test_other_figures_close_the_window_and_end_the_acceptance(
    desk: Desk, finance: Actor, payout: int
) -> None:
    at = press(run(on_payout, finance, payout=payout), "accept_payout_")
    import_lines(desk, line("A-3", "1.00"))
    at = field(at.radio, "accepted_kind_").set_value("timing").run()
    assert "The payout's figures have changed meanwhile" in words(at)
    at = field(at.text_input, "why_").set_value("with the next one").run()
    assert not ready(at)
    at = press(at, "back_")
    at = press(run(on_payout, finance, payout=payout), "accept_payout_")
    at = field(at.radio, "accepted_kind_").set_value("timing").run()
    at = field(at.text_input, "why_").set_value("with the next one").run()
    at = press(at, "go_")
    assert state(desk, payout) == "accepted"
    import_lines(desk, line("A-4", "1.00"))
    shown = words(run(on_payout, finance, payout=payout))
    assert "Accepted with other figures: the acceptance does not apply any more." in shown
    assert len(payout_acceptances.of_payout(desk, finance, payout)) == 1
