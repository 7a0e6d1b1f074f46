"""Sending, against the sandbox over HTTP and SMTP: one press one order, one URL mailed, and every refusal in its place."""

import threading
from datetime import timedelta

import pytest

from services import clock
from services.access import Actor, NotAllowed
from services.accounts.configuration import save_email_settings, save_payment_page
from services.accounts.pauses import resume
from services.demo.drain import drain
from services.desk import Desk
from services.hipay.statuses import MOTO_PRODUCTS
from services.orders import create, history
from services.orders.errors import AccountNotReady, DraftRefused, NothingToRetry, OrderIdTaken
from services.store.orders import orders
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.orders import create_order
from tests.support.sandbox import RunningSandbox

pytestmark = pytest.mark.desk(sandbox=True)


def kinds(desk: Desk, actor: Actor, order_id: int) -> list[str]:
    return [event.kind for event in history.detail(desk, actor, order_id).events]


def later(desk: Desk, sandbox: RunningSandbox, **time: float) -> None:
    sandbox.control("clock", {"advance_seconds": timedelta(**time).total_seconds()})
    drain(desk)


def test_a_link_is_sent_and_its_payment_seen(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = create_order(desk, manager, copy_to_sender=True)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert found.badge == "open"
    mails = sandbox.mails()
    assert [mail["to"] for mail in mails] == [["camille@example.com"], ["elodie.marchand@example.com"]]
    assert found.url is not None
    assert found.url in mails[1]["text"]
    assert "1\u202f250,50" in mails[1]["text"]
    [at_hipay] = sandbox.control("orders")
    assert at_hipay["fields"]["custom_data"].count("F-2026-0042") == 1
    assert (at_hipay["fields"]["eci"], at_hipay["fields"]["operation"], at_hipay["fields"]["language"]) == (
        "7",
        "Sale",
        "fr_FR",
    )

    page = found.pages[0].hipay_order_id
    sandbox.control("pay", {"orderids": [page], "outcome": "decline", "reason": "4010103"})
    sandbox.control("pay", {"orderids": [page], "outcome": "accept"})
    history.check_now(desk, manager, [order_id])
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.captured) == ("paid", 1250_5000)
    assert found.order.checked_at is not None
    assert [event.data["status"] for event in found.events if event.kind == "payment"] == [113, 118]


def test_two_presses_make_one_order(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    form, key = draft(), create.new_form_key()
    made: list[int] = []
    presses = [
        threading.Thread(target=lambda: made.append(create.create(desk, manager, form, key)))
        for _ in range(4)
    ]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    drain(desk)
    assert len(set(made)) == 1
    assert len(made) == 4
    assert len(sandbox.mails()) == 1


def test_by_phone_no_mail_leaves_and_only_moto_products_are_asked(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager, channel="phone", email="")
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert found.badge == "open"
    assert found.url is not None
    assert sandbox.mails() == []
    [at_hipay] = sandbox.control("orders")
    assert at_hipay["fields"]["eci"] == "1"
    assert "paypal" not in at_hipay["fields"]["payment_product_list"]
    assert "/phone-return/" in at_hipay["fields"]["accept_url"]


def test_a_list_of_products_for_links_alone_opens_no_others_by_phone(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    save_payment_page(desk, person(desk, "admin"), "demo", {"payment_product_list": ["paypal", "ideal"]})
    create_order(desk, manager, channel="phone", email="")
    drain(desk)
    [at_hipay] = sandbox.control("orders")
    asked = set(at_hipay["fields"]["payment_product_list"].split(","))
    assert {"visa", "mastercard"} <= asked <= MOTO_PRODUCTS


def test_an_order_id_of_another_order_is_refused_in_words(desk: Desk, manager: Actor) -> None:
    create_order(desk, manager, order_id="A-1")
    with pytest.raises(OrderIdTaken):
        create_order(desk, manager, order_id="A-1")


def test_a_wrong_form_stores_nothing(desk: Desk, manager: Actor) -> None:
    with pytest.raises(DraftRefused) as refusal:
        create_order(desk, manager, amount="0", email="x")
    assert set(refusal.value.problems) == {"amount", "email"}
    assert history.find(desk, manager, orders.Filter()).total == 0


def test_finance_may_see_requests_but_not_send(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        create_order(desk, person(desk, "finance"))


def test_nothing_is_sent_until_the_account_is_ready(desk: Desk, manager: Actor) -> None:
    admin = person(desk, "admin")
    save_email_settings(desk, admin, "demo", "", {"signature": ""})
    with pytest.raises(AccountNotReady) as refusal:
        create_order(desk, manager)
    assert refusal.value.missing == ("email_settings",)
    create_order(desk, manager, channel="phone")  # the telephone needs no e-mail


@pytest.mark.parametrize("fault", ["down", "lost", "5xx", "garbage", "html"])
def test_a_broken_gateway_delays_the_one_mail(
    desk: Desk, manager: Actor, sandbox: RunningSandbox, fault: str
) -> None:
    sandbox.control("faults", {"kind": fault, "path": "/v1/hpayment", "count": 2})
    order_id = create_order(desk, manager)
    drain(desk)
    assert sandbox.mails() == []
    found = history.detail(desk, manager, order_id)
    assert found.badge == "preparing"
    assert found.order.failure
    later(desk, sandbox, seconds=20)
    later(desk, sandbox, seconds=60)
    found = history.detail(desk, manager, order_id)
    assert found.badge == "open"
    assert found.order.failure == ""
    [mail] = sandbox.mails()
    assert found.url is not None
    assert found.url in mail["text"]


def test_a_lost_answer_under_strict_order_ids_takes_the_next_page(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    sandbox.control("faults", {"kind": "lost", "path": "/v1/hpayment", "count": 1})
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)
    later(desk, sandbox, seconds=20)
    later(desk, sandbox, seconds=20)
    found = history.detail(desk, manager, order_id)
    assert [(page.hipay_order_id, page.state) for page in found.pages] == [("A-1", "lost"), ("A-1-2", "open")]
    assert "page_lost" in kinds(desk, manager, order_id)
    assert len(sandbox.mails()) == 1


def test_an_order_id_that_hipay_has_from_elsewhere_is_said(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"duplicate_order": "refuse"})
    fields = {
        "orderid": "A-1",
        "description": "theirs",
        "amount": "5.00",
        "currency": "EUR",
        "operation": "Sale",
    }
    assert sandbox.api("POST", "/v1/hpayment", data=fields).status_code == 200
    sandbox.control("pay", {"orderids": ["A-1"], "outcome": "accept"})
    order_id = create_order(desk, manager, order_id="A-1")
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.failure) == ("failed", "hipay_duplicate_order")
    assert found.order.captured == 0
    assert sandbox.mails() == []


def test_refused_credentials_pause_the_account(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    account = desk.account("demo")
    wrong = desk.settings.model_copy(
        update={"accounts": {"demo": account.model_copy(update={"login": "nobody"})}}
    )
    broken = Desk(wrong, desk.store)
    order_id = create_order(broken, manager)
    drain(broken)
    found = history.detail(broken, manager, order_id)
    assert found.order.failure == "hipay_not_authorised"
    with pytest.raises(AccountNotReady) as refusal:
        create_order(broken, manager)
    assert refusal.value.missing == ("paused",)
    resume(desk, person(desk, "admin"), "demo")
    later(desk, sandbox, minutes=2)
    assert history.detail(desk, manager, order_id).badge == "open"


def test_a_refused_mail_is_said_and_can_be_tried_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "550 no such mailbox"})
    order_id = create_order(desk, manager)
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.failure) == ("failed", "mail_rejected")
    assert found.url is not None  # it can be copied
    sandbox.control("settings", {"smtp_reply": None})
    history.retry(desk, manager, order_id)
    drain(desk)
    assert history.detail(desk, manager, order_id).badge == "open"
    with pytest.raises(NothingToRetry):
        history.retry(desk, manager, order_id)


