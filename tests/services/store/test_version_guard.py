"""A program that is older than the schema asks for sends links and stores notifications, and leaves the rest."""

import threading
from io import BytesIO

import pytest
from sqlalchemy import select

from services import clock
from services.access import Actor
from services.desk import Desk
from services.entrypoints import worker
from services.imports import background, files
from services.imports.loading import lease
from services.orders import create, history
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.checks import Shown
from services.store import meta, version_guard
from services.store.orders import orders
from services.store.schema.orders import notifications
from services.store.settlements.files import settlement_files
from services.store.version_guard import ProgramOutdated
from tests.support.drafts import draft
from tests.support.payouts import csv, import_file
from tests.support.sandbox import RunningSandbox, clock_of, wait_for

pytestmark = pytest.mark.desk(sandbox=True)
SALE = "1;S1;T1;;10.00;EUR;;;;EUR;Sales;9.80;EUR;;2026-11-01"


def outdate(desk: Desk) -> None:
    with desk.store.write() as tx:
        meta.put_text(tx, "least_program", "9999")


def test_its_worker_sends_and_leaves_the_rest(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    clock.use(clock_of(sandbox.client, ttl=0.1))
    assert version_guard.is_current(desk.store)
    outdate(desk)
    assert not version_guard.is_current(desk.store)
    order = create.create(desk, manager, draft(order_id="ORDER-1"), create.new_form_key())
    stopping = threading.Event()
    thread = threading.Thread(target=worker.run, args=(desk, stopping))
    thread.start()
    try:
        wait_for(sandbox.mails, "the worker mails")
        sandbox.control("pay", {"orderids": ["ORDER-1"], "outcome": "accept"})
        history.check_now(desk, manager, [order])
        again = create.create(desk, manager, draft(order_id="ORDER-2"), create.new_form_key())
        wait_for(lambda: len(sandbox.mails()) == 2, "the worker mails again")
    finally:
        stopping.set()
        desk.wake.set()
        thread.join(30)
    with desk.store.read() as tx:
        found = orders.orders_of(tx, [order, again])
        assert {one.payment for one in found.values()} == {"unpaid"}
        assert not tx.scalars(select(notifications.c.state).where(notifications.c.state != "received")).all()


def test_it_imports_and_decides_nothing(desk: Desk, finance: Actor) -> None:
    import_file(desk, finance, "demo", "first.csv", csv(SALE))
    outdate(desk)
    file = files.receive(desk, finance, "demo", "second.csv", BytesIO(csv(SALE.replace("S1", "S2"))))
    assert not background.work_off(desk)
    assert lease.acquire(desk.store, "it", (), threading.Event()) is None
    with desk.store.read() as tx:
        waiting = settlement_files.get(tx, file)
    assert waiting is not None
    assert waiting.state == "waiting"
    with pytest.raises(ProgramOutdated):
        decide.not_ours(desk, finance, [Shown(line=1)], "no order", "form")


def test_its_fold_leaves_the_columns_of_a_payment(desk: Desk, manager: Actor) -> None:
    order = create.create(desk, manager, draft(), create.new_form_key())

    def payment() -> tuple[str, int, str]:
        with desk.store.write() as tx:
            orders.write_state(tx, order, {"payment": "captured", "captured": 5, "delivery": "sent"})
            found = orders.order(tx, order)
        assert found is not None
        return found.payment, found.captured, found.delivery

    outdate(desk)
    assert payment() == ("unpaid", 0, "sent")
    with desk.store.write() as tx:
        meta.put_text(tx, "least_program", "1")
    assert payment() == ("captured", 5, "sent")
