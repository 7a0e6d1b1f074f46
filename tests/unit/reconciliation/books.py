"""Lines and books made by hand."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from services.reconciliation.matching.key_texts import KEY_COLUMNS, REFERENCE_KINDS, known_keys
from services.reconciliation.matching.lookup import Lookup, MatchRules
from services.reconciliation.matching.match import RESULT, match
from services.reconciliation.matching.order_status import ORDER_COLUMNS, classify
from services.settlements.columns import TEXTS, UNITS
from services.settlements.settlement_operations import operation


def order(number: int, **cells: object) -> dict[str, object]:
    """An order of 100 EUR, paid and captured at once, known by its id only; `pages` … are its keys."""
    return {
        "order": number,
        "account": "demo",
        "order_id": f"A{number}",
        **dict.fromkeys(REFERENCE_KINDS, ""),
        "currency": "EUR",
        "amount_units": 1_000_000,
        "captured_units": 1_000_000,
        "captures": 1,
        "paid": True,
        "awaited": False,
        "pages": (),
        "transactions": (),
        "operations": (),
    } | cells


@dataclass(frozen=True)
class Book:
    lookup: Lookup
    orders: pd.DataFrame


def key_rows(orders: tuple[Mapping[str, object], ...]) -> list[tuple[str, str, str, str, int]]:
    """Rows of KEY_COLUMNS."""
    texts = [
        *(
            ("order_id", [(row["order"], text) for text in (row["order_id"], *row["pages"])])
            for row in orders
        ),
        *((kind, [(row["order"], row[kind])]) for row in orders for kind in REFERENCE_KINDS),
        *(("transaction", [(row["order"], text) for text in row["transactions"]]) for row in orders),
        *(("operation", [(row["order"], text) for text in row["operations"]]) for row in orders),
    ]
    return sorted(set(known_keys({row["order"]: row["account"] for row in orders}, texts)))


def book(*orders: dict[str, object]) -> Book:
    keys = pd.DataFrame(key_rows(orders), columns=KEY_COLUMNS).astype(
        {**dict.fromkeys(KEY_COLUMNS, "str"), "order": "int64"}
    )
    names = pd.DataFrame(orders, columns=["order", "order_id"]).rename(columns={"order": "id"})
    names = names.astype({"id": "int64", "order_id": "str"})
    return Book(
        Lookup(keys, names),
        pd.DataFrame(
            {
                name: pd.Series([row[name] for row in orders], dtype=kind)
                for name, kind in ORDER_COLUMNS.items()
            }
        ),
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
    table = pd.DataFrame(rows, columns=[*line(), "decided", "decided_order", "decided_split"])
    for name in ("decided", "decided_split"):
        table[name] = [row.get(name, "") for row in rows]
    table["decided_order"] = table["decided_order"].astype("Int64")
    table = table.astype(
        {
            **dict.fromkeys((*TEXTS, "operation_code", "kind", "lost", "decided", "decided_split"), "str"),
            **dict.fromkeys(UNITS, "Int64"),
        }
    )
    table.insert(0, "line", range(2, len(table) + 2))
    return table


def joined(table: pd.DataFrame, of: Book, rules: MatchRules | None = None) -> pd.DataFrame:
    """match()'s answer, with the business ids of what it names."""
    answer = match(table, of.lookup, rules)
    found = pd.DataFrame(
        {
            name: answer[name].to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
            if name in ("order", "nearest")
            else answer[name].to_pandas()
            for name in RESULT
        }
    ).set_index(table.index)
    for name in ("order", "nearest"):
        ids = of.lookup.names(answer[name].fill_null(0).to_numpy())
        found["order_id" if name == "order" else "nearest_id"] = ids
    return found


def positions(table: pd.DataFrame, of: Book) -> pd.DataFrame:
    """classify()'s answer for what match() makes of the lines."""
    found = joined(table, of)
    own = table.assign(ours=found["order"], id=table["line"])[found["order"].notna()]
    return pa.table(classify(own.astype({"ours": "int64"}), of.orders)).to_pandas(
        types_mapper={pa.int64(): pd.Int64Dtype()}.get
    )
