"""An amount that is not there is not 0: the row is set aside with its reason, whatever kind of nothing stands in the cell."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.settlements.blocks import read_blocks
from services.settlements.dialect import detect_file
from services.settlements.findings import FindingsCollector, findings_from_json
from services.settlements.placeholders import says_none
from services.settlements.settlement_operations import OPERATIONS
from services.settlements.sheet import SetAsideRow
from services.settlements.source import open_source
from services.settlements.words import SET_ASIDE
from services.spreadsheets.lost import ERRORS, why_lost
from tests.support.settlement_reading import SettlementFile, read
from tests.support.workbooks_with_errors import WORKBOOKS, Error, Formula, Rows, xls
from tests.unit.settlements.writing import ENGLISH, sale, write

SALE = sale(amount=Decimal("12.50"), Order="A1")
FEE = sale(amount=Decimal("-0.50"), Order="A1", Operation="Variable")


def csv(**cells: str) -> bytes:
    return write([SALE, FEE, sale(amount=Decimal("7.00"), **{"Order": "A2", **cells})])


def aside(found: SettlementFile) -> SetAsideRow:
    assert len(found.lines) == 2
    assert not found.complete
    [row] = found.set_aside
    SET_ASIDE[row.reason].format(cell=row.cell)
    return row


@pytest.mark.parametrize("cell", ["", "   ", "\u00a0"])
def test_a_blank_settled_amount_is_set_aside_by_row(cell: str) -> None:
    row = aside(read(csv(Settled_amount=cell)))
    assert (row.line, row.reason, row.column, row.settlement_id) == (
        4,
        "amount_missing",
        "settled_amount",
        "123456",
    )


@pytest.mark.parametrize("operation", [one.label for one in OPERATIONS])
def test_a_line_of_any_operation_needs_its_amount(operation: str) -> None:
    assert aside(read(csv(Settled_amount="", Operation=operation))).reason == "amount_missing"


@pytest.mark.parametrize("cell", ["0", "0.00", "-0.00"])
def test_a_zero_that_is_written_is_a_zero(cell: str) -> None:
    found = read(csv(Settled_amount=cell))
    assert found.complete
    assert found.lines["settled_amount_units"].tolist() == [125_000, -5_000, 0]


@pytest.mark.parametrize(
    "error", [*ERRORS, "#VALEUR !", "#NOM\u00a0?", "#ref!", "Err:502", "Err : 508", "#######"]
)
def test_an_error_is_told_from_a_blank_in_every_language(error: str) -> None:
    row = aside(read(csv(Settled_amount=error)))
    assert (row.reason, row.column, row.cell) == ("cell_error", "settled_amount", error)
    assert says_none(error)


@pytest.mark.parametrize("text", ["12.50", "-", "n/a", "#1234", "REF", "C#", "A-1", ""])
def test_what_is_no_error_is_none(text: str) -> None:
    assert why_lost(text) == ""


def test_a_formula_in_a_text_is_no_amount() -> None:
    assert aside(read(csv(Settled_amount="=B2*1.2"))).reason == "formula_no_value"


@pytest.mark.parametrize(
    "column", ["Original amount", "Amount (Excl. Tax)", "Tax amount", "Amount (Incl. Tax)"]
)
def test_an_error_in_another_amount_sets_its_row_aside_and_a_blank_stays_blank(column: str) -> None:
    rows = [SALE, FEE, sale(amount=Decimal("7.00")) | {column: "#REF!"}]
    assert aside(read(write(rows))).reason == "cell_error"
    found = read(write([SALE, FEE, sale(amount=Decimal("7.00")) | {column: None}]))
    assert found.complete
    name = {
        "Original amount": "original_amount",
        "Amount (Excl. Tax)": "amount_excl_tax",
        "Tax amount": "tax_amount",
    }
    assert found.lines[f"{name.get(column, 'amount_incl_tax')}_units"].isna().tolist()[2]


@pytest.mark.parametrize("column", ["Operation", "Settlement currency"])
def test_an_error_where_money_is_named_sets_the_row_aside(column: str) -> None:
    row = aside(read(csv(**{column.replace(" ", "_"): "#N/A"})))
    assert (row.reason, row.settlement_id) == ("cell_error", "123456")


@pytest.mark.parametrize("cell", ["#REF!", "=A1"])
def test_a_row_whose_payout_is_an_error_may_be_of_any_payout(cell: str) -> None:
    row = aside(read(csv(Settlement_ID=cell)))
    assert (row.reason, row.column, row.settlement_id) == (why_lost(cell), "settlement_id", "")
    assert aside(read(csv(Settlement_ID=cell, Operation=""))).settlement_id == ""


def test_an_id_that_is_an_error_is_named_and_joins_nothing() -> None:
    found = read(csv(Transaction_ID="#REF!", Order="=A1", Reporting_data_1="#NV"))
    assert [(one.line, one.column, one.cell) for one in found.damaged] == [
        (4, "transaction_id", "#REF!"),
        (4, "order", "=A1"),
        (4, "reporting_data_1", "#NV"),
    ]
    assert found.lines["lost"].tolist()[2] == "transaction_id order reporting_data_1"


def table(**cells: Any) -> Rows:
    rows = [
        SALE,
        FEE,
        sale(amount=Decimal("7.00"), Order="A2")
        | {name.replace("_", " "): cell for name, cell in cells.items()},
    ]
    return [ENGLISH, *([_cell(row[name]) for name in ENGLISH] for row in rows)]


def _cell(value: Any) -> Any:
    return (
        value
        if isinstance(value, Error | Formula | Decimal)
        else value.isoformat()
        if hasattr(value, "year")
        else value or ""
    )


@pytest.mark.parametrize("make", WORKBOOKS)
def test_a_workbooks_errors_and_formulas_without_a_result_are_told_from_blanks(
    make: Callable[[Rows], bytes],
) -> None:
    blank = aside(read(make(table(Settled_amount=""))))
    assert (blank.reason, blank.line) == ("amount_missing", 4)
    for text in ("#REF!", "#N/A"):
        row = aside(read(make(table(Settled_amount=Error(text)))))
        assert (row.reason, row.column, row.cell, row.line) == ("cell_error", "settled_amount", text, 4)
    row = aside(read(make(table(Settled_amount=Formula()))))
    assert (row.reason, row.cell) == ("formula_no_value", "=" if make is xls else "=B2*1.2")
    assert aside(read(make(table(Settlement_ID=Error())))).settlement_id == ""


@pytest.mark.parametrize("make", WORKBOOKS)
def test_a_formula_with_its_result_is_what_it_comes_to(make: Callable[[Rows], bytes]) -> None:
    found = read(make(table(Settled_amount=Formula(result="7.25"))))
    assert found.complete
    assert found.lines["settled_amount_units"].tolist() == [125_000, -5_000, 72_500]


@pytest.mark.parametrize("make", WORKBOOKS)
def test_rows_below_all_values_are_seen(make: Callable[[Rows], bytes]) -> None:
    rows = [*table(Settled_amount=Decimal("7.00")), [""] * 17 + ["", Error()]]
    found = read(make(rows))
    assert [(row.line, row.reason) for row in found.set_aside] == [(5, "operation_missing")]


def test_a_zero_that_was_computed_stays_a_zero() -> None:
    make = next(one for one in WORKBOOKS if one.__name__ == "xlsx_bare")
    assert read(make(table(Settled_amount=Formula(result="0")))).complete


def test_lines_of_an_order_without_an_original_amount_are_named() -> None:
    rows = [SALE, FEE | {"Original amount": None}]
    rows += [
        sale(amount=Decimal(sign)) | {"Operation": name, "Original amount": None}
        for name, sign in (("Sale", 1), ("Refund", -1), ("Chargeback", -1))
    ]
    assert unpriced(write(rows)) == ((4, 5, 6), 3)
    assert unpriced(write([SALE, FEE])) == ((), 0)


def unpriced(raw: bytes) -> tuple[tuple[int, ...], int]:
    with open_source(raw) as source:
        gathering = FindingsCollector(detection=detect_file(source))
        for block in read_blocks(source, gathering.detection.dialect, rows=2):
            gathering.note(block)
    found = gathering.findings()
    assert findings_from_json(found.to_json()) == found
    return found.unpriced, found.unpriced_count


NOTHING = st.sampled_from(["", " ", "#REF!", "#N/A", "#VALEUR!", "=A1+B1", "Err:502"])


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 3), cell=NOTHING, amounts=st.lists(st.integers(1, 9999), min_size=3, max_size=3))
def test_no_row_without_an_amount_is_ever_a_line(place: int, cell: str, amounts: list[int]) -> None:
    rows: list[dict[str, Any]] = [
        sale(amount=sign * Decimal(one) / 100, Operation=name)
        for one, sign, name in zip(amounts, (1, -1, -1), ("Sale", "Refund", "Fixed fee"), strict=True)
    ]
    rows.append(sale(amount=Decimal(amounts[0] - amounts[1] - amounts[2]) / 100, Operation="Settlement"))
    rows[place] = rows[place] | {"Settled amount": cell}
    found = read(write(rows))
    assert len(found.lines) == 3
    assert not found.complete
    assert not found.lines["settled_amount_units"].isna().any()