def test_a_busy_mail_server_is_tried_again(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_reply": "451 later"})
    order_id = create_order(desk, manager)
    drain(desk)
    assert history.detail(desk, manager, order_id).order.delivery == "queued"
    sandbox.control("settings", {"smtp_reply": None})
    later(desk, sandbox, minutes=5)
    assert history.detail(desk, manager, order_id).badge == "open"
    assert len(sandbox.mails()) == 1


def test_a_mail_whose_fate_is_unknown_is_tried_once_more_and_then_shown(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_drop": "after_data"})
    order_id = create_order(desk, manager)
    drain(desk)
    later(desk, sandbox, minutes=5)
    later(desk, sandbox, minutes=5)
    later(desk, sandbox, minutes=5)
    found = history.detail(desk, manager, order_id)
    assert found.badge == "uncertain"
    mails = sandbox.mails()
    assert 1 <= len(mails) <= 2
    assert len({mail["message_id"] for mail in mails}) == 1


def test_a_link_that_ended_before_its_mail_left_is_not_mailed(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "451 later"})
    order_id = create_order(desk, manager, expires_at=clock.now() + timedelta(minutes=15))
    drain(desk)
    sandbox.control("settings", {"smtp_reply": None})
    later(desk, sandbox, minutes=20)
    found = history.detail(desk, manager, order_id)
    assert (found.badge, found.order.delivery) == ("expired", "expired")
    assert sandbox.mails() == []


def test_a_payment_of_another_amount_is_quarantined_with_an_alarm(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = create_order(desk, manager)
    drain(desk)
    with desk.store.write() as tx:
        [page] = orders.pages_of(tx, order_id)
        orders.change_page(tx, page.id, amount=page.amount + 1_0000)
    sandbox.control("pay", {"orderids": [page.hipay_order_id], "outcome": "accept"})
    history.check_now(desk, manager, [order_id])
    drain(desk)
    found = history.detail(desk, manager, order_id)
    assert (found.order.payment, found.order.captured) == ("unpaid", 0)
    assert [alarm.kind for alarm in found.alarms] == ["other_amount"]


def test_the_customers_language_decides_the_mail(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    create_order(desk, manager, language="de", locale="fr")
    drain(desk)
    [mail] = sandbox.mails()
    assert "Bestellung" in mail["subject"]
    assert 'lang="de"' in mail["html"]


def test_the_list_is_filtered_searched_and_paged(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    for number in range(27):
        create_order(desk, manager, last_name=f"Client{number:02}", references=(f"F-{number:02}",))
    first = history.find(desk, manager, orders.Filter())
    assert (first.total, first.pages, len(first.orders)) == (27, 2, 25)
    assert len(history.find(desk, manager, orders.Filter(), page=9).orders) == 2
    assert [
        order.last_name for order in history.find(desk, manager, orders.Filter(text="ELODIE client03")).orders
    ] == ["Client03"]
    assert history.find(desk, manager, orders.Filter(text="f-26")).total == 1
    assert history.find(desk, manager, orders.Filter(text="100%")).total == 0
    assert history.find(desk, manager, orders.Filter(badges=("preparing",))).total == 27
    assert history.find(desk, manager, orders.Filter(badges=("paid", "open"))).total == 0
    assert history.find(desk, manager, orders.Filter(channels=("phone",))).total == 0
