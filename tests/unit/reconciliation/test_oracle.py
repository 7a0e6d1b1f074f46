"""The join against an oracle in plain Python and Decimal, written apart from the product."""

from decimal import Decimal

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from services.reconciliation.matching.match import OUTCOMES
from tests.unit.reconciliation.books import book, joined, line, lines, order, positions

CONTROL = {"Settlement", "Split settlement"}
FREE = {"Rolling reserve capture", "Monthly fee", "Fixed fee"}
OWN = {"Rolling reserve capture", "Monthly fee"}  # the account's own, whatever key they carry

keys = st.sampled_from(["", "", "K1", "K2", "K3", "K4"])
rows = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["Sale", "Sale", "Refund", "Chargeback", *sorted(CONTROL), *sorted(FREE), "Green fee"]
        ),
        "reporting_data_1": keys,
        "order": st.sampled_from(["", "A1", "A2", "A3", "A3-2", "A9"]),
        "transaction_id": st.sampled_from(["", "0", "T1", "T2", "T3", "T9"]),
        "merchant_operation_id": st.sampled_from(["", "", "O1", "O2"]),
        "account": st.sampled_from(["demo", "demo", "other"]),
        "units": st.integers(-10_000_000, 10_000_000),
    }
)
orders = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["demo", "demo", "other"]),
        "reference_1": keys,
        "transactions": st.sets(st.sampled_from(["T1", "T2", "T3"]), max_size=2).map(sorted).map(tuple),
        "operations": st.sets(st.sampled_from(["O1", "O2"]), max_size=1).map(tuple),
        "pages": st.sampled_from([(), ("A3-2",)]),
    }
)
Row = dict[str, object]


def oracle(table: list[Row], known: list[Row]) -> list[tuple[str, int | None]]:
    def hits(row: Row) -> list[set[int]]:
        mine = [one for one in known if one["account"] == row["account"]]
        found = [
            {
                n["order"]
                for n in mine
                if row["reporting_data_1"] and n["reference_1"] == row["reporting_data_1"]
            },
            {n["order"] for n in mine if row["order"] and row["order"] in (n["order_id"], *n["pages"])},
            {n["order"] for n in mine if row["transaction_id"] in n["transactions"]},
            {n["order"] for n in mine if row["merchant_operation_id"] in n["operations"]},
        ]
        return [key for key in found if key]

    def verdict(found: list[set[int]]) -> tuple[str, int | None]:
        if not found:
            return "unmatched", None
        common = set.intersection(*found)
        if len(common) == 1:
            return "matched", common.pop()
        return ("ambiguous" if common else "contradictory"), None

    first = [("total_line", None) if row["name"] in CONTROL else verdict(hits(row)) for row in table]

    def final(row: Row, alone: tuple[str, int | None]) -> tuple[str, int | None]:
        if alone[0] == "total_line":
            return alone
        same = [
            (other["name"] == "Sale", result[1])
            for other, result in zip(table, first, strict=True)
            if row["transaction_id"] not in ("", "0")
            and (other["account"], other["transaction_id"]) == (row["account"], row["transaction_id"])
            and result[0] == "matched"
        ]
        sold = any(is_sale for is_sale, _ in same)
        leaders = {number for is_sale, number in same if is_sale == sold}
        leads = alone[0] == "matched" and (row["name"] == "Sale" or not sold)
        outcome, number = verdict([*hits(row), leaders]) if len(leaders) == 1 and not leads else alone
        keyed = any(
            row[k] not in ("", "0")
            for k in ("reporting_data_1", "order", "transaction_id", "merchant_operation_id")
        )
        if outcome == "unmatched" and row["name"] in FREE and (not keyed or row["name"] in OWN):
            return "account_level", None
        return outcome, number

    return [final(row, alone) for row, alone in zip(table, first, strict=True)]


def made(table: list[Row]) -> pd.DataFrame:
    return lines(*(line(**row) for row in table))


@settings(max_examples=80, deadline=None)
@given(st.lists(rows, min_size=1, max_size=8), st.lists(orders, max_size=4))
def test_the_join_agrees_with_the_oracle(table: list[Row], known: list[Row]) -> None:
    numbered = [order(n, **cells) for n, cells in enumerate(known, start=1)]
    found = joined(made(table), book(*numbered))
    got = [
        (
            "unmatched" if row.outcome == "suggested" else row.outcome,
            None if pd.isna(row.order) else row.order,
        )
        for row in found.itertuples()
    ]
    assert got == oracle(table, numbered)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=8), st.lists(orders, max_size=4), st.randoms())
def test_the_order_of_lines_and_of_orders_does_not_matter(
    table: list[Row], known: list[Row], random: object
) -> None:
    numbered = [order(n, **cells) for n, cells in enumerate(known, start=1)]
    whole = made(table)
    places = list(range(len(table)))
    random.shuffle(places)  # type: ignore[attr-defined]
    shuffled_orders = list(numbered)
    random.shuffle(shuffled_orders)  # type: ignore[attr-defined]

    first = joined(whole, book(*numbered))
    second = joined(whole.iloc[places], book(*shuffled_orders))
    pd.testing.assert_frame_equal(second.sort_index(), first)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=10), st.lists(orders, max_size=4))
def test_every_line_has_one_outcome_and_no_cent_is_lost(table: list[Row], known: list[Row]) -> None:
    numbered = [order(n, **cells) for n, cells in enumerate(known, start=1)]
    whole, of = made(table), book(*numbered)
    found = joined(whole, of)

    assert found.index.equals(whole.index)
    assert set(found["outcome"]) <= set(OUTCOMES)
    assert (found["outcome"].eq("matched") == found["order"].notna()).all()
    cents = sum(Decimal(row["units"]) for row in table)
    by_outcome = whole.groupby(found["outcome"])["settled_amount_units"].sum()
    assert by_outcome.sum() == cents
    assert positions(whole, of)["net_units"].sum() == by_outcome.get("matched", 0)
