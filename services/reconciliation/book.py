"""What the join knows of our side, and the rules of an account."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

ORDER_COLUMNS: dict[str, str] = {
    "order": "int64",  # our id of the order
    "account": "str",  # the key of our account
    "order_id": "str",  # the business id
    **{f"reference_{n}": "str" for n in range(1, 6)},  # the settlement references, "" for none
    "currency": "str",
    "amount_units": "int64",
    "captured_units": "int64",
    "refunded_units": "int64",
    "charged_back_units": "int64",
    "captures": "int64",  # how many captures make captured_units
    "paid": "bool",
    "awaited": "bool",  # from the shop's own list: nobody tells us whether and what was captured
    "created_at": "str",  # ISO
}
PAGE_COLUMNS = {"order": "int64", "hipay_order_id": "str"}
TRANSACTION_COLUMNS = {"order": "int64", "reference": "str"}
OPERATION_COLUMNS = {"order": "int64", "operation_id": "str"}


def frame(rows: list[Mapping[str, object]], columns: Mapping[str, str]) -> pd.DataFrame:
    """Rows as a frame of exactly these columns and types, also when there is no row."""
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in columns.items()}
    )


@dataclass(frozen=True)
class Book:
    """Our side of the join, each frame with the columns above.

    `pages`: the ids under which HiPay knows an order ("A1", "A1-2"); `transactions`: HiPay's transaction references
    seen for it; `operations`: the ids we gave to its captures and refunds.
    """

    orders: pd.DataFrame
    pages: pd.DataFrame
    transactions: pd.DataFrame
    operations: pd.DataFrame


@dataclass(frozen=True)
class MatchRules:
    """How an account's lines are joined.

    `accounts`: the Account of a file → the key of our account; one that is not listed stands for itself.
    `reference`: which of the five references is the settlement reference, 0 for none. `ignore`: what a reference or an
    order id may differ in once no exact one was found: case, blanks, dashes, zeros (leading ones).
    """

    accounts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    reference: int = 1
    ignore: frozenset[str] = frozenset()


def normalised(texts: pd.Series, ignore: frozenset[str]) -> pd.Series:
    """Keys as the rules compare them; blanks around them never count."""
    texts = texts.str.strip()
    if "case" in ignore:
        texts = texts.str.casefold()
    if "blanks" in ignore:
        texts = texts.str.replace(r"\s+", "", regex=True)
    if "dashes" in ignore:
        texts = texts.str.replace(r"[-‐‑–—_/.]+", "", regex=True)
    if "zeros" in ignore:
        texts = texts.str.replace(r"^0+(?=.)", "", regex=True)
    return texts


LOOSE = frozenset({"case", "blanks", "dashes", "zeros"})


def business_ids(book: Book, numbers: pd.Series) -> pd.Series:
    """The business id of each order number (Int64), "" where there is none."""
    ids = book.orders.set_index("order")["order_id"]
    found = ids.reindex(numbers.fillna(-1).astype("int64")).fillna("")  # no order has a number below zero
    return pd.Series(found.to_numpy(), index=numbers.index, dtype="str")
