"""Earlier orders with which one that is about to be sent is compared."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, union_all

from services.store.order_states import UNDER_WAY, Badge
from services.store.orders.orders import badge_condition
from services.store.orders.records import Order, each_of, first_of
from services.store.schema.orders import orders
from services.text.folding import folded

_PAYABLE: tuple[Badge, ...] = ("preparing", "open", "uncertain", "bounced", "refused")


def asked_for(now: datetime) -> ColumnElement[bool]:
    """The condition on an order of ours that the customer can still pay it, or that a payment is under way."""
    o = orders.c
    # The few that have not ended, or that somebody is paying, which has no end: the states of all orders would be the longer way there.
    few = union_all(select(o.id).where(o.expires_at > now), select(o.id).where(o.payment.in_(UNDER_WAY)))
    states = or_(*(badge_condition(badge, now) for badge in _PAYABLE + UNDER_WAY))
    return and_(o.id.in_(few.scalar_subquery()), o.channel != "imported", states)


def still_open(
    tx: Connection, account: str, email: str, name: tuple[str, str], amount: int, currency: str, now: datetime
) -> Order | None:
    """The newest order of this customer (by address, else by name) and amount that can still be paid, or is being paid."""
    o = orders.c
    if email:
        same = func.lower(o.email) == email.lower()
    else:
        same = o.search.contains(folded("".join(name)), autoescape=True)
    query = select(orders).where(
        asked_for(now), o.account == account, o.amount == amount, o.currency == currency, same
    )
    wanted, found = [*map(folded, name)], each_of(Order, tx.execute(query.order_by(o.id.desc())))
    return next(
        (row for row in found if email or [folded(row.first_name), folded(row.last_name)] == wanted), None
    )


def still_asked_for(tx: Connection, order_id: int, now: datetime) -> Order | None:
    """The order, if it can still be paid or is being paid."""
    return first_of(Order, tx.execute(select(orders).where(orders.c.id == order_id, asked_for(now))))


def with_reference(tx: Connection, account: str, reference: str, limit: int) -> tuple[list[Order], int]:
    """The newest orders with this invoice number, and how many there are."""
    where = and_(orders.c.account == account, orders.c.reference_1 == reference)
    total = tx.scalar(select(func.count()).select_from(orders).where(where))
    newest = select(orders).where(where).order_by(orders.c.id.desc()).limit(limit)
    return each_of(Order, tx.execute(newest)), int(total or 0)


def last_amounts(tx: Connection, account: str, currency: str, limit: int) -> list[int]:
    """The amounts of the account's last orders in the currency, in units of 1/10000."""
    o = orders.c
    query = select(o.amount).where(o.account == account, o.currency == currency, o.channel != "imported")
    return list(tx.scalars(query.order_by(o.created_at.desc(), o.id.desc()).limit(limit)))
