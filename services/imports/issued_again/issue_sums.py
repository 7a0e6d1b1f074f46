"""What the lines of an issue come to, and whether it is whole: its lines make its own payout line."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from services.payouts import states
from services.payouts.figures import OperationAmounts, amounts
from services.store.payouts.rows import PayoutFigures
from services.store.settlements.lines.line_totals import TWICE

Of = tuple[str, str, str]  # settlement currency, operation code, kind
Sums = Mapping[Of, tuple[int, int, int]]  # lines, units of 1/10000, and how many lines have no amount


@dataclass(frozen=True)
class Figure:
    """What an issue of a payout comes to in one currency, by the rules that its row is worked out by (``services.payouts``)."""

    currency: str
    payout: PayoutFigures

    @property
    def ties(self) -> bool:
        return states.state_of(self.payout, self.currency) in ("tied", "carried_forward")

    def pays(self, units: int) -> bool:
        """Whether HiPay's amount of the payout is what the issue announces."""
        listed = replace(self.payout, hipay_units=units, hipay_currency=self.currency)
        return not states.hipay_differs(listed, self.currency)


def figures(sums: Sums, sign: int) -> dict[str, Figure]:
    """By currency. ``sign``: how the account writes its payout lines (``services.payouts.figures.account_sign``)."""
    return {currency: _figure(currency, sums, sign) for currency in sorted({of[0] for of in sums})}


def _figure(currency: str, sums: Sums, sign: int) -> Figure:
    counted = [
        OperationAmounts(operation_code=code, kind=kind, lines=lines, settled_units=units, missing=missing)
        for (of, code, kind), (lines, units, missing) in sums.items()
        if of == currency and kind != TWICE and lines
    ]
    missing = sum(one.missing for one in counted)
    return Figure(currency, replace(amounts(counted, sign), missing=missing))


def is_whole(sums: Sums, sign: int) -> bool:
    """Whether the lines hold the payout's own line, and make it, in every currency."""
    found = figures(sums, sign)
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
