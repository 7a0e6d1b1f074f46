"""Lines and books made by hand."""

import pandas as pd

from services.reconciliation.book import (
    OPERATION_COLUMNS,
    ORDER_COLUMNS,
    PAGE_COLUMNS,
    TRANSACTION_COLUMNS,
    Book,
    frame,
)
from services.settlements.columns import TEXTS
from services.settlements.operations import operation
from services.settlements.read import UNITS


def order(number: int, **cells: object) -> dict[str, object]:
    """An order of 100 EUR, paid and captured at once, known by its id only; `pages` … are its keys."""
    return {
        "order": number,
        "account": "demo",
        "order_id": f"A{number}",
        **{f"reference_{n}": "" for n in range(1, 6)},
        "currency": "EUR",
        "amount_units": 1_000_000,
        "captured_units": 1_000_000,
        "refunded_units": 0,
        "charged_back_units": 0,
        "captures": 1,
        "paid": True,
        "awaited": False,
        "created_at": "2024-03-20T10:00:00+00:00",
        "pages": (),
        "transactions": (),
        "operations": (),
    } | cells


def book(*orders: dict[str, object]) -> Book:
    def keys(name: str, column: str, columns: dict[str, str]) -> pd.DataFrame:
        return frame([{"order": row["order"], column: key} for row in orders for key in row[name]], columns)  # type: ignore[attr-defined]

    return Book(
        frame(list(orders), ORDER_COLUMNS),
        keys("pages", "hipay_order_id", PAGE_COLUMNS),
        keys("transactions", "reference", TRANSACTION_COLUMNS),
        keys("operations", "operation_id", OPERATION_COLUMNS),
    )


def line(name: str = "Sale", units: int = 1_000_000, **cells: object) -> dict[str, object]:
    """A line of 100 EUR without any key."""
    known = operation(name)
    return {
        **dict.fromkeys(TEXTS, ""),
        **dict.fromkeys(UNITS, units),
        "tax_amount_units": 0,
        "account": "demo",
        "settlement_id": "S1",
        "date": "2024-03-25",
        "original_currency": "EUR",
        "currency": "EUR",
        "settlement_currency": "EUR",
        "operation": name,
        "operation_code": known.code if known else "",
        "kind": known.kind if known else "unknown",
        "lost": "",
    } | cells


def lines(*rows: dict[str, object]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=[*line()])
    table = table.astype(
        {**dict.fromkeys((*TEXTS, "operation_code", "kind", "lost"), "str"), **dict.fromkeys(UNITS, "Int64")}
    )
    table.insert(0, "line", range(2, len(table) + 2))
    return table
