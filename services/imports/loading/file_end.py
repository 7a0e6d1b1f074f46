"""Whether a file without a final line end was cut off: it is complete only if its last row's payout adds up."""

from collections import defaultdict
from dataclasses import dataclass, field

import pandas as pd

from services.payouts import states
from services.payouts.figures import OperationAmounts, amounts_together
from services.settlements.blocks import Block
from services.settlements.errors import TruncatedFile
from services.store.settlements.lines.line_totals import says_unsettled

_OF = ["account", "settlement_id", "settlement_currency", "kind", "operation_code"]


@dataclass
class FileEnd:
    """`line`: of the last row, if no line end closes it, else 0. ``note`` is called with every block of the file."""

    line: int
    _sums: list[pd.DataFrame] = field(default_factory=list)
    _last: tuple[str, str, str] | None = None  # account, payout and currency of the last row
    _doubtful: set[str] = field(default_factory=set)  # payouts of which a row was set aside

    def note(self, block: Block) -> None:
        if not self.line:
            return
        if any(row.line == self.line and not row.blocking for row in block.set_aside):
            self.line = 0  # a total, or the column names: no money is cut off
            return
        self._doubtful |= {row.settlement_id for row in block.set_aside if row.blocking}
        lines = block.frame()
        if len(lines):
            units = lines["settled_amount_units"]
            unsettled = units.where(lines["settled"].map(says_unsettled), 0)
            of = lines[_OF].assign(settled_units=units, unsettled_units=unsettled)
            self._sums.append(of.groupby(_OF, as_index=False).sum())
            last = lines.iloc[-1]
            if last["line"] == self.line:
                self._last = (last["account"], last["settlement_id"], last["settlement_currency"])

    def refuse(self) -> bool:
        """Raises TruncatedFile if the last row's payout does not add up. True if nobody can know: the file announces no
        payout, or rows of the last payout were set aside."""
        if not self.line:
            return False
        if self._last is None or self._doubtful & {"", self._last[1]}:
            return True
        payouts = defaultdict[tuple[str, str, str], list[OperationAmounts]](list)
        for row in pd.concat(self._sums).groupby(_OF, as_index=False).sum().to_dict("records"):
            # Rows without an amount were set aside.
            payouts[row["account"], row["settlement_id"], row["settlement_currency"]].append(
                OperationAmounts(
                    kind=row["kind"],
                    operation_code=row["operation_code"],
                    settled_units=int(row["settled_units"]),
                    unsettled_units=int(row["unsettled_units"]),
                )
            )
        found = amounts_together(payouts)
        if all(one.announced_units is None for one in found.values()):
            return True
        # A row without a payout belongs to the account: no total covers it.
        if self._last[1]:
            last = found[self._last]
            if states.difference(last) != 0 or states.parts_differ(last):
                raise TruncatedFile(self.line)
        return False
