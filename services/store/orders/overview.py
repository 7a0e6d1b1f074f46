"""What the first screen counts, as aggregates: nothing here returns more rows than a screen shows."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Connection,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    union_all,
)

from services.store.in_list import of_accounts
from services.store.orders.orders import badge_condition
from services.store.orders.records import Order, each_of
from services.store.schema.orders import orders
from services.store.schema.settlement_files import settlement_files
from services.store.schema.types import Utc

_FILE = settlement_files.c
_OURS = orders.c.channel != "imported"


@dataclass(frozen=True)
class Sum:
    """``units`` in 1/10000 of one currency, over ``count`` orders."""

    units: int = 0
    count: int = 0


Accounts = Collection[str] | None  # None: all


def any_order(tx: Connection, accounts: Accounts) -> bool:
    query = select(orders.c.id).where(_OURS, of_accounts(orders.c.account, accounts))
    return tx.execute(query.limit(1)).first() is not None


def newest_file(tx: Connection, accounts: Accounts) -> int:
    """The newest payout file that was imported in full, 0 for none."""
    query = select(func.max(_FILE.id)).where(_FILE.state == "complete", of_accounts(_FILE.account, accounts))
    return int(tx.scalar(query) or 0)


def expiring(
    tx: Connection, now: datetime, until: datetime, accounts: Accounts, *, first: str, limit: int
) -> tuple[list[Order], int]:
    """Unpaid requests that a customer can still pay and that end by ``until``: those of the sender ``first``, then the
    others, the nearest end first; and how many there are."""
    o = orders.c
    payable = or_(*(badge_condition(badge, now) for badge in ("open", "refused", "uncertain", "bounced")))
    # The few that end in time first: the states of all orders would be the longer way to the same.
    soon = select(o.id).where(o.expires_at > now, o.expires_at <= until).scalar_subquery()
    where = and_(_OURS, o.id.in_(soon), payable, of_accounts(o.account, accounts))
    total = tx.scalar(select(func.count()).select_from(orders).where(where))
    own_first = case((o.actor_id == first, 0), else_=1)
    query = select(orders).where(where).order_by(own_first, o.expires_at, o.id).limit(limit)
    return each_of(Order, tx.execute(query)), int(total or 0)


MEASURES = ("asked", "paid", "refused")


def _measure(name: str) -> tuple[Any, Any, tuple[Any, ...]]:
    """A measure's time, its amount, and which orders count."""
    o = orders.c
    if name == "paid":
        return o.paid_at, o.captured, (_OURS, o.captured > 0)
    refused = (o.payment == "refused",) if name == "refused" else ()
    return o.created_at, o.amount, (_OURS, *refused)


def sums(
    tx: Connection, measure: str, since: datetime, until: datetime, accounts: Accounts
) -> dict[str, Sum]:
    """The measure from ``since`` to before ``until``, by currency."""
    at, amount, which = _measure(measure)
    query = select(orders.c.currency, func.sum(amount), func.count()).where(*which, at >= since, at < until)
    query = query.where(of_accounts(orders.c.account, accounts))
    return {
        currency: Sum(whole(units), int(count))
        for currency, units, count in tx.execute(query.group_by(orders.c.currency))
    }


def series(
    tx: Connection, measure: str, bounds: Sequence[datetime], accounts: Accounts
) -> dict[str, list[int]]:
    """The measure between each two neighbours of ``bounds``, in units of 1/10000, by currency.

    One range for each, which the index answers: neither database can cut days in a zone as the other does.
    """
    query = _series(measure, len(bounds) - 1, accounts if accounts is None else frozenset(accounts))
    found: dict[str, list[int]] = {}
    for place, currency, units in tx.execute(query, {f"at_{n}": bound for n, bound in enumerate(bounds)}):
        found.setdefault(currency, [0] * (len(bounds) - 1))[place] = whole(units)
    return found


@lru_cache(maxsize=64)
def _series(measure: str, ranges: int, accounts: frozenset[str] | None) -> CompoundSelect[Any]:
    """The query of ``series`` between the parameters at_0, at_1 …: to write it costs more than to ask it."""
    at, amount, which = _measure(measure)
    moments = [bindparam(f"at_{number}", type_=Utc) for number in range(ranges + 1)]
    return union_all(
        *(
            select(literal(place).label("place"), orders.c.currency, func.sum(amount).label("units"))
            .where(*which, at >= since, at < until, of_accounts(orders.c.account, accounts))
            .group_by(orders.c.currency)
            for place, (since, until) in enumerate(pairwise(moments))
        )
    )


def whole(total: Any) -> int:
    """A sum as an int: SQLite gives int, PostgreSQL Decimal, an empty sum None."""
    return int(total) if isinstance(total, int | Decimal) else 0
