"""What a person does with a link: sent again, called off, extended, renewed, corrected; with our own link and without."""

from datetime import datetime, timedelta

import pytest

from services import clock
from services.access import CUSTOMER, Actor, NotAllowed
from services.accounts.options import Options, save
from services.demo.drain import drain
from services.desk import Desk
from services.mail.errors import AddressError
from services.orders import (
    create,
    errors,
    history,
    link_rules,
    links,
    maintenance_operations,
    open_page,
    payment_link,
)
from services.orders.errors import AmountBelowMinimum, ExpiryTooLate, ExpiryTooSoon, FieldEmpty, FieldTooLong
from services.orders.history import Detail
from services.store.orders import orders
from tests.support.desk import person
from tests.support.orders import send_order
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True, own_links=True)


def send(desk: Desk, manager: Actor, *, own: bool = True, **changes: object) -> int:
    save(desk, person(desk, "admin"), "demo", Options(own_link=own))
    return send_order(desk, manager, **changes)


def found(desk: Desk, order_id: int) -> Detail:
    return history.detail(desk, CUSTOMER, order_id)


def key() -> str:
    return create.new_form_key()


def press(desk: Desk, order_id: int) -> open_page.Destination:
    return open_page.open_hipay_page(desk, found(desk, order_id).order.link_token)


def pay(desk: Desk, sandbox: RunningSandbox, order_id: int, page: int = -1) -> None:
    hipay_id = found(desk, order_id).pages[page].hipay_order_id
    sandbox.control("pay", {"orderids": [hipay_id], "outcome": "accept"})
    history.check_now(desk, CUSTOMER, [order_id])
    drain(desk)


def later(sandbox: RunningSandbox, **time: float) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(**time).total_seconds()})


def alarms(desk: Desk, order_id: int) -> list[str]:
    return [alarm.kind for alarm in found(desk, order_id).alarms]


@pytest.mark.parametrize("own", [True, False])
def test_the_same_link_goes_out_again_once_per_window(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, own: bool
) -> None:
    order_id = send(desk, manager, own=own, copy_to_sender=True)
    window = key()
    links.resend(desk, manager, order_id, window)
    links.resend(desk, manager, order_id, window)
    drain(desk)
    links.resend(desk, manager, order_id, window)
    drain(desk)
    to_customer = [mail for mail in sandbox.mails() if mail["to"] == ["elodie.marchand@example.com"]]
    url = found(desk, order_id).url
    assert url is not None
    assert len(to_customer) == 2
    assert len({mail["message_id"] for mail in to_customer}) == 2
    assert all(url in mail["text"] for mail in to_customer)
    assert len(sandbox.mails()) == 3  # the sender's copy is of the first alone
    assert found(desk, order_id).badge == "open"


def test_a_reminder_by_hand_is_marked_as_one(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager, order_id="A-1", language="de")
    links.resend(desk, manager, order_id, key(), reminder=True)
    drain(desk)
    reminder, first = sandbox.mails()
    assert reminder["subject"].startswith("[TEST] Erinnerung: ")
    assert (
        "Wir möchten Sie daran erinnern, dass Ihre Bestellung A-1 noch nicht bezahlt ist." in reminder["text"]
    )
    assert "Erinnerung" not in first["subject"] + first["text"]


def test_another_address_becomes_the_orders(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager)
    links.readdress(desk, manager, order_id, "new.home@example.org", key())
    drain(desk)
    assert sandbox.mails()[0]["to"] == ["new.home@example.org"]
    seen = found(desk, order_id)
    assert seen.order.email == "new.home@example.org"
    assert "example" not in str([event.data for event in seen.events])
    [listed] = history.find(desk, manager, orders.Filter(text="new.home")).orders
    assert listed.id == order_id
    with pytest.raises(AddressError):
        links.readdress(desk, manager, order_id, "a@b@c", key())
    with pytest.raises(errors.NothingChanged):
        links.readdress(desk, manager, order_id, "new.home@example.org", key())


def test_nothing_is_sent_again_while_it_is_still_being_sent(desk: Desk, manager: Actor) -> None:
    order_id = send(desk, manager)
    links.resend(desk, manager, order_id, key())
    with pytest.raises(errors.StillSending):
        links.resend(desk, manager, order_id, key())


