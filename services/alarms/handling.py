"""Looking at alarms, taking them, closing them. Who may: see ``kinds``."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from services import clock
from services.access import (
    ALL_ACCOUNTS,
    Actor,
    NotAllowed,
    Right,
    allowed_accounts,
    audit,
    require,
    rights_by_account,
    rights_on,
)
from services.alarms import AlarmClosed, AlarmToDecide, ClosingReasonMissing, UnknownAlarm, payouts
from services.alarms.kinds import SENDER_KINDS, UNCONFIRMED_KINDS, handled_by, handlers, kind_of, may_handle
from services.desk import Desk
from services.mail.addresses import clean_header_text
from services.orders.unconfirmed import dismiss
from services.reconciliation.views.overview import narrowed
from services.store import Connection, alarms
from services.store.alarms import AlarmCount, ClosedAlarm, OpenAlarm, StoredAlarm
from services.store.remembered import remembered

SHOWN = 20  # of each kind; the rest is counted
AT_ONCE = 500  # taken by one press
REASON_MAX = 300


@dataclass(frozen=True)
class Closing:
    """How an earlier alarm of the same order and kind ended; ``closer`` is empty for the machinery."""

    at: datetime
    closer: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """``order`` is our id, None for what is about no order; ``amount`` in 1/10000. ``holder`` is "" while nobody has it."""

    id: int
    kind: str
    account: str
    detail: dict[str, Any]
    opened_at: datetime
    order: int | None
    order_id: str
    customer: str
    amount: int
    currency: str
    holder: str
    holder_name: str
    may_handle: bool
    before: tuple[Closing, ...]


@dataclass(frozen=True)
class Group:
    """The newest alarms of each kind, ``SHOWN`` of it at most, the newest first; ``counts`` has every kind, and counts all."""

    alarms: tuple[Alarm, ...]
    counts: tuple[AlarmCount, ...]

    @property
    def total(self) -> int:
        return sum(one.alarms for one in self.counts)


@dataclass(frozen=True)
class ToDo:
    """``mine``: those I have; ``free``: nobody's, that I may take; ``others``: those that colleagues have."""

    mine: Group
    free: Group
    others: Group


def to_do(desk: Desk, actor: Actor, wanted: tuple[str, ...] = ()) -> ToDo:
    """The open alarms as they concern the actor; of the accounts that are wanted, all where none is, and of the
    installation. Raises NotAllowed."""
    with desk.store.read() as tx:
        allowed = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        accounts = narrowed(allowed, wanted)
        if allowed is None and accounts is not None:
            accounts |= {""}  # what concerns the whole installation
        held = rights_by_account(tx, actor)
        key = ("to do", actor.id, accounts, frozenset(held.items()))
        return remembered(tx, key, lambda: _to_do(tx, actor, accounts, held))


def _to_do(
    tx: Connection, actor: Actor, accounts: frozenset[str] | None, held: Mapping[str, frozenset[Right]]
) -> ToDo:
    may_take = {account: handled_by(each) for account, each in held.items()}
    selection = partial(alarms.Selection, sender_kinds=SENDER_KINDS, handlers=handlers(), accounts=accounts)
    selections = (selection(mine=actor.id), selection(kinds=may_take), selection(others=actor.id))
    counts = [alarms.count_open(tx, one) for one in selections]
    found = [
        alarms.open_alarms(tx, one, SHOWN) if some else []
        for one, some in zip(selections, counts, strict=True)
    ]
    order_ids = {row.order for rows in found for row in rows if row.order}
    before = alarms.closed_before(tx, order_ids) if order_ids else []
    ended = payouts.ended(tx, (row for rows in found for row in rows))
    groups = zip(found, counts, strict=True)
    mine, free, others = (_group(rows, some, held, before, ended) for rows, some in groups)
    return ToDo(mine, free, others)


