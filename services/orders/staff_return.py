"""The operator comes back from HiPay's page after a telephone payment: to a page for staff, not the customer's thank-you."""

from services.desk import Desk
from services.orders.reads import request_read
from services.store.orders import orders

LIST = "/payment-requests"


def staff_return(desk: Desk, token: str) -> str:
    """The clean path of the order the token belongs to. A visit only schedules a read."""
    with desk.store.read() as tx:  # anybody may send any token: only a known one costs a write transaction
        page = orders.page_by_token(tx, token)
    if page is None:
        return LIST
    with desk.store.write() as tx:
        request_read(tx, page.order, page.account)
    desk.wake.set()
    return f"{LIST}?order={page.order}"