def test_a_cancelled_link_shows_it_and_a_late_payment_is_counted_with_an_alarm(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager)
    press(desk, order_id)
    until = links.cancel(desk, manager, order_id, key())
    page = found(desk, order_id).pages[0]
    assert until == page.expires_at
    assert page.state == "withdrawn"
    seen = found(desk, order_id)
    assert (seen.badge, seen.url) == ("cancelled", None)
    assert (press(desk, order_id).link_state, press(desk, order_id).url) == ("cancelled", None)
    for refused in (
        lambda: links.cancel(desk, manager, order_id, key()),
        lambda: links.resend(desk, manager, order_id, key()),
    ):
        with pytest.raises(errors.LinkCancelled):
            refused()
    assert alarms(desk, order_id) == []
    pay(desk, sandbox, order_id)
    seen = found(desk, order_id)
    assert (seen.badge, seen.order.captured) == ("paid", 1250_5000)
    assert alarms(desk, order_id) == ["paid_after_cancel"]


def test_called_off_before_its_mail_left_it_is_not_mailed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager)
    links.resend(desk, manager, order_id, key())
    assert links.cancel(desk, manager, order_id, key()) is None
    drain(desk)
    assert len(sandbox.mails()) == 1
    assert [message.state for message in found(desk, order_id).messages] == ["sent", "withdrawn"]


def test_extended_beyond_what_hipays_pages_live(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager)
    links.extend(desk, manager, order_id, clock.now() + timedelta(days=200), key())
    later(sandbox, days=199)
    assert press(desk, order_id).url is not None
    with pytest.raises(ExpiryTooLate):
        links.extend(desk, manager, order_id, clock.now() + timedelta(days=366), key())
    with pytest.raises(ExpiryTooSoon):
        links.extend(desk, manager, order_id, clock.now(), key())


@pytest.mark.parametrize("own", [True, False])
def test_renewed_under_the_same_reference(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, own: bool
) -> None:
    order_id = send(desk, manager, own=own, order_id="A-1")
    end = clock.now() + timedelta(days=20)
    with pytest.raises(errors.LinkNotExpired):
        links.renew(desk, manager, order_id, end, key())
    later(sandbox, days=8)
    assert found(desk, order_id).badge == "expired"
    with pytest.raises(errors.LinkExpired):
        links.resend(desk, manager, order_id, key())
    links.renew(desk, manager, order_id, end, key())
    drain(desk)
    seen = found(desk, order_id)
    assert (seen.badge, seen.order.expires_at) == ("open", end)
    assert seen.url is not None
    assert seen.url in sandbox.mails()[0]["text"]
    assert len(sandbox.mails()) == 2
    if own:
        assert press(desk, order_id).url is not None
    else:
        assert [page.hipay_order_id for page in seen.pages] == ["A-1", "A-1-2"]
    pay(desk, sandbox, order_id)
    assert found(desk, order_id).badge == "paid"


def test_corrected_the_link_shows_the_new_facts_and_the_former_page_is_superseded(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager, amount="100")
    press(desk, order_id)
    until = links.correct(desk, manager, order_id, 120_0000, "Chaise", key(), mail=True)
    drain(desk)
    seen = found(desk, order_id)
    assert until == seen.pages[0].expires_at
    assert (seen.order.amount, seen.order.description, seen.badge) == (120_0000, "Chaise", "open")
    [event] = [event for event in seen.events if event.kind == "link_corrected"]
    assert (event.data["former_amount"], event.data["description_changed"]) == (100_0000, True)
    assert "Acompte" not in str(event.data)  # events are for ever
    assert "120,00" in sandbox.mails()[0]["text"]
    assert "Chaise" in sandbox.mails()[0]["text"]
    led = press(desk, order_id)
    seen = found(desk, order_id)
    assert [(page.state, page.amount) for page in seen.pages] == [
        ("superseded", 100_0000),
        ("open", 120_0000),
    ]
    assert led.url == seen.pages[1].url
    pay(desk, sandbox, order_id)
    assert (found(desk, order_id).badge, alarms(desk, order_id)) == ("paid", [])


def test_money_on_the_former_page_is_counted_with_an_alarm(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager, amount="100")
    press(desk, order_id)
    links.correct(desk, manager, order_id, 120_0000, "Acompte canapé", key(), mail=False)
    pay(desk, sandbox, order_id)
    seen = found(desk, order_id)
    assert (seen.order.payment, seen.order.captured) == ("partly_captured", 100_0000)
    assert alarms(desk, order_id) == ["former_amount"]
    assert press(desk, order_id).link_state == "paid"


