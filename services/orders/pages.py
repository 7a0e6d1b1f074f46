"""HiPay's pages of an order: their order ids, their rows, and the request that creates one."""

import secrets
from datetime import datetime

from services import clock
from services.accounts.configuration import Configuration
from services.desk import Desk
from services.hipay.fields import PageRequest, custom_data
from services.hipay.statuses import MOTO_PRODUCTS
from services.i18n import hipay_locale
from services.orders.drafts import ECI
from services.orders.redirect_urls import notify_url, redirect_urls
from services.store import Connection
from services.store.orders import orders
from services.store.orders.records import Order, Page

TOKEN_BYTES = 16  # 128 random bits


def page_order_id(order_id: str, number: int) -> str:
    """HiPay's order id of an order's page: the order's own, with ``-2`` for the second."""
    return order_id if number == 1 else f"{order_id}-{number}"


def add_page(tx: Connection, order: Order, *, number: int) -> int:
    """Write the row of a page that HiPay is to be asked for. Returns its id."""
    return orders.add_page(
        tx,
        order=order.id,
        account=order.account,
        number=number,
        state="requested",
        hipay_order_id=page_order_id(order.order_id, number),
        amount=order.amount,
        currency=order.currency,
        token=secrets.token_urlsafe(TOKEN_BYTES),
        created_at=clock.now(),
    )


def next_number(tx: Connection, order: Order, last: int) -> int | None:
    """The next page's number whose order id no other order has (one may be named ``A-1-2``), or None."""
    for number in range(last + 1, 1000):
        wanted = page_order_id(order.order_id, number)
        named = orders.order_by_business_id(tx, order.account, wanted)
        if (named is None or named.id == order.id) and not orders.page_by_hipay_order_id(
            tx, order.account, wanted
        ):
            return number
    return None


def page_request(
    desk: Desk, order: Order, page: Page, config: Configuration, until: datetime | None = None
) -> PageRequest:
    """HiPay's request for an order's page, which can be paid until the order's end or ``until``. Raises FieldError."""
    phone = order.channel == "phone"
    settings = config.payment_page
    urls = redirect_urls(desk, order, page)
    products = tuple(settings.payment_product_list)
    if (
        phone
    ):  # a list for links that has no telephone product must not offer every product on the telephone's page
        products = tuple(sorted(MOTO_PRODUCTS & set(products) or MOTO_PRODUCTS))
    references = [getattr(order, f"reference_{n}") for n in range(1, 6)]
    left = (until or order.expires_at) - clock.now()
    return PageRequest(
        order_id=page.hipay_order_id,
        description=order.description,
        amount_units=page.amount,
        currency=page.currency,
        operation="Sale" if order.capture == "now" else "Authorization",
        eci=1 if ECI[order.channel] == 1 else 7,
        language=hipay_locale(order.language),
        email=order.email,
        firstname=order.first_name,
        lastname=order.last_name,
        phone=order.phone,
        accept_url=urls["accept"],
        decline_url=urls["decline"],
        pending_url=urls["pending"],
        exception_url=urls["exception"],
        cancel_url=urls["cancel"],
        notify_url=notify_url(desk, order.account) or "",
        time_limit_to_pay=max(60, int(left.total_seconds())),
        theme_code=settings.theme_code,
        merchant_display_name=settings.merchant_display_name,
        payment_product_list=products,
        display_cancel_button=settings.display_cancel_button or phone,
        custom_data=custom_data(references, order.mark),
    )
