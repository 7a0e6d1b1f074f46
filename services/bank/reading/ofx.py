"""OFX 1 (SGML without end tags) and OFX 2 (XML): both are read as tags and the text behind each.

Source: OFX 1.0.2 and 2.1.1, STMTRS and CCSTMTRS. A file has a balance at its end and none at its beginning: it cannot prove that it is
complete. Dates are the first eight digits, the bank's day; a time zone does not move them.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from html import unescape

from services.bank.reading.errors import DamagedBankFile
from services.bank.reading.statements import End, Entry, Head, Part, searched

_TAG = re.compile(r"<(/?)([A-Za-z0-9_.]+)>([^<]*)")
_CHARSET = re.compile(rb"(?:CHARSET:|encoding=[\"'])\s*([\w-]+)")
_AMOUNT = re.compile(r"[+-]?[0-9]{1,18}(?:[.,][0-9]{0,13})?")
_STATEMENTS = ("STMTRS", "CCSTMTRS")


def is_ofx(start: bytes) -> bool:
    return b"<OFX>" in start.upper() or start.lstrip().startswith(b"OFXHEADER")


def read(raw: bytes) -> Iterator[Part]:
    """The parts of each account. Raises DamagedBankFile with the number of the entry."""
    statement: dict[str, str] = {}
    entry: dict[str, str] | None = None
    number, headed, inside = 0, False, False
    for closing, tag, text in _tags(_decoded(raw).replace("\0", " ")):
        if tag in _STATEMENTS:
            if closing:
                if not headed:
                    yield _head(statement, number)
                yield _end(statement, number)
            statement, entry, headed, inside = {}, None, False, not closing
        elif not inside:
            continue
        elif entry is not None and (tag == "BANKTRANLIST" or (tag == "STMTTRN" and not closing)):
            raise DamagedBankFile(number + 1, "</STMTTRN>")  # else an entry would be lost without a word
        elif tag == "STMTTRN":
            if closing and entry is not None:
                if not headed:
                    yield _head(statement, number + 1)
                    headed = True
                number += 1
                yield _entry(entry, statement["CURDEF"], number)
            entry = None if closing else {}
        elif tag == "CURRENCY" and entry is not None:  # the amount is in it; not so with ORIGCURRENCY
            entry["CURRENCY"] = entry.get("CURSYM", "")
        elif not closing and text:
            (statement if entry is None else entry).setdefault(tag, text)
    if inside:
        raise DamagedBankFile(number + 1, "</STMTRS>")


def _tags(text: str) -> Iterator[tuple[bool, str, str]]:
    """Whether it is an end tag, its name, and the text behind it."""
    for found in _TAG.finditer(text):
        yield bool(found[1]), found[2].upper(), unescape(found[3]).strip()


def _decoded(raw: bytes) -> str:
    named = _CHARSET.search(raw[:2_000])
    charset = named[1].decode() if named else ""
    for encoding in ("utf-8-sig", "cp1252" if charset in ("1252", "", "NONE") else charset):
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("cp1252", errors="replace")


def _head(statement: dict[str, str], number: int) -> Head:
    account = "".join(statement.get("ACCTID", "").split())
    if not account or "CURDEF" not in statement:
        raise DamagedBankFile(max(number, 1), "ACCTID" if not account else "CURDEF")
    return Head(
        format="ofx",
        account=account,
        bank=statement.get("BANKID", ""),
        branch=statement.get("BRANCHID", ""),
        currency=statement["CURDEF"],
    )


def _entry(entry: dict[str, str], currency: str, number: int) -> Entry:
    amount = entry.get("TRNAMT", "")
    if not _AMOUNT.fullmatch(amount):
        raise DamagedBankFile(number, amount)
    texts = tuple(entry[name] for name in ("NAME", "PAYEE", "MEMO", "CHECKNUM", "REFNUM") if entry.get(name))
    return Entry(
        amount=Decimal(amount.replace(",", ".")),
        currency=entry.get("CURRENCY") or currency,
        booking_date=_day(entry.get("DTPOSTED", ""), number),
        value_date=_day(entry["DTAVAIL"], number) if "DTAVAIL" in entry else None,
        reference=entry.get("FITID", ""),
        texts=texts,
        searched=searched(*texts),
    )


def _end(statement: dict[str, str], number: int) -> End:
    days = [_day(statement[name], number) if name in statement else None for name in ("DTSTART", "DTEND")]
    return End(from_date=days[0], to_date=days[1])


def _day(text: str, number: int) -> date:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        raise DamagedBankFile(max(number, 1), text) from None
