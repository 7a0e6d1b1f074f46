"""CFONB 120, the French banks' account statement: records of 120 characters, a pair of balances (01, 07) for each account and day.

Source: CFONB, *Relevé de compte sur support informatique*. The last character of an amount is its last digit and its sign.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from services.bank.reading.errors import DamagedBankFile
from services.bank.reading.statements import End, Entry, Head, Part, searched

LENGTH = 120
_PIECE = 1 << 16
_LINE_ENDS = re.compile(r"[\r\n\x1a]+")
_BEGINNING = re.compile(rb"\s*01\d{5}    .{5}[A-Z ]{3}")
_LAST = {
    sign: (value, digit)
    for value, signs in ((1, "{ABCDEFGHI"), (-1, "}JKLMNOPQR"))
    for digit, sign in enumerate(signs)
}
# Details that are the words of the payer; the others are names, ids and foreign amounts.
_SAID = ("LIB", "LCC", "LC2", "LCS")


def is_cfonb(start: bytes) -> bool:
    return _BEGINNING.match(start) is not None


def records(file: BinaryIO) -> Iterator[str]:
    """The records, whether or not lines end; a line that is shorter is filled up with blanks."""
    rest = ""
    while piece := file.read(_PIECE):
        *lines, rest = _LINE_ENDS.split(rest + piece.decode("latin-1").replace("\0", " "))
        for line in lines:
            yield from _cut(line)
        whole = (
            (len(rest) - 1) // LENGTH * LENGTH
        )  # a record stays until it is known that no blanks follow it
        yield from _cut(rest[:whole])
        rest = rest[whole:]
    yield from _cut(rest)


def _cut(line: str) -> Iterator[str]:
    if line.strip():
        for start in range(0, len(line), LENGTH):
            record = line[start : start + LENGTH]
            if record.strip():  # blanks that fill up a line or a file
                yield record.ljust(LENGTH)


def read(file: BinaryIO) -> Iterator[Part]:
    """The parts of each pair of balances. Raises DamagedBankFile with the number of the record."""
    opened: Head | None = None
    opening, from_date = Decimal(), date.min
    movement: str | None = None
    details: list[tuple[str, str]] = []
    for number, record in enumerate(records(file), 1):
        kind = record[:2]
        if movement is not None and kind != "05":
            assert opened is not None
            yield _entry(movement, details, opened.currency, number)
            movement, details = None, []
        if kind == "01" and opened is None:
            opened = _head(record)
            opening, from_date = _amount(record, number), _day(record[34:40], record, number)
            yield opened
        elif kind == "04" and opened is not None and _account(record) == opened.account[10:]:
            movement = record
        elif kind == "05" and movement is not None:
            details.append((record[45:48].strip(), record[48:118].rstrip()))
        elif kind == "07" and opened is not None and _closes(record, opened):
            to_date = _day(record[34:40], record, number)
            yield End(from_date=from_date, to_date=to_date, opening=opening, closing=_amount(record, number))
            opened = None
        else:
            raise DamagedBankFile(number, record)
    if opened is not None or movement is not None:
        raise DamagedBankFile(number + 1, "")


def _head(record: str) -> Head:
    bank, branch, account = record[2:7], record[11:16], _account(record)
    return Head(
        format="cfonb120",
        account=f"{bank}{branch}{account}",
        bank=bank,
        branch=branch,
        currency=_currency(record),
    )


def _closes(record: str, opened: Head) -> bool:
    return (_account(record), _currency(record)) == (opened.account[10:], opened.currency)


def _currency(record: str) -> str:
    return record[16:19].strip() or "EUR"


def _account(record: str) -> str:
    return record[21:32]


def _entry(record: str, details: list[tuple[str, str]], currency: str, following: int) -> Entry:
    number = following - len(details) - 1
    label = record[48:79].strip()
    said = [text for kind, text in details if kind in _SAID or not kind]
    other = [text for kind, text in details if kind and kind not in _SAID]
    reference, rejected = record[104:120].strip(), record[40:42].strip()
    return Entry(
        amount=_amount(record, number),
        currency=record[16:19].strip() or currency,
        returned=bool(rejected),
        booking_date=_day(record[34:40], record, number),
        value_date=_day(record[42:48], record, number) if record[42:48].strip() else None,
        reference=reference,
        texts=tuple(text.strip() for text in (label, *said, *other) if text.strip()),
        searched=searched(label, *said, *other),
    )


def _amount(record: str, number: int) -> Decimal:
    digits, last, decimals = record[90:103], record[103], record[19].strip() or "2"
    if not digits.isascii() or not digits.isdigit() or last not in _LAST or not decimals.isdigit():
        raise DamagedBankFile(number, record[90:104])
    sign, digit = _LAST[last]
    return sign * Decimal(f"{digits}{digit}").scaleb(-int(decimals))


def _day(text: str, record: str, number: int) -> date:
    """DDMMYY. Statements are younger than 2000."""
    try:
        return date(2000 + int(text[4:6]), int(text[2:4]), int(text[:2]))
    except ValueError:
        raise DamagedBankFile(number, record) from None
