"""The nearest candidate of a line that matched nothing: a suggestion, never a match by itself."""

import pandas as pd

from services.reconciliation.book import LOOSE, Book, MatchRules, business_ids, normalised
from services.settlements.columns import REFERENCES

_SHORTEST = 4  # characters a text must keep to be told apart once blanks, dashes and zeros are gone
_COLUMNS = ["outcome", "reason", "nearest", "nearest_id", "seen", "expected"]


def suggest(left: pd.DataFrame, book: Book, matched: pd.Series, rules: MatchRules) -> pd.DataFrame:
    """outcome, reason, nearest, nearest_id, seen, expected for those lines of `left` that come near an order.

    `left`: lines with `account_key` and `orderly` (a kind that must have an order); `matched`: the orders that have
    their line. A text alike but for case, blanks, dashes, zeros, its column or the suffix of a page makes one order
    `suggested`; several, or an equal amount, are only named.
    """
    by_text = _by_text(left, book, rules)
    rest = left[left["orderly"] & ~left.index.isin(by_text.index)]
    by_amount = _by_amount(rest, book, matched)
    near = pd.concat([by_text, by_amount])
    near["nearest_id"] = business_ids(book, near["nearest"])
    return near.reindex(columns=_COLUMNS)


def _by_text(left: pd.DataFrame, book: Book, rules: MatchRules) -> pd.DataFrame:
    columns = ["order", *REFERENCES]
    seen = pd.concat(
        [
            pd.DataFrame(
                {"row": left.index, "account": left["account_key"], "field": column, "seen": left[column]}
            )
            for column in columns
        ],
        ignore_index=True,
    )
    orders = book.orders[["order", "account"]]
    fields = [("order", book.orders["order"], book.orders["order_id"])]
    fields += [("order", book.pages["order"], book.pages["hipay_order_id"])]
    fields += [
        (f"reporting_data_{n}", book.orders["order"], book.orders[f"reference_{n}"]) for n in range(1, 6)
    ]
    expected = pd.concat(
        [
            pd.DataFrame({"order": order, "expected_field": name, "expected": text})
            for name, order, text in fields
        ],
        ignore_index=True,
    ).drop_duplicates(["order", "expected_field", "expected"])
    expected = expected.merge(orders, on="order").rename(columns={"account": "own"})

    # "A1-3" for a page we never committed: HiPay's id without its suffix.
    suffixed = seen[(seen["field"] == "order") & seen["seen"].str.contains(r"-[0-9]{1,2}$", regex=True)]
    suffixed = suffixed.assign(key=suffixed["seen"].str.replace(r"-[0-9]{1,2}$", "", regex=True), suffix=True)
    seen = pd.concat([seen.assign(key=seen["seen"], suffix=False), suffixed], ignore_index=True)
    seen["key"] = normalised(seen["key"], LOOSE)
    expected["key"] = normalised(expected["expected"], LOOSE)
    near = seen[seen["key"].str.len() >= _SHORTEST].merge(expected, on="key")

    reference = f"reporting_data_{rules.reference}"
    same = near["field"] == near["expected_field"]
    near["reason"] = "near_" + near["expected_field"].where(near["expected_field"] == "order", "reference")
    near.loc[~same | ~near["field"].isin(["order", reference]), "reason"] = "other_column"
    near.loc[near["suffix"], "reason"] = "page_suffix"
    near.loc[near["account"] != near["own"], "reason"] = "other_account"
    ranks = ["near_reference", "near_order", "page_suffix", "other_column", "other_account"]
    near["rank"] = near["reason"].map(ranks.index)
    near = near.sort_values(["row", "rank", "order", "seen", "expected"])
    here = near[near["reason"] != "other_account"]
    several = here.groupby("row")["order"].nunique()
    near = near.drop_duplicates("row").set_index("row").rename(columns={"order": "nearest"})
    near["outcome"] = near["reason"].ne("other_account").map({True: "suggested", False: "unmatched"})
    many = near.index.isin(several.index[several > 1])
    near.loc[many, ["outcome", "reason"]] = ["unmatched", "several_near"]
    near["nearest"] = near["nearest"].astype("Int64")
    return near[["outcome", "reason", "nearest", "seen", "expected"]]


def _by_amount(left: pd.DataFrame, book: Book, matched: pd.Series) -> pd.DataFrame:
    """The one order of the account without a line that has the amount and currency of a sale."""
    free = book.orders[~book.orders["order"].isin(matched)]
    alone = free[~free.duplicated(["account", "currency", "amount_units"], keep=False)]
    sales = left.loc[left["kind"] == "sale", ["account_key", "original_currency", "original_amount_units"]]
    near = (
        sales.rename_axis("row")
        .reset_index()
        .merge(
            alone[["order", "account", "currency", "amount_units"]],
            left_on=["account_key", "original_currency", "original_amount_units"],
            right_on=["account", "currency", "amount_units"],
        )
    )
    near = near.set_index("row").rename(columns={"order": "nearest"})
    near["nearest"] = near["nearest"].astype("Int64")
    near = near.assign(outcome="unmatched", reason="same_amount", seen="", expected="")
    return near[["outcome", "reason", "nearest", "seen", "expected"]]
