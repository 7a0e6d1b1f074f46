"""Pages of payouts, by keyset, and the sums of what a filter lets through: of their rows alone, never of lines."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, case, func, null, or_, select

from services.store.in_list import of_accounts
from services.store.payouts.rows import STATES, PayoutState, seen
from services.store.schema.payouts import payouts

_row = payouts.c
_WORKED_OUT = STATES.index("being_worked_out")
TO_DO: tuple[PayoutState, ...] = STATES[:_WORKED_OUT]  # a person must look at these
# As services.payouts.states.shown and .difference tell them of one row.
_behind = and_(_row.version != _row.worked_version, _row.state.in_(STATES[_WORKED_OUT:]))
_shown = case((or_(_row.state == "", _behind), "being_worked_out"), else_=_row.state)
_fits = or_(
    _row.announced_units == _row.net_units,
    and_(_row.apart_units != 0, _row.announced_units == _row.net_units - _row.apart_units),
    and_(_row.announced_by == "deferred", _row.net_units == 2 * func.coalesce(_row.carried_units, 0)),
)
_difference = case(
    (_row.announced_units.is_(None), null()), (_fits, 0), else_=_row.net_units - _row.announced_units
)
_month = _row.last_day // 100
_place = case((_shown.in_(TO_DO), 100_000_000), else_=0) + _row.last_day  # the greatest comes first
_fees = _row.fees_units + _row.vat_units
_reserve = _row.reserve_captured_units + _row.reserve_released_units
_SUMMED = {
    "gross_units": _row.gross_units,
    "refunds_units": _row.refunds_units,
    "fees_units": _fees,
    "reserve_units": _reserve,
    "other_units": _row.net_units - _row.gross_units - _row.refunds_units - _fees - _reserve,
    "net_units": _row.net_units,
    "announced_units": _row.announced_units,
    "hipay_units": case((_row.hipay_currency == _row.currency, _row.hipay_units), else_=null()),
    "difference_units": _difference,
}
_COUNTED = ("announced_units", "hipay_units", "difference_units")  # what is not known of each payout


@dataclass(frozen=True, kw_only=True)
class PayoutFilter:
    """What a list of payouts is narrowed to; empty fields narrow nothing.

    ``states``: as they are shown; ``month``: YYYYMM of the last day of its lines, 0 for any; ``number``: what the payout's number
    contains, whatever its capitals, or, where ``units`` are given, these units of 1/10000 are announced, its net or its difference,
    with either sign.
    """

    accounts: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    month: int = 0
    number: str = ""
    units: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutSums:
    """What payouts of one currency, state and month come to, in 1/10000. ``known``: how many of them were ever worked out: the others have
    no figures. ``other_units``: what of the net is in none of the legs before it; ``announced``, ``hipay``, ``difference``: of how many payouts
    these units are known, HiPay's in the payout's currency only."""

    currency: str
    state: PayoutState
    month: int
    payouts: int
    known: int
    open_lines: int
    gross_units: int
    refunds_units: int
    fees_units: int
    reserve_units: int
    other_units: int
    net_units: int
    announced_units: int
    hipay_units: int
    difference_units: int
    announced: int
    hipay: int
    difference: int


def sums(tx: Connection, chosen: PayoutFilter) -> list[PayoutSums]:
    """Of the payouts that the filter lets through, a sum for each currency, state and month."""
    keys = (_row.currency, _shown.label("state"), _month.label("month"))
    numbers = (
        func.count().label("payouts"),
        func.count(case((_row.state != "", 1))).label("known"),
        func.sum(_row.open_lines).label("open_lines"),
        *(func.coalesce(func.sum(units), 0).label(name) for name, units in _SUMMED.items()),
        *(func.count(_SUMMED[name]).label(name.removesuffix("_units")) for name in _COUNTED),
    )
    found = tx.execute(select(*keys, *numbers).where(_lets_through(chosen)).group_by(*keys))
    names = [one.name for one in numbers]
    return [
        PayoutSums(
            currency=row[0],
            state=row[1],
            month=row[2],
            # PostgreSQL sums integers as decimals
            **{name: int(value) for name, value in zip(names, row[3:], strict=True)},
        )
        for row in found
    ]


def places(
    tx: Connection,
    chosen: PayoutFilter,
    after: tuple[int, int] | None = None,
    limit: int | None = None,
    *,
    back: bool = False,
) -> list[tuple[int, int]]:
    """(place, id) of the payouts that the filter lets through, those to do first, then the newest, that come after such a pair; with ``back``
    those before it, the nearest first."""
    query = select(_place.label("place"), _row.id).where(_lets_through(chosen))
    if after is not None:
        query = query.where(_beyond(*after, back=back))
    order = (_place, _row.id) if back else (_place.desc(), _row.id.desc())
    found = tx.execute(query.order_by(*order).limit(limit))
    return [(int(place), int(number)) for place, number in found]


def _beyond(place: int, number: int, *, back: bool) -> ColumnElement[bool]:
    if back:
        return or_(_place > place, and_(_place == place, _row.id > number))
    return or_(_place < place, and_(_place == place, _row.id < number))


def _lets_through(chosen: PayoutFilter) -> ColumnElement[bool]:
    wanted = [seen(), of_accounts(_row.account, chosen.accounts or None)]
    if chosen.states:
        wanted.append(_shown.in_(chosen.states))
    if chosen.month:
        wanted.append(_month == chosen.month)
    if chosen.number:
        found = func.lower(_row.settlement_id).contains(chosen.number.lower(), autoescape=True)
        if chosen.units is not None:
            sides = (_row.announced_units, _row.net_units, _difference)
            same = or_(*(func.abs(side) == abs(chosen.units) for side in sides))
            found = or_(found, and_(_row.state != "", same))
        wanted.append(found)
    return and_(*wanted)
