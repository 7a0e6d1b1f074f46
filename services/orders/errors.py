"""What the order services refuse.

OrderError
├── DraftRefused        the form is not right; one error for each field
├── AccountNotReady     the account cannot send on this channel yet
├── OrderIdTaken        another order of the account has this order id
├── UnknownOrder
├── NothingToRetry      sending did not stop
├── LinkRefused         what cannot be done with a payment link
│   ├── NotUnpaid            paid, or a payment is under way
│   ├── BeingConfirmed       a notification reports a payment, and HiPay is being asked for it
│   ├── LinkCancelled        cancelled before
│   ├── LinkExpired, LinkNotExpired
│   ├── NotOurLink           the e-mail contained HiPay's own address
│   ├── NoMail               a telephone payment has no e-mail
│   ├── StillSending         the last e-mail has not left, or nobody knows whether it has
│   ├── NoLink               there is no address to send
│   ├── CustomerErased       the customer's data were erased
│   └── NothingChanged
└── FieldProblem        what is wrong with one field
    ├── FieldEmpty, FieldTooLong
    ├── OrderIdMalformed
    ├── AmountBelowMinimum
    ├── ChoiceUnknown
    ├── LanguageUnknown
    └── ExpiryMissing, ExpiryTooSoon, ExpiryTooLate, TimeSkipped, TimeTwice
"""

from collections.abc import Mapping
from typing import ClassVar

from services.errors import DeskError


class OrderError(DeskError):
    code: ClassVar[str] = "order"


class DraftRefused(OrderError):
    code = "order_draft_refused"

    def __init__(self, problems: Mapping[str, DeskError]) -> None:
        self._problems = dict(problems)
        super().__init__(", ".join(f"{name}: {problem.code}" for name, problem in problems.items()))

    @property
    def problems(self) -> dict[str, DeskError]:
        return self._problems


class AccountNotReady(OrderError):
    code = "account_not_ready"

    def __init__(self, account: str, missing: tuple[str, ...]) -> None:
        self.account, self.missing = account, missing


class OrderIdTaken(OrderError):
    code = "order_id_taken"

    def __init__(self, order_id: str) -> None:
        self.order_id = order_id


class UnknownOrder(OrderError):
    code = "order_unknown"


class NothingToRetry(OrderError):
    code = "order_nothing_to_retry"


class FieldProblem(OrderError):
    code = "field"


class FieldEmpty(FieldProblem):
    code = "field_empty"


class FieldTooLong(FieldProblem):
    code = "field_too_long"

    def __init__(self, limit: int) -> None:
        self.limit = limit


class OrderIdMalformed(FieldProblem):
    code = "order_id_malformed"


class AmountBelowMinimum(FieldProblem):
    code = "amount_below_minimum"

    def __init__(self, minimum_units: int, currency: str) -> None:
        self.minimum_units, self.currency = minimum_units, currency


class ChoiceUnknown(FieldProblem):
    """None of the values that the field offers."""

    code = "field_choice_unknown"


class LanguageUnknown(FieldProblem):
    code = "order_language_unknown"


class ExpiryMissing(FieldProblem):
    code = "expiry_missing"


class ExpiryTooSoon(FieldProblem):
    code = "expiry_too_soon"

    def __init__(self, minutes: int) -> None:
        self.minutes = minutes


class ExpiryTooLate(FieldProblem):
    code = "expiry_too_late"

    def __init__(self, days: int) -> None:
        self.days = days


class TimeSkipped(FieldProblem):
    code = "time_skipped"


class TimeTwice(FieldProblem):
    code = "time_twice"


class LinkRefused(OrderError):
    code: ClassVar[str] = "link_refused"


class NotUnpaid(LinkRefused):
    code = "link_not_unpaid"


class BeingConfirmed(LinkRefused):
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
