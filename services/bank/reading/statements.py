"""What a reader gives of a bank's file, whatever its format: statements, each with its balances and entries.

A reader yields parts, so that no statement has to be in memory whole: a ``Head``, ``Entry`` after ``Entry``, an ``End``. ``assembled``
makes statements of them; the pages of a statement, which some banks send one by one, are one statement.

Opening + booked entries = closing, exactly: a statement for which this does not hold, or with a finding, proves nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from typing import Literal

# camt.052: a report during the day; camt.054: a notice of single movements. Both prove nothing.
StatementFormat = Literal["camt.052", "camt.053", "camt.054", "cfonb120", "mt940", "ofx"]
# ISO 20022's codes: booked, pending, information, future. Only what is booked counts.
EntryStatus = Literal["BOOK", "PDNG", "INFO", "FUTR"]
BOOKED: EntryStatus = "BOOK"
# Formats whose opening balance bears the date of the closing balance before: the statement covers the days after it.
_CARRIED: tuple[StatementFormat, ...] = ("cfonb120", "mt940")
_EXACT = Context(prec=80)  # the usual 28 digits would round a sum of 18 digits with 13 decimals


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Why a statement proves nothing although it was read. ``code``: control_total, other_currency, no_booking_date,
    balances_differ or pages_missing; ``fields``: the values of its sentence."""

    code: str
    fields: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """``amount``: as the bank wrote it, with its sign: what comes in is positive. ``reversal``: the bank calls it one, and the sign is right
    already. ``returned``: it takes back another entry. ``reference``: the bank's own, "" for none. ``texts``: as shown, what the
    payer wrote first. ``searched``: texts and ids joined without any blank, in capitals: ids are cut at a line's end. ``parts``: the
    payments of a batch, as announced."""

    amount: Decimal
    currency: str
    status: EntryStatus = BOOKED
    reversal: bool = False
    returned: bool = False
    booking_date: date | None
    value_date: date | None = None
    reference: str = ""
    end_to_end_id: str = ""
    texts: tuple[str, ...] = ()
    searched: str = ""
    parts: int = 1


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where a statement begins. ``account``: as written, without blanks; ``iban``: "" where the file does not give it; ``bank`` and
    ``branch``: where they stand apart. ``page`` of a statement that comes in pages, from 1; ``last_page``: whether none follows."""

    format: StatementFormat
    version: str = ""
    account: str
    iban: str = ""
    bank: str = ""
    branch: str = ""
    currency: str
    id: str = ""
    sequence: str = ""
    copy: str = ""
    page: int = 1
    last_page: bool = True


@dataclass(frozen=True, kw_only=True)
class End:
    """Where a statement ends: its days, and the booked balances with their signs; None for one that the file does not give."""

    from_date: date | None = None
    to_date: date | None = None
    opening: Decimal | None = None
    closing: Decimal | None = None
    findings: tuple[Finding, ...] = ()


Part = Head | Entry | End


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A ``Head`` and an ``End``, whose fields it repeats, with the entries between them."""

    head: Head
    end: End
    entries: tuple[Entry, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return (*self.end.findings, *_of_entries(self.head.currency, self.entries))

    @property
    def booked(self) -> Decimal:
        with localcontext(_EXACT):
            return sum((one.amount for one in self.entries if one.status == BOOKED), Decimal())

    @property
    def difference(self) -> Decimal | None:
        """Opening + booked entries − closing; None where a balance is missing."""
        if self.end.opening is None or self.end.closing is None:
            return None
        with localcontext(_EXACT):
            return self.end.opening + self.booked - self.end.closing

    @property
    def rolls(self) -> bool:
        return self.difference == 0 and not self.findings

    @property
    def format(self) -> StatementFormat:
        return self.head.format

    @property
    def account(self) -> str:
        return self.head.account

    @property
    def iban(self) -> str:
        return self.head.iban

    @property
    def currency(self) -> str:
        return self.head.currency

    @property
    def id(self) -> str:
        return self.head.id

    @property
    def sequence(self) -> str:
        return self.head.sequence

    @property
    def copy(self) -> str:
        return self.head.copy

    @property
    def from_date(self) -> date | None:
        """The first day that it covers; of a statement that does not say it, its first entry's."""
        first, last, days = self.end.from_date, self.end.to_date, self._days()
        if first is None:
            return min(days, default=last)
        carried = self.format in _CARRIED and last is not None and first < last
        return first + timedelta(days=1) if carried and min(days, default=last) != first else first

    @property
    def to_date(self) -> date | None:
        return self.end.to_date or max(self._days(), default=self.end.from_date)

    @property
    def opening(self) -> Decimal | None:
        return self.end.opening

    @property
    def closing(self) -> Decimal | None:
        return self.end.closing

    def _days(self) -> list[date]:
        return [one.booking_date for one in self.entries if one.booking_date is not None]


def assembled(parts: Iterable[Part]) -> Iterator[Statement]:
    """The statements that these parts make, their pages joined."""
    waiting: Statement | None = None
    for one in _single(parts):
        if waiting and _continues(waiting.head, one.head):
            waiting = _joined(waiting, one)
            continue
        if waiting:
            yield _whole(waiting)
        waiting = one if one.head.page == 1 else _lacking(one)
    if waiting:
        yield _whole(waiting)


def _single(parts: Iterable[Part]) -> Iterator[Statement]:
    head: Head | None = None
    entries: list[Entry] = []
    for part in parts:
        if isinstance(part, Head):
            head, entries = part, []
        elif isinstance(part, Entry):
            entries.append(part)
        else:
            assert head is not None
            yield Statement(head=head, end=part, entries=tuple(entries))


def _continues(before: Head, head: Head) -> bool:
    return head.page == before.page + 1 and _one_of_pages(before) == _one_of_pages(head)


def _one_of_pages(head: Head) -> tuple[str, str, str]:
    """What the pages of a statement have in common. In MT940 it is the statement's number: each sheet is a message with its own id."""
    name = head.sequence.partition("/")[0] if head.format == "mt940" else head.id
    return head.account, head.currency, name


def _joined(first: Statement, then: Statement) -> Statement:
    end = End(
        from_date=first.end.from_date,
        to_date=then.end.to_date or first.end.to_date,
        opening=first.end.opening,
        closing=then.end.closing,
        findings=first.end.findings + then.end.findings,
    )
    head = replace(first.head, page=then.head.page, last_page=then.head.last_page)
    return Statement(head=head, end=end, entries=first.entries + then.entries)


def _whole(one: Statement) -> Statement:
    return one if one.head.last_page else _lacking(one)


def _lacking(one: Statement) -> Statement:
    missing = Finding(code="pages_missing", fields={"page": str(one.head.page)})
    return replace(one, end=replace(one.end, findings=(*one.end.findings, missing)))


def _of_entries(currency: str, entries: Iterable[Entry]) -> Iterator[Finding]:
    """Each kind once: the first entry of it is named."""
    named: set[str] = set()
    for number, one in enumerate(entries, 1):
        if one.status != BOOKED:
            continue
        code = (
            "other_currency"
            if one.currency != currency
            else "no_booking_date"
            if one.booking_date is None
            else ""
        )
        if code and code not in named:
            named.add(code)
            yield Finding(code=code, fields={"entry": str(number), "entry_currency": one.currency})


def searched(*texts: str) -> str:
    """Texts joined for a search: without any blank, in capitals."""
    return "".join("".join(texts).split()).upper()
