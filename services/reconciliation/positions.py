"""Where orders stand, computed from the lines matched to them and written beside them."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from services.reconciliation.classify import LINE_COLUMNS, classify
from services.store import Connection
from services.store import positions as rows

_SHARED = ("amount_excl_tax_units", "tax_amount_units", "settled_amount_units")


def refresh(tx: Connection, orders: Iterable[int], captures: Mapping[int, int] | None = None) -> None:
    """Write where these orders stand. ``captures``: how many each has, where that is newly known."""
    wanted = sorted(set(orders))
    if wanted:
        rows.put(tx, compute(tx, wanted, captures))


def compute(tx: Connection, orders: Iterable[int], captures: Mapping[int, int] | None = None) -> pd.DataFrame:
    """Where these orders stand, as ``classify`` says."""
    wanted = list(orders)
    facts = rows.order_facts(tx, wanted)
    if captures:
        facts["captures"] = [
            captures.get(order, known) for order, known in zip(facts["order"], facts["captures"], strict=True)
        ]
    lines, split = rows.matched_lines(tx, wanted), rows.split_lines(tx, wanted)
    return classify(pd.concat([lines, allotted(split)], ignore_index=True) if len(split) else lines, facts)


def allotted(shares: pd.DataFrame) -> pd.DataFrame:
    """Split lines, one row for each share with its part of every amount: LINE_COLUMNS from those and ``units``.

    The parts of an amount are in proportion to the shares and add up to it: what is left over by rounding goes, a unit
    at a time, to the largest remainders.
    """
    shares = shares.reset_index(drop=True)
    for _, places in shares.groupby("id").groups.items():
        weights = [int(units) for units in shares.loc[places, "units"]]
        for name in _SHARED:
            whole = shares.loc[places[0], name]
            if not pd.isna(whole):
                shares.loc[places, name] = np.array(divided(int(whole), weights), dtype="int64")
    shares["original_amount_units"] = shares["units"].astype("Int64")
    return shares[list(LINE_COLUMNS)]


def divided(whole: int, weights: list[int]) -> list[int]:
    """An amount in parts that are in proportion to the weights (all of one sign) and add up to it."""
    sizes = [abs(weight) for weight in weights]
    total = sum(sizes) or 1
    sizes = sizes if sum(sizes) else [1] + [0] * (len(weights) - 1)
    parts = [abs(whole) * size // total for size in sizes]
    remainders = [abs(whole) * size % total for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: abs(whole) - sum(parts)]:
        parts[place] += 1
    return parts if whole >= 0 else [-part for part in parts]
