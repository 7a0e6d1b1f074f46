"""Which orders a customer may be reminded of, and what was mailed about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, select

from services.store.in_list import in_batches
from services.store.order_states import UNPAID
from services.store.schema.orders import events, messages, orders


@dataclass(frozen=True, slots=True)
class Mailed:
    """An event of these kinds: an e-mail left, or the link began anew."""

    kind: Literal["mail_sent", "link_renewed", "renewed"]
    at: datetime


def open_orders(tx: Connection, account: str, now: datetime, sent_after: datetime) -> list[int]:
    """The account's unpaid orders by link whose e-mail has left since a time, and that can still be paid."""
    o = orders.c
    query = select(o.id).where(
        o.account == account,
        o.channel == "link",
        o.payment.in_(UNPAID),
        o.availability == "open",
        o.delivery == "sent",
        o.expires_at > now,
        o.erased_at.is_(None),
        o.sent_at >= sent_after,
    )
    return list(tx.scalars(query.order_by(o.expires_at, o.id)))


def mailed(tx: Connection, order_ids: Sequence[int]) -> dict[int, list[Mailed]]:
    """What was sent and what was begun anew, in its order: events of these kinds, by order."""
    kinds = ("mail_sent", "link_renewed", "renewed")
    found: dict[int, list[Mailed]] = {order_id: [] for order_id in order_ids}
    for some in in_batches(order_ids):
        query = select(events.c.order, events.c.kind, events.c.at).where(
            events.c.order.in_(some), events.c.kind.in_(kinds)
        )
        for row in tx.execute(query.order_by(events.c.id)):
            found[int(row.order)].append(Mailed(row.kind, row.at))
    return found


def last_written(tx: Connection, order_ids: Sequence[int]) -> dict[int, datetime]:
    """When the newest e-mail to the customer was written, by order."""
    found: dict[int, datetime] = {}
    for some in in_batches(order_ids):
        query = select(messages.c.order, func.max(messages.c.created_at).label("at")).where(
            messages.c.order.in_(some), messages.c.kind == "link"
        )
        found |= {row.order: row.at for row in tx.execute(query.group_by(messages.c.order))}
    return found


def ends(tx: Connection, order_ids: Sequence[int]) -> dict[int, datetime]:
    found: dict[int, datetime] = {}
    for some in in_batches(order_ids):
        query = select(orders.c.id, orders.c.expires_at).where(orders.c.id.in_(some))
        found |= {row.id: row.expires_at for row in tx.execute(query)}
    return found
