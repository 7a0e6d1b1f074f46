"""Reads cells as an order's amounts (one decimal sign a file), currencies, dates and languages."""

import re
from collections.abc import Collection
from datetime import datetime, time
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from services import money
from services.bulk.errors import (
    AmountUnreadable,
    DateUnreadable,
    DigitsLost,
    ErrorCell,
    FormulaCell,
    MadeDate,
    RowShifted,
    RowsSwallowed,
)
from services.bulk.table import Line, Table
from services.errors import DeskError
from services.i18n import LANGUAGES, language_name
from services.orders.drafts import local_time
from services.settlements import amounts, dates
from services.text import currency_signs
from services.text.headings import plain

EXACT_DIGITS = 15  # a spreadsheet's number has no more
DecimalSign = Literal[".", ","]


def decide(table: Table, chosen: DecimalSign | None) -> amounts.Decision:
    """The decimal sign of the whole file; a cell that is a number in the spreadsheet is no evidence for it."""
    if chosen:
        return amounts.Decision(decimal=chosen, thousands=None, reason="cell")
    return amounts.decide(line.cells["amount"] for line in table.lines if "amount" not in line.typed)


def units(line: Line, decimal: DecimalSign, code: str) -> int:
    """The amount in 1/10000, above zero, with no more decimals than its currency has.

    A currency sign in the cell must be one of the currency's. Raises AmountUnreadable, AmountError.
    """
    cell = line.cells["amount"]
    sign, thousands = (".", "") if "amount" in line.typed else (decimal, None)
    signed = currency_signs.split(cell)
    if signed.signs and signed.known and code not in signed.currencies:
        raise money.OtherCurrency(signed.written, code)
    try:
        value = amounts.to_units(cell, sign, thousands)
    except amounts.Unreadable as error:
        if error.reason == "amount_too_large":
            raise money.AmountTooLarge from None
        if error.reason == "amount_too_precise":
            raise money.TooManyDecimals(code, money.exponent(code)) from None
        raise AmountUnreadable(sign) from None
    if value <= 0:
        raise money.NotPositive
    digits = signed.bare.strip("+ ")
    if "amount" in line.typed:  # a spreadsheet's number has no thousands marks and no zeros at its end
        money.quantised(money.from_units(value), code)
    elif sign in digits:
        money.check_decimals(cell, digits, len(digits.rpartition(sign)[2]), code)
    return value


def currency(line: Line, default: str) -> str:
    """The row's currency code: of its currency column, else of the sign in the amount's cell, else the account's.

    A sign that several currencies share means the account's if that is one of them; else ``units`` refuses it. Raises
    UnknownCurrency.
    """
    by_sign = currency_signs.split(line.cells["amount"]).currencies
    cell = line.cells.get("currency", "")
    if not cell:
        return _one_of(by_sign & money.CURRENCIES, default) or default
    by_cell = currency_signs.meanings(cell) & money.CURRENCIES
    code = _one_of(by_cell & by_sign or by_cell, default)
    if not code:
        raise money.UnknownCurrency(cell)
    return code


def _one_of(codes: frozenset[str], default: str) -> str:
    """``default`` where it is among them, else the only one; "" where there are several others."""
    return default if default in codes else next(iter(codes)) if len(codes) == 1 else ""


def language(cell: str, default: str) -> str:
    """The language of ``fr``, ``FR-fr``, ``français``, ``French`` or ``anglais``: one of our eight. A cell that names none of
    them is returned as typed, and the order form's rules refuse it."""
    if not cell:
        return default
    code = re.split(r"[-_]", cell.casefold())[0]
    return code if code in LANGUAGES else _language_names().get(plain(cell), cell)


@lru_cache(maxsize=1)
def _language_names() -> dict[str, str]:
    return {plain(language_name(one, other)): one for one in LANGUAGES for other in {one, "fr", "en"}}


def date_form(table: Table, column: str) -> dates.Form:
    return dates.decide({line.cells.get(column, "") for line in table.lines})[0]


def moment(line: Line, column: str, form: dates.Form, zone: ZoneInfo, *, end_of_day: bool) -> datetime | None:
    """The instant of a date cell in the account's zone, None for an empty one; of a day without a time its end or its start.

    Raises DateUnreadable, TimeSkipped, TimeTwice.
    """
    cell = line.cells.get(column, "")
    if not cell:
        return None
    iso = dates.to_iso(cell, form)
    if not iso:
        raise DateUnreadable
    try:
        parsed = datetime.fromisoformat(iso.removesuffix("UTC") + ("+00:00" if iso.endswith("UTC") else ""))
    except ValueError:
        raise DateUnreadable from None
    if parsed.tzinfo:
        return parsed
    midnight_cell = (
        column in line.typed and parsed.time() == time()
    )  # a spreadsheet's date has no time of its own
    if "T" not in iso or midnight_cell:
        parsed = datetime.combine(parsed.date(), time(23, 59) if end_of_day else time())
    return local_time(parsed, zone)


def damaged(line: Line, names: Collection[str]) -> dict[str, DeskError]:
    """The cells that the spreadsheet has damaged: a text that it stored as a number of too many digits, so that the last
    ones are not what was typed; and a text or an amount that it turned into a date (``11/2026`` was an invoice)."""
    return {
        name: DigitsLost()
        for name in names
        if name in line.typed and len(line.cells[name].replace("-", "").replace(".", "")) > EXACT_DIGITS
    } | {name: MadeDate() for name in {*names, "amount"} & line.dates}


def of_row(line: Line) -> dict[str, DeskError]:
    """What is wrong with a row as a whole."""
    if line.last:
        return {"": RowsSwallowed(line.number, line.last)}
    return {"": RowShifted()} if line.shifted else {}


def lost(line: Line) -> dict[str, DeskError]:
    """The cells that have an error or a formula in place of a value."""
    return {
        name: FormulaCell() if line.cells[name].startswith("=") else ErrorCell() for name in sorted(line.lost)
    }
