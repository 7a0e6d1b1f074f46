"""The overview screen: links that expire soon, and the figures of the month."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services import clock
from services.access import Actor, Right, allowed_accounts, rights
from services.accounts.offered import offered
from services.desk import Desk
from services.store import Connection
from services.store.orders.orders import times_opened
from services.store.orders.overview import (
    MEASURES,
    any_order,
    expiring,
    newest_file,
    series,
    sums,
)
from services.store.orders.overview import Sum as Sum
from services.store.orders.records import Order
from services.store.remembered import remembered

SHOWN = 10
DAYS = 30  # of the small charts


@dataclass(frozen=True)
class Measure:
    """This month so far, last month up to the same moment, and each of the last ``DAYS`` days, in units of 1/10000."""

    this: Sum
    last: Sum
    days: tuple[int, ...]


@dataclass(frozen=True)
class Figures:
    currency: str
    asked: Measure
    paid: Measure
    refused: Measure


@dataclass(frozen=True)
class Expiring:
    """``opened``: how often the customer opened each one's link, by the order's id; of HiPay's own links nobody knows."""

    orders: tuple[Order, ...]
    total: int
    opened: dict[int, int]


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``newest_file``: the payout file imported last, 0 for none yet, None for who may not see payouts.

    ``zone``: of the months and the days.
    """

    any_order: bool
    expiring: Expiring
    figures: tuple[Figures, ...]
    newest_file: int | None
    may_send: bool
    may_configure: bool
    zone: str
    now: datetime


def overview(desk: Desk, actor: Actor) -> Overview:
    """Raises NotAllowed."""
    now, zone = clock.now(), zone_of(desk)
    # The screen asks again after ten seconds; of the months, a minute more or less shows nothing.
    recent, minute = (
        now.replace(second=now.second // 10 * 10, microsecond=0),
        now.replace(second=0, microsecond=0),
    )
    may_send, may_configure = (bool(offered(desk, actor, right)) for right in (Right.SEND, Right.CONFIGURE))
    with desk.store.read() as tx:
        accounts = allowed_accounts(tx, actor, Right.SEE_ORDERS)
        sees_payouts = Right.SEE_SETTLEMENTS in rights(tx, actor)
        of_payouts = allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS) if sees_payouts else frozenset()
        return Overview(
            any_order=remembered(tx, ("any order", accounts), lambda: any_order(tx, accounts)),
            expiring=remembered(
                tx,
                ("expiring", accounts, actor.id, zone, recent),
                lambda: _expiring(tx, recent, zone, accounts, actor),
            ),
            figures=remembered(
                tx, ("months", accounts, zone, minute), lambda: _figures(tx, minute, zone, accounts)
            ),
            newest_file=remembered(tx, ("newest file", of_payouts), lambda: newest_file(tx, of_payouts))
            if sees_payouts
            else None,
            may_send=may_send,
            may_configure=may_configure,
            zone=zone.key,
            now=now,
        )


def _expiring(
    tx: Connection, now: datetime, zone: ZoneInfo, accounts: frozenset[str] | None, actor: Actor
) -> Expiring:
    ending, total = expiring(tx, now, _end_of_tomorrow(now, zone), accounts, first=actor.id, limit=SHOWN)
    counts = times_opened(tx, {order.id for order in ending if order.link_token})
    opened = {order.id: counts.get(order.id, 0) for order in ending if order.link_token}
    return Expiring(tuple(ending), total, opened)


def zone_of(desk: Desk) -> ZoneInfo:
    """The zone of the first account: the one that the merchant's people live by."""
    return ZoneInfo(next((one.timezone for one in desk.settings.all_accounts.values()), "UTC"))


def _end_of_tomorrow(now: datetime, zone: ZoneInfo) -> datetime:
    return _midnight(now.astimezone(zone) + timedelta(days=2))


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0)


def months(now: datetime, zone: ZoneInfo) -> tuple[datetime, datetime, datetime]:
    """The beginnings of last month and of this one, and the moment of last month that ``now`` is compared with: as long
    after its beginning, but within it."""
    this = _midnight(now.astimezone(zone)).replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    # On the wall clock: a day has 23 or 25 hours when the clocks change.
    elapsed = now.astimezone(zone).replace(tzinfo=None) - this.replace(tzinfo=None)
    same = (last.replace(tzinfo=None) + elapsed).replace(tzinfo=zone)
    return last, this, min(same, this)


def _figures(
    tx: Connection, now: datetime, zone: ZoneInfo, accounts: frozenset[str] | None
) -> tuple[Figures, ...]:
    last, this, same = months(now, zone)
    today = _midnight(now.astimezone(zone))
    bounds = [today + timedelta(days=day) for day in range(1 - DAYS, 2)]
    end = now + timedelta(minutes=1, seconds=1)  # whatever happens within the minute counts
    found = {
        name: (
            sums(tx, name, this, end, accounts),
            sums(tx, name, last, same, accounts),
            series(tx, name, bounds, accounts),
        )
        for name in MEASURES
    }
    currencies = {currency for parts in found.values() for part in parts for currency in part}
    figures = [
        Figures(
            currency,
            *(
                Measure(
                    so_far.get(currency, Sum()),
                    before.get(currency, Sum()),
                    tuple(days.get(currency, [0] * DAYS)),
                )
                for so_far, before, days in found.values()
            ),
        )
        for currency in currencies
    ]
    return tuple(
        sorted(figures, key=lambda one: (-one.asked.this.count - one.asked.last.count, one.currency))
    )
