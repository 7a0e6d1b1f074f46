"""A payment that was charged back is in finance's To do until somebody has taken and closed it, or a payout names it."""

from datetime import timedelta

from services import clock
from services.access import Actor
from services.alarms.handling import close, take
from services.desk import Desk
from services.store.orders import orders
from tests.support.desk import person
from tests.support.open_alarms import open_alarms
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line


def charged_back(desk: Desk, order_id: str) -> int:
    made = store_paid_order(desk, order_id, "10.00")
    with desk.store.write() as tx:
        orders.write_state(tx, made, {"payment": "charged_back", "charged_back": 10_0000})
        orders.add_event(
            tx,
            order=made,
            at=clock.now(),
            kind="payment",
            actor_kind="hipay",
            actor_id="hipay",
            data={"reference": "T-A-1", "status": 129, "captured": 10_0000, "charged_back": 10_0000},
            identity=f"back:{made}",
        )
    return made


def test_it_is_taken_and_closed_with_a_reason(desk: Desk, finance: Actor) -> None:
    made = charged_back(desk, "A-1")
    [alarm] = open_alarms(desk, finance)
    assert (alarm.kind, alarm.order, alarm.holder) == ("charged_back", made, "")
    assert open_alarms(desk, person(desk, "manager")) == []
    take(desk, finance, alarm.id)
    [alarm] = open_alarms(desk, finance)
    assert alarm.holder == finance.id
    close(desk, finance, alarm.id, "answered in HiPay's console")
    assert open_alarms(desk, finance) == []


def test_it_ends_once_a_payout_names_it(desk: Desk, finance: Actor) -> None:
    charged_back(desk, "A-1")
    assert len(open_alarms(desk, finance)) == 1
    import_lines(
        desk,
        line("A-1"),
        line("A-1", "-10.00", operation="Chargeback"),
        line("", "0.00", operation="Settlement", transaction=""),
    )
    assert open_alarms(desk, finance) == []


def test_one_of_long_ago_raises_none(desk: Desk, finance: Actor) -> None:
    charged_back(desk, "A-1")
    clock.use(lambda: timedelta(days=61))
    assert open_alarms(desk, finance) == []
