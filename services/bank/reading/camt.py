"""CAMT.052, 053 and 054 (ISO 20022), in any version: elements are found by their local names, entry after entry.

Source: the published schemas camt.053.001.01–14. An entry's amount is ``Ntry/Amt`` and its sign ``CdtDbtInd`` alone; details may be in
another currency, before charges, or missing, and are never summed.
"""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from services.bank.reading.errors import BankFileMarkup, DamagedBankFile, NotABankFile
from services.bank.reading.statements import (
    End,
    Entry,
    EntryStatus,
    Finding,
    Head,
    Part,
    StatementFormat,
    searched,
)

_NAMESPACE = re.compile(r"\{urn:iso:std:iso:20022:tech:xsd:(camt\.05[234])\.001\.(\d\d)\}")
_CONTAINERS = {"Stmt", "Rpt", "Ntfctn"}
_NO_REFERENCE = {"", "NONREF", "NOTPROVIDED"}
_FORMATS: dict[str, StatementFormat] = {
    "camt.052": "camt.052",
    "camt.053": "camt.053",
    "camt.054": "camt.054",
}
_STATUSES: dict[str, EntryStatus] = {"BOOK": "BOOK", "PDNG": "PDNG", "INFO": "INFO", "FUTR": "FUTR"}
_OPENING = ("OPBD", "PRCD")  # the same money: the first that is there
_CLOSING = ("CLBD",)
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{0,13})?|\.[0-9]{1,13}")


def read(file: BinaryIO) -> Iterator[Part]:
    """The parts of each statement, report or notice.

    Raises NotABankFile, BankFileMarkup, DamagedBankFile.
    """
    entries = 0
    try:
        reader = _Reader()
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                reader.begins(element)
                continue
            entries += _name(element) == "Ntry"
            yield from reader.ends(element)
    except DefusedXmlException:
        raise BankFileMarkup from None
    except ParseError as error:
        raise DamagedBankFile(error.position[0], str(error)) from None
    except _Damaged as error:
        raise DamagedBankFile(max(entries, 1), str(error)) from None


class _Damaged(Exception):
    pass


class _Reader:
    """What is known of the statement that is being read; an element is dropped once it was read."""

    def __init__(self) -> None:
        self.format: StatementFormat | None = None
        self.version = ""
        self.statement: Element | None = None
        self.headed = False
        self.currency = ""
        self.count, self.sum, self.signed = 0, Decimal(), Decimal()

    def begins(self, element: Element) -> None:
        if self.format is None:
            namespace = _NAMESPACE.match(element.tag)
            if not namespace:
                raise NotABankFile
            self.format, self.version = _FORMATS[namespace[1]], namespace[2]
        name = _name(element)
        if name in _CONTAINERS and self.statement is None:
            self.statement, self.headed = element, False
            self.count, self.sum = 0, Decimal()

    def ends(self, element: Element) -> Iterator[Part]:
        if self.statement is None:
            return
        if _name(element) == "Ntry":
            if not self.headed:
                yield self._head()
            if element not in self.statement:
                raise _Damaged("Ntry")  # in another element than its statement
            yield self._entry(element)
            self.statement.remove(element)
        elif element is self.statement:
            if not self.headed:
                yield self._head()
            yield self._end()
            self.statement = None
            element.clear()

    def _head(self) -> Head:
        assert self.statement is not None
        assert self.format is not None
        account = _at(self.statement, "Acct")
        if account is None:
            raise _Damaged("Acct")
        iban = _text(account, "Id", "IBAN").replace(" ", "")
        written = iban or "".join(_text(account, "Id", "Othr", "Id").split())
        if not written:
            raise _Damaged("Acct/Id")
        balances = _balances(self.statement)
        self.currency = _text(account, "Ccy") or next((one.currency for one in balances), "")
        if not self.currency:  # a notice has no balance
            amount = next(
                (each for each in self.statement.iter() if _name(each) == "Amt" and each.get("Ccy")), None
            )
            self.currency = (amount.get("Ccy") or "") if amount is not None else ""
        page = _text(self.statement, "StmtPgntn", "PgNb") or _text(self.statement, "RptPgntn", "PgNb")
        last = _text(self.statement, "StmtPgntn", "LastPgInd") or _text(
            self.statement, "RptPgntn", "LastPgInd"
        )
        self.headed = True
        return Head(
            format=self.format,
            version=self.version,
            account=written,
            iban=iban,
            currency=self.currency,
            id=_text(self.statement, "Id"),
            sequence=_text(self.statement, "ElctrncSeqNb") or _text(self.statement, "LglSeqNb"),
            copy=_text(self.statement, "CpyDplctInd"),
            page=int(page) if page.isdigit() else 1,
            last_page=last.lower() not in ("false", "0"),
        )

    def _entry(self, element: Element) -> Entry:
        amount = _at(element, "Amt")
        if amount is None:
            raise _Damaged("Ntry/Amt")
        value = _amount(amount)
        status = _text(element, "Sts") or _text(element, "Sts", "Cd") or _text(element, "Sts", "Prtry")
        if status not in _STATUSES:
            raise _Damaged(f"Ntry/Sts {status}")
        signed = value * _sign(element)
        self.count, self.sum, self.signed = self.count + 1, self.sum + value, self.signed + signed
        details = [each for each in element.iter() if _name(each) == "TxDtls"]
        texts, also, ids = _texts(element, details)
        references = (_text(element, "AcctSvcrRef"), _text(element, "NtryRef"))
        announced = _text(element, "NtryDtls", "Btch", "NbOfTxs")
        return Entry(
            amount=signed,
            currency=amount.get("Ccy") or self.currency,
            status=_STATUSES[status],
            reversal=_text(element, "RvslInd").lower() in ("true", "1"),
            returned=any(_at(each, "RtrInf") is not None for each in details),
            booking_date=_day(_at(element, "BookgDt")),
            value_date=_day(_at(element, "ValDt")),
            reference=next((one for one in references if one not in _NO_REFERENCE), ""),
            end_to_end_id=next((one for one in ids if one not in _NO_REFERENCE), ""),
            texts=(*texts, *also),
            searched=searched(*texts, *ids, *also),
            parts=int(announced) if announced.isdigit() else max(len(details), 1),
        )

    def _end(self) -> End:
        assert self.statement is not None
        balances = _balances(self.statement)
        opening = next((one for code in _OPENING for one in balances if one.code == code), None)
        closing = next((one for code in _CLOSING for one in balances if one.code == code), None)
        if self.format == "camt.052":
            interim = [one for one in balances if one.code == "ITBD"]
            opening = opening or (interim[0] if len(interim) > 1 else None)
            closing = closing or (interim[-1] if len(interim) > 1 else None)
        first, last = _at(self.statement, "FrToDt", "FrDtTm"), _at(self.statement, "FrToDt", "ToDtTm")
        return End(
            from_date=_first_day(first) or (opening.day if opening and opening.code == "OPBD" else None),
            to_date=_first_day(last) or (closing.day if closing else None),
            opening=opening.amount if opening else None,
            closing=closing.amount if closing else None,
            findings=tuple(self._findings(balances)),
        )

    def _findings(self, balances: "list[_Balance]") -> Iterator[Finding]:
        assert self.statement is not None
        count = _text(self.statement, "TxsSummry", "TtlNtries", "NbOfNtries")
        total = _text(self.statement, "TxsSummry", "TtlNtries", "Sum")
        if (count and count != str(self.count)) or (total and _decimal(total) != self.sum):
            yield Finding(
                code="control_total",
                fields={"announced": count or total, "read": str(self.count if count else self.sum)},
            )
        for code in (*_OPENING, *_CLOSING):
            if len({one.amount for one in balances if one.code == code}) > 1:
                yield Finding(code="balances_differ", fields={"balance": code})
        if any(one.currency != self.currency for one in balances if one.code in (*_OPENING, *_CLOSING)):
            yield Finding(code="balances_differ", fields={"balance": self.currency})


