"""The payment link: its address, and the state of the request for whoever opens it.

With our own link the e-mail contains no address of HiPay's. HiPay's page is made when a person presses the button
(``open_page``), so a mail scanner that opens the link changes nothing, and a request can be cancelled, corrected or extended
until it is paid.
"""

from datetime import datetime
from typing import Literal

from services.desk import Desk
from services.store.order_states import UNPAID
from services.store.orders.records import Order, Page

LinkState = Literal["open", "paid", "pending", "confirming", "cancelled", "expired"]


def address(desk: Desk, order: Order, page: Page | None) -> str | None:
    """The address in the order's e-mail: our own link, else HiPay's address of ``page``; None while there is none."""
    if order.link_token:
        return f"{desk.settings.public}/p/{order.link_token}" if desk.settings.public else None
    return page.url if page is not None and page.state == "open" else None


def link_state(order: Order, now: datetime) -> LinkState:
    """The state of the request for the customer: only an open one leads to HiPay. ``confirming``: a notification reports a
    payment and HiPay is being asked for it, so nothing is sent and nobody is led to pay."""
    # Somebody pays on a page whose address was lost, until that attempt is known to have been refused.
    taken = order.availability == "taken" and order.payment == "unpaid"
    if taken or order.payment in ("pending", "authorised"):
        return "pending"
    if order.payment == "unconfirmed":
        return "confirming"
    if order.payment not in UNPAID:
        return "paid"
    if order.availability == "cancelled":
        return "cancelled"
    return "expired" if order.expires_at <= now else "open"
