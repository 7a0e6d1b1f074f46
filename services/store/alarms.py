"""Alarms: raised, closed, and listed by who has them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    exists,
    false,
    func,
    or_,
    select,
    true,
    update,
)

from services.store.alarm_conditions import Condition
from services.store.alarm_kinds import AlarmKind
from services.store.in_list import in_batches, of_accounts
from services.store.locks import insert_new
from services.store.schema.alarms import alarms
from services.store.schema.orders import orders
from services.store.schema.people import user_roles, users

RESOLVED = "resolved"  # the reason of an alarm whose condition ended by itself

_owners, _senders = users.alias("owners"), users.alias("senders")


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredAlarm:
    """``order``: our id, None for what is about no order. ``owner``: the id of the user who took it. ``closed_by``: the id of
    a user, or of a machinery."""

    id: int
    account: str
    order: int | None
    kind: str
    identity: str
    detail: dict[str, Any]
    opened_at: datetime
    owner: str | None
    closed_at: datetime | None
    closed_by: str | None
    closing_reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenAlarm(StoredAlarm):
    """An open alarm with its order (``amount`` in 1/10000), None of what is about no order, and with who has it."""

    order_id: str | None
    first_name: str | None
    last_name: str | None
    amount: int | None
    currency: str | None
    holder: str | None
    holder_name: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClosedAlarm(StoredAlarm):
    """``closer``: the name of the user who closed it, None for a machinery."""

    closed_at: datetime
    closer: str | None


@dataclass(frozen=True, slots=True)
class AlarmCount:
    """Open alarms of a kind: how many, and the amounts of their orders in 1/10000, by currency; an order counts once."""

    kind: str
    alarms: int
    units: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Open alarms of these ``accounts`` (None: of all, and of the installation), one of three: those that the user ``mine`` has; those
    that nobody has, of the ``kinds`` given for their account, under "" of any account; those that people other than the user ``others``
    have.

    Nobody has an alarm who has none of the roles that ``handlers`` gives for its kind, under "" for any other kind, on the alarm's
    account. A sender has those of ``sender_kinds``.
    """

    sender_kinds: tuple[str, ...]
    handlers: Mapping[str, Sequence[str]]
    accounts: Collection[str] | None
    mine: str = ""
    kinds: Mapping[str, Sequence[str]] = field(default_factory=dict)
    others: str = ""


def open_alarms(tx: Connection, selection: Selection, limit: int) -> list[OpenAlarm]:
    """The newest of each kind, at most ``limit``, with their order's facts and their holder; the newest first."""
    o = orders.c
    source, where = _selected(selection)
    name = func.coalesce(_owners.c.name, _senders.c.name)
    place = func.row_number().over(
        partition_by=alarms.c.kind, order_by=(alarms.c.opened_at.desc(), alarms.c.id.desc())
    )
    ranked = (
        select(
            alarms,
            o.order_id,
            o.first_name,
            o.last_name,
            o.amount,
            o.currency,
            _HOLDER.label("holder"),
            name.label("holder_name"),
            place.label("place"),
        )
        .select_from(source)
        .where(where)
        .subquery()
    )
    query = select(*(column for column in ranked.c if column.name != "place")).where(ranked.c.place <= limit)
    query = query.order_by(ranked.c.opened_at.desc(), ranked.c.id.desc())
    return [OpenAlarm(**row._asdict()) for row in tx.execute(query)]


def count_open(tx: Connection, selection: Selection) -> list[AlarmCount]:
    """How many there are of each kind, by kind."""
    source, where = _selected(selection)
    counts = select(alarms.c.kind, func.count()).select_from(source).where(where).group_by(alarms.c.kind)
    found = {kind: int(count) for kind, count in tx.execute(counts.order_by(alarms.c.kind))}
    if not found:
        return []
    each = (
        select(alarms.c.kind, orders.c.id, orders.c.currency, orders.c.amount)
        .select_from(source)
        .where(where, orders.c.id.is_not(None))
        .distinct()
        .subquery()
    )
    by = (each.c.kind, each.c.currency)
    units: dict[str, dict[str, int]] = {}
    for kind, currency, total in tx.execute(select(*by, func.sum(each.c.amount)).group_by(*by)):
        units.setdefault(kind, {})[currency] = int(total)
    return [AlarmCount(kind, count, units.get(kind, {})) for kind, count in found.items()]


_HOLDER = func.coalesce(_owners.c.id, _senders.c.id)  # who took it, else who sent the order


def _selected(chosen: Selection) -> tuple[Any, ColumnElement[bool]]:
    """The tables, and the condition."""
    o, by_order = orders.c, alarms.outerjoin(orders, orders.c.id == alarms.c.order)
    taken = and_(_owners.c.id == alarms.c.owner, _may_handle(_owners.c, chosen.handlers))
    sent = and_(
        _senders.c.id == o.actor_id,
        o.actor_kind == "user",
        alarms.c.kind.in_(chosen.sender_kinds),
        _may_handle(_senders.c, chosen.handlers),
    )
    source = by_order.outerjoin(_owners, taken).outerjoin(_senders, sent)
    whose: Any
    if chosen.mine:
        whose = chosen.mine == _HOLDER
    elif chosen.others:
        whose = chosen.others != _HOLDER
    else:
        of_kinds = [
            and_(alarms.c.account == account if account else true(), alarms.c.kind.in_(tuple(named)))
            for account, named in chosen.kinds.items()
        ]
        whose = and_(_HOLDER.is_(None), or_(false(), *of_kinds))
    return source, and_(alarms.c.closed_at.is_(None), of_accounts(alarms.c.account, chosen.accounts), whose)


