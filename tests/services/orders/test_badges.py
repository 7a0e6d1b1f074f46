"""The badge is one definition in two languages: Python for one order, SQL for the list."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select

from services import clock
from services.access import Actor
from services.desk import Desk
from services.orders import create, history
from services.orders.states import AVAILABILITY, BADGES, DELIVERY, PAYMENT
from services.store import schema
from services.store.orders import orders
from tests.support.drafts import draft

pytestmark = pytest.mark.desk(sandbox=True)


def test_python_and_sql_agree_on_every_state(desk: Desk, manager: Actor) -> None:
    order_id = create.create(desk, manager, draft(), create.new_form_key())
    now = clock.now()
    holds = select(*(orders.badge_condition(badge, now).label(badge) for badge in BADGES)).where(
        schema.orders.orders.c.id == order_id
    )
    with desk.store.write() as tx:
        for delivery, availability, payment, hours in product(DELIVERY, AVAILABILITY, PAYMENT, (-1, 1)):
            orders.change_order(
                tx,
                order_id,
                delivery=delivery,
                availability=availability,
                payment=payment,
                expires_at=now + timedelta(hours=hours),
            )
            order = orders.order(tx, order_id)
            assert order is not None
            found = [badge for badge, yes in zip(BADGES, tx.execute(holds).one(), strict=True) if yes]
            assert found == [history.badge(order, now)], (delivery, availability, payment, hours)
