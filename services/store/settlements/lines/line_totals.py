"""Stored sums over lines, changed in the transaction of every change of a line."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from sqlalchemy import Connection, and_, bindparam, case, delete, func, or_, select, update

from services.store.frames import coded, text_cells
from services.store.in_list import among
from services.store.locks import insert_or
from services.store.payouts import versions
from services.store.payouts.sums import LineSum
from services.store.schema.payout_lines import line_totals
from services.store.settlements.lines import line_measures
from services.store.settlements.lines.line_codes import distinct
from services.store.settlements.lines.line_days import day_number

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
# What a line's sums are made from besides; of a stored line also its ``id``.
MEASURED = (
    "settled_amount_units", "date", "amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units", "currency",
    "settled", "transfer", "date_value",
)  # fmt: skip
_SUMS = ("lines", "missing", "settled_units", "moved_units")
_MEASURES = (
    "tax_units",
    "unsettled_lines",
    "unsettled_units",
)  # counted of lines that line_measures has passed
_LATEST = ("last_transfer", "last_value")
# How a file says that a line is not settled.
_UNSETTLED = frozenset({"0", "no", "non", "false", "faux"})

TWICE = (
    "twice"  # the kind of lines that a person decided are counted twice: they are not part of their payout
)

BALANCE = "balance"  # the kind of lines that move a balance between payouts


def counted(lines: pd.DataFrame, outcome: "pd.Series[str]", reason: "pd.Series[str]") -> pd.DataFrame:
    """Lines as they are summed with this outcome, for this reason."""
    twice = (reason == "twice_by_hand").to_numpy()
    return lines.assign(outcome=outcome.to_numpy(), kind=lines["kind"].mask(twice, TWICE))


class Sums:
    """What lines add to ``line_totals``: made for many lines at once, written for some of them at a time.

    ``lines``: the columns of TOTAL and MEASURED; of stored lines ``id``, too.
    """

    def __init__(self, lines: pd.DataFrame | Mapping[str, pa.Array]) -> None:
        texts = {name: coded(lines[name]) for name in TOTAL}
        texts["operation"] = _without_code(texts["operation"], texts["operation_code"])
        groups = distinct(list(texts.values()))
        self._group, self._cells = groups.places, groups.keys
        settled = _Units(lines["settled_amount_units"])
        self._units, self._missing = settled.values, ~settled.known
        self._tax = _tax_within(lines, texts["kind"], settled)
        self._unsettled = _where(coded(lines["settled"]), says_unsettled)
        self._latest = {"last_transfer": _days(lines["transfer"]), "last_value": _days(lines["date_value"])}
        self._ids: NDArray[np.int64] | None = np.asarray(lines["id"], np.int64) if "id" in lines else None
        dates = coded(lines["date"])
        days = dates.dictionary.to_pylist()
        self._dates = [*sorted(days), ""]  # in the order of the texts, and of the days
        rank = {day: place for place, day in enumerate(self._dates[:-1])}
        ranks = np.array([rank[day] for day in days], dtype=np.int64)
        self._date: NDArray[np.int64] = ranks[dates.indices.to_numpy()]

    def write(
        self, tx: Connection, part: slice = slice(None), sign: int = 1, *, hidden: bool = False
    ) -> None:
        """Count these lines in, or with -1 out. ``hidden``: they are of the file that is imported; of others, the payouts are
        behind from now on."""
        rows = [
            {name: sign * cell if name in (*_SUMS, *_MEASURES) else cell for name, cell in row.items()}
            for row in self._rows(part, self._counted_measures(tx, part))
        ]
        _add_totals(tx, sorted(rows, key=lambda row: tuple(str(row[name]) for name in TOTAL)), sign)
        if not hidden:
            versions.grow_payouts(tx, {(row["account"], row["settlement_id"]) for row in rows})
            balances = [row for row in rows if row["kind"] == BALANCE]
            versions.grow_carried(tx, {(row["account"], row["settlement_currency"]) for row in balances})

    def line_sums(self) -> list[LineSum]:
        """What all of these lines come to."""
        unused = ("operation", "settlement_currency", "moved_units", "unsettled_lines")
        return [
            LineSum(
                currency=row["settlement_currency"],
                **{name: cell for name, cell in row.items() if name not in unused},
            )
            for row in self._rows(slice(None), np.ones(len(self._group), bool))
        ]

    def _rows(self, part: slice, measured: NDArray[np.bool_]) -> list[dict[str, Any]]:
        """The columns of ``line_totals`` for these lines. ``measured``: those of which the measures are counted."""
        group, units, day = self._group[part], self._units[part], self._date[part]
        size = len(self._cells)
        count = np.bincount(group, minlength=size)
        missing = np.bincount(group[self._missing[part]], minlength=size)
        settled, moved = _summed(group, units, size), _summed(group, abs(units), size)
        first, last = np.full(size, len(self._dates)), np.full(size, -1)
        dated = day >= (1 if self._dates[0] == "" else 0)  # not the empty text
        np.minimum.at(first, group[dated], day[dated])
        np.maximum.at(last, group[dated], day[dated])
        days = [*self._dates, ""]
        measures = self._measures(part, measured)
        return [
            {
                **self._key(one),
                "lines": int(count[one]),
                "missing": int(missing[one]),
                "settled_units": int(settled[one]),
                "moved_units": int(moved[one]),
                "first_date": days[first[one]],
                "last_date": days[last[one]],
                **{name: int(measures[name][one]) for name in (*_MEASURES, *_LATEST)},
            }
            for one in count.nonzero()[0].tolist()
        ]

    def measure(self, tx: Connection) -> None:
        """Count the measures in of lines that were counted before there were any."""
        measures = self._measures(slice(None), np.ones(len(self._group), bool))
        rows = [
            {
                **{f"of_{name}": cell for name, cell in self._key(one).items()},
                **{f"new_{name}": int(measures[name][one]) for name in (*_MEASURES, *_LATEST)},
            }
            for one in range(len(self._cells))
        ]
        if not rows:
            return
        total = line_totals.c
        new = {name: bindparam(f"new_{name}", type_=total[name].type) for name in (*_MEASURES, *_LATEST)}
        changed = {name: total[name] + new[name] for name in _MEASURES}
        changed |= {name: _later(new[name], total[name]) for name in _LATEST}
        same = (total[name] == bindparam(f"of_{name}") for name in TOTAL)
        tx.execute(update(line_totals).where(*same).values(changed), rows)

    def _key(self, one: int) -> dict[str, Any]:
        return {**dict(zip(TOTAL, self._cells[one], strict=True)), "file": int(self._cells[one][0])}

    def _counted_measures(self, tx: Connection, part: slice) -> NDArray[np.bool_]:
        """Of which of these lines the measures are counted, or are to be from now on."""
        if self._ids is None or (left := line_measures.under_way(tx)) is None:
            return np.ones(len(self._group[part]), bool)
        return ~left.uncounted(self._ids[part])

    def _measures(self, part: slice, counted: NDArray[np.bool_]) -> dict[str, NDArray[np.int64]]:
        group, size = self._group[part], len(self._cells)
        unsettled = self._unsettled[part] & counted
        found = {
            "tax_units": _summed(group[counted], self._tax[part][counted], size),
            "unsettled_lines": np.bincount(group[unsettled], minlength=size),
            "unsettled_units": _summed(group[unsettled], self._units[part][unsettled], size),
        }
        for name in _LATEST:
            found[name] = np.zeros(size, np.int64)
            np.maximum.at(found[name], group, self._latest[name][part])
        return found


class _Units:
    """Amounts, 0 where one is not known."""

    def __init__(self, column: Any) -> None:
        units = pa.array(column, pa.int64())
        self.values: NDArray[np.int64] = units.fill_null(0).to_numpy(zero_copy_only=False)
        self.known: NDArray[np.bool_] = units.is_valid().to_numpy(zero_copy_only=False)


def _tax_within(lines: Any, kind: pa.DictionaryArray, settled: _Units) -> NDArray[np.int64]:
    """The tax of fees that is a part of what was settled: of an invoice in the currency of the payout, whose amount with tax was
    settled."""
    without, tax, whole = (
        _Units(lines[name]) for name in ("amount_excl_tax_units", "tax_amount_units", "amount_incl_tax_units")
    )
    alike = pc.equal(text_cells(lines["currency"]), text_cells(lines["settlement_currency"]))
    fee = _where(kind, "fee".__eq__) & alike.to_numpy(zero_copy_only=False) & settled.known
    units = np.where(tax.known, tax.values, settled.values - without.values)
    # what was settled is the amount with tax by its own column, or since it is the sum of the other two
    within = (whole.known & tax.known & (whole.values == settled.values)) | (
        without.known & (without.values + units == settled.values)
    )
    return np.where(fee & within & (tax.known | without.known), units, 0)


def says_unsettled(text: str) -> bool:
    """Whether a cell of the column Settled says that the line is not settled."""
    return text.strip().casefold() in _UNSETTLED


def _where(column: pa.DictionaryArray, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
    """Of which texts it holds."""
    found: NDArray[np.bool_] = np.array([holds(text) for text in column.dictionary.to_pylist()], bool)[
        column.indices.to_numpy()
    ]
    return found


def _without_code(operation: pa.DictionaryArray, code: pa.DictionaryArray) -> pa.DictionaryArray:
    """The words of an operation where it has no code, else ""."""
    words = operation.dictionary.to_pylist()
    places = np.where(_where(code, bool), len(words), operation.indices.to_numpy()).astype(np.int32)
    return pa.DictionaryArray.from_arrays(places, pa.array([*words, ""], pa.large_string()))


def _days(column: Any) -> NDArray[np.int64]:
    dates = coded(column)
    days = [day_number(text) for text in dates.dictionary.to_pylist()]
    found: NDArray[np.int64] = np.array(days, np.int64)[dates.indices.to_numpy()]
    return found


def _summed(group: NDArray[np.int64], units: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    found = np.zeros(size, np.int64)
    np.add.at(found, group, units)
    return found


def _later(new: Any, known: Any) -> Any:
    return case((new > known, new), else_=known)


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
            **{name: total[name] + new[name] for name in (*_SUMS, *_MEASURES)},
            "first_date": case((earlier, new.first_date), else_=total.first_date),
            **{name: _later(new[name], total[name]) for name in ("last_date", *_LATEST)},
        },
    )
    tx.execute(statement, rows)
    if sign < 0:
        tx.execute(delete(line_totals).where(total.lines == 0))


def having_lines(tx: Connection, account: str, settlements: Collection[str], other_than: int) -> list[str]:
    """Those of these settlements of which other files have valid lines."""
    here = line_totals.c
    query = select(here.settlement_id).where(
        here.account == account,
        among(tx, here.settlement_id, settlements),
        here.file != other_than,
        here.lines > 0,
    )
    return sorted(tx.scalars(query.distinct()))


def of_payout(
    tx: Connection, account: str, settlement: str, other_than: int
) -> dict[tuple[str, str, str], tuple[int, int, int]]:
    """What the valid lines of a settlement in other files come to: by currency, operation code and kind how many there are,
    their units, and how many have no amount."""
    here = line_totals.c
    of = (here.settlement_currency, here.operation_code, here.kind)
    sums = (func.sum(one) for one in (here.lines, here.settled_units, here.missing))
    query = select(*of, *sums).where(
        here.account == account, here.settlement_id == settlement, here.file != other_than
    )
    return {
        (row[0], row[1], row[2]): (int(row[3]), int(row[4]), int(row[5]))
        for row in tx.execute(query.group_by(*of))
    }


def balances_of(tx: Connection, file: int) -> set[tuple[str, str]]:
    """In which accounts and currencies lines of the file move a balance between payouts."""
    here = line_totals.c
    query = select(here.account, here.settlement_currency).where(here.file == file, here.kind == BALANCE)
    return {(row[0], row[1]) for row in tx.execute(query.distinct())}


def remove_totals(tx: Connection, file: int) -> None:
    tx.execute(delete(line_totals).where(line_totals.c.file == file))
