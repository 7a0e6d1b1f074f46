"""The order that a person may act on: they need the right on the account of the order."""

from services.access import Actor, Right, allowed_accounts, require
from services.orders.errors import UnknownOrder
from services.store import Connection
from services.store.orders import orders
from services.store.orders.records import Order


def allowed_order(tx: Connection, actor: Actor, right: Right, order_id: int) -> Order:
    """The order, locked in a writing transaction, on whose account the actor has the right.

    Raises UnknownOrder; NotAllowed before that where the actor has the right on no account, so that they do not learn which orders exist.
    """
    order = orders.order(tx, order_id)
    if order is None:
        allowed_accounts(tx, actor, right)
        raise UnknownOrder
    require(tx, actor, right, order.account)
    return order


def allowed_request(tx: Connection, actor: Actor, right: Right, order_id: int) -> Order:
    """``allowed_order`` for a payment request. Raises UnknownOrder (also for an imported order: it has no link and no payment), NotAllowed."""
    order = allowed_order(tx, actor, right, order_id)
    if order.channel == "imported":
        raise UnknownOrder
    return order
