"""An account that the settings no longer name leaves its orders behind: everybody still sees them, and nobody can act."""

import io
from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

import services.orders
from services import clock
from services.access import Actor
from services.accounts.errors import AccountUnknown
from services.bulk import request_table, sending
from services.bulk.rows import Rules
from services.desk import Desk
from services.hipay.errors import NotAuthorised
from services.i18n import translator
from services.orders import (
    create,
    history,
    history_export,
    links,
    maintenance_operations,
)
from services.orders.maintenance_operations import Possible
from services.store import alarms
from services.store.orders import orders
from services.store.orders.orders import Filter
from tests.support.drafts import draft
from tests.support.tables import as_csv, row

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]
KEY = "departed"


@pytest.fixture
def order(desk: Desk, manager: Actor) -> int:
    """Unpaid, its page open, with an alarm; and a list that was sent: all of an account that has gone since."""
    wanted = draft(expires_at=clock.now() + timedelta(hours=30))
    made = create.create(desk, manager, wanted, create.new_form_key())
    good = request_table.preview(desk, manager, "demo", as_csv([row(1)]), Rules("fr", 7, "fr")).good
    batch = sending.start(desk, manager, "demo", "list.csv", good, days=7, per_minute=1, form_key="k")
    sending.cancel(desk, manager, batch)
    with desk.store.write() as tx:
        orders.change_order(tx, made, availability="open", delivery="failed", link_token="T" * 22)
        alarms.open_alarm(
            tx, identity="x", account="demo", order=made, kind="mail_failed", detail={}, opened_at=clock.now()
        )
        for table in ("orders", "pages", "alarms", "batches"):
            tx.exec_driver_sql(f"UPDATE {table} SET account = '{KEY}'")
    return made


def words(at: AppTest) -> str:
    shown = [*at.title, *at.caption, *at.markdown, *at.warning, *at.error, *at.info]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def test_every_screen_still_shows_its_orders(open_page: Open, desk: Desk, manager: Actor, order: int) -> None:
    at = open_page("overview/page.py", actor=manager)
    assert not at.exception
    at = open_page("bulk/many_at_once.py", actor=manager)
    assert not at.exception
    at = open_page("payment_requests/page.py", actor=manager)
    assert list(at.dataframe[0].value["Customer"]) == ["Élodie Marchand"]
    at.query_params["order"] = str(order)
    at.run()
    assert not at.exception
    assert "Élodie Marchand" in words(at)
    out = io.BytesIO()
    history_export.write_history(desk, manager, Filter(), "csv", translator("en"), out)
    assert KEY in out.getvalue().decode("utf-8-sig")


def test_nobody_acts_for_it(desk: Desk, manager: Actor, order: int) -> None:
    refund, token = Possible(kind="refund", reference="r", most=1_0000), "T" * 22
    for act in (
        lambda: links.resend(desk, manager, order, "k1"),
        lambda: links.cancel(desk, manager, order, "k3"),
        lambda: history.retry(desk, manager, order),
        lambda: maintenance_operations.ask(desk, manager, order, refund, 1_0000, "why", "k2"),
    ):
        with pytest.raises(AccountUnknown):
            act()
    assert maintenance_operations.of_order(desk, manager, order)[1] == ()
    with pytest.raises(NotAuthorised):
        services.orders.open_page.open_hipay_page(desk, token)
