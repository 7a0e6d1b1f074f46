"""The stored words of an order's state, its pages, messages, steps and operations, each defined once.

``services.orders.states`` says what the values of an order's state mean.
"""

from typing import Literal

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
