"""Sums over payment requests, read from what triggers keep by hour (the migration ``order_sums``), exact at every moment.

    asked      by when it was created: its amount
    paid       by when it was first authorised or collected: what was collected
    refused    by when it was created: its amount, while every attempt to pay was refused; with HiPay's reason
    awaiting   by when it ends: its amount, while it is unpaid and nothing stops the customer from paying

A bound within an hour (a zone half an hour off, "up to now") is counted from the requests of that part of the hour.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    bindparam,
    func,
    literal,
    select,
    true,
    union_all,
)

from services.store.in_list import of_accounts
from services.store.order_states import UNPAID
from services.store.schema.order_sums import SUMMED, order_sum_changes, order_sum_fill, order_sums
from services.store.schema.orders import orders
from services.store.schema.types import Text, Utc

Measure = Literal["asked", "paid", "refused", "awaiting"]
Accounts = Collection[str] | None  # None: all
_HOUR = timedelta(hours=1)
_LEAST = timedelta(microseconds=1)
_STOPPED = ("cancelled", "failed", "taken")  # an availability in which the customer cannot pay
_READ = ("measure", "currency", "reason", "units", "orders")


@dataclass(frozen=True)
class Sum:
    """``units`` in 1/10000 of one currency, over ``count`` requests."""

    units: int = 0
    count: int = 0

    def __add__(self, other: "Sum") -> "Sum":
        return Sum(self.units + other.units, self.count + other.count)


@dataclass(frozen=True, slots=True)
class Key:
    """``reason``: of what is refused, HiPay's code, 0 for none."""

    measure: Measure
    currency: str
    reason: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """From ``since`` to before ``until``."""

    since: datetime
    until: datetime


def counting(tx: Connection) -> bool:
    """Whether requests of before there were sums are still being counted: until then nobody knows any sum."""
    return tx.execute(select(order_sum_fill.c.until)).first() is not None


def sums(tx: Connection, spans: Sequence[Span], accounts: Accounts) -> list[dict[Key, Sum]]:
    """For each span, what there is of each measure. Nobody asks while they are ``counting``."""
    found: list[defaultdict[Key, Sum]] = [defaultdict(Sum) for _ in spans]
    hours, parts = dict[str, str](), list[tuple[int, Span]]()
    for place, span in enumerate(spans):
        since, until = span.since.astimezone(UTC), span.until.astimezone(UTC)
        first, last = _down(since + _HOUR - _LEAST), _down(until)
        hours |= {f"since_{place}": _name(first), f"until_{place}": _name(last)}
        edges = [Span(since, first), Span(last, until)] if first <= last else [Span(since, until)]
        parts += [(place, edge) for edge in edges if edge.since < edge.until]
    allowed = accounts if accounts is None else frozenset(accounts)
    if spans:
        for place, measure, currency, reason, units, count in tx.execute(_kept(len(spans), allowed), hours):
            found[place][Key(measure, currency, reason)] += Sum(int(units), int(count))
    for place, part in parts:
        for row in tx.execute(_counted(allowed), {"since": part.since, "until": part.until}):
            found[place][Key(row.measure, row.currency, row.reason)] += Sum(int(row.units), int(row.orders))
    return [{key: total for key, total in one.items() if total.count} for one in found]


def _down(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _name(hour: datetime) -> str:
    return f"{hour:%Y-%m-%d %H}"


@lru_cache(maxsize=64)
def _kept(spans: int, accounts: frozenset[str] | None) -> Select[Any]:
    """What is kept of the hours from the parameters since_0 to before until_0, and so on: one state of both tables, since it is one
    statement. To write it costs more than to ask it."""
    wanted = union_all(
        *(
            select(
                literal(place).label("place"),
                bindparam(f"since_{place}", type_=Text).label("since"),
                bindparam(f"until_{place}", type_=Text).label("until"),
            )
            for place in range(spans)
        )
    ).cte("wanted")
    kept = union_all(
        *(
            select(wanted.c.place, *(table.c[name] for name in _READ))
            .join_from(wanted, table, (table.c.hour >= wanted.c.since) & (table.c.hour < wanted.c.until))
            .where(of_accounts(table.c.account, accounts))
            for table in (order_sums, order_sum_changes)
        )
    ).subquery()
    by = (kept.c.place, kept.c.measure, kept.c.currency, kept.c.reason)
    return select(*by, func.sum(kept.c.units), func.sum(kept.c.orders)).group_by(*by)


@lru_cache(maxsize=64)
def _counted(accounts: frozenset[str] | None) -> Select[Any]:
    """The same counted from the requests themselves, between the parameters since and until."""
    since, until = bindparam("since", type_=Utc), bindparam("until", type_=Utc)
    return of_orders(of_accounts(orders.c.account, accounts), within=lambda at: (at >= since) & (at < until))


def of_orders(
    *conditions: ColumnElement[bool],
    within: Callable[[Any], ColumnElement[bool]] = lambda at: true(),
    hour: Callable[[Any], Any] = lambda at: literal(""),
) -> Select[Any]:
    """The query that sums requests which meet the conditions, in the columns of ``order_sums``. ``within``: what is asked of a
    measure's time; ``hour``: which text of it they are summed by."""
    o = orders.c
    # Not by the index over it: the few of the time, or of the ids, are the shorter way to the same.
    payment = func.coalesce(o.payment, "")
    unpaid = payment.in_(sorted(UNPAID)) & (o.delivery != "failed") & o.availability.notin_(_STOPPED)
    measures: tuple[tuple[Measure, Any, Any, Any, ColumnElement[bool]], ...] = (
        ("asked", literal(0), o.created_at, o.amount, true()),
        ("paid", literal(0), o.paid_at, o.captured, (o.captured > 0) & o.paid_at.is_not(None)),
        ("refused", o.refusal, o.created_at, o.amount, payment == "refused"),
        ("awaiting", literal(0), o.expires_at, o.amount, unpaid),
    )
    each = union_all(
        *(
            select(
                hour(at).label("hour"),
                literal(measure).label("measure"),
                o.account,
                o.currency,
                reason.label("reason"),
                units.label("units"),
            ).where(o.channel != "imported", counts, within(at), *conditions)
            for measure, reason, at, units, counts in measures
        )
    ).subquery()
    by = [each.c[name] for name, _ in SUMMED]
    return select(*by, func.sum(each.c.units).label("units"), func.count().label("orders")).group_by(*by)