class _Balance:
    """A balance with its sign. ``code``: OPBD, PRCD, CLBD, ITBD, or one that is no booked balance."""

    def __init__(self, element: Element) -> None:
        amount = _at(element, "Amt")
        if amount is None:
            raise _Damaged("Bal/Amt")
        self.code = _text(element, "Tp", "CdOrPrtry", "Cd")
        self.amount = _amount(amount) * _sign(element)
        self.currency = amount.get("Ccy") or ""
        self.day = _day(_at(element, "Dt"))


def _balances(statement: Element) -> list[_Balance]:
    return [_Balance(each) for each in statement if _name(each) == "Bal"]


def _texts(entry: Element, details: list[Element]) -> tuple[list[str], list[str], list[str]]:
    """What the payer wrote, what else there is to read, and the ids: each in order, none twice."""
    said: list[str] = []
    also: list[str] = []
    ids: list[str] = []
    for each in details:
        for one in each.iter():
            text = (one.text or "").strip()
            name = _name(one)
            if not text:
                continue
            if name == "Ustrd" or (name == "Ref" and _at(each, "RmtInf", "Strd") is not None):
                said.append(text)
            elif name in ("EndToEndId", "TxId", "InstrId", "PmtInfId"):
                ids.append(text)
            elif name in ("Nm", "IBAN", "AddtlTxInf", "AddtlRmtInf") or (
                name == "Cd"
                and any(_name(reason) == "RtrInf" and one in list(reason.iter()) for reason in each)
            ):
                also.append(text)
    if further := _text(entry, "AddtlNtryInf"):
        also.append(further)
    return said, list(dict.fromkeys(also)), [one for one in dict.fromkeys(ids) if one not in _NO_REFERENCE]


def _name(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _at(element: Element, *path: str) -> Element | None:
    found: Element | None = element
    for name in path:
        found = next((each for each in found if _name(each) == name), None) if found is not None else None
    return found


def _text(element: Element, *path: str) -> str:
    found = _at(element, *path)
    return (found.text or "").strip() if found is not None else ""


def _amount(element: Element) -> Decimal:
    return _decimal((element.text or "").strip())


def _decimal(text: str) -> Decimal:
    if not _AMOUNT.fullmatch(text):
        raise _Damaged(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Damaged(text) from None


def _sign(element: Element) -> int:
    said = _text(element, "CdtDbtInd")
    if said not in ("CRDT", "DBIT"):
        raise _Damaged(f"CdtDbtInd {said}")
    return 1 if said == "CRDT" else -1


def _day(element: Element | None) -> date | None:
    """The bank's day: the first ten characters of ``Dt`` or ``DtTm``, without arithmetic of time zones."""
    if element is None:
        return None
    return _first_day(next((each for each in element if _name(each) in ("Dt", "DtTm")), None))


def _first_day(element: Element | None) -> date | None:
    text = (element.text or "").strip()[:10] if element is not None else ""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Damaged(text) from None
