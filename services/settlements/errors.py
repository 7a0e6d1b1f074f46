"""Why a file as a whole could not be read. Nothing of such a file is imported.

DeskError
└── SettlementFileError
    ├── EmptyFile            no byte, or blanks only
    ├── NotASettlementFile   another type of file, or no line that names a settlement file's columns
    ├── UndecodableFile      the chosen encoding does not fit the bytes
    ├── TruncatedFile        it ends inside a character, a quoted cell or a row
    ├── SwallowedRows        a quoted cell seems to hide rows: a person must choose
    ├── JoinedFiles          other column names follow further down: files were put together
    ├── BrokenQuotes         a quoted cell contains a large part of the file
    ├── MissingColumns       without these columns no line can be counted
    ├── DoubtfulColumns      several columns may be the same one: a person must choose
    ├── TooManyColumns       a line that may name them has more cells than a table has columns
    ├── HeaderOnly           columns are named, no line follows
    ├── UndecidedReading     the file leaves a choice open that changes amounts: a person must answer
    ├── ZipUnreadable        damaged, cut off, or packed in a way that is not known
    ├── ZipLocked            a password protects it
    ├── ZipNested            a ZIP within the ZIP
    ├── ZipNames             a member's name leads out of its folder
    ├── ZipTooLarge          more files, or more bytes, than are unpacked: perhaps a bomb
    ├── ZipOthers            each file in it is of another kind
    └── ZipEmpty             no file in it
"""

from typing import ClassVar

from services.errors import DeskError
from services.settlements.codes import EvidenceChoice


class SettlementFileError(DeskError):
    """A settlement file that cannot be read."""

    code: ClassVar[str] = "settlement_file_unreadable"


class EmptyFile(SettlementFileError):
    code: ClassVar[str] = "settlement_file_empty"


class NotASettlementFile(SettlementFileError):
    """`looks_like`: pdf, zip, gzip, html, xml, image, rtf, spreadsheet, binary or text."""

    code: ClassVar[str] = "settlement_file_other_type"

    def __init__(self, looks_like: str) -> None:
        super().__init__(looks_like)
        self.looks_like = looks_like


class UndecodableFile(SettlementFileError):
    code: ClassVar[str] = "settlement_file_undecodable"

    def __init__(self, encoding: str) -> None:
        super().__init__(encoding)
        self.encoding = encoding


class TruncatedFile(SettlementFileError):
    """`line` is the 1-based line of the file at which the unfinished row begins."""

    code: ClassVar[str] = "settlement_file_truncated"

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class SwallowedRows(SettlementFileError):
    """`line` … `last`: the lines, from 1, between whose quotation marks there seem to be so many `rows`."""

    code: ClassVar[str] = "settlement_file_swallowed_rows"

    def __init__(self, line: int, last: int, rows: int) -> None:
        super().__init__(line, last, rows)
        self.line = line
        self.last = last
        self.rows = rows


class JoinedFiles(SettlementFileError):
    """`line` names columns otherwise than `header_line` does, both from 1."""

    code: ClassVar[str] = "settlement_file_joined"

    def __init__(self, line: int, header_line: int) -> None:
        super().__init__(line, header_line)
        self.line = line
        self.header_line = header_line


class BrokenQuotes(SettlementFileError):
    code: ClassVar[str] = "settlement_file_broken_quotes"

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


class MissingColumns(SettlementFileError):
    """`columns`: canonical names (columns.py); `header`: each name in the file, and the column that it is taken for."""

    code: ClassVar[str] = "settlement_file_missing_columns"

    def __init__(self, columns: tuple[str, ...], header: tuple[tuple[str, str | None], ...] = ()) -> None:
        super().__init__(columns, header)
        self.columns = columns
        self.header = header

    def fields(self) -> dict[str, str]:
        return {"columns": ", ".join(self.columns)}


class DoubtfulColumns(SettlementFileError):
    """`doubts`: each canonical column with the columns of the file that may be it, by name and with a cell in which they
    differ; `header`: as in MissingColumns."""

    code: ClassVar[str] = "settlement_file_doubtful_columns"

    def __init__(
        self,
        doubts: tuple[tuple[str, tuple[tuple[str, str], ...]], ...],
        header: tuple[tuple[str, str | None], ...],
    ) -> None:
        super().__init__(doubts, header)
        self.doubts = doubts
        self.header = header

    def fields(self) -> dict[str, str]:
        names = dict.fromkeys(name for _, columns in self.doubts for name, _ in columns)
        return {"columns": ", ".join(column for column, _ in self.doubts), "names": ", ".join(names)}


class TooManyColumns(SettlementFileError):
    code: ClassVar[str] = "settlement_file_too_many_columns"

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class HeaderOnly(SettlementFileError):
    code: ClassVar[str] = "settlement_file_header_only"


class UndecidedReading(SettlementFileError):
    """`questions`: the choices to make, `decimal` and/or `debits` (dialect.py)."""

    code: ClassVar[str] = "settlement_file_undecided"

    def __init__(self, questions: tuple[EvidenceChoice, ...]) -> None:
        super().__init__(questions)
        self.questions = questions

    def fields(self) -> dict[str, str]:
        return {"questions": ", ".join(self.questions)}


class ZipUnreadable(SettlementFileError):
    code: ClassVar[str] = "settlement_zip_unreadable"


class ZipLocked(SettlementFileError):
    code: ClassVar[str] = "settlement_zip_locked"


class ZipNested(SettlementFileError):
    """`name`: of the member that is a ZIP itself."""

    code: ClassVar[str] = "settlement_zip_nested"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ZipNames(SettlementFileError):
    code: ClassVar[str] = "settlement_zip_names"

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class ZipTooLarge(SettlementFileError):
    """`megabytes` and `files`: the most that is unpacked."""

    code: ClassVar[str] = "settlement_zip_too_large"

    def __init__(self, megabytes: int, files: int) -> None:
        super().__init__(megabytes, files)
        self.megabytes = megabytes
        self.files = files


class ZipEmpty(SettlementFileError):
    code: ClassVar[str] = "settlement_zip_empty"


class ZipOthers(SettlementFileError):
    """`names` of its files; `looks_like`: what the first of them is, as in NotASettlementFile."""

    code: ClassVar[str] = "settlement_zip_others"

    def __init__(self, names: tuple[str, ...], looks_like: str) -> None:
        super().__init__(names, looks_like)
        self.names = names
        self.looks_like = looks_like

    def fields(self) -> dict[str, str]:
        return {
            "names": ", ".join(self.names[:5]) + (" …" if len(self.names) > 5 else ""),
            "looks_like": self.looks_like,
        }
