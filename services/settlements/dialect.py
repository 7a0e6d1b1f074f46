"""How a settlement file is written, detected from the file itself, with the evidence for each choice.

HiPay publishes the columns, not the delimiter, the encoding, the signs nor the form of the dates. Each choice can be
made by a person instead (`Chosen`); one that would change amounts and that the file does not decide is a question.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from services.settlements import amounts, dates, operations
from services.settlements.columns import AMOUNTS, DATES
from services.settlements.errors import MissingColumns, NotASettlementFile
from services.settlements.sheet import Header, Sheet, find_header, load
from services.settlements.text import LEGACY, decode, encodings

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


@dataclass(frozen=True)
class Evidence:
    """Why a choice was made: `code` of words.EVIDENCE, and where the file says so (0 and "" where it is nowhere)."""

    choice: Literal["encoding", "delimiter", "header_line", "decimal", "date", "debits"]
    code: str
    line: int = 0
    column: str = ""
    cell: str = ""
    count: int = 0


@dataclass(frozen=True)
class Dialect:
    """`decimal` None or `debits` None: the file does not decide it, see `questions`.

    `thousands`: "" none, None any mark that groups by three. `debits`: by amount column.
    """

    encoding: str
    delimiter: str
    header_line: int
    decimal: amounts.Decimal | None
    thousands: str | None
    date: dates.Form
    debits: Mapping[str, Debits] | None
    evidence: tuple[Evidence, ...] = field(default=(), compare=False)

    @property
    def questions(self) -> tuple[str, ...]:
        return tuple(name for name in ("decimal", "debits") if getattr(self, name) is None)

    def why(self, choice: str) -> Evidence:
        """The evidence for one choice."""
        return next(evidence for evidence in self.evidence if evidence.choice == choice)


def detect(raw: bytes, chosen: Chosen | None = None) -> Dialect:
    """How the file is written. Raises the errors of errors.py but UndecidedReading."""
    return analyse(raw, chosen or Chosen())[0]


def analyse(raw: bytes, chosen: Chosen) -> tuple[Dialect, Sheet]:
    """The dialect, and the rows it was detected from, so that they are split once."""
    encoding, by_encoding, text, delimiter, header = _decoded(raw, chosen)
    sheet = load(text, delimiter, header)
    number, by_number = _decimal(sheet.cells, chosen)
    form, by_form = _date(sheet.cells, chosen)
    debits, by_debits = _debits(sheet.cells, chosen)
    named = sum(column is not None for column in header.columns)
    evidence = (
        Evidence("encoding", by_encoding),
        Evidence("delimiter", "chosen" if chosen.delimiter else "names", header.line, count=named),
        Evidence("header_line", "chosen" if chosen.header_line else "names", header.line, count=named),
        by_number,
        by_form,
        by_debits,
    )
    dialect = Dialect(
        encoding, delimiter, header.line, number.decimal, number.thousands, form, debits, evidence
    )
    return dialect, sheet


def split(raw: bytes, dialect: Dialect) -> Sheet:
    """The rows of a file whose dialect is known."""
    text = decode(raw, dialect.encoding)
    return load(text, *find_header(text, dialect.delimiter, dialect.header_line))


def _decoded(raw: bytes, chosen: Chosen) -> tuple[str, str, str, str, Header]:
    possible = encodings(raw)  # also refuses other types of file, whatever was chosen
    if chosen.encoding:
        possible = (chosen.encoding,)
    # Among encodings that bytes cannot tell apart, the one in which most columns have their name.
    best: tuple[int, str, str, str, Header] | None = None
    refusal: NotASettlementFile | MissingColumns | None = None
    for encoding in possible:
        text = decode(raw, encoding)
        try:
            delimiter, header = find_header(text, chosen.delimiter, chosen.header_line)
        except (NotASettlementFile, MissingColumns) as error:
            refusal = refusal or error
            continue
        named = sum(column is not None for column in header.columns)
        if best is None or named > best[0]:
            best = (named, encoding, text, delimiter, header)
    if best is None:
        raise refusal or NotASettlementFile("text")
    code = "chosen" if chosen.encoding else ("legacy" if possible == LEGACY else "bytes")
    return best[1], code, *best[2:]


def _distinct(cells: pd.DataFrame, columns: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Each different text of these columns, with the line and the column where it first stands."""
    found: dict[str, tuple[int, str]] = {}
    for column in columns:
        if column in cells:
            first = cells.drop_duplicates(column)
            for text, line in zip(first[column], first["line"], strict=True):
                if text:
                    found.setdefault(text, (line, column))
    return found