def _may_handle(who: Any, handlers: Mapping[str, Sequence[str]]) -> ColumnElement[bool]:
    """The condition that a person (columns of ``users``) is still there, and has a role for the alarm on its account."""
    by_roles: dict[tuple[str, ...], list[str]] = {}
    for kind, roles in handlers.items():
        by_roles.setdefault(tuple(roles), []).append(kind)
    fits = [and_(alarms.c.kind.in_(named), user_roles.c.role.in_(roles)) for roles, named in by_roles.items()]
    fits.append(and_(alarms.c.kind.notin_(tuple(handlers)), user_roles.c.role.in_(handlers[""])))
    has_a_role = exists().where(
        user_roles.c.user_id == who.id, user_roles.c.account.in_(("", alarms.c.account)), or_(*fits)
    )
    return and_(who.disabled.is_(False), has_a_role)


def open_alarm(
    tx: Connection,
    *,
    identity: str,
    kind: AlarmKind,
    account: str,
    order: int | None,
    detail: Mapping[str, Any],
    opened_at: datetime,
) -> None:
    """Raise an alarm once: the same identity again changes nothing."""
    insert_new(
        tx,
        alarms,
        ("identity",),
        identity=identity,
        kind=kind,
        account=account,
        order=order,
        detail=dict(detail),
        opened_at=opened_at,
    )


def close_alarms(tx: Connection, identity: str, *, at: datetime, by: str, reason: str) -> None:
    """Close the alarm of this identity if it is open."""
    still_open = (alarms.c.identity == identity) & alarms.c.closed_at.is_(None)
    tx.execute(update(alarms).where(still_open).values(closed_at=at, closed_by=by, closing_reason=reason))


def alarms_of(tx: Connection, order_id: int) -> list[StoredAlarm]:
    query = select(alarms).where(alarms.c.order == order_id).order_by(alarms.c.id)
    return [StoredAlarm(**row._asdict()) for row in tx.execute(query)]


def closed_before(tx: Connection, order_ids: Iterable[int]) -> list[ClosedAlarm]:
    """The closed alarms of these orders, oldest first, with the name of who closed them."""
    query = (
        select(alarms, users.c.name.label("closer"))
        .outerjoin(users, users.c.id == alarms.c.closed_by)
        .where(alarms.c.order.in_(tuple(order_ids)), alarms.c.closed_at.is_not(None))
        .order_by(alarms.c.closed_at, alarms.c.id)
    )
    return [ClosedAlarm(**row._asdict()) for row in tx.execute(query)]


def locked(tx: Connection, alarm_id: int) -> StoredAlarm | None:
    """One alarm, locked to the end of the transaction."""
    found = tx.execute(select(alarms).where(alarms.c.id == alarm_id).with_for_update()).first()
    return None if found is None else StoredAlarm(**found._asdict())


class AlarmChange(TypedDict, total=False):
    detail: Mapping[str, Any]
    owner: str
    closed_at: datetime
    closed_by: str
    closing_reason: str


def change(tx: Connection, alarm_id: int, **values: Unpack[AlarmChange]) -> None:
    tx.execute(update(alarms).where(alarms.c.id == alarm_id).values(**values))


def open_of_kinds(tx: Connection, kinds: Iterable[str]) -> dict[str, StoredAlarm]:
    """The open alarms of these kinds, by identity."""
    query = select(alarms).where(alarms.c.closed_at.is_(None), alarms.c.kind.in_(tuple(kinds)))
    return {row.identity: StoredAlarm(**row._asdict()) for row in tx.execute(query)}


def closed_of_kinds(tx: Connection, kinds: Iterable[str]) -> list[tuple[int, str]]:
    """The id and the identity of each closed alarm of these kinds, oldest first."""
    query = select(alarms.c.id, alarms.c.identity).where(
        alarms.c.closed_at.is_not(None), alarms.c.kind.in_(tuple(kinds))
    )
    return [(row.id, row.identity) for row in tx.execute(query.order_by(alarms.c.id))]


def known(tx: Connection, identities: Iterable[str]) -> frozenset[str]:
    """Which of these have been raised before, open or closed."""
    found: set[str] = set()
    for some in in_batches(identities):
        found.update(tx.scalars(select(alarms.c.identity).where(alarms.c.identity.in_(some))))
    return frozenset(found)


def raise_condition(tx: Connection, condition: Condition, opened_at: datetime) -> None:
    """Raise the alarm of a condition, unless it was raised before, and perhaps closed."""
    open_alarm(
        tx,
        identity=condition.identity,
        kind=condition.kind,
        account=condition.account,
        order=condition.order,
        detail=condition.detail,
        opened_at=opened_at,
    )
