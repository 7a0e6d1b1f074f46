"""The rows of payouts: read for screens, written when they have been worked out."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, exists, func, or_, select, update

from services.store.in_list import among, of_accounts
from services.store.schema.payout_lines import payout_lines
from services.store.schema.payouts import payouts

_row = payouts.c

# Worst first.
PayoutState = Literal[
    "counted_twice",
    "differs",
    "hipay_differs",
    "amounts_missing",
    "rows_not_read",
    "correction_waits",
    "several_payout_lines",
    "no_payout_line",
    "being_worked_out",
    "accepted",
    "carried_forward",
    "tied",
]
STATES: tuple[PayoutState, ...] = get_args(PayoutState)
# Which total line announces what the merchant receives; "" none.
Announced = Literal["settlement", "splitting_settlement", "split_settlement", "deferred", ""]


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutFigures:
    """What a payout is worked out to; the columns are described in ``services.store.schema.payouts``. Units of 1/10000."""

    gross_units: int = 0
    refunds_units: int = 0
    chargebacks_units: int = 0
    won_units: int = 0
    fees_units: int = 0
    vat_units: int = 0
    reserve_captured_units: int = 0
    reserve_released_units: int = 0
    adjustments_units: int = 0
    deferred_units: int = 0
    other_units: int = 0
    net_units: int = 0
    apart_units: int = 0
    announced_units: int | None = None
    announced_by: Announced = ""
    announced_lines: int = 0
    parts_units: int | None = None
    carried_units: int | None = None
    sign: int = 0
    hipay_units: int | None = None
    hipay_currency: str = ""
    lines: int = 0
    open_lines: int = 0
    other_lines: int = 0
    missing: int = 0
    rows_without_amount: int = 0
    rows_not_read: int = 0
    corrections_waiting: int = 0
    twice: int = 0
    files: int = 0
    first_day: int = 0
    last_day: int = 0
    transfer_day: int = 0
    value_day: int = 0
    carried_to: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutRow(PayoutFigures):
    """A payout in one currency. ``worked_state``: the state that its figures were worked out to, "" never; while the row is behind, it
    may be another by now (``services.payouts.states.shown``)."""

    id: int
    account: str
    settlement_id: str
    currency: str
    version: int
    worked_version: int
    worked_state: PayoutState | Literal[""] = field(default="")

    @property
    def behind(self) -> bool:
        return self.version != self.worked_version


_COLUMNS = tuple(column.label("worked_state") if column.name == "state" else column for column in _row)
_NAMES = tuple(column.name for column in _COLUMNS)
_WRITTEN = (*(one.name for one in fields(PayoutFigures)), "state")


def _made(row: Any) -> PayoutRow:
    return PayoutRow(**dict(zip(_NAMES, row, strict=True)))


def _rows(tx: Connection, *conditions: ColumnElement[bool]) -> list[PayoutRow]:
    query = select(*_COLUMNS).where(*conditions).order_by(_row.id)
    return [_made(row) for row in tx.execute(query)]


def seen() -> ColumnElement[bool]:
    """The condition that a row is a payout to be shown: a complete file has lines of it, or may have by now, or has had and HiPay lists
    an amount of it."""
    behind = and_(_row.version > 0, _row.version != _row.worked_version)
    gone = and_(
        _row.hipay_units.is_not(None), exists().where(payout_lines.c.payout == _row.id).correlate(payouts)
    )
    return and_(_row.settlement_id != "", or_(_row.lines > 0, behind, gone))


def listed(tx: Connection, accounts: Collection[str] | None) -> list[PayoutRow]:
    """Every payout of these accounts, of all where None, in no order that means anything."""
    return _rows(tx, seen(), of_accounts(_row.account, accounts))


@dataclass(frozen=True, slots=True)
class StateOfPayout:
    """What of a row its state is told by."""

    id: int
    worked_state: PayoutState | Literal[""]
    behind: bool
    carried_to: int | None


def states_of(tx: Connection, accounts: Collection[str] | None) -> list[StateOfPayout]:
    """As ``listed``, of what a count needs."""
    query = select(_row.id, _row.state, _row.version != _row.worked_version, _row.carried_to)
    found = tx.execute(query.where(seen(), of_accounts(_row.account, accounts)))
    return [StateOfPayout(number, state, bool(behind), to) for number, state, behind, to in found]


def fees(tx: Connection, accounts: Collection[str] | None, first: int, last: int) -> dict[str, int]:
    """By currency, the fees of the payouts whose day is from ``first`` to ``last`` (YYYYMMDD): that of the bank's transfer, else of
    value, else the last that the payout names."""
    day = func.coalesce(*(func.nullif(_row[name], 0) for name in ("transfer_day", "value_day", "last_day")))
    query = select(_row.currency, func.sum(_row.fees_units)).where(
        seen(), of_accounts(_row.account, accounts), day >= first, day <= last
    )
    return {currency: int(units) for currency, units in tx.execute(query.group_by(_row.currency))}


def any_behind(tx: Connection, accounts: Collection[str] | None) -> bool:
    query = select(_row.id).where(
        _row.version != _row.worked_version, _row.version > 0, of_accounts(_row.account, accounts)
    )
    return tx.execute(query.limit(1)).first() is not None


def newest(tx: Connection) -> int:
    """The greatest id of a row, 0 where there is none."""
    return int(tx.scalar(select(func.max(_row.id))) or 0)


def get(tx: Connection, payout: int) -> PayoutRow | None:
    return next(iter(_rows(tx, _row.id == payout)), None)


def of_ids(tx: Connection, ids: Iterable[int]) -> list[PayoutRow]:
    return _rows(tx, among(tx, _row.id, ids))


def seen_of(tx: Connection, ids: Iterable[int]) -> list[PayoutRow]:
    """Those of these rows that are payouts to be shown."""
    return _rows(tx, seen(), among(tx, _row.id, ids))


def named(tx: Connection, account: str, settlement: str) -> list[PayoutRow]:
    """The rows of a payout, one for each currency."""
    return _rows(tx, _row.account == account, _row.settlement_id == settlement)


def of_settlements(tx: Connection, settlements: Collection[str]) -> list[PayoutRow]:
    """The rows to be shown of the payouts with these ids, of all accounts."""
    return _rows(tx, among(tx, _row.settlement_id, sorted(settlements)), seen())


def behind(tx: Connection, limit: int) -> list[PayoutRow]:
    """Rows that are behind, by id; not those of which no file was ever complete."""
    query = select(*_COLUMNS).where(_row.version != _row.worked_version, _row.version > 0)
    return [_made(row) for row in tx.execute(query.order_by(_row.id).limit(limit))]


@cache
def _written() -> Update:
    """One row is written, if its version is still the one that was read."""
    values = {name: bindparam(f"new_{name}", type_=_row[name].type) for name in _WRITTEN}
    here = update(payouts).where(_row.id == bindparam("of_id"), _row.version == bindparam("of_version"))
    return here.values({**values, "worked_version": bindparam("of_version")})


def write(tx: Connection, worked: Sequence[tuple[PayoutRow, PayoutFigures, PayoutState]]) -> list[PayoutRow]:
    """Store the figures that these rows were worked out to; the rows whose version had not grown since they were read."""
    here = among(tx, _row.id, [row.id for row, _, _ in worked])
    now = {row.id: row.version for row in tx.execute(select(_row.id, _row.version).where(here))}
    done = [one for one in worked if now.get(one[0].id) == one[0].version]
    if done:
        tx.execute(
            _written(),
            [
                {
                    **{f"new_{name}": getattr(figures, name) for name in _WRITTEN[:-1]},
                    "new_state": state,
                    "of_id": row.id,
                    "of_version": row.version,
                }
                for row, figures, state in done
            ],
        )
    return [row for row, _, _ in done]
