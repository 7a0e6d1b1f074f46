"""Mails to the person who sent a payment request, about its payment and delivery, as each chooses. Never to a customer.

NoticeError
└── NoAddress     the person's account has no address to write to
"""

from typing import ClassVar

from services.errors import DeskError


class NoticeError(DeskError):
    code: ClassVar[str] = "notice"


class NoAddress(NoticeError):
    code = "notice_no_address"
