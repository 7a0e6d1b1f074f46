"""What differs between a line and an order."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.reconciliation.views.compare import compare


def verdicts(transactions: tuple[str, ...] = ("800",), reference: int = 1, **changes: Any) -> dict[str, str]:
    line = {
        "reporting_data_1": "F-1",
        "reporting_data_2": "",
        "file_order": "A-1",
        "transaction_id": "800",
        "original_amount_units": 100_0000,
        "original_currency": "EUR",
    }
    order: Any = SimpleNamespace(
        order_id="A-1", reference_1="F-1", reference_2="x", amount=100_0000, currency="EUR"
    )
    found = compare(SimpleNamespace(**(line | changes)), order, transactions, reference)  # type: ignore[arg-type]
    return {one.fact: one.verdict for one in found}


def test_all_the_same() -> None:
    assert set(verdicts().values()) == {"same"}


@pytest.mark.parametrize(
    ("changes", "fact", "verdict"),
    [
        ({"reporting_data_1": "f 0001"}, "reference", "differs"),
        ({"reporting_data_1": "f1"}, "reference", "near"),
        ({"reporting_data_1": ""}, "reference", "absent"),
        ({"file_order": "A-1-2"}, "order_id", "near"),
        ({"file_order": "A-1-9"}, "order_id", "near"),
        *(
            ({"file_order": text}, "order_id", "differs")
            for text in ("A-12", "A-1-1", "A-1-12", "A-1-2026-0412", "A-1-B", "A-1-2-2")
        ),
        ({"file_order": "", "reporting_data_1": "-"}, "order_id", "absent"),
        ({"reporting_data_1": "-"}, "reference", "differs"),
        ({"transaction_id": "801"}, "transaction", "differs"),
        ({"transaction_id": ""}, "transaction", "absent"),
        ({"original_amount_units": -100_0000}, "amount", "same"),
        ({"original_amount_units": 99_9999}, "amount", "part"),
        ({"original_amount_units": 100_0001}, "amount", "differs"),
        ({"original_amount_units": None}, "amount", "absent"),
        ({"original_currency": "GBP"}, "currency", "differs"),
    ],
)
def test_what_differs_is_told(changes: dict[str, Any], fact: str, verdict: str) -> None:
    assert verdicts(**changes)[fact] == verdict


def test_two_texts_that_are_but_signs_are_not_nearly_the_same() -> None:
    line = {
        "reporting_data_1": "-",
        "file_order": "/",
        "transaction_id": "",
        "original_amount_units": 1,
        "original_currency": "",
    }
    order: Any = SimpleNamespace(order_id="_", reference_1="–", amount=1, currency="EUR")
    found = compare(SimpleNamespace(**line), order, (), 1)  # type: ignore[arg-type]
    assert [one.verdict for one in found[:2]] == ["differs", "differs"]


def test_the_line_may_be_of_any_of_the_orders_transactions() -> None:
    assert verdicts(transactions=("1", "800"))["transaction"] == "same"
    assert verdicts(transactions=())["transaction"] == "absent"


def test_an_account_without_a_reference_compares_none() -> None:
    assert "reference" not in verdicts(reference=0)
    assert verdicts(reference=2)["reference"] == "absent"
