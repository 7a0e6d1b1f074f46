"""The overview screen: the figures of a period, what is outstanding, and the links that end soon."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from services import clock
from services.access import Actor, Right, allowed_accounts, rights
from services.accounts.offered import offered
from services.desk import Desk
from services.reconciliation.views.periods import Period, PeriodName, midnight, period
from services.store import Connection
from services.store.orders import order_sums
from services.store.orders.order_sums import Key, Measure, Span
from services.store.orders.order_sums import Sum as Sum
from services.store.orders.orders import times_opened
from services.store.orders.overview import any_order, expiring, newest_file
from services.store.orders.records import Order
from services.store.payouts import rows
from services.store.remembered import remembered

SHOWN = 10
_NO_END = timedelta(days=366 * 50)


@dataclass(frozen=True)
class Figure:
    """``this``: of the period so far; ``before``: of the one before, up to the same moment; ``bars``: of each of the period's days,
    or months."""

    this: Sum
    before: Sum
    bars: tuple[Sum, ...]


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Of one currency. ``reasons``: of what is refused, by HiPay's code, 0 for none, the most first. ``outstanding``: what can be
    paid now, whenever it was asked for."""

    currency: str
    asked: Figure
    paid: Figure
    refused: Figure
    reasons: tuple[tuple[int, Sum], ...]
    outstanding: Sum


@dataclass(frozen=True)
class Expiring:
    """``opened``: how often the customer opened each one's link, by the order's id; of HiPay's own links nobody knows.
    ``totals``: of all of them, by currency."""

    orders: tuple[Order, ...]
    totals: Mapping[str, Sum]
    opened: dict[int, int]

    @property
    def total(self) -> int:
        return sum(one.count for one in self.totals.values())


@dataclass(frozen=True)
class Fees:
    """``units``: by currency, in 1/10000, what HiPay kept back of the payouts that were paid in the period, VAT included. ``known``: no
    payout is being worked out."""

    units: Mapping[str, int]
    known: bool


@dataclass(frozen=True, kw_only=True)
class Overview:
    """``figures``: None while requests of an earlier version are still counted. ``newest_file``: the payout file imported last, 0 for
    none yet, None for who may not see payouts, who sees no ``fees`` either.

    ``zone``: of the period's days.
    """

    any_order: bool
    expiring: Expiring
    period: Period
    figures: tuple[Figures, ...] | None
    newest_file: int | None
    fees: Fees | None
    may_send: bool
    may_configure: bool
    zone: str
    now: datetime


def overview(desk: Desk, actor: Actor, wanted: tuple[str, ...] = (), name: PeriodName = "month") -> Overview:
    """What the actor may see of the accounts that are wanted, of all where none is. Raises NotAllowed."""
    now, zone = clock.now(), zone_of(desk)
    # The screen asks again after ten seconds; of the figures, a minute more or less shows nothing.
    recent, minute = (
        now.replace(second=now.second // 10 * 10, microsecond=0),
        now.replace(second=0, microsecond=0),
    )
    may_send, may_configure = (bool(offered(desk, actor, right)) for right in (Right.SEND, Right.CONFIGURE))
    shown = period(name, minute, zone)
    with desk.store.read() as tx:
        accounts = narrowed(allowed_accounts(tx, actor, Right.SEE_ORDERS), wanted)
        sees_payouts = Right.SEE_SETTLEMENTS in rights(tx, actor)
        of_payouts = (
            narrowed(allowed_accounts(tx, actor, Right.SEE_SETTLEMENTS), wanted)
            if sees_payouts
            else frozenset()
        )
        newest = (
            remembered(tx, ("newest file", of_payouts), lambda: newest_file(tx, of_payouts))
            if sees_payouts
            else None
        )
        return Overview(
            any_order=remembered(tx, ("any order", accounts), lambda: any_order(tx, accounts)),
            expiring=remembered(
                tx,
                ("expiring", accounts, actor.id, zone, recent),
                lambda: _expiring(tx, recent, zone, accounts, actor),
            ),
            period=shown,
            figures=remembered(
                tx,
                ("figures", accounts, zone, minute, name),
                lambda: None if order_sums.counting(tx) else _figures(tx, minute, shown, accounts),
            ),
            newest_file=newest,
            fees=remembered(tx, ("fees", of_payouts, zone, shown), lambda: _fees(tx, shown.bars, of_payouts))
            if newest
            else None,
            may_send=may_send,
            may_configure=may_configure,
            zone=zone.key,
            now=now,
        )


def narrowed(accounts: frozenset[str] | None, wanted: Collection[str]) -> frozenset[str] | None:
    """Of the accounts that are allowed (None: all) those that are wanted; all of them where none is wanted."""
    if not wanted:
        return accounts
    return frozenset(one for one in wanted if accounts is None or one in accounts)


def _expiring(
    tx: Connection, now: datetime, zone: ZoneInfo, accounts: frozenset[str] | None, actor: Actor
) -> Expiring:
    end = midnight(now.astimezone(zone) + timedelta(days=2))
    ending, totals = expiring(tx, now, end, accounts, first=actor.id, limit=SHOWN)
    counts = times_opened(tx, {order.id for order in ending if order.link_token})
    opened = {order.id: counts.get(order.id, 0) for order in ending if order.link_token}
    return Expiring(tuple(ending), totals, opened)


def zone_of(desk: Desk) -> ZoneInfo:
    """The zone of the first account: the one that the merchant's people live by."""
    return ZoneInfo(next((one.timezone for one in desk.settings.all_accounts.values()), "UTC"))


def _figures(
    tx: Connection, now: datetime, shown: Period, accounts: frozenset[str] | None
) -> tuple[Figures, ...]:
    *bars, before, awaiting = order_sums.sums(
        tx, [*shown.bars, shown.before, Span(now, now + _NO_END)], accounts
    )

    def figure(measure: Measure, currency: str) -> Figure:
        days = tuple(_total(one, measure, currency) for one in bars)
        return Figure(sum(days, Sum()), _total(before, measure, currency), days)

    figures = [
        Figures(
            currency=currency,
            asked=figure("asked", currency),
            paid=figure("paid", currency),
            refused=figure("refused", currency),
            reasons=_reasons(bars, currency),
            outstanding=_total(awaiting, "awaiting", currency),
        )
        for currency in sorted({key.currency for one in (*bars, before, awaiting) for key in one})
    ]
    return tuple(sorted(figures, key=lambda one: -one.asked.this.count - one.asked.before.count))


def _total(found: Mapping[Key, Sum], measure: Measure, currency: str) -> Sum:
    return sum(
        (total for key, total in found.items() if (key.measure, key.currency) == (measure, currency)), Sum()
    )


def _reasons(bars: Sequence[Mapping[Key, Sum]], currency: str) -> tuple[tuple[int, Sum], ...]:
    found: defaultdict[int, Sum] = defaultdict(Sum)
    for one in bars:
        for key, total in one.items():
            if (key.measure, key.currency) == ("refused", currency):
                found[key.reason] += total
    return tuple(sorted(found.items(), key=lambda pair: (-pair[1].count, pair[0])))


def _fees(tx: Connection, bars: Sequence[Span], accounts: frozenset[str] | None) -> Fees:
    first, after = bars[0].since, bars[-1].until
    last = after - timedelta(days=1)
    units = rows.fees(tx, accounts, int(f"{first:%Y%m%d}"), int(f"{last:%Y%m%d}"))
    return Fees(
        {currency: -total for currency, total in units.items()}, known=not rows.any_behind(tx, accounts)
    )
