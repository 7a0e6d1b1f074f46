"""What earlier orders say of one that is about to be sent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from services.store.orders import badge_condition
from services.store.schema import orders

_PAYABLE = ("preparing", "open", "uncertain", "bounced", "refused")


def still_open(
    tx: Connection, account: str, email: str, name: tuple[str, str], amount: int, currency: str, now: datetime
) -> Row[Any] | None:
    """The newest order of this customer (by address, else by name) and amount that can still be paid."""
    o = orders.c
    if email:
        same = func.lower(o.email) == email.lower()
    else:
        same = and_(o.first_name == name[0], o.last_name == name[1])
    alive = select(o.id).where(o.expires_at > now).scalar_subquery()  # few of all: looked up first
    query = select(orders).where(
        o.id.in_(alive), o.account == account, o.channel != "imported", o.amount == amount, o.currency == currency, same,
        or_(*(badge_condition(badge, now) for badge in _PAYABLE)),
    )  # fmt: skip
    return tx.execute(query.order_by(o.id.desc()).limit(1)).first()


def with_reference(tx: Connection, account: str, reference: str, limit: int) -> tuple[list[Row[Any]], int]:
    """The newest orders with this invoice number, and how many there are."""
    where = and_(orders.c.account == account, orders.c.reference_1 == reference)
    total = tx.scalar(select(func.count()).select_from(orders).where(where))
    return list(tx.execute(select(orders).where(where).order_by(orders.c.id.desc()).limit(limit))), int(
        total or 0
    )


def last_amounts(tx: Connection, account: str, currency: str, limit: int) -> list[int]:
    """The amounts of the account's last orders in the currency, in units of 1/10000."""
    o = orders.c
    query = select(o.amount).where(o.account == account, o.currency == currency, o.channel != "imported")
    return list(tx.scalars(query.order_by(o.created_at.desc(), o.id.desc()).limit(limit)))
