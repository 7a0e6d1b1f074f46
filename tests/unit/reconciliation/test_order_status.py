"""Where each order stands after the join."""

import pandas as pd
import pytest

from services.reconciliation.matching.order_status import STATUSES
from services.reconciliation.views import reasons
from tests.unit.reconciliation.books import book, line, lines, order, positions

KEY = {"order": "A1", "transaction_id": "800"}
SALE = line(**KEY)
UNPAID = {"paid": False, "captured_units": 0, "captures": 0}
AWAITED = {**UNPAID, "awaited": True}


def stand(one: dict[str, object], *rows: dict[str, object]) -> dict[str, object]:
    of = book(one)
    table = lines(*rows)
    found = positions(table, of)
    assert len(found) == 1
    return found.iloc[0].to_dict()


@pytest.mark.parametrize(
    ("one", "rows", "status"),
    [
        ({}, [SALE], "settled_in_full"),
        ({}, [line(units=400_000, **KEY), line(units=600_000, **KEY)], "settled_in_full"),
        (
            {"captured_units": 600_000},
            [line(units=600_000, **KEY)],
            "settled_in_full",
        ),  # the rest was released
        ({"captures": 2}, [line(units=400_000, **KEY)], "settled_in_part"),
        ({}, [line(units=999_900, **KEY)], "settled_under"),
        ({}, [line(units=1_000_100, **KEY)], "settled_over"),
        ({}, [SALE, line("Refund", -1_000_000, **KEY)], "refunded"),
        ({}, [SALE, line("Refund", -1, **KEY)], "refunded_in_part"),
        ({}, [line("Refund", -1_000_000, **KEY)], "refunded"),  # its sale is in an older file
        # what is in no line yet was not given back by a refund of the part that is
        ({"captures": 2}, [line(units=500_000, **KEY), line("Refund", -500_000, **KEY)], "refunded_in_part"),
        ({}, [SALE, line("Chargeback", -1_000_000, **KEY)], "charged_back"),
        (
            {},
            [SALE, line("Chargeback", -1_000_000, **KEY), line("Chargeback refund", 1_000_000, **KEY)],
            "chargeback_won",
        ),
        ({}, [line(original_currency="GBP", **KEY)], "wrong_currency"),
        *(
            ({}, [SALE, line(name, -400_000, original_currency="USD", **KEY)], "wrong_currency")
            for name in ("Refund", "Chargeback", "Chargeback refund")
        ),
        ({}, [SALE, line("Refund", 0, original_currency="USD", **KEY)], "settled_in_full"),
        ({}, [SALE, line("Fixed fee", -1, original_currency="USD", **KEY)], "settled_in_full"),
        # an amount that is not there is not 0
        *(
            ({}, [line(**KEY, **{f"{name}_amount_units": None})], "amount_missing")
            for name in ("original", "settled")
        ),
        ({"captured_units": 0}, [line(**KEY, original_amount_units=None)], "amount_missing"),
        *(
            ({}, [SALE, line(name, -1, **KEY, original_amount_units=None)], "amount_missing")
            for name in ("Sale", "Refund", "Chargeback", "Chargeback refund")
        ),
        ({}, [SALE, line("Refund", None, original_currency="", **KEY)], "amount_missing"),
        ({}, [SALE, line("Refund", None, original_currency="USD", **KEY)], "wrong_currency"),
        ({}, [SALE, line("Sale", None, **KEY), SALE | {"transaction_id": "801"}], "paid_twice"),
        ({}, [SALE, line("Fixed fee", -1, original_amount_units=None, **KEY)], "settled_in_full"),
        (AWAITED, [line("Sale", None, **KEY)], "amount_missing"),
        (UNPAID, [line("Sale", None, **KEY)], "amount_missing"),
        ({}, [], "paid_not_settled"),
        ({}, [line("Fixed fee", -1, **KEY)], "paid_not_settled"),
        (UNPAID, [], "not_due"),
        (UNPAID, [SALE], "settled_not_paid"),
        (AWAITED, [], "awaited"),
        (AWAITED, [line("Fixed fee", -1, **KEY)], "awaited"),
        (AWAITED, [SALE], "settled_in_full"),
        (AWAITED, [line(units=400_000, **KEY), line(units=600_000, **KEY)], "settled_in_full"),
        (AWAITED, [line(units=400_000, **KEY)], "settled_in_part"),
        (AWAITED, [line(units=1_000_100, **KEY)], "settled_over"),
        (AWAITED, [SALE, SALE | {"transaction_id": "801"}], "paid_twice"),
        (AWAITED, [line(original_currency="GBP", **KEY)], "wrong_currency"),
        (AWAITED, [SALE, line("Refund", -400_000, **KEY)], "refunded_in_part"),
        (AWAITED, [SALE, line("Refund", -1_000_000, **KEY)], "refunded"),
        (AWAITED, [line("Refund", -1_000_000, **KEY)], "refunded"),
        (AWAITED, [SALE, line("Chargeback", -1_000_000, **KEY)], "charged_back"),
        ({}, [SALE, SALE | {"transaction_id": "801"}], "paid_twice"),
        ({}, [SALE | {"transaction_id": ""}] * 2, "paid_twice"),
        ({"captured_units": 2_000_000}, [SALE, SALE], "settled_in_full"),  # two captures of one transaction
    ],
)
def test_status(one: dict[str, object], rows: list[dict[str, object]], status: str) -> None:
    assert stand(order(1, **one), *rows)["status"] == status


