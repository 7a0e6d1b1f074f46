"""Why a bank's file could not be read. Nothing of such a file is stored.

DeskError
└── BankFileError
    ├── EmptyBankFile       no byte, or blanks only
    ├── NotABankFile        none of the formats that are read here
    ├── DamagedBankFile     its format is known, and a place in it cannot be read
    ├── BankFileMarkup      XML that declares a document type: what it names could be loaded from elsewhere
    └── NoStatement         readable, and without any statement
"""

from typing import ClassVar

from services.errors import DeskError


class BankFileError(DeskError):
    code: ClassVar[str] = "bank_file_unreadable"


class EmptyBankFile(BankFileError):
    code: ClassVar[str] = "bank_file_empty"


class NotABankFile(BankFileError):
    code: ClassVar[str] = "bank_file_other_type"


class DamagedBankFile(BankFileError):
    """``place``: of the record, line or entry, from 1, as its format counts them. ``found``: what stands there, shortened."""

    code: ClassVar[str] = "bank_file_damaged"

    def __init__(self, place: int, found: str) -> None:
        super().__init__(place, found)
        self.place = place
        self.found = found[:60]


class BankFileMarkup(BankFileError):
    code: ClassVar[str] = "bank_file_markup"


class NoStatement(BankFileError):
    code: ClassVar[str] = "bank_file_no_statement"
