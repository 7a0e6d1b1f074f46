"""Why a payout file is not imported, not received or not fetched.

ImportFailed                 the import of a received file failed; the readers raise errors of their own
├── ImportTooHeavy           the process needs more memory than it may have
├── IssueUndecided           it issues payouts again, and a person must say which issue is the newest
├── ImportDied               the process died over the file
└── ImportStopped            the process was stopped too often in a row, through no fault of the file: it is retried later
ImportRefused
├── FileKnown                the same bytes are stored or being received
│   └── FileKnownElsewhere   under another account
├── FileUnknown
└── NotToCancel              the file is complete, or has failed or been cancelled
PayoutError                  of fetching: from HiPay's finance API, at its notification, or out of the watched folder
├── NoPayoutsThere           HiPay has no payouts on its test platform
├── HoursOutOfRange          the hours between two polls of HiPay's list
├── PayoutUnknown            HiPay knows no payout with this id
├── FileNotReady             HiPay lists the payout and has no file of it yet
├── FetchRefused             HiPay does not open its finance API to the account's credentials
├── DownloadBrokenOff        HiPay's answer was cut off or timed out
├── WrongContent             the body is not a payout file: a web page, JSON, empty, binary
└── FolderRefused            a file of the watched folder that is not imported
    ├── NotAFile             a link, a device, a pipe
    ├── NotReadable
    └── NoAccount            it is outside the folders that are named after the accounts
"""

from collections.abc import Sequence
from typing import ClassVar

from services.errors import DeskError


class ImportRefused(DeskError):
    code: ClassVar[str] = "import_refused"


class FileKnown(ImportRefused):
    code = "file_known"

    def __init__(self, name: str) -> None:
        self.name = name


class FileKnownElsewhere(FileKnown):
    code = "file_known_elsewhere"

    def __init__(self, name: str, account: str) -> None:
        super().__init__(name)
        self.account = account


class FileUnknown(ImportRefused):
    code = "file_unknown"


class NotToCancel(ImportRefused):
    code = "import_not_to_cancel"


class ImportFailed(DeskError):
    code: ClassVar[str] = "import_failed"


class ImportTooHeavy(ImportFailed):
    code = "import_too_heavy"


class IssueUndecided(ImportFailed):
    """The file issues payouts again, and nothing says whether that is the newest issue: a person must."""

    code = "import_issue_undecided"

    def __init__(self, payouts: Sequence[tuple[str, str]]) -> None:
        self.payouts = ", ".join(dict.fromkeys(settlement for _, settlement in payouts))


class ImportDied(ImportFailed):
    code = "import_died"


class ImportStopped(ImportFailed):
    code = "import_stopped"


class PayoutError(DeskError):
    code: ClassVar[str] = "payout"


class NoPayoutsThere(PayoutError):
    code = "payout_none_on_stage"


class HoursOutOfRange(PayoutError):
    code = "payout_hours_out_of_range"

    def __init__(self, least: int, most: int) -> None:
        self.least, self.most = least, most


class PayoutUnknown(PayoutError):
    code = "payout_unknown"

    def __init__(self, settlement: str) -> None:
        self.settlement = settlement


class FileNotReady(PayoutError):
    code = "payout_file_not_there"

    def __init__(self, settlement: str) -> None:
        self.settlement = settlement


class FetchRefused(PayoutError):
    code = "payout_refused"

    def __init__(self, hipay_code: int | None) -> None:
        self.hipay_code = hipay_code or ""


class DownloadBrokenOff(PayoutError):
    code = "payout_broken_off"


class WrongContent(PayoutError):
    """``looks_like``: html, json, empty or binary."""

    code = "payout_wrong_content"

    def __init__(self, looks_like: str) -> None:
        self.looks_like = looks_like


class FolderRefused(PayoutError):
    code = "folder_refused"


class NotAFile(FolderRefused):
    code = "folder_not_a_file"


class NotReadable(FolderRefused):
    code = "folder_not_readable"


class NoAccount(FolderRefused):
    code = "folder_no_account"

    def __init__(self, accounts: str) -> None:
        self.accounts = accounts