def test_a_payment_on_a_page_with_the_former_description_opens_an_alarm(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send(desk, manager, amount="100")
    press(desk, order_id)
    links.correct(desk, manager, order_id, 100_0000, "Chaise", key(), mail=False)
    pay(desk, sandbox, order_id)
    assert (found(desk, order_id).order.payment, alarms(desk, order_id)) == ("captured", ["former_facts"])
    [alarm] = found(desk, order_id).alarms
    [transaction] = maintenance_operations.of_order(desk, manager, order_id)[1]
    assert (transaction.kind, transaction.reference) == ("refund", alarm.detail["reference"])


def test_a_second_press_in_the_same_window_is_no_mistake(desk: Desk, manager: Actor) -> None:
    order_id, end = send(desk, manager, amount="100"), clock.now() + timedelta(days=30)
    extending, correcting, calling_off = key(), key(), key()
    for _ in range(2):
        links.extend(desk, manager, order_id, end, extending)
    for _ in range(2):
        links.correct(desk, manager, order_id, 120_0000, "Chaise", correcting, mail=False)
    for _ in range(2):
        links.cancel(desk, manager, order_id, calling_off)
    kinds = [event.kind for event in found(desk, order_id).events]
    assert [kinds.count(kind) for kind in ("link_extended", "link_corrected", "link_cancelled")] == [1, 1, 1]
    with pytest.raises(errors.LinkCancelled):
        links.cancel(desk, manager, order_id, key())


def test_what_cannot_be_corrected(desk: Desk, manager: Actor) -> None:
    order_id = send(desk, manager, amount="100")

    def correct(amount: int, description: str) -> None:
        links.correct(desk, manager, order_id, amount, description, key(), mail=False)

    with pytest.raises(AmountBelowMinimum):
        correct(0, "x")
    with pytest.raises(FieldEmpty):
        correct(100_0000, " ")
    with pytest.raises(FieldTooLong):
        correct(100_0000, "x" * 256)
    with pytest.raises(errors.NothingChanged):
        correct(100_0000, "Acompte canapé")


def test_a_paid_request_is_left_alone(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager)
    press(desk, order_id)
    pay(desk, sandbox, order_id)
    offered = link_rules.offer(desk, manager, order_id)
    assert offered is not None
    assert {type(why) for why in offered.refusals.values()} == {errors.NotUnpaid}
    with pytest.raises(errors.NotUnpaid):
        links.cancel(desk, manager, order_id, key())


def test_hipays_own_link_cannot_be_cancelled_and_the_offer_says_why(desk: Desk, manager: Actor) -> None:
    order_id = send(desk, manager, own=False)
    offered = link_rules.offer(desk, manager, order_id)
    assert offered is not None
    assert {name for name, why in offered.refusals.items() if isinstance(why, errors.NotOurLink)} == {
        "cancel",
        "extend",
        "correct",
    }
    end: datetime = clock.now() + timedelta(days=3)
    for refused in (
        lambda: links.cancel(desk, manager, order_id, key()),
        lambda: links.extend(desk, manager, order_id, end, key()),
        lambda: links.correct(desk, manager, order_id, 1_0000, "x", key(), mail=False),
    ):
        with pytest.raises(errors.NotOurLink):
            refused()


def test_by_phone_nothing_is_mailed(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager, channel="phone", email="")
    with pytest.raises(errors.NoMail):
        links.resend(desk, manager, order_id, key())
    later(sandbox, days=8)
    links.renew(desk, manager, order_id, clock.now() + timedelta(days=2), key())
    drain(desk)
    assert found(desk, order_id).badge == "open"
    assert sandbox.mails() == []


def test_an_erased_customer_is_left_alone(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send(desk, manager)
    later(sandbox, days=8)
    with desk.store.write() as tx:
        orders.change_order(tx, order_id, email="", erased_at=clock.now())
    with pytest.raises(errors.CustomerErased):
        links.renew(desk, manager, order_id, clock.now() + timedelta(days=2), key())


def test_who_may_not_send_may_not_do_any_of_it(desk: Desk, manager: Actor) -> None:
    order_id = send(desk, manager)
    finance = person(desk, "finance")
    assert link_rules.offer(desk, finance, order_id) is None
    for refused in (
        lambda: links.cancel(desk, finance, order_id, key()),
        lambda: links.resend(desk, finance, order_id, key()),
        lambda: links.extend(desk, finance, order_id, clock.now(), key()),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_the_link_has_a_state_for_each_state_of_payment_and_page(desk: Desk, manager: Actor) -> None:
    order_id = send(desk, manager)
    with desk.store.write() as tx:
        for payment, availability, expected in (
            ("unpaid", "open", "open"),
            ("refused", "open", "open"),
            ("pending", "open", "pending"),
            ("authorised", "open", "pending"),
            ("captured", "cancelled", "paid"),
            ("unpaid", "cancelled", "cancelled"),
            ("unpaid", "taken", "pending"),
            ("refused", "taken", "open"),
            ("pending", "taken", "pending"),
            ("refunded", "open", "paid"),
            ("unpaid", "failed", "open"),
        ):
            orders.write_state(tx, order_id, {"payment": payment, "availability": availability})
            order = orders.order(tx, order_id)
            assert order is not None
            assert payment_link.link_state(order, clock.now()) == expected