@pytest.mark.parametrize(
    ("settled", "still_open"), [([], 0), ([400_000], 600_000), ([1_000_000], 0), ([1_500_000], 0)]
)
def test_what_is_open_of_an_awaited_order_is_known_once_its_first_sale_is(
    settled: list[int], still_open: int
) -> None:
    found = stand(order(1, **AWAITED), *(line(units=units, **KEY) for units in settled))
    assert found["open_units"] == still_open


def test_the_banks_dates_stand_beside_those_of_the_collection() -> None:
    found = stand(
        order(1),
        line(**KEY, transfer="2024-04-10"),
        line("Fixed fee", -1, **KEY, transfer="2024-04-03"),
        line("Refund", -1, **KEY),
    )
    assert [found[name] for name in ("first_date", "last_date", "first_transfer", "last_transfer")] == [
        "2024-03-25",
        "2024-03-25",
        "2024-04-03",
        "2024-04-10",
    ]


def test_a_part_that_is_in_no_line_stays_open_whatever_was_refunded() -> None:
    found = stand(order(1, captures=2), line(units=500_000, **KEY), line("Refund", -500_000, **KEY))
    assert found["open_units"] == 500_000


def test_every_status_has_its_words() -> None:
    assert set(reasons.STATUSES) == set(STATUSES)


def test_sums_over_lines_files_and_months() -> None:
    fee = {"amount_excl_tax_units": -2_500, "tax_amount_units": -500, "original_amount_units": -3_000}
    found = stand(
        order(1),
        line(units=1_000_000, **KEY),
        line("Fixed fee", -3_000, **KEY, **fee),
        line("Refund", -400_000, **KEY, settlement_id="S2", date="2024-04-02"),
        line("Settlement", 5, **KEY),
    )
    assert {
        name: found[name]
        for name in (
            "gross_units",
            "refunds_units",
            "fees_units",
            "vat_units",
            "net_units",
            "open_units",
            "settlement_ids",
            "first_date",
            "last_date",
            "lines",
        )
    } == {
        "gross_units": 1_000_000,
        "refunds_units": 400_000,
        "fees_units": 2_500,
        "vat_units": 500,
        "net_units": 597_000,
        "open_units": 0,
        "settlement_ids": "S1, S2",
        "first_date": "2024-03-25",
        "last_date": "2024-04-02",
        "lines": 3,
    }


@pytest.mark.parametrize(
    ("cells", "fees", "vat"),
    [
        ({}, 2_500, 500),
        ({"tax_amount_units": None}, 2_500, 500),  # what was settled is both together
        ({"amount_excl_tax_units": None}, 2_500, 500),
        ({"amount_excl_tax_units": None, "tax_amount_units": None}, 3_000, None),
        ({"tax_amount_units": None, "currency": "GBP"}, 2_500, None),
        ({"amount_excl_tax_units": None, "currency": "GBP"}, None, 500),
        ({"settled_amount_units": None}, 2_500, 500),
        ({"settled_amount_units": None, "tax_amount_units": None}, 2_500, None),
    ],
)
def test_a_part_of_a_fee_that_is_not_known_is_not_nought(
    cells: dict[str, object], fees: int | None, vat: int | None
) -> None:
    fee = {"amount_excl_tax_units": -2_500, "tax_amount_units": -500, "settled_amount_units": -3_000} | cells
    for more in (
        [],
        [
            line(
                "Variable",
                -1_000,
                **KEY,
                currency=cells.get("currency", "EUR"),
                amount_excl_tax_units=0,
                tax_amount_units=0,
            )
        ],
    ):
        found = stand(order(1), SALE, line("Fixed fee", -3_000, **KEY, **fee), *more)
        shown = [None if pd.isna(found[name]) else found[name] for name in ("fees_units", "vat_units")]
        assert shown == [fees, vat]
        assert pd.isna(found["net_units"]) == ("settled_amount_units" in cells)


def test_original_amounts_are_compared_and_settled_ones_are_paid_out() -> None:
    converted = {
        "original_amount_units": 1_000_000,
        "original_currency": "GBP",
        "settled_amount_units": 1_150_000,
    }
    found = stand(order(1, currency="GBP"), line(**KEY, **converted))
    assert (found["status"], found["gross_units"], found["net_units"], found["settlement_currency"]) == (
        "settled_in_full",
        1_000_000,
        1_150_000,
        "EUR",
    )


def test_no_sum_adds_two_currencies() -> None:
    found = stand(order(1), line(**KEY), line("Refund", -5, **KEY, settlement_currency="GBP"))
    assert pd.isna(found["net_units"])
    assert found["settlement_currency"] == "EUR, GBP"


def test_lines_of_no_order_count_for_none() -> None:
    of = book(order(1), order(2, reference_1="X"), order(3, reference_1="X"))
    table = lines(line(reporting_data_1="X"), line("Monthly fee", -5), line(**KEY))
    found = positions(table, of)
    assert found["status"].tolist() == ["settled_in_full", "paid_not_settled", "paid_not_settled"]
    assert found["open_units"].tolist() == [0, 1_000_000, 1_000_000]
