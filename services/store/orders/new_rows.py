"""The columns of a new row, by table, with their types; ``changes`` has those that an update may change.

Amounts are in units of 1/10000, times are UTC. ``services.store.schema`` says what each column means.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from services.store.order_states import (
    ActorKind,
    Availability,
    BatchState,
    Capture,
    Channel,
    Delivery,
    EventKind,
    MessageKind,
    MessageState,
    NoticeKind,
    OperationKind,
    PageState,
    Payment,
    Reminder,
)


class NewOrder(TypedDict, total=False):
    """Without ``search``, which is made when the order is written. Columns with a default may be left out."""

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
    copy_to: str
    link_token: str | None
    created_at: datetime
    actor_kind: ActorKind
    actor_id: str
    sender_name: str
    expires_at: datetime
    delivery: Delivery
    availability: Availability
    payment: Payment
    authorised: int
    captured: int
    refunded: int
    charged_back: int
    refusal: int
    failure: str
    failure_detail: Mapping[str, Any]
    sent_at: datetime | None
    paid_at: datetime | None
    captured_at: datetime | None
    last_captured_at: datetime | None
    checked_at: datetime | None
    erased_at: datetime | None


class NewPage(TypedDict):
    order: int
    account: str
    hipay_order_id: str
    number: int
    amount: int
    currency: str
    state: PageState
    token: str
    created_at: datetime
    url: NotRequired[str | None]
    opened_at: NotRequired[datetime | None]
    expires_at: NotRequired[datetime | None]


class NewMessage(TypedDict):
    """``form_key``: of the window that asked for it; ``page`` None: it carries our own link."""

    order: int
    page: int | None
    kind: MessageKind
    recipient: str
    message_id: str
    body: bytes
    state: MessageState
    created_at: datetime
    form_key: NotRequired[str | None]
    reminder: NotRequired[Reminder]


class NewEvent(TypedDict):
    order: int
    at: datetime
    kind: EventKind
    actor_kind: ActorKind
    actor_id: str
    data: Mapping[str, Any]
    page: NotRequired[int | None]


class NewOperation(TypedDict):
    """``amount`` None: all of it (cancel)."""

    order: int
    account: str
    reference: str
    kind: OperationKind
    amount: int | None
    currency: str
    why: str
    form_key: str
    operation_id: str
    created_at: datetime
    actor_kind: ActorKind
    actor_id: str


class NewNotice(TypedDict):
    user_id: str
    order: int
    account: str
    kind: NoticeKind
    identity: str
    detail: Mapping[str, Any]
    due_at: datetime
    created_at: datetime


class NewBatch(TypedDict):
    account: str
    name: str
    form_key: str
    state: BatchState
    per_minute: int
    days: int
    next_at: datetime
    created_at: datetime
    actor_kind: ActorKind
    actor_id: str
    sender_name: str
