"""Hosted payment pages: making one, and whether it can still be paid."""

import uuid
from datetime import timedelta
from typing import Literal

from sandbox import rules
from sandbox.context import Sandbox
from sandbox.model import RETRIES, Order, Page, first_number
from sandbox.refusals import Refusal

Condition = Literal["open", "paid", "pending", "expired", "exhausted"]


def create(box: Sandbox, fields: dict[str, str]) -> Page:
    """A page for a valid call; raises Refusal.

    An order id that was paid, or is being paid, always answers 3010004; one with no attempt left 3010003. With
    the setting `duplicate_order` at "fresh", an unpaid one gets a new page of its own amount and expiry, and the
    URLs given before stay payable until one of them is paid, since HiPay has no call that closes a page; at
    "refuse" it answers 3010004. Which of the two HiPay does is not published.
    """
    asked = rules.check(fields, box.settings.products)
    now = box.now()
    order = box.store.orders.get(asked.orderid)
    if order is not None:
        if box.settings.duplicate_order == "refuse" or _settled(box, order):
            raise Refusal(3010004, "orderid")
        if len(order.transactions) >= RETRIES:
            raise Refusal(3010003, "orderid")
    else:
        order = Order(asked.orderid, box.store.next_id(Order, first_number()), now)
    page = Page(
        str(uuid.uuid4()),
        asked.orderid,
        asked.fields,
        asked.amount,
        asked.currency,
        asked.language,
        asked.eci,
        now,
        now + timedelta(seconds=asked.validity),
    )
    order.pages.append(page.id)
    box.store.save(page, order)
    return page


def condition(box: Sandbox, page: Page) -> Condition:
    """Whether the customer may pay on this page now, and if not, why not."""
    order = box.store.orders[page.orderid]
    attempts = box.transactions(order)
    if any(attempt.paid for attempt in attempts):
        return "paid"
    if any(attempt.state == "pending" for attempt in attempts):
        return "pending"
    if box.now() >= page.expires_at:
        return "expired"
    return "exhausted" if len(attempts) >= RETRIES else "open"


def url(box: Sandbox, page: Page) -> str:
    return f"{box.url}/payment/web/pay/{page.id}"


def _settled(box: Sandbox, order: Order) -> bool:
    return any(attempt.state in {"completed", "pending"} for attempt in box.transactions(order))
