"""The state of an order whose events a test has written itself."""

from services.orders import record
from services.store import Connection
from services.store.orders import orders


def refold(tx: Connection, order_id: int) -> None:
    """Write the state columns of the order anew from its events."""
    order = orders.order(tx, order_id)
    assert order is not None
    record._fold(tx, order, record._events(orders.events_of(tx, order_id)))
