"""The stored words of an order's state, its pages, messages, steps and operations, each defined once.

``services.orders.states`` describes the values of an order's state.
"""

from typing import Literal, get_args

Delivery = Literal["none", "queued", "sent", "uncertain", "failed", "expired", "withdrawn", "bounced"]
Availability = Literal["none", "requested", "open", "failed", "taken", "cancelled"]
Payment = Literal[
    "unpaid", "refused", "cancelled", "pending", "unconfirmed", "authorised", "partly_captured", "captured",
    "partly_refunded", "refunded", "charged_back",
]  # fmt: skip
Badge = Literal[
    "preparing", "open", "uncertain", "bounced", "failed", "expired", "cancelled", "refused", "pending", "unconfirmed",
    "authorised", "paid", "refunded", "charged_back",
]  # fmt: skip
UNPAID: frozenset[Payment] = frozenset({"unpaid", "refused", "cancelled"})
PAID: frozenset[Payment] = frozenset({"captured", "partly_captured"})
UNDER_WAY: tuple[Literal["pending", "authorised", "unconfirmed"], ...] = (
    "pending",
    "authorised",
    "unconfirmed",
)  # somebody has paid, or tries to

PageState = Literal["requested", "open", "lost", "withdrawn", "superseded"]  # the last two: of an own link
MessageKind = Literal["link", "copy"]
MessageState = Literal["queued", "sending", "sent", "failed", "uncertain", "expired", "withdrawn"]
StepKind = Literal["page", "mail", "copy", "read", "operation"]
OperationKind = Literal["capture", "refund", "cancel"]
OperationState = Literal["requested", "done", "refused", "unknown"]

NotificationState = Literal[
    "received", "applied", "repeated", "quarantined", "ignored", "unmatched", "unreadable", "failed"
]  # from HiPay; services.orders.notifications says what each means
NoticeKind = Literal["paid", "refused", "not_delivered", "bank_refused", "charged_back", "expires"]
NoticeState = Literal["queued", "sent", "failed", "uncertain", "dropped"]
BatchState = Literal["running", "paused", "done", "cancelled"]
BatchRowState = Literal["waiting", "created", "refused"]

ActorKind = Literal["user", "worker", "hipay", "customer", "system"]
Channel = Literal["link", "phone", "imported"]
Capture = Literal["now", "later"]
Reminder = Literal["", "by_hand", "by_schedule"]  # "" for an e-mail that reminds of nothing

EventKind = Literal[
    "created", "opened", "renewed", "resent", "readdressed", "reminded", "reminded_by_schedule", "reminder_dropped",
    "page_requested", "page_opened", "page_retry", "page_failed", "page_lost", "page_taken",
    "link_ready", "link_page_requested", "link_page_retry", "link_page_late", "link_cancelled", "link_extended",
    "link_renewed", "link_corrected",
    "mail_queued", "mail_sent", "mail_retry", "mail_failed", "mail_uncertain", "mail_expired", "mail_withdrawn",
    "mail_bounced", "mail_delayed", "mail_not_passed_on",
    "copy_mail_sent", "copy_mail_retry", "copy_mail_failed", "copy_mail_uncertain", "copy_mail_expired",
    "copy_mail_withdrawn", "copy_mail_bounced", "copy_mail_delayed", "copy_mail_not_passed_on",
    "payment", "payment_told", "payment_absent", "payment_dismissed", "payment_quarantined", "payment_confirmed",
    "operation_asked", "operation_done", "operation_refused", "operation_unknown", "operation_not_found",
    "bank_refused", "bank_refused_unclear",
]  # fmt: skip
EVENT_KINDS: dict[str, EventKind] = {kind: kind for kind in get_args(EventKind)}
