"""Where the operator returns to from HiPay's page after a telephone payment: a page for staff, not the customer's thank-you page."""

from services.desk import Desk
from services.orders.reads import request_read
from services.store.orders import orders

LIST = "/payment-requests"


def staff_return(desk: Desk, token: str) -> str:
    """The path of the order that the token belongs to, without the token. A visit only schedules a read."""
    with desk.store.read() as tx:  # anybody may send any token, so only a known one opens a write transaction
        page = orders.page_by_token(tx, token)
    if page is None:
        return LIST
    with desk.store.write() as tx:
        request_read(tx, page.order, page.account)
    desk.wake.set()
    return f"{LIST}?order={page.order}"
