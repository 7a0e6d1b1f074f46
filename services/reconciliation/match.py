"""The join of settlement lines to orders.

All keys that a line has are looked up, within its account; those that find an order must name the same one. No amount
decides a match: it only helps to name the nearest candidate of what did not match.
"""

import pandas as pd

from services.reconciliation.book import Book, MatchRules, business_ids, normalised
from services.reconciliation.nearest import suggest
from services.settlements.operations import ORDER_KINDS

OUTCOMES = ("matched", "suggested", "ambiguous", "contradictory", "unmatched", "account_level", "total_line")
# In the order in which they are named; `sale`: the Sale (else another line) of the same transaction.
KEYS = ("reference", "order_id", "transaction", "operation", "sale")
_PLACES = {key: place for place, key in enumerate(KEYS)}
RESULT = (
    "order", "order_id", "outcome", "reason", "keys", "unknown_keys", "candidates", "nearest", "nearest_id", "seen",
    "expected",
)  # fmt: skip


def match(lines: pd.DataFrame, book: Book, rules: MatchRules | None = None) -> pd.DataFrame:
    """One row a line, on the index of `lines` (SettlementFile.lines, of one or many files), columns RESULT:

    - `order` Int64 and `order_id`: the order of a matched line, NA and "" otherwise
    - `outcome`: one of OUTCOMES; `reason`: a code of explain.REASONS
    - `keys`: those that name the order, or that found one; `unknown_keys`: those that found none; blank-separated
    - `candidates`: business ids found by the keys where they are not one order, sorted, ", " between
    - `nearest` Int64, `nearest_id`: the nearest candidate of a line that is suggested or unmatched; `seen`: the text of
      the line that comes near it, `expected`: the order's text

    Does not depend on the order of the lines, nor on the file they came from.
    """
    rules = rules or MatchRules()
    index = lines.index
    lines = lines.reset_index(drop=True)
    account = lines["account"].map(lambda text: rules.accounts.get(text, text)).astype("str")
    keyed = _keyed(lines, account, rules)
    known = _known(book, rules)
    edges = _edges(keyed, known, rules.ignore)
    resolved = _resolve(edges)
    edges = pd.concat([edges, _followers(lines, account, resolved)], ignore_index=True)
    resolved = _resolve(edges)

    result = _blank(len(lines))
    hit = resolved["row"].to_numpy()
    single, none = (resolved["fitting"] == 1).to_numpy(), (resolved["fitting"] == 0).to_numpy()
    result.loc[hit, "outcome"] = "ambiguous"
    result.loc[hit, "reason"] = "several_orders"
    result.loc[hit[none], "outcome"] = "contradictory"
    result.loc[hit[none], "reason"] = "keys_disagree"
    result.loc[hit[single], "outcome"] = "matched"
    result.loc[hit[single], "order"] = resolved.loc[single, "order"].to_numpy()
    result["order_id"] = business_ids(book, result["order"])

    hits, tried = _slot(edges), _slot(keyed)
    result["keys"] = _names(hits, result.index)
    result["unknown_keys"] = _names(tried[~tried.isin(hits)], result.index)
    result.loc[result["outcome"] == "matched", "reason"] = "keys_agree"
    result.loc[(result["outcome"] == "matched") & (result["unknown_keys"] != ""), "reason"] = (
        "one_key_unknown"
    )
    result.loc[(result["outcome"] == "matched") & (result["keys"] == "sale"), "reason"] = "follows_sale"
    open_rows = result.index[result["outcome"].isin(["ambiguous", "contradictory"])]
    result.loc[open_rows, "candidates"] = _candidates(edges, book).reindex(open_rows)

    kind = lines["kind"]
    no_key = ~result.index.isin(keyed["row"])
    unjoined = result["outcome"] == "unmatched"
    # What belongs to no order unless a key says so; a fee of a transaction goes with its Sale.
    general = kind.isin(["reserve", "adjustment", "transfer", "balance"]) | (
        kind.isin(["fee", "unknown"]) & no_key
    )
    result.loc[unjoined & general, ["outcome", "reason"]] = ["account_level", "no_order_of_its_own"]
    result.loc[unjoined & ~general, "reason"] = "nothing_found"
    result.loc[unjoined & ~general & no_key, "reason"] = "no_key"
    control = kind == "control"
    result[control] = _blank(int(control.sum())).set_index(result.index[control])
    result.loc[control, ["outcome", "reason"]] = ["total_line", "control_total"]

    left = lines[result["outcome"] == "unmatched"].assign(account_key=account, orderly=kind.isin(ORDER_KINDS))
    near = suggest(left, book, result.loc[result["outcome"] == "matched", "order"], rules)
    result.loc[near.index, near.columns] = near
    return result[list(RESULT)].set_index(index)


def _blank(count: int) -> pd.DataFrame:
    text = {name: pd.Series([""] * count, dtype="str") for name in RESULT}
    whole = {name: pd.Series([pd.NA] * count, dtype="Int64") for name in ("order", "nearest")}
    return pd.DataFrame({**text, **whole}).assign(outcome=pd.Series(["unmatched"] * count, dtype="str"))


