"""MT940, by the library ``mt-940``; here are its options, its traps, and what its result means.

Source: SWIFT's MT940. A mark ``RC`` (a credit reversed) is money out; a letter after the mark is the funds code, so that ``CR`` is a
credit. The text of ``:86:`` is joined without blanks: lines break inside words.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import mt940

from services.bank.reading.errors import DamagedBankFile
from services.bank.reading.statements import End, Entry, Head, Part, searched

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
_NO_REFERENCE = ("", "NONREF", "NOTPROVIDED")


def is_mt940(start: bytes) -> bool:
    return _BEGINNING.search(start) is not None and b":25" in start


def read(raw: bytes) -> Iterator[Part]:
    """The parts of each statement. Raises DamagedBankFile with the number of the line."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        found = mt940.parse_statements(text, processors=_WHOLE_TEXT, options=_OPTIONS)
    except Exception as error:  # noqa: BLE001 (the library raises what its parts raise)
        place = next((str(one) for one in reversed(error.args) if isinstance(one, str)), "")
        line = text.count("\n", 0, max(text.find(place), 0)) + 1 if place else 1
        raise DamagedBankFile(line, place or type(error).__name__) from None
    for number, one in enumerate(found, 1):
        yield from _statement(one, number)


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
    )


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
