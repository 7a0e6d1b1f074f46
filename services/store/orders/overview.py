"""What the first screen shows of payment requests, besides their sums (``order_sums``)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, and_, case, func, or_, select

from services.store.in_list import of_accounts
from services.store.orders.order_sums import Sum
from services.store.orders.orders import badge_condition
from services.store.orders.records import Order, each_of
from services.store.schema.orders import orders
from services.store.schema.settlement_files import settlement_files

_FILE = settlement_files.c
_OURS = orders.c.channel != "imported"


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
) -> tuple[list[Order], dict[str, Sum]]:
    """Unpaid requests that a customer can still pay and that end by ``until``: those of the sender ``first``, then the
    others, the nearest end first; and how many and how much they are, by currency."""
    o = orders.c
    payable = or_(*(badge_condition(badge, now) for badge in ("open", "refused", "uncertain", "bounced")))
    # The few that end in time first: the states of all orders would be the longer way to the same.
    soon = select(o.id).where(o.expires_at > now, o.expires_at <= until).scalar_subquery()
    where = and_(_OURS, o.id.in_(soon), payable, of_accounts(o.account, accounts))
    sums = select(o.currency, func.sum(o.amount), func.count()).where(where).group_by(o.currency)
    totals = {currency: Sum(int(units), int(count)) for currency, units, count in tx.execute(sums)}
    own_first = case((o.actor_id == first, 0), else_=1)
    query = select(orders).where(where).order_by(own_first, o.expires_at, o.id).limit(limit)
    return each_of(Order, tx.execute(query)), totals
