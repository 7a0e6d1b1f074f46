"""Why a table of orders, a row of it, or an action on a batch is refused.

BatchError
├── TableError              nothing of the file can be used
│   ├── NotATable           another type of file
│   ├── ColumnsMissing      every order needs these columns
│   ├── ColumnsDoubtful     several columns may be the same one
│   ├── NoRows
│   ├── TablesJoined        there is another heading further down
│   ├── TooManyRows         more than one list takes
│   └── TableTooLarge       bytes
├── CellProblem             one cell, or one row
│   ├── AmountUnreadable    no amount in the table's notation
│   ├── DateUnreadable
│   ├── MadeDate            a spreadsheet has turned a text or an amount into a date
│   ├── RowsSwallowed       a quoted cell seems to hide rows
│   ├── DigitsLost          a spreadsheet has rounded a long number
│   ├── ErrorCell           #REF!, #N/A: the spreadsheet has lost its value
│   ├── FormulaCell         a formula that was saved without its result
│   ├── RowShifted          more cells than headings
│   └── OrderIdTwice        an earlier row has the same order id
├── NothingToSend
├── PaceRefused
├── UnknownBatch
└── BatchOver               it is finished or was cancelled
"""

from typing import ClassVar

from services.bulk.heading import Head
from services.errors import DeskError


class BatchError(DeskError):
    code: ClassVar[str] = "batch"


class TableError(BatchError):
    code = "table"


class NotATable(TableError):
    code = "table_other_type"

    def __init__(self, looks_like: str) -> None:
        self.looks_like = looks_like


class ColumnsMissing(TableError):
    """``columns``: names of ``services.bulk.columns``. ``head``: None where no line names any column."""

    code = "table_columns_missing"

    def __init__(self, columns: tuple[str, ...], head: Head | None = None) -> None:
        super().__init__(columns)
        self.columns = columns
        self.head = head

    def fields(self) -> dict[str, str]:
        return {"columns": ", ".join(self.columns)}


class ColumnsDoubtful(TableError):
    """``head.doubts``: the columns in doubt, whose cells differ."""

    code = "table_columns_doubtful"

    def __init__(self, head: Head) -> None:
        super().__init__(head.doubts)
        self.head = head

    def fields(self) -> dict[str, str]:
        names = dict.fromkeys(name for _, names in self.head.doubts for name in names)
        return {"columns": ", ".join(meaning for meaning, _ in self.head.doubts), "names": ", ".join(names)}


class NoRows(TableError):
    code = "table_no_rows"


class TablesJoined(TableError):
    """``line``: the row of a heading with other columns than the heading in row ``first``; both count from 1."""

    code = "table_joined"

    def __init__(self, line: int, first: int) -> None:
        super().__init__(line, first)
        self.line = line
        self.first = first


class TooManyRows(TableError):
    code = "table_too_many_rows"

    def __init__(self, limit: int) -> None:
        self.limit = limit


class TableTooLarge(TableError):
    code = "file_too_large"

    def __init__(self, megabytes: int) -> None:
        self.megabytes = megabytes


class CellProblem(BatchError):
    code = "cell"


class AmountUnreadable(CellProblem):
    """``decimal``: the table's decimal sign."""

    code = "cell_amount_unreadable"

    def __init__(self, decimal: str) -> None:
        self.decimal = decimal


class DateUnreadable(CellProblem):
    code = "cell_date_unreadable"


class MadeDate(CellProblem):
    code = "cell_made_date"


class RowsSwallowed(CellProblem):
    """``line`` … ``last``: the lines of the text, from 1, between whose quotation marks there seem to be rows."""

    code = "row_swallowed"

    def __init__(self, line: int, last: int) -> None:
        self.line = line
        self.last = last


class DigitsLost(CellProblem):
    code = "cell_digits_lost"


class ErrorCell(CellProblem):
    code = "cell_error"


class FormulaCell(CellProblem):
    code = "cell_formula"


class RowShifted(CellProblem):
    code = "row_shifted"


class OrderIdTwice(CellProblem):
    code = "row_order_id_twice"

    def __init__(self, line: int) -> None:
        self.line = line


class NothingToSend(BatchError):
    code = "batch_nothing_to_send"


class PaceRefused(BatchError):
    code = "batch_pace"

    def __init__(self, most: int) -> None:
        self.most = most


class UnknownBatch(BatchError):
    code = "batch_unknown"


class BatchOver(BatchError):
    code = "batch_over"
