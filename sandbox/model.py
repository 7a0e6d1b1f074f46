"""What the sandbox remembers. Amounts are integers of the currency's minor unit; times are aware, UTC."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from sandbox import money

RETRIES = 3  # `numberRetry`: attempts that one order may have


def first_number(base: int = 0) -> int:
    """Where HiPay's numbers begin in a memory that is empty: at the time, so that an older one never comes again."""
    return base + int(time.time() * 10)


@dataclass
class Page:
    """One hosted payment page: the answer to one POST /v1/hpayment."""

    id: str
    orderid: str
    fields: dict[str, str]  # as received, unknown ones included
    amount: int
    currency: str
    language: str  # a locale: 'fr_FR'
    eci: str
    created_at: datetime
    expires_at: datetime

    @property
    def captures_at_once(self) -> bool:
        return self.fields.get("operation", "").lower() == "sale"


@dataclass
class Order:
    """A merchant's order id, with its pages and its attempts, oldest first."""

    id: str
    number: int  # HiPay's own id of it
    created_at: datetime
    pages: list[str] = field(default_factory=list)
    transactions: list[str] = field(default_factory=list)


@dataclass
class Transaction:
    """One attempt to pay."""

    id: str  # the transaction reference: 12 digits
    orderid: str
    page: str
    attempt: int
    product: str
    eci: str
    amount: int
    currency: str
    card_holder: str
    ip: str
    created_at: datetime
    updated_at: datetime
    state: str = "pending"
    status: int = 142
    reason: str = ""
    reason_message: str = ""
    authorization_code: str = ""
    authorized_at: datetime | None = None
    authorized: int = 0
    captured: int = 0
    refunded: int = 0
    charged_back: int = 0
    history: list[tuple[int, datetime]] = field(default_factory=list)
    operations: list[int] = field(default_factory=list)

    @property
    def paid(self) -> bool:
        return self.state == "completed"

    def wire(self, units: int) -> str:
        return money.wire(units, self.currency)

    def moves_to(self, status: int, at: datetime) -> None:
        self.status = status
        self.updated_at = at
        self.history.append((status, at))


@dataclass
class Operation:
    """Money that moved on a transaction: CAPTURE, REFUND, CHGBCK or CHGBCK_REFUND."""

    id: int
    transaction: str
    type: str
    amount: int
    currency: str
    created_at: datetime
    merchant_reference: str = ""
    status: str = "COMPLETED"  # REQUESTED before, FAILURE when the bank refuses it, RECONCILED once settled
    counted: bool = True  # whether its amount is in the transaction's totals
    settlement: int | None = None
    settled_at: datetime | None = None


@dataclass
class Delivery:
    """A notification on its way: the body never changes, so that a second sending is the same bytes."""

    id: int
    orderid: str
    transaction: str
    notification_status: int
    url: str
    content_type: str
    signature: str
    body: str
    created_at: datetime
    due: float | None  # seconds since the epoch, of the machine's clock; None: nothing left to do
    tries: int = 0  # since it was last asked for
    answers: list[str] = field(default_factory=list)  # '200', or the error in a word
    status: int | None = None  # the last HTTP status


@dataclass
class Message:
    """A mail that came in."""

    id: int
    sender: str
    recipients: list[str]
    received_at: datetime
    subject: str
    message_id: str
    raw: bytes
