"""A split is refused unless its shares are the whole line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.reconciliation.decision_errors import (
    DecisionRefused,
    NoAmountToSplit,
    ShareOrderTwice,
    SharesDiffer,
    ShareSign,
    TooFewShares,
)
from services.reconciliation.shares import check_shares, rest


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