def _keyed(lines: pd.DataFrame, account: pd.Series, rules: MatchRules) -> pd.DataFrame:
    """Every key that a line has: row, account, key, text. An id that a spreadsheet has damaged is no key."""
    columns = {"order_id": "order", "transaction": "transaction_id", "operation": "merchant_operation_id"}
    if rules.reference:
        columns["reference"] = f"reporting_data_{rules.reference}"
    parts = []
    for key, column in columns.items():
        damaged = lines["lost"].str.contains(rf"\b{column}\b", regex=True)
        there = (lines[column].str.strip() != "") & ~damaged & (lines["kind"] != "control")
        text = lines.loc[there, column]
        parts.append(
            pd.DataFrame({"row": text.index, "account": account[there], "key": key, "text": text.str.strip()})
        )
    return pd.concat(parts, ignore_index=True)


def _known(book: Book, rules: MatchRules) -> pd.DataFrame:
    """Every key by which an order is known: order, account, key, text, each once."""
    orders = book.orders
    sources = [
        ("order_id", orders["order"], orders["order_id"]),
        ("order_id", book.pages["order"], book.pages["hipay_order_id"]),
        ("transaction", book.transactions["order"], book.transactions["reference"]),
        ("operation", book.operations["order"], book.operations["operation_id"]),
    ]
    if rules.reference:
        sources.append(("reference", orders["order"], orders[f"reference_{rules.reference}"]))
    known = pd.concat(
        [
            pd.DataFrame({"order": order, "key": key, "text": text.str.strip()})
            for key, order, text in sources
        ],
        ignore_index=True,
    )
    known = known[known["text"] != ""].drop_duplicates()
    return known.merge(orders[["order", "account"]], on="order")


def _edges(keyed: pd.DataFrame, known: pd.DataFrame, ignore: frozenset[str]) -> pd.DataFrame:
    """row, key, order: exact first; a key that finds none is tried as the rules let it differ."""
    exact = keyed.merge(known, on=["account", "key", "text"])
    if not ignore:
        return exact[["row", "key", "order"]]
    free = keyed["key"].isin(["reference", "order_id"]) & ~_slot(keyed).isin(_slot(exact))
    near = keyed[free].assign(text=lambda rows: normalised(rows["text"], ignore))
    near = near.merge(known.assign(text=normalised(known["text"], ignore)), on=["account", "key", "text"])
    return pd.concat([exact, near[near["text"] != ""]], ignore_index=True)[
        ["row", "key", "order"]
    ].drop_duplicates()


def _resolve(edges: pd.DataFrame) -> pd.DataFrame:
    """Per row with a hit: `fitting`, how many orders all its keys name, and `order`, one of them."""
    voters = edges.groupby("row")["key"].nunique().rename("voters")
    votes = edges.groupby(["row", "order"]).size().rename("votes").reset_index().merge(voters, on="row")
    votes["fits"] = votes["votes"] == votes["voters"]
    best = votes.sort_values(["row", "fits", "order"], ascending=[True, False, True]).drop_duplicates("row")
    fitting = votes.groupby("row")["fits"].sum().rename("fitting")
    return best[["row", "order"]].merge(fitting, on="row")


def _followers(lines: pd.DataFrame, account: pd.Series, resolved: pd.DataFrame) -> pd.DataFrame:
    """The edges by which the lines of a transaction go with its Sale; without one, with the line that is matched.

    A transaction whose leaders name two orders leads nowhere.
    """
    damaged = lines["lost"].str.contains(r"\btransaction_id\b", regex=True)
    there = (lines["transaction_id"] != "") & ~damaged & (lines["kind"] != "control")
    members = (
        pd.DataFrame(
            {"account": account, "transaction": lines["transaction_id"], "sale": lines["kind"] == "sale"}
        )[there]
        .rename_axis("row")
        .reset_index()
    )
    leaders = members.merge(resolved.loc[resolved["fitting"] == 1, ["row", "order"]], on="row")
    group = ["account", "transaction"]
    leaders = leaders[leaders["sale"] == leaders.groupby(group)["sale"].transform("max")]
    own = leaders["row"]
    leaders = leaders[leaders.groupby(group)["order"].transform("nunique") == 1].drop_duplicates(group)
    led = members[~members["row"].isin(own)].merge(leaders[[*group, "order"]], on=group)
    return led.assign(key="sale")[["row", "key", "order"]]


def _slot(pairs: pd.DataFrame) -> pd.Series:
    """One number for a row and one of its keys."""
    # the type is said for an empty frame, whose columns have none
    return pairs["row"].astype("int64") * len(KEYS) + pairs["key"].map(_PLACES).astype("int64")


def _names(slots: pd.Series, index: pd.Index) -> pd.Series:
    """The keys of each row, in the order of KEYS, with a blank between."""
    slots = slots.drop_duplicates()
    sets = (2 ** (slots % len(KEYS))).groupby(slots // len(KEYS)).sum().reindex(index).fillna(0)
    names = {
        n: " ".join(key for key, place in _PLACES.items() if n >> place & 1) for n in range(1 << len(KEYS))
    }
    return pd.Series(sets.astype("int64").map(names), dtype="str")


def _candidates(edges: pd.DataFrame, book: Book) -> pd.Series:
    named = edges[["row", "order"]].drop_duplicates()
    named = named.assign(name=business_ids(book, named["order"]))
    return named.sort_values(["row", "name"]).groupby("row")["name"].agg(", ".join)
