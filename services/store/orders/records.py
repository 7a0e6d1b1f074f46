"""What the queries of orders return: each class has the columns of its table under their own names.

Amounts are in units of 1/10000, times are UTC. ``services.store.schema`` says what each column means.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import Row

from services.store.order_states import (
    ActorKind,
    Availability,
    BatchRowState,
    BatchState,
    Capture,
    Channel,
    Delivery,
    EventKind,
    MessageKind,
    MessageState,
    NotificationState,
    OperationKind,
    OperationState,
    PageState,
    Payment,
    Reminder,
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    id: int
    account: str
    order_id: str
    channel: Channel
    form_key: str
    mark: str
    first_name: str
    last_name: str
    email: str
    phone: str
    language: str
    amount: int
    currency: str
    description: str
    reference_1: str
    reference_2: str
    reference_3: str
    reference_4: str
    reference_5: str
    capture: Capture
    expires_at: datetime
    copy_to: str
    link_token: str | None
    created_at: datetime
    actor_kind: ActorKind
    actor_id: str
    sender_name: str
    search: str
    delivery: Delivery
    availability: Availability
    payment: Payment
    authorised: int
    captured: int
    refunded: int
    charged_back: int
    failure: str
    failure_detail: dict[str, Any]
    sent_at: datetime | None
    paid_at: datetime | None
    captured_at: datetime | None
    last_captured_at: datetime | None
    checked_at: datetime | None
    erased_at: datetime | None
    refusal: int
    folds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    id: int
    order: int
    account: str
    hipay_order_id: str
    number: int
    amount: int
    currency: str
    state: PageState
    url: str | None
    mid: str
    token: str
    created_at: datetime
    opened_at: datetime | None
    expires_at: datetime | None
    claimed_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    id: int
    order: int
    page: int | None
    kind: MessageKind
    number: int
    form_key: str | None
    reminder: Reminder
    recipient: str
    message_id: str
    body: bytes
    state: MessageState
    tries: int
    answer: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredEvent:
    id: int
    order: int
    page: int | None
    at: datetime
    kind: EventKind
    actor_kind: ActorKind
    actor_id: str
    data: dict[str, Any]
    identity: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedOperation:
    id: int
    order: int
    account: str
    reference: str
    kind: OperationKind
    amount: int | None
    currency: str
    why: str
    form_key: str
    operation_id: str
    state: OperationState
    failure: str
    failure_detail: dict[str, Any]
    created_at: datetime
    done_at: datetime | None
    actor_kind: ActorKind
    actor_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredNotification:
    id: int
    account: str
    received_at: datetime
    identity: str
    content_type: str
    body: bytes
    state: NotificationState
    order: int | None
    worked_at: datetime | None
    detail: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    id: int
    account: str
    name: str
    form_key: str
    state: BatchState
    reason: str
    per_minute: int
    days: int
    rows: int
    next_at: datetime
    created_at: datetime
    finished_at: datetime | None
    actor_kind: ActorKind
    actor_id: str
    sender_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BatchRow:
    batch: int
    number: int
    line: int
    state: BatchRowState
    data: dict[str, Any]
    order: int | None
    problems: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredTemplate:
    id: int
    account: str
    name: str
    data: dict[str, Any]
    created_at: datetime
    actor_kind: ActorKind
    actor_id: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredDraft:
    """An order that a person typed and has not sent. ``data``: field → text as typed."""

    id: int
    form_key: str
    account: str
    channel: Literal["link", "phone"]
    data: dict[str, str]
    saved_at: datetime


def from_row(kind: type[T], row: Row[Any]) -> T:
    """The row as a ``kind``, which names all its columns."""
    return kind(**row._asdict())


def first_of(kind: type[T], rows: Iterable[Row[Any]]) -> T | None:
    """The first of the rows, or None."""
    row = next(iter(rows), None)
    return None if row is None else from_row(kind, row)


def each_of(kind: type[T], rows: Iterable[Row[Any]]) -> list[T]:
    return [from_row(kind, row) for row in rows]
