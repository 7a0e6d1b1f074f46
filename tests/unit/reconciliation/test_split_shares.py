"""A split is refused unless its shares are the whole line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.decisions.checks import check_shares, rest
from services.reconciliation.decisions.errors import (
    DecisionRefused,
    NoAmountToSplit,
    ShareOrderTwice,
    SharesDiffer,
    ShareSign,
    ShareTooFine,
    TooFewShares,
)
from services.reconciliation.matching.positions import divided


@pytest.mark.parametrize(
    ("amount", "shares", "refusal"),
    [
        (None, [(1, 10), (2, 20)], NoAmountToSplit),
        (0, [(1, 10), (2, -10)], NoAmountToSplit),
        (30, [(1, 30)], TooFewShares),
        (30, [], TooFewShares),
        (30, [(1, 10), (1, 20)], ShareOrderTwice),
        (30, [(1, 0), (2, 30)], ShareSign),
        (30, [(1, -10), (2, 40)], ShareSign),
        (-30, [(1, 10), (2, 20)], ShareSign),
        (30, [(1, 10), (2, 19)], SharesDiffer),
        (30, [(1, 10), (2, 21)], SharesDiffer),
    ],
)
def test_shares_that_are_not_the_line_are_refused(
    amount: int | None, shares: list[tuple[int, int]], refusal: type[DecisionRefused]
) -> None:
    with pytest.raises(refusal):
        check_shares(amount, shares)


def test_what_is_left_is_said_in_both_directions() -> None:
    for last, left in ((19, 1), (21, -1)):
        with pytest.raises(SharesDiffer) as refused:
            check_shares(30, [(1, 10), (2, last)])
        assert refused.value.rest == left == rest(30, [(1, 10), (2, last)])


@given(st.lists(st.integers(1, 10**12), min_size=2, max_size=20), st.sampled_from([1, -1]))
def test_parts_that_make_the_whole_pass(parts: list[int], sign: int) -> None:
    check_shares(sign * sum(parts), [(number, sign * part) for number, part in enumerate(parts)])


@pytest.mark.parametrize(
    ("amount", "parts", "step"),
    [(30_000, [10_050, 19_950], 100), (100_0000, [33_3333, 66_6667], 10_000), (305, [105, 200], 100)],
)
def test_a_share_is_no_finer_than_its_currency(amount: int, parts: list[int], step: int) -> None:
    """Only what the line itself has below the currency's smallest amount stands in one of its shares."""
    shares = list(enumerate(parts))
    if amount % step:
        check_shares(amount, shares, step)
        shares = [(0, 155), (1, 150)]
    with pytest.raises(ShareTooFine):
        check_shares(amount, shares, step)


@pytest.mark.parametrize(
    ("whole", "weights", "step", "parts"),
    [
        (100_00, [1, 1, 1], 100, [34_00, 33_00, 33_00]),
        (-100_00, [2, 1], 100, [-67_00, -33_00]),
        (100_0000, [1, 2], 10_000, [33_0000, 67_0000]),  # yen
        (1_0005, [1, 1], 10, [5010 - 5, 5000]),  # dinars, and what is below their smallest amount
        (0, [1, 2], 100, [0, 0]),
        (7_00, [0, 0], 100, [7_00, 0]),
    ],
)
def test_an_amount_is_divided_in_the_steps_of_its_currency(
    whole: int, weights: list[int], step: int, parts: list[int]
) -> None:
    assert divided(whole, weights, step) == parts


@given(
    st.integers(-(10**12), 10**12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=9),
    st.sampled_from([1, 10, 100, 10_000]),
)
def test_divided_parts_make_the_whole(whole: int, weights: list[int], step: int) -> None:
    parts = divided(whole, weights, step)
    assert sum(parts) == whole
    assert all(part * whole >= 0 for part in parts)
    assert sum(part % step != 0 for part in parts) <= (whole % step != 0)
