"""Find the header of a text, and say what each row below it is: a line, a total, the header again, a misfit."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from services.money import is_currency
from services.settlements.codes import NOT_BLOCKING, SetAsideReason
from services.settlements.columns import COLUMNS, REQUIRED, VOCABULARY
from services.settlements.errors import (
    BrokenQuotes,
    MissingColumns,
    NotASettlementFile,
    TooManyColumns,
    TruncatedFile,
)
from services.text import headings
from services.text.headings import Choice, plain, spelling

DELIMITERS = (";", ",", "\t", "|")
MOST_COLUMNS = 300  # that a header may name
MOST_CELLS = 1_000  # of a row that is checked cell by cell
HEAD_CHARACTERS = 262_144  # a header further down than this is not searched for
_HEAD_RECORDS = 400
_ENOUGH = 4  # names that must be recognised before a line is taken for a header
END = "\x00end"  # a line that no file contains: text with NUL was refused before
_TOTALS = ("total", "totals", "totaux", "sum", "somme", "subtotal", "grand total", "sous total")
# The first word of a total, and the words that may follow: "Total général EUR", "Nombre de lignes : 12", "End of file".
_TOTAL_WORDS = frozenset(
    "total totals totaux sum somme subtotal grand sous sub count nombre number end fin lines lignes".split()
)
_TOTAL_MORE = _TOTAL_WORDS | frozenset(
    "general generale of the de du des d la le les rows records file fichier amount amounts montant montants operations"
    " transactions payout payouts settlement settlements reglement reglements reversement reversements page report".split()
)


@dataclass(frozen=True, kw_only=True)
class SetAsideRow:
    """A row that is not a line. `line` is 1-based; `column` is canonical, "" if the whole row is meant; `settlement_id` as
    in the row, "" if the row names none."""

    line: int
    reason: SetAsideReason
    column: str
    cell: str
    text: str
    settlement_id: str = ""

    @property
    def blocking(self) -> bool:
        """Whether the row may contain money: a preamble or a total is no line of its own."""
        return self.reason not in NOT_BLOCKING


@dataclass(frozen=True)
class Header:
    """`line` … `end`: the lines of the file that it covers. `names` as in the file; `choice`: the canonical column of each."""

    line: int
    end: int
    names: tuple[str, ...]
    choice: Choice

    @property
    def labels(self) -> tuple[str, ...]:
        """The names, with a number where one occurs twice."""
        return headings.labels(self.names)

    @property
    def known(self) -> tuple[str | None, ...]:
        """The canonical column that each of them names, None for an extra one."""
        return self.choice.known

    @property
    def columns(self) -> tuple[str | None, ...]:
        """The columns that are read: of several that name one column the best, or the one that a person chose."""
        return self.choice.columns

    @property
    def unused(self) -> tuple[tuple[str, str, str], ...]:
        """Columns that another was preferred to: (its name, the canonical column, the other's name)."""
        names = self.labels
        return tuple((names[one.place], one.meaning, names[one.instead]) for one in self.choice.unused)

    @property
    def rivals(self) -> tuple[tuple[int, str], ...]:
        """Columns that may be meant as well as one that is read: (place, canonical column)."""
        return tuple((place, doubt.meaning) for doubt in self.choice.doubts for place in doubt.places[1:])

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Canonical columns that the file names more than once."""
        counts = Counter(column for column in self.known if column)
        return tuple(column for column, count in counts.items() if count > 1)

    @property
    def extra(self) -> tuple[str, ...]:
        return tuple(
            name for name, column in zip(self.labels, self.known, strict=True) if name and not column
        )

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(column for column in COLUMNS if column not in self.columns)

    @property
    def named(self) -> int:
        return sum(column is not None for column in self.columns)

    @property
    def needed(self) -> int:
        """How many cells a row has at least."""
        return 1 + max(self.columns.index(column) for column in REQUIRED)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the rows of a text are laid out. `width`: the cells of most rows. `skip`: the bytes, in UTF-8, of all lines down to
    the header's last."""

    encoding: str
    delimiter: str
    header: Header
    preamble: tuple[SetAsideRow, ...]
    width: int
    skip: int


def find_layout(
    head: str,
    encoding: str,
    delimiter: str | None = None,
    line: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> Layout:
    """Find a text's columns in its first HEAD_CHARACTERS. The delimiter and the header's line may be given; `columns`: for a
    name of the file the canonical column, or "" for none.

    Raises NotASettlementFile if no line names a few of the columns, TooManyColumns if a line that may do so is too wide,
    MissingColumns if required columns are not named.
    """
    delimiter, header = _find_header(
        head,
        delimiter,
        line,
        {spelling(name): column for name, column in (columns or {}).items()},
    )
    preamble = []
    widths: Counter[int] = Counter()
    for start, _, row in _head(head, delimiter):
        if start < header.line and any(cell.strip() for cell in row):
            preamble.append(set_aside_row(start, "preamble", row, delimiter))
        elif start > header.line and header.needed <= len(row) <= MOST_CELLS:
            widths[len(row)] += 1
    lines = list(zip(io.StringIO(head, newline=""), range(header.end), strict=False))
    return Layout(
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        preamble=tuple(preamble),
        width=max(widths, key=widths.__getitem__, default=len(header.names)),
        skip=sum(len(text.encode()) for text, _ in lines),
    )


def _find_header(
    head: str, delimiter: str | None, line: int | None, chosen: Mapping[str, str]
) -> tuple[str, Header]:
    best: tuple[str, Header] | None = None
    wide = False
    for candidate in (delimiter,) if delimiter else DELIMITERS:
        for start, end, row in _head(head, candidate):
            if line is not None and start != line:
                continue
            names = _names(row)
            if len(names) > MOST_COLUMNS:
                wide = True
                continue
            header = _header(start, end, names, chosen)
            if best is None or _weight(header) > _weight(best[1]):
                best = (candidate, header)
    # A line that a person chose may name its columns in any words: a person is then asked which columns they are.
    if best is None or (best[1].named < _ENOUGH and (line is None or len(best[1].names) < len(REQUIRED))):
        raise TooManyColumns(MOST_COLUMNS) if wide else NotASettlementFile("text")
    header = best[1]
    if lacking := tuple(column for column in REQUIRED if column not in header.columns):
        raise MissingColumns(lacking, tuple(zip(header.labels, header.known, strict=True)))
    return best


def _weight(header: Header) -> tuple[int, int]:
    return (header.named, 0 if header.named else len(header.names))


def _head(head: str, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    try:
        for count, record in enumerate(records(io.StringIO(head, newline=""), delimiter)):
            if count == _HEAD_RECORDS:
                return
            yield record
    except (BrokenQuotes, TruncatedFile):
        return  # this delimiter, or the cut through the head, made the quotes odd


def _header(line: int, end: int, names: tuple[str, ...], chosen: Mapping[str, str]) -> Header:
    by_hand = {
        place: chosen[name]
        for place, label in enumerate(headings.labels(names) if chosen else ())
        if (name := spelling(label)) in chosen
    }
    return Header(line, end, names, VOCABULARY.choose(names, by_hand))


def _names(row: list[str]) -> tuple[str, ...]:
    """Without blank cells behind the last one."""
    width = next((place for place in range(len(row), 0, -1) if row[place - 1].strip()), 0)
    return tuple(" ".join(cell.split()) for cell in row[:width])


def records(lines: Iterable[str], delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
    """Each record with the 1-based lines at which it begins and ends.

    Raises BrokenQuotes, and TruncatedFile for an open quote. The end is marked by a line of our own: a reader that
    returns it inside a cell was still within quotes.
    """
    reader = csv.reader(chain(lines, (END,)), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            if row and row[-1].endswith(END):
                if row == [END]:
                    return
                raise TruncatedFile(start)
            yield start, reader.line_num, row
            start = reader.line_num + 1
    except csv.Error:
        raise BrokenQuotes(start) from None


def misfit(row: list[str], header: Header) -> SetAsideReason | Literal[""]:
    """Why a row that is not blank is no line (a reason of SetAsideRow), or "".

    A row may lack empty cells at its end, which spreadsheets leave out, or have more of them.
    """
    width, operation = len(header.names), header.columns.index("operation")
    cell = row[operation].strip() if len(row) > operation else ""
    if not cell:
        if row[0].strip().casefold().startswith("sep=") and not any(cell.strip() for cell in row[1:]):
            return "preamble"  # names the separator for a spreadsheet, above the column names of a file put behind
        if _is_total(row):
            return "total"
        return "wrong_width" if len(row) < width else "operation_missing"
    if names_total(cell):
        return "total"
    if len(row) < header.needed or any(cell.strip() for cell in row[width:]):
        return "wrong_width"
    return ""


def names_total(operation: str) -> bool:
    return plain(operation) in _TOTALS


def set_aside_row(
    line: int, reason: SetAsideReason, row: list[str], delimiter: str, settlement_id: str = ""
) -> SetAsideRow:
    first = next((cell for cell in row if cell.strip()), "")
    return SetAsideRow(
        line=line,
        reason=reason,
        column="",
        cell=first[:200],
        text=delimiter.join(row)[:1000],
        settlement_id=settlement_id,
    )


def is_blank(row: list[str]) -> bool:
    return not any(cell and not cell.isspace() for cell in row)


def _is_total(row: list[str]) -> bool:
    """Whether the first cell is only a name of a total, perhaps with its count or currency."""
    words = plain(next((cell for cell in row if cell.strip()), "")).split()
    return (
        bool(words)
        and words[0] in _TOTAL_WORDS
        and all(word in _TOTAL_MORE or word.isdigit() or is_currency(word.upper()) for word in words)
    )
