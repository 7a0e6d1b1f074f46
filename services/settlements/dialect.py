"""How a settlement file is written, detected from the file itself, with the evidence for each choice.

HiPay publishes the columns, but not the delimiter, the encoding, the signs or the form of the dates. A person can make each
choice instead (`Chosen`). A choice that changes amounts and that the file leaves open becomes a question.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.settlements import amounts, dates
from services.settlements.codes import EvidenceChoice, EvidenceCode
from services.settlements.columns import AMOUNTS
from services.settlements.errors import DoubtfulColumns
from services.settlements.parts import Part, parts
from services.settlements.quotes import Quotes
from services.settlements.sheet import Header
from services.settlements.source import Source
from services.settlements.survey import Sign, Survey
from services.settlements.tables import Found, Sheet, Table, find_tables, tables_of

# negative: debits have a minus. positive: debits have no sign, and are known by their operation. inverted: debits are the
# positive amounts. For each amount column, since an original amount may be unsigned while the settled one is signed.
Debits = Literal["negative", "positive", "inverted"]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A person's choices for one file or for all files of an account; None: the choice is detected."""

    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    decimal: amounts.Decimal | None = None
    date: dates.Form | None = None
    debits: Debits | None = None
    columns: tuple[tuple[str, str], ...] | None = (
        None  # a name in the file → the column that it is, "" for none
    )
    sheets: tuple[str, ...] | None = None  # of a workbook, those that are read
    quotes: Quotes | None = None  # what cells are that seem to hide rows

    def __post_init__(self) -> None:
        """From JSON, tuples come back as lists."""
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple((name, column) for name, column in self.columns))
        if self.sheets is not None:
            object.__setattr__(self, "sheets", tuple(self.sheets))


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a choice was made: `code` of words.EVIDENCE, and the place in the file (0 and "" for none)."""

    choice: EvidenceChoice
    code: EvidenceCode
    line: int = 0
    column: str = ""
    cell: str = ""
    count: int = 0


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """`decimal` None or `debits` None: the file does not decide it, see `questions`.

    `thousands`: "" none, None any mark that groups by three. `debits`: by amount column. `header_line`: of a workbook,
    that of the first sheet that is read.
    """

    encoding: str
    delimiter: str
    header_line: int
    decimal: amounts.Decimal | None
    thousands: str | None
    date: dates.Form
    debits: Mapping[str, Debits] | None
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)
    columns: tuple[tuple[str, str], ...] = ()  # as in Chosen
    sheets: tuple[Sheet, ...] = ()  # of a workbook, those that are read
    quotes: Quotes | None = None  # as in Chosen

    @property
    def questions(self) -> tuple[EvidenceChoice, ...]:
        names: tuple[EvidenceChoice, ...] = ("decimal", "debits")
        return tuple(name for name in names if getattr(self, name) is None)

    def why(self, choice: EvidenceChoice) -> Evidence:
        """The evidence for one choice."""
        return next(evidence for evidence in self.evidence if evidence.choice == choice)

    def tables(self, source: Source) -> tuple[Table, ...]:
        """The tables that contain the lines of the file. Raises NotASettlementFile, MissingColumns, …"""
        return tables_of(
            source,
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_line=self.header_line,
            columns=dict(self.columns),
            sheets=self.sheets,
        )


@dataclass(frozen=True, kw_only=True)
class Detection:
    """`lines`: rows below the headers that are not blank, those to be set aside included. `accounts`: each different
    cell of the Account column with how many rows have it (the first 1,000 that are different). `left_out`, `hidden`:
    sheets of a workbook that are not read. `open_end`: as in `parts.Part`."""

    dialect: Dialect
    headers: tuple[Header, ...]
    lines: int
    accounts: dict[str, int]
    left_out: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    open_end: int = 0


def detect_file(
    source: Source,
    chosen: Chosen | None = None,
    progress: Callable[[int], None] | None = None,
    note: Callable[[Part], None] | None = None,
) -> Detection:
    """How a file is written, detected in one pass over the whole file, in bounded memory. `progress` is called with how many
    bytes of its text are read, `note` with each part.

    Raises the errors of errors.py except UndecidedReading: each fault of the file as a whole is found here.
    """
    chosen = chosen or Chosen()
    found = find_tables(
        source,
        encoding=chosen.encoding,
        delimiter=chosen.delimiter,
        header_line=chosen.header_line,
        columns=dict(chosen.columns or ()),
        sheets=chosen.sheets,
    )
    survey = Survey()
    for part in parts(found.tables, chosen.quotes):
        survey.add(part)
        if note is not None:
            note(part)
        if progress is not None:
            progress(part.bytes_done)
    return decided(source, found, survey, chosen)


def decided(source: Source, found: Found, survey: Survey, chosen: Chosen) -> Detection:
    """The detection by what was surveyed of the tables that were found. Raises DoubtfulColumns."""
    headers = tuple(table.layout.header for table in found.tables)
    _refuse_doubts(headers, survey.differing)
    number, by_number = _decimal(survey, chosen)
    form, by_form = _date(survey, chosen)
    debits, by_debits = _debits(survey, chosen)
    sheet, first = source.kind == "sheet", found.tables[0].layout
    header = first.header
    by_delimiter: EvidenceCode = "sheet" if sheet else "chosen" if chosen.delimiter else "names"
    by_line: EvidenceCode = "chosen" if chosen.header_line == header.line else "names"
    evidence = (
        Evidence(choice="encoding", code=found.by_encoding),
        Evidence(choice="delimiter", code=by_delimiter, line=header.line, count=header.named),
        Evidence(choice="header_line", code=by_line, line=header.line, count=header.named),
        by_number,
        by_form,
        by_debits,
        Evidence(choice="quotes", code="chosen" if chosen.quotes else "none"),
    )
    sheets = [Sheet(table.sheet, table.layout.header.line, table.above) for table in found.tables if sheet]
    dialect = Dialect(
        encoding=first.encoding,
        delimiter=first.delimiter,
        header_line=header.line,
        decimal=number.decimal,
        thousands=number.thousands,
        date=form,
        debits=debits,
        evidence=evidence,
        columns=chosen.columns or (),
        sheets=tuple(sheets),
        quotes=chosen.quotes,
    )
    return Detection(
        dialect=dialect,
        headers=headers,
        lines=survey.lines,
        accounts=dict(survey.accounts),
        left_out=found.left_out,
        hidden=source.hidden,
        open_end=survey.open_end,
    )


def _refuse_doubts(
    headers: tuple[Header, ...], differing: Mapping[str, Mapping[int, tuple[str, str]]]
) -> None:
    """Raises DoubtfulColumns if several columns may be the same one and their cells differ."""
    doubts: dict[str, tuple[tuple[str, str], ...]] = {}
    for header in headers:
        names = header.labels
        for doubt in header.choice.doubts:
            if pairs := differing.get(doubt.meaning):
                first, *others = doubt.places
                cells = {
                    first: next(iter(pairs.values()))[0],
                    **{place: pair[1] for place, pair in pairs.items()},
                }
                found = ((names[place], cells[place]) for place in (first, *others) if place in cells)
                doubts.setdefault(doubt.meaning, tuple(found))
    if doubts:
        named = dict(pair for header in headers for pair in zip(header.labels, header.known, strict=True))
        raise DoubtfulColumns(tuple(doubts.items()), tuple(named.items()))


def _decimal(survey: Survey, chosen: Chosen) -> tuple[amounts.Decision, Evidence]:
    if chosen.decimal:
        thousands = amounts.grouping(survey.amounts, chosen.decimal)
        decision = amounts.Decision(decimal=chosen.decimal, thousands=thousands, reason="cell")
        return decision, Evidence(choice="decimal", code="chosen")
    decision = amounts.weigh(survey.amounts)
    where = next((one for one in survey.amounts.values() if one.cell == decision.cell), amounts.Sample(0, ""))
    code: EvidenceCode = "typed" if decision.reason == "plain" and survey.typed else decision.reason
    return decision, Evidence(
        choice="decimal",
        code=code,
        line=where.line,
        column=where.column,
        cell=decision.cell,
        count=decision.against,
    )


def _date(survey: Survey, chosen: Chosen) -> tuple[dates.Form, Evidence]:
    if chosen.date:
        return chosen.date, Evidence(choice="date", code="chosen")
    cells = {one.cell: one for one in survey.dates.values()}
    form, cell, decided = dates.decide(cells)
    where = cells.get(cell, amounts.Sample(0, ""))
    code: EvidenceCode = form if decided else "assumed_day_first"
    return form, Evidence(choice="date", code=code, line=where.line, column=where.column, cell=cell)


def _debits(survey: Survey, chosen: Chosen) -> tuple[dict[str, Debits] | None, Evidence]:
    """The signs of each amount column; None if the settled amounts contradict themselves by kind of operation.

    A person's choice applies to the settled amounts and to columns that contradict themselves: an original amount may be
    unsigned while the settled one is signed.
    """
    found = {column: _written(survey.signs(column)) for column in AMOUNTS}
    if chosen.debits:
        debits = {column: way or chosen.debits for column, (way, _) in found.items()}
        return {**debits, "settled_amount": chosen.debits}, Evidence(choice="debits", code="chosen")
    settled = _debit(survey.signs("settled_amount"))
    way, odd = found["settled_amount"]
    if way is None:
        return None, Evidence(
            choice="debits", code="contradictory", line=odd.line, column="settled_amount", cell=odd.cell
        )
    debits = {column: way or "negative" for column, (way, _) in found.items()}
    if not settled:
        return debits, Evidence(choice="debits", code="no_debit")
    first, count = settled[0].sample, sum(sign.sample.count for sign in settled)
    return debits, Evidence(
        choice="debits", code=way, line=first.line, column="settled_amount", cell=first.cell, count=count
    )


def _debit(signs: list[Sign]) -> list[Sign]:
    return sorted((sign for sign in signs if sign.operation.sign < 0), key=lambda sign: sign.sample.line)


def _written(signs: list[Sign]) -> tuple[Debits | None, amounts.Sample]:
    """How a column writes its debits; None if it contradicts itself, with the cell that does.

    A column contradicts itself if one kind of debit is always negative and another never.
    """
    debit = _debit(signs)
    credit = [sign for sign in signs if sign.operation.sign > 0]
    below = {sign.operation.kind for sign in debit if sign.below}
    above = {sign.operation.kind for sign in debit if not sign.below}
    if below - above and above - below:
        return None, next(sign.sample for sign in debit if not sign.below)
    if not debit or below:
        return "negative", amounts.Sample(0, "")
    return ("inverted" if credit and all(sign.below for sign in credit) else "positive"), amounts.Sample(
        0, ""
    )
