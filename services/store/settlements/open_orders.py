"""Open orders, counted by what they wait for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, case, false, func, or_, select

from services.store.schema.reconciliation import order_positions
from services.store.settlements.outcomes import Status

_one = order_positions.c


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenOrders:
    """Orders that have all of this in common. ``late``: something collected is in no payout although its account's days are over;
    ``open_units``: collected and in no payout, in 1/10000 of ``currency``."""

    status: Status
    currency: str
    late: bool
    orders: int
    open_units: int


def count(tx: Connection, accounts: Sequence[str], due: Mapping[str, datetime]) -> list[OpenOrders]:
    """The open orders of these accounts. ``due``: by account, when what is late now was collected at the latest."""
    lates = [and_(_one.account == account, _one.paid_at < moment) for account, moment in due.items()]
    late = case((and_(_one.open_units > 0, or_(false(), *lates)), 1), else_=0).label("late")
    query = (
        select(_one.status, _one.currency, late, func.count(), func.sum(_one.open_units))
        .where(_one.account.in_(tuple(accounts)), _one.open.is_(True))
        .group_by(_one.status, _one.currency, late)
    )
    return [
        OpenOrders(
            status=row[0], currency=row[1], late=bool(row[2]), orders=int(row[3]), open_units=int(row[4])
        )
        for row in tx.execute(query)
    ]
