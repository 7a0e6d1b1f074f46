"""The sums over lines get further measures (tax, what is not settled, transfer days) after an upgrade: in steps, line by line.

The document is there from the migration until all is done. Lines up to ``after`` count, those behind it up to ``until`` do not yet;
a change of such a line leaves its measures out. Locked by whoever changes a line, so that no line is counted twice or left out.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from services.store import meta

NAME = "line_measures"


@dataclass(frozen=True)
class LineMeasures:
    """``phase``: lines are measured; then lines, and orders, up to the id ``searched`` are searched for transactions that are counted
    twice."""

    after: int
    until: int
    phase: Literal["measuring", "lines", "orders"] = "measuring"
    searched: int = 0

    def uncounted(self, ids: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these lines do not count yet."""
        found: NDArray[np.bool_] = (ids > self.after) & (ids <= self.until)
        return found


def under_way(tx: Connection) -> LineMeasures | None:
    """The state; None where it is over, or there was nothing to do. In a writing transaction nobody else changes it before the end."""
    found: Mapping[str, Any] = meta.document(tx, NAME)
    return LineMeasures(**found) if found else None


def change(tx: Connection, state: LineMeasures | None) -> None:
    """Store the state; None: it is over."""
    if state is None:
        meta.drop(tx, NAME)
    else:
        meta.put_document(tx, NAME, asdict(state))
