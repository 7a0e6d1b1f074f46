"""Which payout takes up the balance that another one carries over: by the lines of balances, of which an account has few."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from services.store.payouts import versions
from services.store.payouts.rows import PayoutRow
from services.store.schema.payout_lines import line_groups, payout_lines
from services.store.schema.payouts import payouts
from services.store.settlements.line_columns import cell_of, groups_with
from services.store.settlements.settlement_lines import is_valid

_line, _group, _row = payout_lines.c, line_groups.c, payouts.c


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A line that moves a balance between payouts. ``origin``: the payout that it names as its first one, "" for none; ``day``: its
    date, YYYYMMDD; units of 1/10000."""

    payout: int
    origin: str
    units: int | None
    day: int


def balance_lines(tx: Connection, account: str, currency: str) -> list[BalanceLine]:
    """The valid lines of balances of an account in one currency, oldest first."""
    of = groups_with(
        _group.account == account, _group.kind == "balance", _group.settlement_currency == currency
    )
    query = (
        select(
            _line.payout, cell_of(tx, "original_settlement_id"), _line.settled_amount_units, _line.date_day
        )
        .where(_line.group.in_(of), is_valid())
        .order_by(_line.date_day, _line.id)
    )
    return [BalanceLine(*row) for row in tx.execute(query)]


def grow_carried(tx: Connection, row: PayoutRow) -> None:
    """Payouts that carry a balance over, and that this one may take up or no longer does, are behind from now on."""
    versions.grow(
        tx,
        _row.account == row.account,
        _row.currency == row.currency,
        _row.announced_by == "deferred",
        _row.id != row.id,
    )
