"""Where each order stands after the join: is what was captured settled, and what came back.

An order is compared with Original amount and currency; fees and VAT use the tax columns; what reaches the merchant is
Settled amount in the settlement's currency (CONTRACT of the settlement file).
"""

import numpy as np
import pandas as pd

from services.reconciliation.book import Book

STATUSES = (
    "wrong_currency",  # a sale in another currency than the order's
    "paid_twice",  # two transactions, each of the order's whole amount
    "settled_not_paid",  # settled, and nobody told us that it was paid
    "charged_back",
    "chargeback_won",
    "refunded",
    "refunded_in_part",
    "settled_over",  # more than was captured
    "settled_under",  # every capture has its line, and they are less than what was captured
    "settled_in_part",  # captures without a line yet
    "settled_in_full",  # all that was captured; a remainder that was released is not open
    "paid_not_settled",
    "awaited",  # of the shop's own list, and nothing settled: whether it was paid is not known
    "not_due",  # not paid, nothing settled
)
_KINDS = {"sale": "sales", "refund": "refunds", "chargeback": "chargebacks", "chargeback_refund": "won"}


def classify(lines: pd.DataFrame, matched: pd.DataFrame, book: Book) -> pd.DataFrame:
    """One row for every order of the book. `matched` is match()'s answer for `lines`.

    Columns: `order`, `order_id`, `account`, `currency`, `amount_units`, `captured_units`, `created_at`, `status` (one
    of STATUSES), `gross_units` (sales), `refunds_units`, `chargebacks_units`, `won_units` (positive, in the order's
    currency), `open_units` (captured and in no line), `fees_units` and `vat_units` (positive, without tax and the tax),
    `invoice_currency`, `net_units` (settled, all lines), `settlement_currency`, `settlement_ids` (", " between),
    `first_date`, `last_date` (collection, ISO), `lines`. A sum over several currencies is NA, its currency lists them.
    """
    own = lines.assign(order_row=matched["order"])[matched["outcome"] == "matched"]
    own = own.merge(
        book.orders[["order", "currency"]].rename(
            columns={"order": "order_row", "currency": "order_currency"}
        ),
        on="order_row",
    )
    orders = book.orders.set_index("order")
    kept = ["order_id", "account", "currency", "amount_units", "captured_units", "created_at"]
    result = orders[kept].copy()

    in_currency = own[own["original_currency"] == own["order_currency"]]
    for kind, name in _KINDS.items():
        units = (
            in_currency.loc[in_currency["kind"] == kind].groupby("order_row")["original_amount_units"].sum()
        )
        sign = -1 if kind in ("refund", "chargeback") else 1
        result[f"{name}_units"] = _whole(sign * units, result.index)
    result = result.rename(columns={"sales_units": "gross_units"})
    # Nobody told us of an awaited order's payment: its first sale says that it was paid, and it should come to its amount.
    begun = orders["awaited"] & (result["gross_units"] > 0)
    result["captured_units"] = result["captured_units"].mask(begun, result["amount_units"])

    fees = own[own["kind"] == "fee"]
    without = fees["amount_excl_tax_units"].fillna(
        fees["settled_amount_units"] - fees["tax_amount_units"].fillna(0)
    )
    currency = fees["currency"].where(fees["currency"] != "", fees["settlement_currency"])
    fees = fees.assign(fees_units=-without, vat_units=-fees["tax_amount_units"], invoice_currency=currency)
    _sums(result, fees, ["fees_units", "vat_units"], "invoice_currency")
    _sums(result, own.assign(net_units=own["settled_amount_units"]), ["net_units"], "settlement_currency")
    groups = own.groupby("order_row")
    result["settlement_ids"] = _texts(groups["settlement_id"].agg(_listed), result.index)
    dated = own[own["date"] != ""].groupby("order_row")["date"]
    result["first_date"] = _texts(dated.min(), result.index)
    result["last_date"] = _texts(dated.max(), result.index)
    result["lines"] = _whole(groups.size(), result.index)
    result["open_units"] = (result["captured_units"] - result["gross_units"]).clip(lower=0)
    result["status"] = _status(result, own, orders)
    return result.reset_index()


def _status(result: pd.DataFrame, own: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    sales = own[own["kind"] == "sale"]
    foreign = sales.loc[sales["original_currency"] != sales["order_currency"], "order_row"]
    # A sale without a transaction reference is a transaction of its own.
    single = sales["transaction_id"].where(
        sales["transaction_id"] != "", "line " + sales["line"].astype("str")
    )
    sums = sales.assign(single=single).groupby(["order_row", "single"])["original_amount_units"].sum()
    each = sums.reset_index().merge(orders["amount_units"], left_on="order_row", right_index=True)
    whole = each[each["original_amount_units"] >= each["amount_units"]].groupby("order_row").size()
    lines = sales.groupby("order_row").size()

    gross, captured = result["gross_units"], result["captured_units"]
    base = gross.where(gross > 0, captured)
    paid = orders["paid"] | (captured > 0)
    lost = result["chargebacks_units"] - result["won_units"]
    tests = [
        result.index.isin(foreign),
        _whole(whole, result.index) >= 2,
        (gross > 0) & ~paid,
        lost > 0,
        result["chargebacks_units"] > 0,
        (result["refunds_units"] > 0) & (result["refunds_units"] >= base),
        result["refunds_units"] > 0,
        gross > captured,
        (gross > 0) & (gross < captured) & (_whole(lines, result.index) >= orders["captures"]) & ~orders["awaited"],
        (gross > 0) & (gross < captured),
        (gross > 0) & (gross == captured),
        paid,
        orders["awaited"],
    ]
    # the first test that holds decides
    first = np.argmax(
        [*(np.asarray(test, dtype=bool) for test in tests), np.ones(len(result), dtype=bool)], axis=0
    )
    return pd.Series([STATUSES[place] for place in first], index=result.index, dtype="str")


def _sums(result: pd.DataFrame, lines: pd.DataFrame, columns: list[str], currency: str) -> None:
    """Adds the sums of `columns` per order, NA where the lines are in several currencies, and which they are."""
    groups = lines.groupby("order_row")
    result[currency] = _texts(groups[currency].agg(_listed), result.index)
    mixed = result[currency].str.contains(", ", regex=False)
    for column in columns:
        result[column] = _whole(groups[column].sum(), result.index).astype("Int64").mask(mixed)


def _listed(values: pd.Series) -> str:
    return ", ".join(sorted({value for value in values if value}))


def _whole(units: pd.Series, index: pd.Index) -> pd.Series:
    return units.reindex(index).fillna(0).astype("int64")


def _texts(texts: pd.Series, index: pd.Index) -> pd.Series:
    return texts.reindex(index).fillna("").astype("str")
