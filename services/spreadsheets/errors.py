"""Why a spreadsheet could not be opened.

DeskError
└── SpreadsheetError
    ├── SheetTooLong      it has more rows than are read from a spreadsheet: it must be saved as CSV
    ├── SheetTooHeavy     it needs more memory or time than a table may: a bomb, or a workbook of pictures
    ├── NoTable           a web page without a table
    ├── SheetLocked       a password protects it
    └── SheetUnreadable
"""

from typing import ClassVar

from services.errors import DeskError


class SpreadsheetError(DeskError):
    code: ClassVar[str] = "spreadsheet"


class SheetTooLong(SpreadsheetError):
    code = "sheet_too_long"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class SheetTooHeavy(SpreadsheetError):
    code = "sheet_too_heavy"


class NoTable(SpreadsheetError):
    code = "sheet_no_table"


class SheetLocked(SpreadsheetError):
    code = "sheet_locked"


class SheetUnreadable(SpreadsheetError):
    code = "sheet_unreadable"
