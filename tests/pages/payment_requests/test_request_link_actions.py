"""The link's actions on a request's page: offered when they are possible, confirmed, done once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from services import clock
from services.access import WORKER, Actor
from services.accounts.options import Options, options, save
from services.desk import Desk
from services.orders import create, history, links, qr
from services.orders.record import record
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.screens import press

pytestmark = pytest.mark.desk(prepared=True)

Open = Callable[..., AppTest]
OWN = {
    "Send again",
    "Remind",
    "Send to another address",
    "Correct",
    "Extend",
    "Call off",
    "Duplicate as new",
    "QR code",
}


def sent(desk: Desk, manager: Actor, *, own: bool = True, **changes: object) -> int:
    """A request as it stands once its e-mail was accepted."""
    save(desk, person(desk, "admin"), "demo", Options(own_link=own))
    order_id = create.create(
        desk, manager, draft(order_id="A-1", amount="100", **changes), create.new_form_key()
    )
    with desk.store.write() as tx:
        page = None
        if not own:
            [page] = orders.pages_of(tx, order_id)
            url, end = "https://secure-gateway.hipay-tpp.com/pay/1", clock.now() + timedelta(days=7)
            orders.change_page(tx, page.id, state="open", url=url, opened_at=clock.now(), expires_at=end)
        orders.add_message(
            tx,
            order=order_id,
            page=page.id if page else None,
            kind="link",
            recipient="x@example.com",
            message_id="<1@x>",
            body=b"",
            state="sent",
            created_at=clock.now(),
        )
        record(tx, order_id, "page_opened" if page else "link_ready", WORKER)
        record(tx, order_id, "mail_sent", WORKER)
    return order_id


def opened(open_page: Open, order_id: int, actor: Actor) -> AppTest:
    at = open_page("payment_requests/page.py", actor=actor)
    at.query_params["order"] = str(order_id)
    return at.run()


def labels(at: AppTest) -> set[str]:
    return {one.label for one in at.button}


def field(at: AppTest, start: str) -> AppTest:
    return next(one for one in at.text_input if one.key and one.key.startswith(start))  # type: ignore[return-value]


def kinds(desk: Desk, actor: Actor, order_id: int) -> list[str]:
    return [event.kind for event in history.detail(desk, actor, order_id).events]


def test_all_is_offered_behind_our_own_link(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    at = opened(open_page, order_id, manager)
    assert not at.exception
    assert labels(at) >= OWN
    assert "Renew" not in labels(at)
    assert history.detail(desk, manager, order_id).url in [one.value for one in at.code]


def test_behind_hipays_link_it_is_said_why_not_all_is(open_page: Open, desk: Desk, manager: Actor) -> None:
    at = opened(open_page, sent(desk, manager, own=False), manager)
    assert labels(at) & {"Correct", "Extend", "Call off"} == set()
    assert labels(at) >= {"Send again", "Remind", "QR code"}
    assert any("HiPay has no way to call it off" in one.value for one in at.caption)


def test_calling_off_is_confirmed(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    at = press(press(opened(open_page, order_id, manager), "Call off"), "Back")
    assert "link_cancelled" not in kinds(desk, manager, order_id)
    at = press(press(at, "Call off"), "Yes, call off")
    assert history.detail(desk, manager, order_id).badge == "cancelled"
    assert labels(at) & (OWN - {"Duplicate as new"}) == set()
    assert any("Called off: the link says so" in one.value.replace("\\", "") for one in at.markdown)


def test_a_correction_is_checked_and_shown_in_the_timeline(
    open_page: Open, desk: Desk, manager: Actor
) -> None:
    order_id = sent(desk, manager)
    at = press(opened(open_page, order_id, manager), "Correct")
    amount = field(at, "link_amount_")
    assert amount.value == "100.00"
    amount.set_value("abc").run()
    assert next(one for one in at.button if one.label == "Yes, correct").disabled
    field(at, "link_amount_").set_value("120").run()
    at = press(at, "Yes, correct")
    assert history.detail(desk, manager, order_id).order.amount == 120_0000
    assert any("Corrected: €120.00 instead of €100.00" in one.value.replace("\\", "") for one in at.markdown)


def test_a_correction_of_the_description_alone_names_no_amount(
    open_page: Open, desk: Desk, manager: Actor
) -> None:
    order_id = sent(desk, manager)
    links.correct(desk, manager, order_id, 100_0000, "Chaise", "k", mail=False)
    shown = [one.value for one in opened(open_page, order_id, manager).markdown]
    assert "Corrected\\: the description" in shown


def test_another_address_is_checked(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    at = press(opened(open_page, order_id, manager), "Send to another address")
    go = "Yes, send to another address"
    assert next(one for one in at.button if one.label == go).disabled
    field(at, "link_email_").set_value("nobody").run()
    assert next(one for one in at.button if one.label == go).disabled
    field(at, "link_email_").set_value("paul@example.org").run()
    press(at, go)
    assert history.detail(desk, manager, order_id).order.email == "paul@example.org"


def test_another_address_that_looks_mistyped_is_said_and_not_forbidden(
    open_page: Open, desk: Desk, manager: Actor
) -> None:
    order_id = sent(desk, manager)
    at = press(opened(open_page, order_id, manager), "Send to another address")
    field(at, "link_email_").set_value("paul@gmial.com").run()
    assert any("Did you mean paul@gmail.com?" in one.value for one in at.warning)
    press(at, "Yes, send to another address")
    assert history.detail(desk, manager, order_id).order.email == "paul@gmial.com"


def test_it_is_said_why_an_email_cannot_be_sent_again(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    with desk.store.write() as tx:
        [message] = orders.messages_of(tx, order_id)
        orders.change_message(tx, message.id, state="queued")
    at = opened(open_page, order_id, manager)
    assert labels(at) & {"Send again", "Send to another address"} == set()
    assert any("is being tried again" in one.value for one in at.caption)
    with desk.store.write() as tx:
        orders.change_message(tx, message.id, state="sent")
        orders.change_order(tx, order_id, link_token=None)  # no page of HiPay's either
    at = at.run()
    assert "Send again" not in labels(at)
    assert any("There is no link to send" in one.value for one in at.caption)


def test_an_email_that_may_have_left_twice_says_so(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    with desk.store.write() as tx:
        record(tx, order_id, "mail_sent", WORKER, answer="250 ok", again=True)
    at = opened(open_page, order_id, manager)
    assert any("an earlier try may have arrived too" in one.value for one in at.caption)


@pytest.mark.parametrize(
    ("label", "event"), [("Send again", "resent"), ("Remind", "reminded"), ("Extend", "link_extended")]
)
def test_each_is_done_once_confirmed(
    open_page: Open, desk: Desk, manager: Actor, label: str, event: str
) -> None:
    order_id = sent(desk, manager)
    press(press(opened(open_page, order_id, manager), label), f"Yes, {label.lower()}")
    assert kinds(desk, manager, order_id).count(event) == 1


def test_an_expired_request_can_be_renewed(open_page: Open, desk: Desk, manager: Actor) -> None:
    order_id = sent(desk, manager)
    with desk.store.write() as tx:
        orders.change_order(tx, order_id, expires_at=clock.now() - timedelta(days=1))
    at = opened(open_page, order_id, manager)
    assert labels(at) & {"Send again", "Extend", "Correct"} == set()
    press(press(at, "Renew"), "Yes, renew")
    assert history.detail(desk, manager, order_id).order.expires_at > clock.now()


def test_the_qr_code_is_shown_and_can_be_kept(open_page: Open, desk: Desk, manager: Actor) -> None:
    at = press(opened(open_page, sent(desk, manager), manager), "QR code")
    assert {one.label for one in at.get("download_button")} == {"Download PNG", "Download SVG"}
    assert qr.png("https://pay.example.com/p/x").startswith(b"\x89PNG")
    assert b"<svg" in qr.svg("https://pay.example.com/p/x")


def test_a_duplicate_fills_in_the_form(open_page: Open, desk: Desk, manager: Actor) -> None:
    at = press(opened(open_page, sent(desk, manager), manager), "Duplicate as new")
    typed = {one.key: one.value for one in at.text_input}
    assert (typed["order_first_name"], typed["order_amount"]) == ("Élodie", "100.00")
    assert typed["order_reference_1"] == "F-2026-0042"
    assert typed["order_order_id"] not in ("", "A-1")
    assert at.selectbox(key="order_language").value == "fr"
    at = press(at.switch_page("new_order/page.py").run(), "Send by e-mail")
    assert any(
        "Duplicated from A-1, whose link can be paid" in one.value.replace("\\", "") for one in at.warning
    )
    press(at, "Send")
    assert "order_duplicated_from" not in at.session_state


def test_an_administrator_switches_our_own_link_off(open_page: Open, desk: Desk, manager: Actor) -> None:
    save(desk, person(desk, "admin"), "demo", Options(own_link=True))
    at = open_page("configuration/page.py", "admin")
    [switch] = [one for one in at.toggle if one.label == "The e-mail holds our own link"]
    assert switch.value
    switch.set_value(False).run()
    assert not at.exception
    with desk.store.read() as tx:
        assert not options(tx, "demo").own_link


@pytest.mark.parametrize("roles", [("finance",), ("admin",)])
def test_who_may_not_send_sees_the_qr_code_alone(
    open_page: Open, desk: Desk, manager: Actor, roles: tuple[str, ...]
) -> None:
    at = opened(open_page, sent(desk, manager), person(desk, *roles))
    assert labels(at) & OWN == {"QR code"}
