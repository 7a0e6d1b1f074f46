"""Whether an issue of a payout is whole: by the rules that the payout's row is worked out by."""

import pytest

from services.imports.issued_again.issue_sums import Sums, figures, is_whole
from services.payouts.figures import CONTRADICTORY

SALES = ("EUR", "sale", "sale")
SETTLEMENT = ("EUR", "settlement", "control")
SPLITTING = ("EUR", "splitting_settlement", "control")
SPLIT = ("EUR", "split_settlement", "control")
DEFERRED = ("EUR", "deferred_settlement", "balance")


@pytest.mark.parametrize(
    ("sums", "whole"),
    [
        ({SALES: (2, 30_0000, 0), SETTLEMENT: (1, 30_0000, 0)}, True),
        ({SALES: (2, 30_0000, 0), SETTLEMENT: (1, 30_0001, 0)}, False),
        ({SALES: (2, 30_0000, 0)}, False),  # an excerpt has no payout line
        ({SALES: (2, 30_0000, 1), SETTLEMENT: (1, 30_0000, 0)}, False),  # an amount is missing
        ({SALES: (2, 30_0000, 0), SETTLEMENT: (2, 30_0000, 0)}, False),  # two payout lines
        ({SALES: (2, 30_0000, 0), SPLITTING: (1, 30_0000, 0), SPLIT: (2, 30_0000, 0)}, True),
        ({SALES: (2, 30_0000, 0), SPLITTING: (1, 30_0000, 0), SPLIT: (2, 30_0100, 0)}, False),
        ({SALES: (2, 30_0000, 0), SETTLEMENT: (1, 30_0000, 0), SPLIT: (2, 30_0100, 0)}, False),
        ({SALES: (2, 30_0000, 0), DEFERRED: (1, -30_0000, 0)}, True),
        ({SALES: (2, 30_0000, 0), DEFERRED: (1, -20_0000, 0)}, False),
        ({}, False),
    ],
)
def test_it_is_whole_if_its_lines_make_its_one_payout_line(sums: Sums, whole: bool) -> None:
    assert is_whole(sums, 0) is whole


def test_it_is_whole_in_every_currency() -> None:
    euros: Sums = {SALES: (1, 30_0000, 0), SETTLEMENT: (1, 30_0000, 0)}
    assert is_whole(euros, 0)
    assert not is_whole({**euros, ("USD", "sale", "sale"): (1, 10_0000, 0)}, 0)


@pytest.mark.parametrize(("sign", "whole"), [(0, True), (-1, True), (1, False), (CONTRADICTORY, False)])
def test_its_payout_line_has_the_sign_of_the_account(sign: int, whole: bool) -> None:
    assert is_whole({SALES: (1, 30_0000, 0), SETTLEMENT: (1, -30_0000, 0)}, sign) is whole


def test_hipays_amount_of_a_balance_carried_over_is_nothing_or_the_balance() -> None:
    found = figures({SALES: (2, 30_0000, 0), DEFERRED: (1, -30_0000, 0)}, 0)["EUR"]
    assert [found.pays(units) for units in (0, 30_0000, -30_0000, 10_0000)] == [True, True, True, False]
