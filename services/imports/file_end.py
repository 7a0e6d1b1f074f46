"""Whether a file without a final line end was cut off: it is complete only if its last row's payout adds up."""

from dataclasses import dataclass, field

import pandas as pd

from services.payouts.tie_out import tie
from services.settlements.blocks import Block
from services.settlements.errors import TruncatedFile

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
            summed = lines.groupby(_OF)["settled_amount_units"].sum()
            self._sums.append(summed.reset_index(name="settled_units"))
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
        totals = pd.concat(self._sums).groupby(_OF)["settled_units"].sum().reset_index(name="settled_units")
        # Rows without an amount were set aside.
        payouts = tie(totals.assign(missing=0)).set_index(["account", "settlement_id", "currency"])["state"]
        if payouts.eq("no_payout").all():
            return True
        # A row without a payout belongs to the account: no total covers it.
        if self._last[1] and payouts[self._last] != "tied":
            raise TruncatedFile(self.line)
        return False
