"""Payout files that come by themselves: from HiPay's finance API, at its notification, or out of a watched folder.

PayoutError
├── NoPayoutsThere       HiPay has no payouts on its test platform
├── HoursOutOfRange      of the hours between two looks at HiPay's list
├── PayoutUnknown        HiPay knows no payout of this id
├── FileNotThere         HiPay lists the payout and has no file of it yet
├── FetchRefused         HiPay does not open its finance API to the account's credentials
├── BrokenOff            HiPay's answer ended before its end, or did not come in time
├── WrongContent         what came as the file is none: a web page, JSON, nothing, noise
└── FolderRefused        a file of the watched folder that is not taken
    ├── NotAFile         a link, a device, a pipe
    ├── NotReadable
    └── NoAccount        it lies outside the folders that are named after the accounts
"""

from typing import ClassVar

from services.errors import DeskError


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


class FileNotThere(PayoutError):
    code = "payout_file_not_there"

    def __init__(self, settlement: str) -> None:
        self.settlement = settlement


class FetchRefused(PayoutError):
    code = "payout_refused"

    def __init__(self, hipay_code: int | None) -> None:
        self.hipay_code = hipay_code or ""


class BrokenOff(PayoutError):
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