def _decimal(cells: pd.DataFrame, chosen: Chosen) -> tuple[amounts.Decision, Evidence]:
    distinct = _distinct(cells, AMOUNTS)
    if chosen.decimal:
        thousands = amounts.thousands_of(distinct, chosen.decimal)
        return amounts.Decision(chosen.decimal, thousands, "cell"), Evidence("decimal", "chosen")
    decision = amounts.decide(distinct)
    line, column = distinct.get(decision.cell, (0, ""))
    return decision, Evidence("decimal", decision.reason, line, column, decision.cell, decision.against)


def _date(cells: pd.DataFrame, chosen: Chosen) -> tuple[dates.Form, Evidence]:
    if chosen.date:
        return chosen.date, Evidence("date", "chosen")
    distinct = _distinct(cells, DATES)
    form, cell, decided = dates.decide(distinct)
    line, column = distinct.get(cell, (0, ""))
    code = form if decided else "assumed_day_first"
    return form, Evidence("date", code, line, column, cell)


def _debits(cells: pd.DataFrame, chosen: Chosen) -> tuple[dict[str, Debits] | None, Evidence]:
    """The signs of each amount column; None where the settled amounts contradict themselves by kind of operation."""
    if chosen.debits:
        return dict.fromkeys(AMOUNTS, chosen.debits), Evidence("debits", "chosen")
    names = {text: operations.operation(text) for text in cells["operation"].unique()}
    signs = cells["operation"].map({text: found.sign if found else 0 for text, found in names.items()})
    kinds = cells["operation"].map(
        {text: found.kind if found else "unknown" for text, found in names.items()}
    )
    debits: dict[str, Debits] = {}
    for column in (name for name in AMOUNTS if name in cells):
        below = cells[column].map({text: amounts.negative(text) for text in cells[column].unique()})
        known = below.notna() & (signs != 0)
        frame = pd.DataFrame({"kind": kinds[known], "sign": signs[known], "below": below[known].astype(bool)})
        debit, credit = frame[frame["sign"] < 0], frame[frame["sign"] > 0]
        if debit["below"].any() or debit.empty:
            debits[column] = "negative"
        elif not credit.empty and credit["below"].all():
            debits[column] = "inverted"
        else:
            debits[column] = "positive"
        if column == "settled_amount":
            by_kind = debit.groupby("kind")["below"]
            if not debit.empty and bool(by_kind.all().any()) and not bool(by_kind.any().all()):
                # one kind is always negative, another never: either its lines are credits, or the signs are not used
                odd = cells.loc[debit.index[~debit["below"]]]
                line, text = int(odd["line"].iloc[0]), str(odd[column].iloc[0])
                return None, Evidence("debits", "contradictory", line, column, text)
    different = cells["settled_amount"].unique()
    nonzero = cells["settled_amount"].map({text: amounts.negative(text) is not None for text in different})
    written = cells[(signs < 0) & nonzero]
    if written.empty:
        return debits, Evidence("debits", "no_debit")
    line, text = int(written["line"].iloc[0]), str(written["settled_amount"].iloc[0])
    return debits, Evidence("debits", debits["settled_amount"], line, "settled_amount", text, len(written))
