"""What a payout comes to, from the sums over its lines."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payouts import states
from services.payouts.figures import (
    CONTRADICTORY,
    Around,
    OperationAmounts,
    account_sign,
    amounts,
    amounts_together,
    figures,
)
from services.settlements.settlement_operations import OPERATIONS, bucket, operation
from services.store.payouts.rows import PayoutFigures
from services.store.payouts.sums import LineSum
from services.store.schema.payouts import LEGS


def line(name: str, units: int | None, **cells: Any) -> OperationAmounts:
    known = operation(name)
    return OperationAmounts(
        kind=known.kind if known else "unknown",
        operation_code=known.code if known else "",
        settled_units=units or 0,
        missing=int(units is None),
        **cells,
    )


SALE, FEE = line("Sale", 1_000_000), line("Variable", -10_000)


def of(*lines: OperationAmounts, sign: int = 0) -> PayoutFigures:
    return amounts(lines, sign)


@pytest.mark.parametrize(
    ("lines", "announced", "difference", "state"),
    [
        ([SALE, FEE, line("Settlement", 990_000)], 990_000, 0, "tied"),
        ([SALE, FEE, line("Settlement", -990_000)], 990_000, 0, "tied"),  # as it leaves HiPay's balance
        ([SALE, FEE, line("Settlement", 989_999)], 989_999, 1, "differs"),
        (
            [SALE, FEE, line("Splitting settlement", 990_000), line("Split settlement", 600_000),
             line("Split settlement", 390_000)],
            990_000, 0, "tied",
        ),
        # the whole fits, and its parts are not the whole
        (
            [SALE, FEE, line("Splitting settlement", 990_000), line("Split settlement", 600_000),
             line("Split settlement", 390_100)],
            990_000, 0, "differs",
        ),
        ([SALE, FEE, line("Splitting settlement", 990_000)], 990_000, 0, "differs"),
        (
            [SALE, FEE, line("Splitting settlement", -990_000), line("Split settlement", -600_000),
             line("Split settlement", -390_000)],
            990_000, 0, "tied",
        ),
        (
            [SALE, FEE, line("Settlement", 990_000), line("Splitting settlement", 980_000),
             line("Split settlement", 990_000)],
            990_000, 0, "differs",
        ),
        (
            [SALE, FEE, line("Settlement", 990_000), line("Split settlement", 600_000), line("Split settlement", 390_100)],
            990_000, 0, "differs",
        ),
        (
            [SALE, FEE, line("Settlement", -990_000), line("Split settlement", -600_000), line("Split settlement", -390_000)],
            990_000, 0, "tied",
        ),
        ([SALE, FEE, line("Split settlement", 600_000), line("Split settlement", 390_000)], 990_000, 0, "tied"),
        ([SALE, FEE, line("Split settlement", 600_000), line("Split settlement", 390_000, file=2)], 990_000, 0, "several_payout_lines"),
        ([SALE, FEE, line("Settlement", 600_000), line("Settlement", 390_000)], 990_000, 0, "several_payout_lines"),
        ([SALE, FEE, line("Settlement", 990_000), line("Settlement", 990_000)], 1_980_000, -990_000, "differs"),
        ([FEE, line("Deferred settlement", 10_000)], 0, 0, "carried_forward"),
        ([FEE, line("Deferred settlement", -10_000)], 0, 0, "carried_forward"),
        ([FEE, line("Deferred settlement", 9_000)], 0, -1_000, "differs"),
        ([SALE, line("Sale", 0), line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        # what is already settled, or not, may be part of the payout or not
        ([SALE, line("Already settled", -400_000), line("Settlement", 600_000)], 600_000, 0, "tied"),
        ([SALE, line("Already settled", -400_000), line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        ([SALE, line("Already settled", -400_000), line("Settlement", 700_000)], 700_000, -100_000, "differs"),
        ([SALE, line("Sale", 500, unsettled_units=500), line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        ([SALE, FEE], None, None, "no_payout_line"),
    ],
)  # fmt: skip
def test_payout(
    lines: list[OperationAmounts], announced: int | None, difference: int | None, state: str
) -> None:
    found = of(*lines)
    assert (found.announced_units, states.difference(found), states.state_of(found, "EUR")) == (
        announced,
        difference,
        state,
    )


def test_what_the_merchant_owes_is_not_proved_by_a_payout_of_as_much() -> None:
    owed = line("Refund", -500_000)
    found = of(owed, line("Settlement", 500_000))
    assert (found.announced_units, states.difference(found)) == (500_000, -1_000_000)
    assert states.state_of(of(owed, line("Settlement", -500_000)), "EUR") == "tied"


def test_what_the_merchant_owes_is_turned_where_another_payout_leaves_the_balance() -> None:
    payouts = {
        ("demo", "S1", "EUR"): [line("Refund", -500_000), line("Settlement", 500_000)],
        ("demo", "S2", "EUR"): [SALE, line("Settlement", -1_000_000)],
    }
    assert {states.state_of(one, "EUR") for one in amounts_together(payouts).values()} == {"tied"}
    elsewhere = {(f"shop {key[1]}", *key[1:]): sums for key, sums in payouts.items()}
    assert [states.state_of(one, "EUR") for one in amounts_together(elsewhere).values()] == [
        "differs",
        "tied",
    ]


@pytest.mark.parametrize(
    ("shown", "sign"),
    [({}, 0), ({0: 9}, 0), ({1: 3, -1: 1}, 1), ({1: 1, -1: 2, 0: 5}, -1), ({1: 2, -1: 2}, CONTRADICTORY)],
)
def test_the_sign_of_an_account_is_the_one_that_more_of_its_payouts_show(
    shown: dict[int, int], sign: int
) -> None:
    assert account_sign(shown) == sign


@pytest.mark.parametrize("net", [1_000_000, -1_000_000])
@pytest.mark.parametrize("sign", [1, -1, CONTRADICTORY])
def test_a_payout_ties_in_the_sign_of_its_account_only(net: int, sign: int) -> None:
    lines = line("Sale" if net > 0 else "Refund", net)
    for written in (1, -1):
        found = of(lines, line("Settlement", written * net), sign=sign)
        assert (states.state_of(found, "EUR") == "tied") == (written == sign)


def test_a_payout_line_without_an_amount_announces_none() -> None:
    for found in (of(line("Settlement", None)), of(SALE, line("Settlement", None))):
        assert found.announced_units is None


def test_every_operation_has_its_bucket() -> None:
    assert {one.bucket for one in OPERATIONS} == {
        "gross", "refunds", "chargebacks", "chargebacks_won", "fees", "reserve_captured", "reserve_released",
        "adjustments", "deferred", "announced",
    }  # fmt: skip
    assert all(one.bucket == bucket(one.code, one.kind) for one in OPERATIONS)
    assert bucket("", "unknown") == "other"


KINDS = [(one.code, one.kind) for one in OPERATIONS] + [("", "unknown"), ("sale", "twice")]


def _line_sums() -> st.SearchStrategy[LineSum]:
    return st.builds(
        lambda of, **cells: LineSum(operation_code=of[0], kind=of[1], **cells),
        of=st.sampled_from(KINDS),
        account=st.just("demo"),
        settlement_id=st.just("S1"),
        currency=st.just("EUR"),
        outcome=st.sampled_from(["matched", "unmatched", "account_level"]),
        file=st.integers(1, 3),
        lines=st.integers(1, 9),
        missing=st.integers(0, 1),
        settled_units=st.integers(-(10**12), 10**12),
        tax_units=st.integers(-(10**6), 10**6),
        unsettled_units=st.integers(-(10**6), 10**6),
        first_date=st.sampled_from(["", "2026-01-31", "2026-02-01 10:00"]),
        last_date=st.sampled_from(["", "2026-02-02"]),
        last_transfer=st.sampled_from([0, 20260203]),
        last_value=st.sampled_from([0, 20260204]),
    )


@given(st.lists(_line_sums(), max_size=12), st.sampled_from([-1, 0, 1]))
def test_the_legs_add_up_to_the_net_and_the_net_is_the_sum_of_the_lines(
    sums: list[LineSum], sign: int
) -> None:
    found = figures(sums, Around(sign=sign))
    assert sum(getattr(found, name) for name in LEGS) == found.net_units
    assert found.net_units == sum(one.settled_units for one in sums if one.kind not in ("control", "twice"))
    assert found.lines == sum(one.lines for one in sums)
    assert found.other_lines == sum(one.lines for one in sums if one.kind == "unknown")
    assert found.files == len({one.file for one in sums})


_COUNTED = [("", "unknown")] + [
    (one.code, one.kind) for one in OPERATIONS if one.bucket != "announced" and one.code != "already_settled"
]
_LINES = st.lists(
    st.builds(
        lambda of, units: OperationAmounts(operation_code=of[0], kind=of[1], settled_units=units),
        st.sampled_from(_COUNTED),
        st.integers(-(10**9), 10**9).filter(bool),
    ),
    min_size=1,
    max_size=8,
)


@given(
    _LINES,
    st.sampled_from([-1, 1]),
    st.sampled_from(["gone", "twice", "turned", "nought", "other"]),
    st.data(),
)
def test_a_payout_with_one_wrong_line_never_ties(
    lines: list[OperationAmounts], sign: int, wrong: str, data: st.DataObject
) -> None:
    total = line("Settlement", sign * sum(one.settled_units for one in lines))
    assert states.state_of(of(*lines, total, sign=sign), "EUR") == "tied"
    place = data.draw(st.integers(0, len(lines) - 1))
    units = lines[place].settled_units
    amounts_of = {
        "gone": (),
        "twice": (units, units),
        "turned": (-units,),
        "nought": (0,),
        "other": (units + 1,),
    }
    mended = [replace(lines[place], settled_units=each) for each in amounts_of[wrong]]
    changed = [*lines[:place], *mended, *lines[place + 1 :]]
    assert states.state_of(of(*changed, total, sign=sign), "EUR") == "differs"
