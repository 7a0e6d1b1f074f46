"""A settlement's lines against its payout."""

import pandas as pd
import pytest

from services.payouts.tie_out import tie
from tests.unit.reconciliation.books import line, lines, sums

SALE, FEE = line("Sale", 1_000_000), line("Variable", -10_000)


@pytest.mark.parametrize(
    ("rows", "paid", "difference", "state"),
    [
        ([SALE, FEE, line("Settlement", 990_000)], 990_000, 0, "tied"),
        ([SALE, FEE, line("Settlement", -990_000)], 990_000, 0, "tied"),  # as it leaves HiPay's balance
        ([SALE, FEE, line("Settlement", 989_999)], 989_999, 1, "differs"),
        (
            [SALE, FEE, line("Splitting settlement", 990_000), line("Split settlement", 600_000),
             line("Split settlement", 390_000)],
            990_000, 0, "tied",
        ),
        ([SALE, FEE, line("Split settlement", 600_000), line("Split settlement", 390_000)], 990_000, 0, "tied"),
        ([FEE, line("Deferred settlement", 10_000)], 0, 0, "tied"),
        ([FEE, line("Deferred settlement", -10_000)], 0, 0, "tied"),
        ([FEE, line("Deferred settlement", 9_000)], 0, -1_000, "differs"),
        ([SALE, line("Sale", 0), line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        ([SALE, line("Sale", None), line("Settlement", 1_000_000)], 1_000_000, 0, "not_proved"),
        ([line("Sale", None), line("Settlement", 0)], 0, 0, "not_proved"),
        # one that a person said to be counted twice need not have an amount
        ([SALE, line("Sale", None, kind="twice"), line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        # what a person said to be counted twice counts for nothing, be it a total
        ([SALE, SALE | {"kind": "twice"}, line("Settlement", 1_000_000)], 1_000_000, 0, "tied"),
        ([SALE, line("Settlement", 1_000_000), line("Settlement", 900_000, kind="twice")], 1_000_000, 0, "tied"),
    ],
)  # fmt: skip
def test_payout(rows: list[dict[str, object]], paid: int, difference: int, state: str) -> None:
    found = tie(sums(lines(*rows)))
    assert found[["payout_units", "difference_units", "state"]].to_numpy().tolist() == [
        [paid, difference, state]
    ]


def test_what_the_merchant_owes_is_not_proved_by_a_payout_of_as_much() -> None:
    owed = line("Refund", -500_000)
    found = tie(sums(lines(owed, line("Settlement", 500_000))))
    assert found[["payout_units", "difference_units", "state"]].to_numpy().tolist() == [
        [500_000, -1_000_000, "differs"]
    ]
    assert tie(sums(lines(owed, line("Settlement", -500_000))))["state"].tolist() == ["tied"]


def test_what_the_merchant_owes_is_turned_where_another_payout_leaves_the_balance() -> None:
    other = {"settlement_id": "S2"}
    rows = [
        line("Refund", -500_000),
        line("Settlement", 500_000),
        SALE | other,
        line("Settlement", -1_000_000, **other),
    ]
    assert tie(sums(lines(*rows)))["state"].tolist() == ["tied", "tied"]
    elsewhere = [row | {"account": "shop"} if row.get("settlement_id") == "S2" else row for row in rows]
    assert sorted(tie(sums(lines(*elsewhere)))["state"]) == ["differs", "tied"]


def test_a_settlement_without_a_payout_line_is_not_called_proved() -> None:
    found = tie(sums(lines(SALE, FEE))).iloc[0]
    assert (found["state"], found["lines_units"]) == ("no_payout", 990_000)
    assert pd.isna(found["difference_units"])


def test_a_payout_line_without_an_amount_announces_none() -> None:
    for rows in ([line("Settlement", None)], [SALE, line("Settlement", None)]):
        found = tie(sums(lines(*rows))).iloc[0]
        assert (found["state"], found["missing"]) == ("not_proved", 1)
        assert pd.isna(found["payout_units"])


def test_an_amount_that_is_not_there_may_be_of_any_currency_of_its_settlement() -> None:
    rows = [
        SALE,
        line("Settlement", 1_000_000),
        line("Refund", None, settlement_currency=""),
        SALE | {"settlement_id": "S2"},
        line("Settlement", 1_000_000, settlement_id="S2"),
    ]
    found = tie(sums(lines(*rows)))
    assert found[["settlement_id", "currency", "state"]].to_numpy().tolist() == [
        ["S1", "", "not_proved"],
        ["S1", "EUR", "not_proved"],
        ["S2", "EUR", "tied"],
    ]


def test_settlements_and_currencies_are_apart() -> None:
    found = tie(
        sums(
            lines(
                SALE,
                line("Settlement", 1_000_000),
                SALE | {"settlement_id": "S2"},
                SALE | {"settlement_currency": "GBP"},
                line("Settlement", 1_000_000, settlement_currency="GBP"),
            )
        )
    )
    assert found[["settlement_id", "currency", "state"]].to_numpy().tolist() == [
        ["S1", "EUR", "tied"],
        ["S1", "GBP", "tied"],
        ["S2", "EUR", "no_payout"],
    ]