def take_kind(desk: Desk, actor: Actor, kind: str, wanted: tuple[str, ...] = ()) -> int:
    """Make all alarms of the kind one's own that nobody has, of the accounts that are wanted; how many."""
    with desk.store.write() as tx:
        accounts = narrowed(allowed_accounts(tx, actor, Right.SEE_ORDERS), wanted)
        held = rights_by_account(tx, actor)
        may_take = {name: (kind,) for name, each in held.items() if may_handle(kind, each)}
        free = alarms.Selection(
            sender_kinds=SENDER_KINDS, handlers=handlers(), accounts=accounts, kinds=may_take
        )
        found = sorted(one.id for one in alarms.open_alarms(tx, free, AT_ONCE))
        for number in found:
            alarm = alarms.locked(tx, number)
            if alarm is not None and alarm.closed_at is None and alarm.owner is None:
                alarms.change(tx, number, owner=actor.id)
                audit.record(tx, actor, "alarm.taken", f"alarm:{number}", kind=kind, order=alarm.order)
    return len(found)


def take(desk: Desk, actor: Actor, alarm_id: int) -> None:
    """Make the alarm one's own. Raises NotAllowed, UnknownAlarm, AlarmClosed."""
    with desk.store.write() as tx:
        alarm = _handled(tx, actor, alarm_id)
        if alarm.owner != actor.id:
            alarms.change(tx, alarm_id, owner=actor.id)
            audit.record(tx, actor, "alarm.taken", f"alarm:{alarm_id}", kind=alarm.kind, order=alarm.order)


def close(desk: Desk, actor: Actor, alarm_id: int, reason: str) -> None:
    """Close the alarm. Raises NotAllowed, UnknownAlarm, AlarmClosed, AlarmToDecide, ClosingReasonMissing,
    TextError."""
    why = clean_header_text(reason, "reason", REASON_MAX)
    if not why:
        raise ClosingReasonMissing
    with desk.store.write() as tx:
        alarm = _handled(tx, actor, alarm_id)
        if kind_of(alarm.kind).decided:
            raise AlarmToDecide
        alarms.change(tx, alarm_id, closed_at=clock.now(), closed_by=actor.id, closing_reason=why)
        if alarm.kind in UNCONFIRMED_KINDS and alarm.order is not None:
            dismiss(tx, alarm.order, alarm.account, alarm.detail.get("reference"), actor)
        # The reason is a person's own words and may name somebody: the alarm stores it, the audit does not.
        audit.record(tx, actor, "alarm.closed", f"alarm:{alarm_id}", kind=alarm.kind, order=alarm.order)


def _handled(tx: Connection, actor: Actor, alarm_id: int) -> StoredAlarm:
    """The open alarm, locked, that the actor may handle."""
    alarm = alarms.locked(tx, alarm_id)
    if alarm is None:
        raise UnknownAlarm
    require(tx, actor, Right.SEE_ORDERS, alarm.account)
    if not may_handle(alarm.kind, rights_on(tx, actor, alarm.account)):
        raise NotAllowed(kind_of(alarm.kind).right, alarm.account)
    if alarm.closed_at is not None:
        raise AlarmClosed
    return alarm


def _group(
    found: list[OpenAlarm],
    counts: list[AlarmCount],
    held: Mapping[str, frozenset[Right]],
    before: list[ClosedAlarm],
    ended: Collection[int],
) -> Group:
    """``ended``: the alarms whose condition has ended since the last round; none of them is about an order."""
    gone = Counter(row.kind for row in found if row.id in ended)
    left = (replace(one, alarms=one.alarms - gone[one.kind]) for one in counts)
    return Group(
        tuple(_alarm(row, held, before) for row in found if row.id not in ended),
        tuple(one for one in left if one.alarms),
    )


def _alarm(row: OpenAlarm, held: Mapping[str, frozenset[Right]], before: list[ClosedAlarm]) -> Alarm:
    earlier = tuple(
        Closing(one.closed_at, one.closer or "", one.closing_reason or "")
        for one in before
        if one.order == row.order and one.kind == row.kind
    )
    customer = " ".join(part for part in (row.first_name, row.last_name) if part)
    return Alarm(
        id=row.id,
        kind=row.kind,
        account=row.account,
        detail=row.detail,
        opened_at=row.opened_at,
        order=row.order,
        order_id=row.order_id or "",
        customer=customer,
        amount=row.amount or 0,
        currency=row.currency or "",
        holder=row.holder or "",
        holder_name=row.holder_name or "",
        may_handle=may_handle(row.kind, held.get(row.account, held[ALL_ACCOUNTS])),
        before=earlier,
    )
