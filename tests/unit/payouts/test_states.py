"""The state of a payout, from its figures alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payouts import states
from services.store.payouts.rows import STATES, PayoutFigures, PayoutRow

TIED = PayoutFigures(gross_units=100, net_units=100, announced_units=100, announced_by="settlement", lines=2)
# What makes a tied payout each of the states, worst first.
WORSE = {
    "counted_twice": {"twice": 1},
    "differs": {"net_units": 99},
    "hipay_differs": {"hipay_units": 99, "hipay_currency": "EUR"},
    "amounts_missing": {"rows_without_amount": 1},
    "rows_not_read": {"rows_not_read": 1},
    "correction_waits": {"corrections_waiting": 1},
    "several_payout_lines": {"announced_lines": 2},
    "no_payout_line": {"announced_units": None, "announced_by": ""},
}


@given(st.sets(st.sampled_from(list(WORSE))))
def test_the_worst_of_what_is_true_is_the_state(chosen: set[str]) -> None:
    changes = {name: value for state in chosen for name, value in WORSE[state].items()}
    figures = replace(TIED, **changes)
    if "no_payout_line" in chosen:  # nothing to differ from
        chosen = chosen - {"differs"}
        if figures.hipay_units is not None:
            chosen.add("hipay_differs") if figures.net_units != figures.hipay_units else chosen.discard(
                "hipay_differs"
            )
    expected = next((state for state in WORSE if state in chosen), "tied")
    assert states.state_of(figures, "EUR") == expected


@given(
    st.builds(
        PayoutFigures,
        net_units=st.integers(-3, 3),
        apart_units=st.integers(-2, 2),
        announced_units=st.none() | st.integers(-3, 3),
        announced_by=st.sampled_from(["settlement", "splitting_settlement", "deferred"]),
        parts_units=st.none() | st.integers(-3, 3),
        carried_units=st.none() | st.integers(-2, 2),
        hipay_units=st.none() | st.integers(-3, 3),
        hipay_currency=st.sampled_from(["EUR", "GBP"]),
        missing=st.integers(0, 1),
        rows_without_amount=st.integers(0, 1),
        rows_not_read=st.integers(0, 1),
        corrections_waiting=st.integers(0, 1),
        twice=st.integers(0, 1),
    )
)
def test_only_what_is_known_to_add_up_ties(figures: PayoutFigures) -> None:
    state = states.state_of(figures, "EUR")
    doubts = (
        figures.missing, figures.rows_without_amount, figures.rows_not_read, figures.corrections_waiting, figures.twice,
    )  # fmt: skip
    if state in ("tied", "carried_forward"):
        assert not any(doubts)
        assert figures.announced_units is not None
        repeated = figures.announced_by == "deferred" and figures.net_units == 2 * (
            figures.carried_units or 0
        )
        assert repeated or figures.announced_units in (
            figures.net_units,
            figures.net_units - figures.apart_units,
        )
        assert figures.parts_units in (None, figures.announced_units)
        if figures.hipay_units is not None and state == "tied":
            assert (figures.hipay_units, figures.hipay_currency) == (figures.announced_units, "EUR")
    assert (state == "carried_forward") <= (figures.announced_by == "deferred")


def test_the_sum_that_fits_is_named() -> None:
    apart = replace(TIED, apart_units=-20)
    assert states.sums(apart) == {"whole": 100, "without_apart": 120}
    assert states.fitting_sum(apart) == "whole"
    assert states.fitting_sum(replace(apart, announced_units=120)) == "without_apart"
    neither = replace(apart, announced_units=110)
    assert (states.fitting_sum(neither), states.difference(neither)) == (None, -10)
    assert states.state_of(neither, "EUR") == "differs"


def test_a_payout_in_parts_is_the_sum_of_its_parts() -> None:
    in_parts = replace(TIED, announced_by="splitting_settlement", parts_units=100)
    assert states.state_of(in_parts, "EUR") == "tied"
    assert states.state_of(replace(in_parts, parts_units=101), "EUR") == "differs"
    assert states.state_of(replace(in_parts, parts_units=0), "EUR") == "differs"


def test_several_payout_lines_prove_what_hipay_shows_as_their_sum() -> None:
    several = replace(TIED, announced_lines=2)
    assert states.state_of(several, "EUR") == "several_payout_lines"
    assert states.state_of(several, "EUR", accepted=True) == "several_payout_lines"
    assert states.state_of(replace(several, hipay_units=100, hipay_currency="EUR"), "EUR") == "tied"
    other = replace(several, hipay_units=100, hipay_currency="USD")
    assert states.state_of(other, "EUR") == "hipay_differs"
    assert states.state_of(other, "EUR", accepted=True) == "several_payout_lines"


def test_an_accepted_difference_hides_nothing_else() -> None:
    differing = replace(TIED, net_units=99)
    assert states.state_of(differing, "EUR", accepted=True) == "accepted"
    assert states.state_of(replace(differing, rows_not_read=1), "EUR", accepted=True) == "rows_not_read"


def _row(number: int, state: str, carried_to: int | None = None, version: int = 1) -> PayoutRow:
    return PayoutRow(
        id=number, account="demo", settlement_id=str(number), currency="EUR", version=version, worked_version=1,
        worked_state=state, carried_to=carried_to,
    )  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_row_that_is_behind_never_ties(state: str) -> None:
    assert states.shown(_row(1, state)) == state
    behind = states.shown(_row(1, state, version=2))
    assert STATES.index(behind) <= STATES.index("being_worked_out")
    assert not states.tied([_row(1, state, version=2)])


def test_a_payout_carried_forward_ties_once_its_chain_does() -> None:
    first, second = _row(1, "carried_forward", carried_to=2), _row(2, "carried_forward", carried_to=3)
    assert states.tied([first, second, _row(3, "tied")]) == {1, 2, 3}
    assert states.tied([first, second, _row(3, "differs")]) == set()
    assert states.tied([first, second, _row(3, "tied", version=2)]) == set()
    assert states.tied([first, second]) == set()  # nobody has taken it up yet
    assert states.tied([first, _row(2, "carried_forward", carried_to=1)]) == set()  # a circle is no chain
