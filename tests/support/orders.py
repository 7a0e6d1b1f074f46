"""Payment requests in a given state.

``create_order``, ``send_order`` and ``pay_order`` go the product's way, against the sandbox; ``store_paid_order`` only writes the row.
"""

import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

from services import clock
from services.access import Actor
from services.demo.drain import drain
from services.desk import Desk
from services.orders import create, history
from services.store.orders import orders
from tests.support.drafts import draft
from tests.support.sandbox import RunningSandbox


def to_units(amount: str) -> int:
    """An amount with a decimal point in units of 1/10000, exactly."""
    units = Decimal(amount) * 10_000
    assert units == int(units), amount
    return int(units)


def create_order(desk: Desk, actor: Actor, **changes: object) -> int:
    """The row id of an order that was filled in and confirmed; its page and its e-mail are still to come."""
    return create.create(desk, actor, draft(**changes), create.new_form_key())


def send_order(desk: Desk, actor: Actor, **changes: object) -> int:
    """... whose e-mail has been delivered, or whatever else became of it."""
    order = create_order(desk, actor, **changes)
    drain(desk)
    return order


def pay_order(desk: Desk, actor: Actor, sandbox: RunningSandbox, **changes: object) -> int:
    """... of 100 EUR, which the customer has paid, as HiPay was asked since; authorised only, with ``capture="later"``."""
    order = send_order(desk, actor, **{"amount": "100", **changes})
    page = history.detail(desk, actor, order).pages[0].hipay_order_id
    sandbox.control("pay", {"orderids": [page]})
    history.check_now(desk, actor, [order])
    drain(desk)
    return order


def store_paid_order(
    desk: Desk,
    order_id: str,
    amount: str = "10.00",
    *,
    account: str = "demo",
    currency: str = "EUR",
    reference: str = "",
    customer: str = "Marchand",
) -> int:
    """The row id of an order that is captured in full, written to the store: no page, no message, no recorded event."""
    units, now = to_units(amount), clock.now()
    columns = order_columns(
        order_id,
        account=account,
        form_key=f"{account}:{order_id}",
        mark=f"{account}:{order_id}",
        last_name=customer,
        email="elodie@example.com",
        amount=units,
        currency=currency,
        reference_1=reference,
        expires_at=now,
        payment="captured",
        captured=units,
        paid_at=now,
        captured_at=now,
        last_captured_at=now,
    )
    with desk.store.write() as tx:
        return orders.add_order(tx, **columns)


def order_columns(order_id: str = "A-1", **changes: Any) -> dict[str, Any]:
    """What ``orders.add_order`` takes for an order of 10 EUR whose link is sent and open, and not paid."""
    now = clock.now()
    return {
        "account": "demo",
        "order_id": order_id,
        "channel": "link",
        "form_key": uuid.uuid4().hex,
        "mark": uuid.uuid4().hex,
        "first_name": "Élodie",
        "last_name": "Marchand",
        "email": "elodie@example.com",
        "phone": "",
        "language": "fr",
        "amount": 10_0000,
        "currency": "EUR",
        "description": "",
        "capture": "now",
        "expires_at": now + timedelta(days=7),
        "created_at": now,
        "actor_kind": "user",
        "actor_id": "test",
        "sender_name": "Test",
        "delivery": "sent",
        "availability": "open",
        "payment": "unpaid",
        **changes,
    }
