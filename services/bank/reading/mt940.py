"""MT940, by the library ``mt-940``; here are its options, its traps, and what its result means.

Source: SWIFT's MT940. A mark ``RC`` (a credit reversed) is money out; a letter after the mark is the funds code, so that ``CR`` is a
credit. The text of ``:86:`` is joined without blanks: lines break inside words.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import mt940

from services.bank.reading.errors import DamagedBankFile
from services.bank.reading.statements import End, Entry, Finding, Head, Part, searched

_OPTIONS = mt940.Options(
    reversal_sign=True,
    case_insensitive_marks=True,
    strip_bom=True,
    merge_keeps_values=True,
    unbounded_details=True,
)
_WHOLE_TEXT: dict[str, list[Any]] = {
    "post_transaction_details": []
}  # the text as the bank wrote it, not taken apart
_BEGINNING = re.compile(rb"(?:^|[\r\n]):20:")
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SUBFIELD = re.compile(r"\?\d\d")
# The library reads an amount up to the first character that it does not expect, and drops the rest: 1.50 would be 1. So each amount
# must be whole: digits and one comma, within the library's length, and no figure or thousands sign behind.
_AMOUNT = r"(?:[0-9]+(?:,[0-9]*)?|,[0-9]+)(?![0-9.,'’]|\s[0-9])"
_TAG = re.compile(r"^:(6[012])[FM]?:", re.M)
_BALANCE = re.compile(
    rf":6[02][FM]?:[DC][0-9]{{6}}[A-Z]{{3}}(?=[0-9,]{{1,16}}(?![0-9,])){_AMOUNT}[ \t]*$", re.M | re.I
)
_MOVEMENT = re.compile(
    rf":61:[0-9]{{6}}(?:[0-9]{{4}}|\s{{4}})?R?[DC][A-Z]?[\n ]?(?=[0-9,]{{1,15}}(?![0-9,])){_AMOUNT}", re.I
)
_DAYS = re.compile(r"^(:61:)([0-9]{2})([0-9]{2})([0-9]{2})(?:([0-9]{2})([0-9]{2}))?", re.M)
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED")


def is_mt940(start: bytes) -> bool:
    return _BEGINNING.search(start) is not None and b":25" in start


def read(raw: bytes) -> Iterator[Part]:
    """The parts of each statement. Raises DamagedBankFile with the number of the line."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    text = text.replace("\0", " ").replace("\r\n", "\n").replace("\r", "\n")
    _check(text)
    text = _DAYS.sub(_real_days, text)
    try:
        found = mt940.parse_statements(text, processors=_WHOLE_TEXT, options=_OPTIONS)
    except Exception as error:  # noqa: BLE001 (the library raises what its parts raise)
        place = next((str(one) for one in reversed(error.args) if isinstance(one, str)), "")
        line = text.count("\n", 0, max(text.find(place), 0)) + 1 if place else 1
        raise DamagedBankFile(line, place or type(error).__name__) from None
    for number, one in enumerate(found, 1):
        yield from _statement(one, number)


def _check(text: str) -> None:
    """Each balance and movement can be read whole, and nothing stands between a closing balance and the next opening one."""
    closed = False
    for found in _TAG.finditer(text):
        kind = found[1]
        whole = (_MOVEMENT if kind == "61" else _BALANCE).match(text, found.start())
        if whole is None or (closed and kind != "60"):
            line = text[found.start() :].partition("\n")[0]
            raise DamagedBankFile(text.count("\n", 0, found.start()) + 1, line)
        closed = kind == "62" or (closed and kind != "60")


def _real_days(found: re.Match[str]) -> str:
    """Banks that count every month as thirty days write 30 February: the last day of that month."""
    tag, year, month, day, entry_month, entry_day = found.groups()
    value = f"{year}{month}{_within(year, month, day)}"
    entry = f"{entry_month}{_within(year, entry_month, entry_day)}" if entry_month else ""
    return f"{tag}{value}{entry}"


def _within(year: str, month: str, day: str) -> str:
    if not 1 <= int(month) <= 12 or int(day) > 31:
        return day
    return f"{min(int(day), monthrange(2000 + int(year), int(month))[1]):02}"


def _statement(one: Any, number: int) -> Iterator[Part]:
    data = one.data
    first = data.get("final_opening_balance") or data.get("intermediate_opening_balance")
    last = data.get("final_closing_balance") or data.get("intermediate_closing_balance")
    account = "".join(str(data.get("account_identification") or "").split())
    if not account or first is None:
        raise DamagedBankFile(number, ":25:" if not account else ":60F:")
    sheet = str(data.get("sequence_number") or "")
    yield Head(
        format="mt940",
        account=account,
        iban=account if _IBAN.fullmatch(account) else "",
        currency=str(first.amount.currency),
        id=str(data.get("transaction_reference") or ""),
        sequence="/".join(filter(None, (str(data.get("statement_number") or ""), sheet))),
        page=1 if "final_opening_balance" in data else max(int(sheet or 2), 2),
        last_page="final_closing_balance" in data,
    )
    for each in one.transactions:
        yield _entry(each.data, str(first.amount.currency))
    yield End(
        from_date=_day(first.date),
        to_date=_day(last.date) if last else None,
        opening=Decimal(first.amount.amount),
        closing=Decimal(last.amount.amount) if last else None,
        findings=tuple(_other_currency(str(first.amount.currency), last)),
    )


def _other_currency(currency: str, last: Any) -> Iterator[Finding]:
    if last and str(last.amount.currency) != currency:
        yield Finding(code="balances_differ", fields={"balance": str(last.amount.currency)})


def _entry(data: dict[str, Any], currency: str) -> Entry:
    text = str(data.get("transaction_details") or "").replace("\n", "")
    further = str(data.get("extra_details") or "").strip()
    references = (str(data.get("bank_reference") or ""), str(data.get("customer_reference") or ""))
    return Entry(
        amount=Decimal(data["amount"].amount),
        currency=currency,
        reversal=str(data.get("status") or "").upper() in ("RC", "RD"),
        returned="?34" in text or str(data.get("status") or "").upper() == "RC",
        booking_date=_day(data.get("guessed_entry_date") or data.get("entry_date") or data.get("date")),
        value_date=_day(data.get("date")),
        reference=references[0] if references[0] not in _NO_REFERENCE else "",
        texts=tuple(filter(None, (text, further))),
        searched=searched(
            _SUBFIELD.sub("", text), further, *(one for one in references if one not in _NO_REFERENCE)
        ),
    )


def _day(found: date | None) -> date | None:
    """The library's dates are of a class of its own."""
    return found and date(found.year, found.month, found.day)
