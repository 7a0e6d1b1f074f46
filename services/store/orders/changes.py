"""The columns that an update may change, by table, with their types; ``records`` has the whole rows."""

from datetime import datetime
from typing import Any, TypedDict

from services.store.order_states import (
    ActorKind,
    BatchRowState,
    BatchState,
    MessageState,
    NoticeState,
    OperationState,
    PageState,
)


class OrderChanges(TypedDict, total=False):
    """Without the columns of the order's state, which ``orders.write_state`` writes."""

    email: str
    amount: int
    description: str
    expires_at: datetime
    search: str
    failure: str
    failure_detail: dict[str, Any]
    checked_at: datetime


class PageChanges(TypedDict, total=False):
    state: PageState
    url: str
    mid: str
    opened_at: datetime
    expires_at: datetime
    claimed_until: datetime | None


class MessageChanges(TypedDict, total=False):
    state: MessageState
    tries: int
    answer: str
    sent_at: datetime


class OperationChanges(TypedDict, total=False):
    state: OperationState
    failure: str
    failure_detail: dict[str, Any]
    done_at: datetime


class NoticeChanges(TypedDict, total=False):
    state: NoticeState
    message_id: str
    answer: str
    tries: int
    unknown: int
    due_at: datetime
    leased_until: datetime | None
    sent_at: datetime


class BatchChanges(TypedDict, total=False):
    state: BatchState
    reason: str
    next_at: datetime
    finished_at: datetime
    actor_kind: ActorKind
    actor_id: str
    sender_name: str


class BatchRowChanges(TypedDict, total=False):
    state: BatchRowState
    data: dict[str, Any]
    order: int
    problems: dict[str, Any]
