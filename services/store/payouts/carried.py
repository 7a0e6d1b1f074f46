"""Which payout takes up the balance that another one carries over: by the lines of balances, of which an account has few."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.payouts import payouts
from services.store.settlements.lines.line_columns import cell_of, groups_with
from services.store.settlements.lines.settlement_lines import is_valid

_line, _group, _row = payout_lines.c, line_groups.c, payouts.c
_CARRIES = "deferred_settlement"


@dataclass(frozen=True, kw_only=True, slots=True)
class BalanceLine:
    """A line that may take up what another payout carries over. ``origin``: the payout that it names as its first one, "" for none;
    ``day``: its date, YYYYMMDD; ``carries``: it may itself carry over; units of 1/10000."""

    payout: int
    origin: str
    units: int | None
    day: int
    carries: bool


@dataclass(frozen=True, slots=True)
class Balance:
    """What a payout carries over, in 1/10000; ``last_day``: of its lines, YYYYMMDD."""

    payout: int
    settlement_id: str
    units: int
    last_day: int


def balances(tx: Connection, account: str, currency: str) -> list[Balance]:
    """What the payouts of an account in one currency carry over, as they were worked out last."""
    units = _row.net_units - func.coalesce(_row.carried_units, 0)
    query = select(_row.id, _row.settlement_id, units, _row.last_day)
    query = query.where(_row.account == account, _row.currency == currency, _row.announced_by == "deferred")
    return [Balance(*row) for row in tx.execute(query)]


def balance_lines(tx: Connection, account: str, currency: str) -> list[BalanceLine]:
    """The valid lines of an account in one currency that may take a balance up, oldest first: not those of invoices, nor of what is
    already settled."""
    return [
        BalanceLine(payout=payout, origin=origin, units=units, day=day, carries=code == _CARRIES)
        for code in (_CARRIES, "asset_settlement")
        for payout, origin, units, day in tx.execute(_of_operation(tx, account, currency, code))
    ]


def _of_operation(tx: Connection, account: str, currency: str, code: str) -> Select[Any]:
    of = groups_with(
        _group.account == account, _group.operation_code == code, _group.settlement_currency == currency
    )
    origin = cell_of(tx, "original_settlement_id")
    query = select(_line.payout, origin, _line.settled_amount_units, _line.date_day)
    return query.where(_line.group.in_(of), is_valid()).order_by(_line.date_day, _line.id)
