"""The sums of a file, by operation."""

from collections.abc import Sequence

import pandas as pd


def totals(lines: pd.DataFrame) -> pd.DataFrame:
    """Per operation and settlement currency, in the order of their weight.

    Columns: `operation` (as the file names it first), `operation_code` ("" if unknown), `kind`, `currency`,
    `count`, `settled_units` (1/10000). Control totals are listed too: they repeat money of the others.
    """
    # Unknown operations have no code: their texts identify them.
    code = lines["operation_code"].where(lines["operation_code"] != "", "?" + lines["operation"])
    found = (
        lines.assign(group=code)
        .groupby(["group", "settlement_currency"], sort=False, as_index=False)
        .agg(
            operation=("operation", "first"),
            operation_code=("operation_code", "first"),
            kind=("kind", "first"),
            count=("line", "size"),
            settled_units=("settled_amount_units", "sum"),
        )
        .rename(columns={"settlement_currency": "currency"})
    )
    found = found.sort_values(
        ["count", "group", "currency"], ascending=[False, True, True], ignore_index=True
    )
    return found[["operation", "operation_code", "kind", "currency", "count", "settled_units"]]


def summed(sums: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The sums of a whole file, from the results of ``totals`` for its parts."""
    whole = pd.concat(sums, ignore_index=True)
    whole["group"] = whole["operation_code"].where(whole["operation_code"] != "", "?" + whole["operation"])
    by = whole.groupby(["group", "currency"], sort=False, as_index=False)
    found = by.agg(
        operation=("operation", "first"),
        operation_code=("operation_code", "first"),
        kind=("kind", "first"),
        count=("count", "sum"),
        settled_units=("settled_units", "sum"),
    )
    found = found.sort_values(
        ["count", "group", "currency"], ascending=[False, True, True], ignore_index=True
    )
    return found.drop(columns="group")
