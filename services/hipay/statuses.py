"""HiPay's statuses and the effect of each on a payment (portal, "transaction status"; names after HiPay's SDKs)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """The effect of a status on the payment. Amounts always come from the observation, never from the status."""

    PENDING = "pending"
    REVIEW = "review"
    AUTHORISED = "authorised"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CAPTURE_REQUESTED = "capture_requested"
    CAPTURED = "captured"
    CAPTURE_REFUSED = "capture_refused"
    REFUND_REQUESTED = "refund_requested"
    REFUNDED = "refunded"
    REFUND_REFUSED = "refund_refused"
    CHARGED_BACK = "charged_back"
    CREDITED = "credited"  # after a dispute; the amounts say to whom
    INFORMATION = "information"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Status:
    """``name``: HiPay's, for whoever reads the code; it is neither stored nor shown. ``notified``: whether HiPay sends a notification for
    it; one that comes all the same is taken."""

    code: int
    name: str
    effect: Effect
    notified: bool


_NOTIFIED: tuple[tuple[int, str, Effect], ...] = (
    (109, "authentication_failed", Effect.REFUSED),
    (110, "blocked", Effect.REFUSED),
    (111, "denied", Effect.REFUSED),
    (112, "authorised_pending_review", Effect.REVIEW),
    (113, "refused", Effect.REFUSED),
    (114, "authorisation_expired", Effect.EXPIRED),
    (115, "cancelled", Effect.CANCELLED),
    (116, "authorised", Effect.AUTHORISED),
    (117, "capture_requested", Effect.CAPTURE_REQUESTED),
    (118, "captured", Effect.CAPTURED),
    (119, "partially_captured", Effect.CAPTURED),
    (124, "refund_requested", Effect.REFUND_REQUESTED),
    (125, "refunded", Effect.REFUNDED),
    (126, "partially_refunded", Effect.REFUNDED),
    (129, "charged_back", Effect.CHARGED_BACK),
    (131, "debited", Effect.CHARGED_BACK),
    (132, "partially_debited", Effect.CHARGED_BACK),
    (142, "authorisation_requested", Effect.PENDING),
    (143, "authorisation_cancelled", Effect.CANCELLED),
    (165, "refund_refused", Effect.REFUND_REFUSED),
    (166, "issuer_credited", Effect.CREDITED),
    (173, "capture_refused", Effect.CAPTURE_REFUSED),
    (200, "pending_payment", Effect.PENDING),
)
_SILENT: tuple[tuple[int, str, Effect], ...] = (
    (101, "created", Effect.INFORMATION),
    (103, "cardholder_enrolled", Effect.INFORMATION),
    (104, "cardholder_not_enrolled", Effect.INFORMATION),
    (105, "unable_to_authenticate", Effect.INFORMATION),
    (106, "cardholder_authenticated", Effect.INFORMATION),
    (107, "authentication_attempted", Effect.INFORMATION),
    (108, "could_not_authenticate", Effect.INFORMATION),
    (120, "collected", Effect.INFORMATION),
    (121, "partially_collected", Effect.INFORMATION),
    (122, "settled", Effect.INFORMATION),
    (123, "partially_settled", Effect.INFORMATION),
    (140, "authentication_requested", Effect.INFORMATION),
    (141, "authenticated", Effect.INFORMATION),
    (150, "acquirer_found", Effect.INFORMATION),
    (151, "acquirer_not_found", Effect.INFORMATION),
    (160, "cardholder_enrolment_unknown", Effect.INFORMATION),
    (161, "fraud_check_accepted", Effect.INFORMATION),
    (163, "authorisation_refused", Effect.REFUSED),
    (169, "credit_requested", Effect.INFORMATION),
    (175, "authorisation_cancellation_requested", Effect.INFORMATION),
    # Only the consultation API (v3) has these two.
    (180, "partially_charged_back", Effect.CHARGED_BACK),
    (181, "charged_back_in_full", Effect.CHARGED_BACK),
)
STATUSES: Mapping[int, Status] = {
    code: Status(code, name, effect, notified)
    for notified, table in ((True, _NOTIFIED), (False, _SILENT))
    for code, name, effect in table
}

STATES = frozenset({"completed", "forwarding", "pending", "waiting", "declined", "error"})

# The products that take a card by telephone (HiPay's support centre). Bancontact's code is `bcmc` on some accounts.
MOTO_PRODUCTS = frozenset(
    {"cb", "mastercard", "american-express", "visa", "mbway", "multibanco", "bancontact", "bcmc"}
)

# The consultation API omits the hundred, except for these, which have numbers of their own (HiPay's Node SDK, v3 statuses).
_SHORT = {30: 200, 52: 160, 53: 161, 54: 173, 55: 163}


def status(code: int) -> Status:
    """The status of a three-digit code; one that HiPay has added since has the effect ``UNKNOWN`` and changes nothing."""
    return STATUSES.get(code) or Status(code, f"unknown_{code}", Effect.UNKNOWN, notified=False)


def three_digits(code: int) -> int:
    """The three-digit code for the consultation API's: 116 for 16, 200 for 30."""
    return code if code >= 100 else _SHORT.get(code, code + 100)
