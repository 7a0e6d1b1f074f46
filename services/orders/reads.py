"""Schedule a read of a payment at once: a notification came, a customer came back, or a person asked."""

from collections.abc import Collection

from services import clock
from services.store import Connection
from services.store.orders import steps


def request_read(tx: Connection, order_id: int, account: str) -> None:
    """Schedule a read of the order at once."""
    steps.schedule(tx, order_id, "read", account, clock.now())


def request_reads(tx: Connection, orders: Collection[tuple[int, str]]) -> None:
    """``request_read`` for several orders, given as (id, account), which this transaction has locked."""
    steps.schedule_each(tx, orders, "read", clock.now())
