"""What cannot be done with a payment link.

LinkRefused (OrderError)
├── NotUnpaid            paid, or a payment is under way
├── LinkCancelled        called off before
├── LinkExpired, LinkNotExpired
├── NotOurLink           the e-mail held HiPay's own address
├── NoMail               a telephone payment has no e-mail
├── StillSending         the message before has not left, or nobody knows whether it has
├── NoLink               there is no address to send
├── CustomerErased       nobody is left to write to
└── NothingChanged
"""

from typing import ClassVar

from services.orders.errors import OrderError


class LinkRefused(OrderError):
    code: ClassVar[str] = "link_refused"


class NotUnpaid(LinkRefused):
    code = "link_not_unpaid"


class BeingConfirmed(LinkRefused):
    """HiPay has told of a payment, and is being asked for it."""

    code = "link_being_confirmed"


class LinkCancelled(LinkRefused):
    code = "link_cancelled"


class LinkExpired(LinkRefused):
    code = "link_expired"


class LinkNotExpired(LinkRefused):
    code = "link_not_expired"


class NotOurLink(LinkRefused):
    code = "link_not_ours"


class NoMail(LinkRefused):
    code = "link_no_mail"


class StillSending(LinkRefused):
    code = "link_still_sending"


class NoLink(LinkRefused):
    code = "link_none"


class CustomerErased(LinkRefused):
    code = "link_customer_erased"


class NothingChanged(LinkRefused):
    code = "link_nothing_changed"
