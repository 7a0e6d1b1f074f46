"""How a settlement file is written, detected from the file itself, with the evidence for each choice.

HiPay publishes the columns, not the delimiter, the encoding, the signs nor the form of the dates. Each choice can be
made by a person instead (`Chosen`); one that would change amounts and that the file does not decide is a question.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from services.settlements import amounts, dates
from services.settlements.columns import AMOUNTS
from services.settlements.errors import DoubtfulColumns
from services.settlements.parts import parts
from services.settlements.quotes import Quotes
from services.settlements.sheet import Header
from services.settlements.source import Source, open_source
from services.settlements.survey import Sign, Survey
from services.settlements.tables import Sheet, Table, find_tables, tables_of

# negative: a sign is the sign. positive: debits stand without one, the operation tells. inverted: debits are the
# positive ones. Per amount column, since an original amount may be unsigned where the settled one is signed.
Debits = Literal["negative", "positive", "inverted"]
DEBITS: tuple[Debits, ...] = ("negative", "positive", "inverted")


@dataclass(frozen=True)
class Chosen:
    """What a person decided, for one file or for an account's every file; None is left to detection."""

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
        """What was kept as JSON comes back as lists."""
        if self.columns is not None:
            object.__setattr__(self, "columns", tuple((name, column) for name, column in self.columns))
        if self.sheets is not None:
            object.__setattr__(self, "sheets", tuple(self.sheets))


@dataclass(frozen=True)
class Evidence:
    """Why a choice was made: `code` of words.EVIDENCE, and where the file says so (0 and "" where it is nowhere)."""

    choice: Literal["encoding", "delimiter", "header_line", "decimal", "date", "debits", "quotes"]
    code: str
    line: int = 0
    column: str = ""
    cell: str = ""
    count: int = 0


@dataclass(frozen=True)
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
    def questions(self) -> tuple[str, ...]:
        return tuple(name for name in ("decimal", "debits") if getattr(self, name) is None)

    def why(self, choice: str) -> Evidence:
        """The evidence for one choice."""
        return next(evidence for evidence in self.evidence if evidence.choice == choice)

    def tables(self, source: Source) -> tuple[Table, ...]:
        """Where the lines of the file stand. Raises NotASettlementFile, MissingColumns, …"""
        return tables_of(
            source,
            encoding=self.encoding,
            delimiter=self.delimiter,
            header_line=self.header_line,
            columns=dict(self.columns),
            sheets=self.sheets,
        )


@dataclass(frozen=True)
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

    @property
    def header(self) -> Header:
        return self.headers[0]


def detect(raw: bytes, chosen: Chosen | None = None) -> Dialect:
    """How a small file is written. Raises as `detect_file` and `open_source`."""
    with open_source(raw) as source:
        return detect_file(source, chosen).dialect


def detect_file(
    source: Source, chosen: Chosen | None = None, tell: Callable[[int], None] | None = None
) -> Detection:
    """How a file is written, in one pass over the whole of it, in bounded memory; `tell` is told how many bytes of its
    text are read.

    Raises the errors of errors.py but UndecidedReading: what is wrong with the file as a whole is found here.
    """
    chosen = chosen or Chosen()
    columns = chosen.columns or ()
    found = find_tables(
        source,
        encoding=chosen.encoding,
        delimiter=chosen.delimiter,
        header_line=chosen.header_line,
        columns=dict(columns),
        sheets=chosen.sheets,
    )
    survey = Survey()
    for part in parts(found.tables, chosen.quotes):
        survey.add(part)
        if tell is not None:
            tell(part.bytes_done)
    headers = tuple(table.layout.header for table in found.tables)
    _refuse_doubts(headers, survey.differing)
    number, by_number = _decimal(survey, chosen)
    form, by_form = _date(survey, chosen)
    debits, by_debits = _debits(survey, chosen)
    sheet, first = source.kind == "sheet", found.tables[0].layout
    header = first.header
    by_delimiter = "sheet" if sheet else "chosen" if chosen.delimiter else "names"
    by_line = "chosen" if chosen.header_line == header.line else "names"
    evidence = (
        Evidence("encoding", found.by_encoding),
        Evidence("delimiter", by_delimiter, header.line, count=header.named),
        Evidence("header_line", by_line, header.line, count=header.named),
        by_number,
        by_form,
        by_debits,
        Evidence("quotes", "chosen" if chosen.quotes else "none"),
    )
    sheets = [Sheet(table.sheet, table.layout.header.line, table.above) for table in found.tables if sheet]
    dialect = Dialect(
        first.encoding,
        first.delimiter,
        header.line,
        number.decimal,
        number.thousands,
        form,
        debits,
        evidence,
        columns,
        tuple(sheets),
        chosen.quotes,
    )
    return Detection(
        dialect, headers, survey.lines, dict(survey.accounts), found.left_out, source.hidden, survey.open_end
    )


