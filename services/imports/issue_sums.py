"""What the lines of an issue come to, and whether it is whole: its lines make its own payout line."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.store.settlements.line_totals import TWICE

Of = tuple[str, str, str]  # settlement currency, operation code, kind
Sums = Mapping[Of, tuple[int, int, int]]  # lines, units of 1/10000, and how many lines have no amount
_PAYOUT = ("settlement", "splitting_settlement", "split_settlement")  # the first that an issue has


@dataclass(frozen=True)
class Figure:
    """An issue of a payout in one currency. ``units``: of the lines that are no totals; ``announced``: its payout line, above zero
    where the merchant receives, None without one; ``missing``: lines without an amount."""

    lines: int
    units: int
    announced: int | None
    missing: int

    @property
    def ties(self) -> bool:
        return not self.missing and self.announced == self.units


def figures(sums: Sums) -> dict[str, Figure]:
    """By currency."""
    return {currency: _figure(currency, sums) for currency in sorted({of[0] for of in sums})}


def _figure(currency: str, sums: Sums) -> Figure:
    here = {of: one for of, one in sums.items() if of[0] == currency and of[2] != TWICE}
    lines, missing = (sum(one[place] for one in here.values()) for place in (0, 2))
    units = sum(one[1] for of, one in here.items() if of[2] != "control")
    totals = {of[1]: one[1] for of, one in here.items() if of[2] == "control" and one[0]}
    announced = next((totals[code] for code in _PAYOUT if code in totals), None)
    if announced is None and "deferred_settlement" in totals:  # carried forward: it pays nothing
        announced = units if units in (0, 2 * totals["deferred_settlement"]) else 0
    if announced is not None and announced == -units and units > 0:
        announced = units  # HiPay may write a payout as what leaves its balance
    return Figure(lines, units, announced, missing)


def is_whole(sums: Sums) -> bool:
    """Whether the lines hold the payout's own line, and make it, in every currency."""
    found = figures(sums)
    return bool(found) and all(one.ties for one in found.values())


def of_lines(lines: Mapping[str, pa.Array] | pd.DataFrame) -> Sums:
    """The sums of lines with ``settlement_currency``, ``operation_code``, ``kind`` and ``settled_amount_units``."""
    names = ["settlement_currency", "operation_code", "kind"]
    units = pa.array(lines["settled_amount_units"], pa.int64())
    table = pa.table(
        {**{name: pa.array(lines[name]) for name in names}, "units": units, "missing": units.is_null()}
    )
    every = pc.CountOptions(mode="all")
    found = table.group_by(names).aggregate([("missing", "sum"), ("units", "sum"), ("units", "count", every)])
    return {
        (row["settlement_currency"], row["operation_code"], row["kind"]): (
            row["units_count"],
            row["units_sum"] or 0,
            row["missing_sum"],
        )
        for row in found.to_pylist()
    }


def added(*several: Sums, sign: int = 1) -> Sums:
    """The first sums with the others added, or with -1 taken away."""
    found: dict[Of, tuple[int, int, int]] = dict(several[0])
    for one in several[1:]:
        for of, cells in one.items():
            before = found.get(of, (0, 0, 0))
            found[of] = (
                before[0] + sign * cells[0],
                before[1] + sign * cells[1],
                before[2] + sign * cells[2],
            )
    return {of: cells for of, cells in found.items() if cells[0]}
