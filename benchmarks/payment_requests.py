"""Payment requests of a measured store: with an open page, and as the order form is filled in."""

import uuid
from datetime import timedelta

from services import clock
from services.orders.drafts import Draft
from services.store import Connection
from services.store.orders import orders


def add_open_order(tx: Connection, order_id: str, email: str) -> None:
    """An order of 100 EUR whose link is sent, with its page, on which nobody has paid."""
    now = clock.now()
    end = now + timedelta(days=7)
    order = orders.add_order(
        tx,
        account="demo",
        order_id=order_id,
        channel="link",
        form_key=uuid.uuid4().hex,
        mark=uuid.uuid4().hex,
        first_name="Zoé",
        last_name="Martin",
        email=email,
        phone="",
        language="fr",
        amount=100_0000,
        currency="EUR",
        description="Lampe",
        capture="now",
        expires_at=end,
        created_at=now,
        actor_kind="user",
        actor_id="bench",
        sender_name="Camille",
        delivery="sent",
        availability="open",
        payment="unpaid",
    )
    orders.add_page(
        tx,
        order=order,
        account="demo",
        number=1,
        state="open",
        hipay_order_id=order_id,
        amount=100_0000,
        currency="EUR",
        token=uuid.uuid4().hex,
        created_at=now,
        url="https://secure-gateway.hipay-tpp.com/x",
        opened_at=now,
        expires_at=end,
    )


def filled_form(order_id: str) -> Draft:
    """The order form of a link of 12.50 EUR."""
    return Draft(
        channel="link",
        account="demo",
        first_name="Zoé",
        last_name="Martin",
        email="zoe@example.com",
        amount="12,50",
        currency="EUR",
        description="Lampe",
        references=("F-1",),
        order_id=order_id,
        language="fr",
        expires_at=clock.now() + timedelta(days=7),
        locale="fr",
    )
