"""A settlement file to its lines: ids with every digit, exact amounts, and each row that is no line set aside."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from services import money
from services.settlements import amounts, dates, operations
from services.settlements.columns import AMOUNTS, COLUMNS, CURRENCIES, DATES, IDS, TEXTS
from services.settlements.dialect import Chosen, Dialect, analyse, split
from services.settlements.errors import UndecidedReading
from services.settlements.sheet import AsideRow, Header

UNITS = tuple(f"{column}_units" for column in AMOUNTS)
# 8.00006E+11: a spreadsheet kept six digits of twelve. An id of a shop may hold an E, never this plus.
_LOST = r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}"


@dataclass(frozen=True)
class DamagedCell:
    """An id in which a spreadsheet has already lost digits. The line is kept; this id joins nothing."""

    line: int
    column: str
    cell: str


@dataclass(frozen=True)
class SettlementFile:
    """`lines`, one row a line, in the file's order:

    - `line` int64, its 1-based place in the file (where its row begins)
    - the 26 columns that are not amounts, as text, "" for blank; dates ISO; currencies in capitals
    - `original_amount_units` … `settled_amount_units` Int64, 1/10000, credits to the merchant positive
    - `operation_code` ("" if unknown) and `kind` (operations.Kind)
    - `lost`: the columns of this line, separated by blanks, whose digits a spreadsheet has lost
    """

    lines: pd.DataFrame
    aside: tuple[AsideRow, ...]
    dialect: Dialect
    header: Header
    damaged: tuple[DamagedCell, ...]
    unknown_operations: tuple[str, ...]
    sha256: str

    @property
    def complete(self) -> bool:
        """No row that may hold money was set aside: only then can a settlement be proved."""
        return not any(row.blocking for row in self.aside)


def read(raw: bytes, dialect: Dialect | None = None) -> SettlementFile:
    """Read a file as detected, or as said. Raises the errors of errors.py.

    Rows that do not parse are set aside with line, column, cell and reason; the others go on.
    """
    if dialect is None:
        dialect, sheet = analyse(raw, Chosen())
    else:
        sheet = split(raw, dialect)
    decimal, debits = dialect.decimal, dialect.debits
    if decimal is None or debits is None:
        raise UndecidedReading(dialect.questions)

    cells = sheet.cells
    lines = pd.DataFrame({"line": cells["line"]})
    blank = pd.Series("", index=cells.index, dtype="str")
    for column in TEXTS:
        lines[column] = cells.get(column, blank)
    refused: list[pd.DataFrame] = []

    for column in DATES:
        if column in cells:
            lines[column], bad = _each(cells[column], partial(_date, form=dialect.date))
            if column == "transfer":  # some name the transfer here instead of dating it
                lines[column] = lines[column].mask(bad != "", cells[column])
            else:
                refused.append(_refused(cells, column, bad))
    for column in CURRENCIES:
        if column in cells:
            lines[column], bad = _each(cells[column], _currency)
            refused.append(_refused(cells, column, bad))

    named = {text: operations.operation(text) for text in lines["operation"].unique()}
    lines["operation_code"] = _text(
        lines["operation"].map({t: o.code if o else "" for t, o in named.items()})
    )
    lines["kind"] = _text(lines["operation"].map({t: o.kind if o else "unknown" for t, o in named.items()}))
    signs = lines["operation"].map({text: found.sign if found else 0 for text, found in named.items()})

    for column in AMOUNTS:
        units, bad = _units(cells.get(column, blank), decimal, dialect.thousands)
        refused.append(_refused(cells, column, bad))
        way = debits.get(column, "negative")
        if way == "inverted":
            units = -units
        elif way == "positive":
            units = units.mask(signs < 0, -units.abs())
        lines[f"{column}_units"] = units
    for column, currency in (
        ("original_amount", "original_currency"), ("settled_amount", "settlement_currency"),
    ):  # fmt: skip
        bare = (lines[currency] == "") & (lines[f"{column}_units"].fillna(0) != 0)
        refused.append(
            _refused(cells, currency, pd.Series(np.where(bare, "currency_missing", ""), cells.index))
        )

    lines["lost"], damaged = _lost(lines)
    aside, wrong = _set_aside(cells, pd.concat(refused), dialect.delimiter)
    lines = lines[~lines["line"].isin(wrong)].reset_index(drop=True)
    return SettlementFile(
        lines=lines,
        aside=tuple(sorted((*sheet.aside, *aside), key=lambda row: row.line)),
        dialect=dialect,
        header=sheet.header,
        damaged=tuple(cell for cell in damaged if cell.line not in wrong),
        unknown_operations=tuple(sorted(lines.loc[lines["operation_code"] == "", "operation"].unique())),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _text(column: pd.Series) -> pd.Series:
    return column.astype("str")


def _each(column: pd.Series, parse: Callable[[str], tuple[str, str]]) -> tuple[pd.Series, pd.Series]:
    """(text, reason) of every cell, parsing each different one once."""
    parsed = {text: parse(text) for text in column.unique()}
    return (
        _text(column.map({text: found[0] for text, found in parsed.items()})),
        column.map({text: found[1] for text, found in parsed.items()}),
    )


def _date(text: str, form: dates.Form) -> tuple[str, str]:
    iso = dates.to_iso(text, form)
    return (iso, "") if iso is not None else ("", "date_unreadable")


def _currency(text: str) -> tuple[str, str]:
    code = text.upper()
    return (code, "") if not code or money.is_currency(code) else (code, "currency_unknown")


def _units(column: pd.Series, decimal: str, thousands: str | None) -> tuple[pd.Series, pd.Series]:
    """(Int64 units, reason) of every cell; each different text is parsed once, in integers."""
    codes, distinct = pd.factorize(column)
    values, blank, reasons = [], [], []
    for text in distinct:
        try:
            values.append(amounts.to_units(text, decimal, thousands) if text else 0)
            reasons.append("")
        except amounts.Unreadable as error:
            values.append(0)
            reasons.append(error.reason)
        blank.append(not text)
    units = pd.arrays.IntegerArray(np.array(values, dtype="int64")[codes], np.array(blank, dtype=bool)[codes])
    return (
        pd.Series(units, index=column.index),
        pd.Series(np.array(reasons, dtype=object)[codes], index=column.index),
    )


def _refused(cells: pd.DataFrame, column: str, reason: pd.Series) -> pd.DataFrame:
    wrong = reason != ""
    text = cells.loc[wrong, column] if column in cells else ""
    return pd.DataFrame({"row": cells.index[wrong], "reason": reason[wrong], "column": column, "cell": text})


def _set_aside(cells: pd.DataFrame, refused: pd.DataFrame, delimiter: str) -> tuple[list[AsideRow], set[int]]:
    """One row a line, by its first wrong cell in the order of the columns."""
    refused = refused.assign(place=refused["column"].map(COLUMNS.index)).sort_values(["row", "place"])
    aside = []
    first = refused.drop_duplicates("row")
    rows = cells.loc[first["row"]]
    texts = [
        delimiter.join(row)[:1000] for row in rows.drop(columns="line").itertuples(index=False, name=None)
    ]
    for line, reason, column, cell, text in zip(
        rows["line"].tolist(), first["reason"], first["column"], first["cell"], texts, strict=True
    ):
        aside.append(AsideRow(line, reason, column, cell[:200], text))
    return aside, {row.line for row in aside}


def _lost(lines: pd.DataFrame) -> tuple[pd.Series, list[DamagedCell]]:
    names = pd.Series("", index=lines.index, dtype="str")
    damaged = []
    for column in IDS:
        lost = lines[column].str.fullmatch(_LOST)
        if lost.any():
            names = names.mask(lost, (names + " " + column).str.strip())
            damaged += [
                DamagedCell(line, column, cell)
                for line, cell in zip(lines.loc[lost, "line"], lines.loc[lost, column], strict=True)
            ]
    return names, sorted(damaged, key=lambda cell: cell.line)