def _refuse_doubts(
    headers: tuple[Header, ...], differing: Mapping[str, Mapping[int, tuple[str, str]]]
) -> None:
    """Several columns may be the same one, and do not hold the same. Raises DoubtfulColumns."""
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
        return amounts.Decision(chosen.decimal, thousands, "cell"), Evidence("decimal", "chosen")
    decision = amounts.weigh(survey.amounts)
    where = next((one for one in survey.amounts.values() if one.cell == decision.cell), amounts.Seen(0, ""))
    code = "typed" if decision.reason == "plain" and survey.typed else decision.reason
    return decision, Evidence("decimal", code, where.line, where.column, decision.cell, decision.against)


def _date(survey: Survey, chosen: Chosen) -> tuple[dates.Form, Evidence]:
    if chosen.date:
        return chosen.date, Evidence("date", "chosen")
    cells = {one.cell: one for one in survey.dates.values()}
    form, cell, decided = dates.decide(cells)
    where = cells.get(cell, amounts.Seen(0, ""))
    return form, Evidence("date", form if decided else "assumed_day_first", where.line, where.column, cell)


def _debits(survey: Survey, chosen: Chosen) -> tuple[dict[str, Debits] | None, Evidence]:
    """The signs of each amount column; None where the settled amounts contradict themselves by kind of operation.

    What a person says is said of the settled amounts, and of columns that contradict themselves likewise: an original
    amount may be unsigned where the settled one is signed.
    """
    found = {column: _written(survey.signs(column)) for column in AMOUNTS}
    if chosen.debits:
        debits = {column: way or chosen.debits for column, (way, _) in found.items()}
        return {**debits, "settled_amount": chosen.debits}, Evidence("debits", "chosen")
    settled = _debit(survey.signs("settled_amount"))
    way, odd = found["settled_amount"]
    if way is None:
        return None, Evidence("debits", "contradictory", odd.line, "settled_amount", odd.cell)
    debits = {column: way or "negative" for column, (way, _) in found.items()}
    if not settled:
        return debits, Evidence("debits", "no_debit")
    first, count = settled[0].seen, sum(sign.seen.count for sign in settled)
    return debits, Evidence("debits", way, first.line, "settled_amount", first.cell, count)


def _debit(signs: list[Sign]) -> list[Sign]:
    return sorted((sign for sign in signs if sign.operation.sign < 0), key=lambda sign: sign.seen.line)


def _written(signs: list[Sign]) -> tuple[Debits | None, amounts.Seen]:
    """How a column writes its debits; None where it contradicts itself, and the cell that does so.

    One kind is always negative, another never: either its lines are credits, or the signs are not used.
    """
    debit = _debit(signs)
    credit = [sign for sign in signs if sign.operation.sign > 0]
    below = {sign.operation.kind for sign in debit if sign.below}
    above = {sign.operation.kind for sign in debit if not sign.below}
    if below - above and above - below:
        return None, next(sign.seen for sign in debit if not sign.below)
    if not debit or below:
        return "negative", amounts.Seen(0, "")
    return ("inverted" if credit and all(sign.below for sign in credit) else "positive"), amounts.Seen(0, "")
