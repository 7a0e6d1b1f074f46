"""Columns and operations are known by every spelling of theirs, and by no other's."""

import pytest

from services.settlements import columns, settlement_operations
from services.settlements.columns import COLUMNS, LABELS, recognise
from tests.unit.settlements.writing import ENGLISH, FRENCH


@pytest.mark.parametrize("headers", [ENGLISH, FRENCH, [name.upper() for name in FRENCH]])
def test_both_languages_name_all_columns_in_order(headers: list[str]) -> None:
    assert tuple(recognise(name) for name in headers) == COLUMNS


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("settlement_id", "settlement_id"),
        ("SettlementID", "settlement_id"),
        ("  transaction   id ", "transaction_id"),
        ("Amount (excl. tax)", "amount_excl_tax"),
        ("Amount Excl Tax", "amount_excl_tax"),
        ("Numéro de commande", "order"),
        ("Nº de commande", "order"),
        ("Value date", "date_value"),
        ("_reporting_data_4", "reporting_data_4"),
        ("Payout ID", "settlement_id"),
        ("Payout currency", "settlement_currency"),
        ("Reporting data 6", None),
        ("Comment", None),
        ("", None),
    ],
)
def test_spelling_is_tolerant_but_not_deaf(header: str, column: str | None) -> None:
    assert recognise(header) == column


def test_no_spelling_stands_for_two_columns() -> None:
    for name in COLUMNS:
        for spelling in (LABELS[name], name, *columns._VARIANTS.get(name, ())):
            assert recognise(spelling) == name, spelling


def test_the_28_operations_are_known_by_each_of_their_names() -> None:
    assert len(settlement_operations.OPERATIONS) == 28
    for operation in settlement_operations.OPERATIONS:
        for name in (operation.label, operation.label.upper(), *operation.former):
            assert settlement_operations.operation(name) is operation, name


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Invoice asset", "invoice_carry_over"),
        ("Invoice report", "deferred_invoice"),
        ("Merchant’s balance credit", "offsetting_entry"),
        ("Deferred invoice (formerly Invoice report)", "deferred_invoice"),
    ],
)
def test_former_names_are_the_present_operation(name: str, code: str) -> None:
    found = settlement_operations.operation(name)
    assert found is not None
    assert found.code == code


def test_an_unknown_operation_is_not_guessed() -> None:
    assert settlement_operations.operation("Sales tax") is None
    assert settlement_operations.operation("") is None


def test_control_totals_are_those_that_repeat_other_lines() -> None:
    control = {
        operation.label for operation in settlement_operations.OPERATIONS if operation.kind == "control"
    }
    assert control == {"Payout", "Split payout", "Splitting payout"}
