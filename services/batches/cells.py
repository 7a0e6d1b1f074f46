"""Cells to what an order needs: amounts under one decision a file, dates, languages, currencies."""

import re
from collections.abc import Iterable
from datetime import datetime, time
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_symbol

from services import money
from services.batches.errors import DateUnreadable, DigitsLost, ErrorCell, FormulaCell
from services.batches.table import Line, Table
from services.errors import DeskError
from services.headings import plain
from services.i18n import LANGUAGES, language_name
from services.orders.drafts import local_time
from services.settlements import amounts, dates

EXACT_DIGITS = 15  # what a spreadsheet's number keeps
DecimalSign = Literal[".", ","]


def decide(table: Table, chosen: DecimalSign | None) -> amounts.Decision:
    """Which sign is the decimal one in the whole file; a cell that is a number in the spreadsheet says nothing of it."""
    if chosen:
        return amounts.Decision(chosen, None, "cell")
    return amounts.decide(
        bare_amount(line.cells["amount"]) for line in table.lines if "amount" not in line.typed
    )


@lru_cache(maxsize=16384)
def bare_amount(cell: str) -> str:
    """An amount without the currency that is written beside it: ``12,50 €``, ``EUR 12.50``."""
    return re.sub(r"^(?:[A-Z]{3}|[€£$¥])\s*|\s*(?:[A-Z]{3}|[€£$¥])$", "", cell.strip())


def units(line: Line, decimal: DecimalSign) -> int:
    """The amount in 1/10000. Raises NotANumber with an example in the file's own notation, AmountTooLarge."""
    cell = bare_amount(line.cells["amount"])
    sign, thousands = (".", "") if "amount" in line.typed else (decimal, None)
    try:
        return amounts.to_units(cell, sign, thousands)
    except amounts.Unreadable as error:
        if error.reason == "amount_too_large":
            raise money.AmountTooLarge from None
        raise money.NotANumber("1234,50" if sign == "," else "1234.50") from None


def currency(line: Line, default: str) -> str:
    """The row's currency code: its own column, else what is written beside the amount, else the account's.

    Raises UnknownCurrency, also where the two contradict each other.
    """
    beside = _beside(line.cells["amount"])
    told = line.cells.get("currency", "")
    code = _CODES.get(told.casefold(), told.upper()) or beside or default
    if not money.is_currency(code) or (beside and beside != code):
        raise money.UnknownCurrency(told or beside or code)
    return code


def _beside(cell: str) -> str:
    found = re.match(r"[A-Z]{3}(?=\W)|[€£]", cell.strip()) or re.search(
        r"(?<=\W)[A-Z]{3}$|[€£]$", cell.strip()
    )
    return _CODES.get(found[0].casefold(), found[0]) if found else ""


# Symbols that mean one currency only: a dollar or a crown sign does not.
_CODES = {
    **{get_currency_symbol(code, "fr").casefold(): code for code in ("EUR", "GBP")}, "euro": "EUR", "euros": "EUR", "£": "GBP",
}  # fmt: skip


def language(cell: str, default: str) -> str:
    """``fr``, ``FR-fr``, ``français``, ``French``, ``anglais``: one of the eight; what is none stays as it was typed."""
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
    """The instant of a date cell in the account's zone, None for an empty one; a day alone is its end, or its start.

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


def damaged(line: Line, names: Iterable[str]) -> dict[str, DeskError]:
    """The texts that the spreadsheet keeps as a number too long for it: their last digits are not what was typed."""
    return {
        name: DigitsLost()
        for name in names
        if name in line.typed and len(line.cells[name].replace("-", "").replace(".", "")) > EXACT_DIGITS
    }


def lost(line: Line) -> dict[str, DeskError]:
    """The cells that have no value: none of them is a blank."""
    return {
        name: FormulaCell() if line.cells[name].startswith("=") else ErrorCell() for name in sorted(line.lost)
    }


def typed_amount(value: int, code: str, locale: str) -> str:
    """Units as a person of this locale would type them, so that the order form's own rules read them."""
    return money.plain(value, code, locale) if value > 0 else "-1" if value else "0"
