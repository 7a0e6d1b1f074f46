"""Stored sums over lines, changed in the transaction of every change of a line."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, case, delete, func, or_, select

from services.store.frames import text_cells
from services.store.locks import insert_or
from services.store.schema.payout_lines import line_totals
from services.store.settlements.line_codes import distinct

# By which columns of a line.
TOTAL = (
    "file",
    "account",
    "settlement_id",
    "settlement_currency",
    "kind",
    "operation_code",
    "operation",
    "outcome",
)


TWICE = (
    "twice"  # the kind of lines that a person decided are counted twice: they are not part of their payout
)


def counted(lines: pd.DataFrame, outcome: "pd.Series[str]", reason: "pd.Series[str]") -> pd.DataFrame:
    """Lines as they are summed with this outcome, for this reason."""
    twice = (reason == "twice_by_hand").to_numpy()
    return lines.assign(outcome=outcome.to_numpy(), kind=lines["kind"].mask(twice, TWICE))


class Sums:
    """What lines add to ``line_totals``: made for many lines at once, written for some of them at a time.

    ``lines``: the columns of TOTAL, ``settled_amount_units`` and ``date``.
    """

    def __init__(self, lines: pd.DataFrame | Mapping[str, pa.Array]) -> None:
        texts = {name: text_cells(lines[name]) for name in TOTAL}
        known = pc.not_equal(texts["operation_code"], "")
        texts["operation"] = pc.if_else(known, pa.scalar("", pa.large_string()), texts["operation"])
        groups = distinct(list(texts.values()))
        self._group, self._cells = groups.places, groups.keys
        units = pa.array(lines["settled_amount_units"], pa.int64())
        self._units: NDArray[np.int64] = units.fill_null(0).to_numpy()
        self._missing: NDArray[np.bool_] = units.is_null().to_numpy(zero_copy_only=False)
        coded = text_cells(lines["date"]).dictionary_encode()
        days = coded.dictionary.to_pylist()
        self._days = [*sorted(days), ""]  # in the order of the texts, and of the days
        rank = {day: place for place, day in enumerate(self._days[:-1])}
        ranks = np.array([rank[day] for day in days], dtype=np.int64)
        self._day: NDArray[np.int64] = ranks[coded.indices.to_numpy()]

    def write(self, tx: Connection, part: slice = slice(None), sign: int = 1) -> None:
        """Count these lines in, or with -1 out."""
        group, units, day = self._group[part], self._units[part], self._day[part]
        size = len(self._cells)
        count = np.bincount(group, minlength=size)
        missing = np.bincount(group[self._missing[part]], minlength=size)
        settled, moved = np.zeros(size, np.int64), np.zeros(size, np.int64)
        np.add.at(settled, group, units)
        np.add.at(moved, group, abs(units))
        first, last = np.full(size, len(self._days)), np.full(size, -1)
        dated = day >= (1 if self._days[0] == "" else 0)  # not the empty text
        np.minimum.at(first, group[dated], day[dated])
        np.maximum.at(last, group[dated], day[dated])
        days = [*self._days, ""]
        rows = [
            {
                **dict(zip(TOTAL, self._cells[one], strict=True)),
                "file": int(self._cells[one][0]),
                "lines": sign * int(count[one]),
                "missing": sign * int(missing[one]),
                "settled_units": sign * int(settled[one]),
                "moved_units": sign * int(moved[one]),
                "first_date": days[first[one]],
                "last_date": days[last[one]],
            }
            for one in count.nonzero()[0]
        ]
        _add_totals(tx, sorted(rows, key=lambda row: tuple(str(row[name]) for name in TOTAL)), sign)


def _add_totals(tx: Connection, rows: list[dict[str, Any]], sign: int) -> None:
    if not rows:
        return
    total = line_totals.c
    statement = insert_or(tx, line_totals)
    new = statement.excluded
    earlier = and_(new.first_date != "", or_(total.first_date == "", new.first_date < total.first_date))
    statement = statement.on_conflict_do_update(
        index_elements=list(TOTAL),
        set_={
            **{
                name: total[name] + new[name] for name in ("lines", "missing", "settled_units", "moved_units")
            },
            "first_date": case((earlier, new.first_date), else_=total.first_date),
            "last_date": case((new.last_date > total.last_date, new.last_date), else_=total.last_date),
        },
    )
    tx.execute(statement, rows)
    if sign < 0:
        tx.execute(delete(line_totals).where(total.lines == 0))


def count_valid(tx: Connection, account: str, settlement: str, other_than: int) -> int:
    """How many lines of a settlement are valid, without those of one file."""
    here = line_totals.c
    query = select(func.coalesce(func.sum(here.lines), 0)).where(
        here.account == account, here.settlement_id == settlement, here.file != other_than
    )
    return int(tx.scalar(query) or 0)


def remove_totals(tx: Connection, file: int) -> None:
    tx.execute(delete(line_totals).where(line_totals.c.file == file))
