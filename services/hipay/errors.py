"""The errors of calls to HiPay and of its notifications.

    HiPayError (DeskError)              retry  what is known afterwards
    ├── Unreachable                     yes    nothing was sent: refused, DNS, TLS, no answer to the connection
    │   └── BadCertificate              no     nothing was sent: the server did not prove its identity
    ├── OutcomeUnknown                  yes    it was sent and no complete answer came: the work may be done
    ├── Unavailable                     yes    HiPay asks to try later: 5xx, 429, 408, 1000008
    ├── BadAnswer                       yes    an answer that is not HiPay's: garbage, HTML, no forwardUrl, a redirect
    ├── AnswerTooLarge                  no
    ├── UntrustedUrl                    no     a payment page that is not on HiPay's hosts: never mailed
    ├── NotAuthorised                   no     401, 403, 1000001 and similar: the account must be corrected first
    ├── DuplicateOrder                  no     3010004: read the order before anything else
    ├── PageOver                        no     3010005 to 3010008: expired, completed or voided
    ├── NotFound                        no     the transaction or settlement does not exist
    ├── Refused                         no     any other refusal: a field, a limit, a state (HiPay's code)
    ├── FieldError                      no     our own refusal before the call, by field
    │   ├── FieldMissing
    │   ├── FieldTooLong
    │   ├── FieldInvalid
    │   └── AmountTooSmall
    └── BadNotification                 no     a notification body that cannot be read

``retry``: whether the same call, with the same order id, may be made again later without a person.
No message and no field ever contains a credential, a body or a URL with a query.
"""

from typing import ClassVar

from services.errors import DeskError


class HiPayError(DeskError):
    code: ClassVar[str] = "hipay"
    retry: ClassVar[bool] = False


class Unreachable(HiPayError):
    """``reason``: refused, dns, tls, timeout, certificate or network."""

    code = "hipay_unreachable"
    retry = True

    def __init__(self, host: str, reason: str) -> None:
        self.host, self.reason = host, reason
        super().__init__(f"{host} could not be reached ({reason}); nothing was sent")


class BadCertificate(Unreachable):
    code = "hipay_bad_certificate"
    retry = False


class OutcomeUnknown(HiPayError):
    """``reason``: timeout, reset or short (a body that ended early)."""

    code = "hipay_outcome_unknown"
    retry = True

    def __init__(self, host: str, reason: str) -> None:
        self.host, self.reason = host, reason
        super().__init__(f"{host} was asked and did not answer in full ({reason}); the outcome is unknown")


class Unavailable(HiPayError):
    code = "hipay_unavailable"
    retry = True

    def __init__(self, status: int, hipay_code: int | None = None) -> None:
        self.status, self.hipay_code = status, hipay_code
        super().__init__(f"HiPay is temporarily unavailable (HTTP {status}, code {hipay_code})")


class BadAnswer(HiPayError):
    """``problem``: a short stable word for what is wrong with the answer, such as ``not_json`` or ``redirect``."""

    code = "hipay_bad_answer"
    retry = True

    def __init__(self, problem: str, status: int | None = None) -> None:
        self.problem, self.status = problem, status
        super().__init__(f"the answer is not one of HiPay's ({problem}, HTTP {status})")


class AnswerTooLarge(HiPayError):
    code = "hipay_answer_too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"the answer is larger than {limit} bytes")


class UntrustedUrl(HiPayError):
    code = "hipay_untrusted_url"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"the payment page is not on one of HiPay's hosts ({host})")


class NotAuthorised(HiPayError):
    code = "hipay_not_authorised"
    CREDENTIALS: ClassVar[int] = 1000001  # the hipay_code of a wrong login or password

    def __init__(self, status: int, hipay_code: int | None = None) -> None:
        self.status, self.hipay_code = status, hipay_code
        super().__init__(f"HiPay refuses the account (HTTP {status}, code {hipay_code})")


class DuplicateOrder(HiPayError):
    code = "hipay_duplicate_order"
    hipay_code: ClassVar[int] = 3010004


class PageOver(HiPayError):
    """``hipay_code``: 3010005 session expired, 3010006 completed, 3010007 expired, 3010008 voided."""

    code = "hipay_page_over"

    def __init__(self, hipay_code: int) -> None:
        self.hipay_code = hipay_code
        super().__init__(f"the payment page is over (code {hipay_code})")


class NotFound(HiPayError):
    """``what``: transaction or settlement."""

    code = "hipay_not_found"

    def __init__(self, what: str, reference: str) -> None:
        self.what, self.reference = what, reference
        super().__init__(f"HiPay knows no {what} {reference}")


class Refused(HiPayError):
    """``field``: the form field HiPay names, where it names one; ``message``: HiPay's own English words."""

    code = "hipay_refused"

    def __init__(self, hipay_code: int, field: str | None, message: str) -> None:
        self.hipay_code, self.field, self.message = hipay_code, field, message
        super().__init__(f"HiPay refuses (code {hipay_code}, field {field}): {message}")


class FieldError(HiPayError):
    """A value that HiPay would refuse, or that we do not send. ``field`` is HiPay's name of it."""

    code = "hipay_field"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"{field}: {type(self).__name__}")


class FieldMissing(FieldError):
    code = "hipay_field_missing"


class FieldTooLong(FieldError):
    code = "hipay_field_too_long"

    def __init__(self, field: str, limit: int) -> None:
        super().__init__(field)
        self.limit = limit


class FieldInvalid(FieldError):
    code = "hipay_field_invalid"


class AmountTooSmall(FieldError):
    code = "hipay_amount_too_small"

    def __init__(self, minimum_units: int, currency: str) -> None:
        super().__init__("amount")
        self.minimum_units, self.currency = minimum_units, currency


class BadNotification(HiPayError):
    """``problem``: a short stable word; ``field``: the field that cannot be read, where it is one field."""

    code = "hipay_bad_notification"

    def __init__(self, problem: str, field: str | None = None) -> None:
        self.problem, self.field = problem, field
        super().__init__(f"the notification cannot be read ({problem}, field {field})")
