"""Positions of orders: computed from the lines matched to them, and stored."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services import money
from services.payouts import counted_twice
from services.reconciliation.matching.lookup import array
from services.reconciliation.matching.order_status import (
    FIGURES,
    LINE_COLUMNS,
    OPEN_STATUSES,
    classify,
)
from services.store import Connection
from services.store.settlements import acceptances, positions
from services.store.settlements.acceptances import ValidAcceptance

_SHARED = {  # of which currency each amount is
    "original_amount_units": "original_currency", "amount_excl_tax_units": "currency", "tax_amount_units": "currency",
    "settled_amount_units": "settlement_currency",
}  # fmt: skip


def refresh(tx: Connection, orders: Iterable[int], captures: Mapping[int, int] | None = None) -> None:
    """Write the positions of these orders. ``captures``: how many each has, where that is newly known."""
    wanted = sorted(set(orders))
    if wanted:
        put(tx, compute(tx, wanted, captures))


def put(tx: Connection, found: Mapping[str, pa.Array]) -> None:
    """Write positions, and which of their transactions payouts count twice."""
    positions.put_positions(tx, found)
    counted_twice.refresh_positions(tx, found)


def compute(
    tx: Connection, orders: Iterable[int], captures: Mapping[int, int] | None = None
) -> dict[str, pa.Array]:
    """The positions of these orders by ``classify``, with ``accepted``, the acceptance that applies, and whether each is
    ``open``."""
    wanted = list(orders)
    facts = positions.order_facts(tx, wanted)
    if captures:
        known = zip(facts["order"].to_pylist(), facts["captures"].to_pylist(), strict=True)
        facts["captures"] = pa.array([captures.get(order, count) for order, count in known], pa.int64())
    lines, split = positions.matched_lines(tx, wanted), positions.split_lines(tx, wanted)
    if split is not None and len(split):
        shares = allotted(split)
        lines = {
            name: pa.concat_arrays([cells, array(shares[name], cells.type)]) for name, cells in lines.items()
        }
    return _opened(classify(lines, facts), acceptances.valid(tx, wanted))


def _opened(found: dict[str, pa.Array], accepted: Mapping[int, ValidAcceptance]) -> dict[str, pa.Array]:
    """The positions with `accepted` and `open`: an acceptance applies only to the figures that the person saw."""
    opened = pc.or_(
        pc.is_in(found["status"], pa.array(OPEN_STATUSES, pa.large_string())),
        pc.greater(found["open_units"], 0),
    )
    applying: list[int | None] = [None] * len(opened)
    for place, order in enumerate(found["order"].to_pylist() if accepted else ()):
        one = accepted.get(order)
        if one is not None and opened[place].as_py():
            row = {name: found[name][place].as_py() for name in FIGURES}
            applying[place] = one.id if one.figures == row else None
    acceptance = pa.array(applying, pa.int64())
    return {**found, "accepted": acceptance, "open": pc.and_(opened, acceptance.is_null())}


def figures(position: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a position that a person accepts."""
    return {name: position[name] for name in FIGURES}


def allotted(shares: pd.DataFrame) -> pd.DataFrame:
    """Split lines, one row for each share with its part of every amount: LINE_COLUMNS from those, ``units`` and ``own``.

    ``units``: for a line that is split itself (``own``) the parts of its original amount, for a line that follows it the
    proportions. The parts of an amount add up to it.
    """
    shares = shares.reset_index(drop=True)
    for _, places in shares.groupby("id").groups.items():
        first = shares.loc[places[0]]
        weights = [int(units) for units in shares.loc[places, "units"]]
        for name, currency in _SHARED.items():
            whole = first[name]
            if not pd.isna(whole):
                step = money.step(first[currency] or first["settlement_currency"])
                shares.loc[places, name] = np.array(divided(int(whole), weights, step), dtype="int64")
    own = shares["own"].to_numpy(dtype=bool)
    original = shares["original_amount_units"]
    shares["original_amount_units"] = original.where(~own, shares["units"].astype("Int64"))
    return shares[list(LINE_COLUMNS)]


def divided(whole: int, weights: list[int], step: int = 1) -> list[int]:
    """An amount in parts that are in proportion to the weights (all of one sign) and add up to it.

    Each part is a multiple of ``step``, the smallest amount of the currency: steps left over by rounding go one by one to the
    largest remainders, and the rest that is no whole step goes to the largest part.
    """
    sizes = [abs(weight) for weight in weights]
    sizes = sizes if sum(sizes) else [1] + [0] * (len(weights) - 1)
    total, (steps, rest) = sum(sizes), divmod(abs(whole), step)
    parts = [steps * size // total for size in sizes]
    remainders = [steps * size % total for size in sizes]
    by_remainder = sorted(range(len(sizes)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: steps - sum(parts)]:
        parts[place] += 1
    parts = [part * step for part in parts]
    parts[parts.index(max(parts))] += rest
    return parts if whole >= 0 else [-part for part in parts]
