"""The first screen: what needs the reader, in their language, and how an alarm is taken and closed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update
from streamlit.testing.v1 import AppTest

from pages.components.alarm_words import WORDS
from services import clock
from services.access import WORKER, Actor, Grant, NotAllowed
from services.accounts.pauses import pause
from services.alarms.handling import to_do
from services.alarms.kinds import KINDS
from services.alarms.sweep import sweep
from services.demo.prepare import prepare_demo
from services.desk import Desk
from services.i18n import translator
from services.orders import create, summing
from services.orders.record import record_observation
from services.reconciliation.decisions import payout_acceptances, questions
from services.reconciliation.decisions.payout_acceptances import figures
from services.reconciliation.decisions.questions import Subject
from services.reconciliation.matching import positions
from services.reconciliation.views.groups import groups
from services.reconciliation.views.overview import overview
from services.reconciliation.views.periods import PERIODS, PeriodName, months, period
from services.store import access, alarms
from services.store.orders import orders
from services.store.orders.order_sums import Sum
from services.store.payouts import rows
from services.store.schema.order_sums import order_sum_fill
from services.store.schema.settlement_files import settlement_files
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.drafts import draft
from tests.support.observations import observation
from tests.support.orders import store_paid_order
from tests.support.payout_lines import import_lines, line, payout_id
from tests.support.payouts import import_line
from tests.support.screens import links
from tests.support.stored_lines import every_line

Open = Callable[..., AppTest]


@pytest.fixture(autouse=True)
def _ready(desk: Desk) -> None:
    prepare_demo(desk)


def order(desk: Desk, actor: Actor, *, kind: str = "", **changes: object) -> int:
    """An order whose page is open and whose mail has left, and an alarm about it."""
    values = {name: changes.pop(name) for name in list(changes) if name not in draft().__dataclass_fields__}
    made = create.create(desk, actor, draft(**changes), create.new_form_key())
    with desk.store.write() as tx:
        orders.write_state(tx, made, {"availability": "open", "delivery": "sent", **values})
        if kind:
            alarms.open_alarm(
                tx,
                identity=f"{kind}:{made}",
                account="demo",
                order=made,
                kind=kind,
                detail={},
                opened_at=clock.now(),
            )
    return made


def words(at: AppTest) -> str:
    shown = [*at.title, *at.subheader, *at.caption, *at.markdown, *at.success, *at.error]
    return "\n".join(element.value.replace("\\", "") for element in shown)


def test_every_kind_of_alarm_has_words_in_french() -> None:
    assert set(WORDS) == set(KINDS)
    french = translator("fr")
    for happened, do, _ in WORDS.values():
        assert french.gettext(happened) != happened
        assert french.gettext(do) != do


def test_an_empty_desk_says_what_to_do_first(open_page: Open) -> None:
    assert "takes a minute" in words(open_page("overview/page.py", "manager"))
    assert "Connect HiPay" in words(open_page("overview/page.py", "admin"))
    at = open_page("overview/page.py", "finance", language="fr")
    assert not at.exception
    assert "Aucun fichier de reversement importé" in words(at)
    assert "Rien ne demande votre attention" in words(at)


def test_my_alarms_come_first_and_are_closed_with_a_reason(open_page: Open, desk: Desk) -> None:
    me, other = person(desk, "manager"), person(desk, "manager", name="Ada Lund")
    order(desk, me, kind="paid_twice", last_name="Mine")
    order(desk, other, kind="mail_failed", last_name="Theirs")
    at = open_page("overview/page.py", actor=me)
    shown = words(at)
    assert "This order was paid more than once." in shown
    assert "Refund one of the payments." in shown
    assert "Élodie Mine · €1,250.50" in shown
    assert "with Ada Lund" in shown
    assert "1 with a colleague" in [one.label for one in at.expander]

    [alarm] = to_do(desk, me).mine.alarms
    at.button(key=f"close_{alarm.id}").click().run()
    at.button(key="closing_go").click().run()
    assert "Say in a few words" in words(at)
    at.text_input(key="closing_reason").set_value("one of them refunded").run()
    at.button(key="closing_go").click().run()
    assert not at.exception
    assert to_do(desk, me).mine.total == 0
    assert "Nothing needs you" in words(at)


def test_nobodys_alarm_says_whose_it_is(open_page: Open, desk: Desk) -> None:
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
    sweep(desk)
    assert "for an administrator" in words(open_page("overview/page.py", "admin"))


@pytest.mark.parametrize(("status", "captured", "label"), [(118, 100_0000, "Refund"), (116, 0, "Give up")])
def test_money_that_must_go_back_is_one_press_from_its_window(
    open_page: Open, desk: Desk, status: int, captured: int, label: str
) -> None:
    me = person(desk, "manager")
    made = order(desk, me, order_id="A-1", amount="100")
    told(desk, made, status, captured, superseded=True)
    at = open_page("overview/page.py", "finance")
    assert "before the request was corrected" in words(at)
    next(one for one in at.button if one.label.startswith(label)).click().run()
    assert not at.exception
    assert at.query_params["order"] == str(made)
    assert any(one.label.startswith(f"Yes, {label.lower()}") for one in at.button)


def test_of_two_payments_one_goes_back(open_page: Open, desk: Desk) -> None:
    made = order(desk, person(desk, "manager"), order_id="A-1", amount="100")
    told(desk, made, 118, 100_0000)
    told(desk, made, 118, 100_0000, reference="802")

    def offered() -> int:
        at = open_page("overview/page.py", "finance")
        assert "paid more than once" in words(at)
        return sum(1 for one in at.button if one.label.startswith("Refund"))

    assert offered() == 2
    told(desk, made, 125, 100_0000, reference="802", refunded=100_0000)
    assert offered() == 0


def told(
    desk: Desk,
    made: int,
    status: int,
    captured: int,
    *,
    reference: str = "801",
    refunded: int = 0,
    superseded: bool = False,
) -> None:
    """HiPay tells of a payment on the order's page."""
    with desk.store.write() as tx:
        [page] = orders.pages_of(tx, made)
        if superseded:
            orders.change_page(tx, page.id, state="superseded")
        seen = observation(
            reference=reference,
            status=status,
            authorised=100_0000,
            captured=captured,
            refunded=refunded,
            order_amount=100_0000,
        )
        record_observation(tx, desk, made, page.id, seen, actor=WORKER)


def test_a_colleagues_alarm_is_taken(open_page: Open, desk: Desk) -> None:
    me, other = person(desk, "manager"), person(desk, "manager", name="Ada Lund")
    order(desk, other, kind="mail_failed")
    [alarm] = to_do(desk, me).others.alarms
    at = open_page("overview/page.py", actor=me)
    at.button(key=f"take_{alarm.id}").click().run()
    assert to_do(desk, me).mine.total == 1
    assert not [one for one in at.button if one.key == f"take_{alarm.id}"]


def test_who_may_not_handle_an_alarm_has_no_button_for_it(open_page: Open, desk: Desk) -> None:
    order(desk, person(desk, "manager"), kind="paid_twice")
    at = open_page("overview/page.py", "admin")
    assert "paid more than once" in words(at)
    assert not [one for one in at.button if (one.key or "").startswith(("take_", "close_"))]


def test_links_that_end_by_tomorrow_are_listed_ones_own_first(open_page: Open, desk: Desk) -> None:
    me, other, now = person(desk, "manager"), person(desk, "manager"), clock.now()
    order(desk, other, last_name="Soon", expires_at=now + timedelta(hours=2))
    order(desk, me, last_name="Mine", expires_at=now + timedelta(hours=12))
    order(desk, me, last_name="Later", expires_at=now + timedelta(days=3))
    order(desk, me, last_name="Paid", expires_at=now + timedelta(hours=3), payment="captured")
    order(desk, me, last_name="Unsent", expires_at=now + timedelta(hours=3), availability="failed")
    seen = overview(desk, me).expiring
    assert ([one.last_name for one in seen.orders], seen.total) == (["Mine", "Soon"], 2)
    at = open_page("overview/page.py", actor=me)
    assert not at.exception
    assert "Unpaid, and ending by tomorrow" in words(at)


def test_the_months_figures_are_exact_and_by_currency(open_page: Open, desk: Desk) -> None:
    me, now = person(desk, "manager", "finance"), clock.now()
    last, _, same = months(now, ZoneInfo("Europe/Paris"))
    order(desk, me, amount="1,10", captured=1000, payment="captured", paid_at=now)
    order(desk, me, amount="1,20", captured=2000, payment="captured", paid_at=last)
    order(desk, me, amount="3,00", payment="refused")
    order(desk, me, amount="1000", currency="JPY", locale="fr")
    with_last = order(desk, me, amount="7,77")
    with desk.store.write() as tx:
        orders.change_order(tx, with_last, created_at=last)
    euros, yen = overview(desk, me).figures or ()
    assert (euros.currency, yen.currency) == ("EUR", "JPY")
    assert euros.asked.this == Sum(5_3000, 3)
    # On the first day of a month, at midnight, no moment of last month has been reached yet.
    assert euros.asked.before == (Sum(7_7700, 1) if same > last else Sum())
    assert euros.paid.this == Sum(1000, 1)
    assert euros.refused.this == Sum(3_0000, 1)
    assert euros.asked.bars[-1] == Sum(5_3000, 3)
    assert (yen.asked.this, yen.paid.this) == (Sum(1000_0000, 1), Sum())

    at = open_page("overview/page.py", actor=me, language="fr")
    values = {one.label: (one.value.replace("\\", ""), one.delta.replace("\\", "")) for one in at.metric[:3]}
    assert values["Demandé"][0] == "5,30\u00a0€"
    assert values["Encaissé"][0] == "0,10\u00a0€"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-24T10:00", ("2026-10-01", "2026-11-01", "2026-10-24T10:00")),
        ("2026-03-31T10:00", ("2026-02-01", "2026-03-01", "2026-03-01T00:00")),  # February has no 31st
        ("2027-01-05T08:30", ("2026-12-01", "2027-01-01", "2026-12-05T08:30")),
    ],
)
def test_last_month_is_compared_up_to_the_same_moment(now: str, expected: tuple[str, str, str]) -> None:
    zone = ZoneInfo("Europe/Paris")
    found = months(datetime.fromisoformat(now).replace(tzinfo=zone).astimezone(UTC), zone)
    assert found == tuple(datetime.fromisoformat(text).replace(tzinfo=zone) for text in expected)


@pytest.mark.parametrize("name", PERIODS)
@pytest.mark.parametrize("day", ["2026-01-01", "2026-03-29", "2026-11-30", "2028-02-29"])
def test_the_bars_are_the_period_without_a_gap(name: PeriodName, day: str) -> None:
    zone = ZoneInfo("Europe/Paris")
    now = datetime.fromisoformat(f"{day}T15:30").replace(tzinfo=zone)
    found = period(name, now, zone)
    assert all(one.until == after.since for one, after in pairwise(found.bars))
    assert all(one.since < one.until and one.since.hour == 0 for one in found.bars)
    assert found.before.since < found.before.until <= found.bars[0].since
    assert name == "last_month" or found.bars[-1].since <= now < found.bars[-1].until


def test_period_and_account_are_in_the_address(open_page: Open, desk: Desk) -> None:
    me, now = person(desk, "manager"), clock.now()
    order(desk, me, amount="3,00", payment="refused", refusal=4010103)
    before = order(desk, me, amount="7,77")
    with desk.store.write() as tx:
        orders.change_order(tx, before, created_at=now - timedelta(days=400))
    at = open_page("overview/page.py", actor=me)
    assert "Why refused: The card does not have enough funds (1)" in words(at)
    assert [one.label for one in at.metric] == [
        "Asked for",
        "Collected",
        "Refused",
        "Outstanding now",
        "Ending by tomorrow",
    ]
    assert at.metric[3].value.replace("\\", "") == "€10.77"
    at.query_params["period"] = "days7"
    at.run()
    assert "the 7 days before" in at.metric[0].delta
    at.segmented_control(key="period").set_value("year").run()
    assert at.query_params["period"] == "year"
    assert not at.exception
    assert overview(desk, me, ("outlet",)).figures == ()
    at.switch_page("payment_requests/page.py").run()
    at.query_params.clear()
    at.switch_page("overview/page.py").run()
    assert not at.exception


def test_figures_are_not_shown_before_they_are_counted(open_page: Open, desk: Desk) -> None:
    me = person(desk, "manager")
    order(desk, me)
    with desk.store.write() as tx:
        tx.execute(insert(order_sum_fill).values(until=1, after=0))
    at = open_page("overview/page.py", actor=me)
    assert not at.metric
    assert "are being counted" in at.info[0].value
    summing.work(desk)
    assert at.run().metric


def test_alarms_of_a_kind_are_one_card_that_unfolds(open_page: Open, desk: Desk) -> None:
    me, gone = person(desk, "manager"), person(desk, "manager")
    for number in range(23):
        order(desk, gone, kind="mail_bounced", amount="10" if number else "1,50", last_name=f"Nr{number:02}")
    order(desk, gone, kind="mail_bounced", amount="1000", currency="JPY", locale="fr")
    with desk.store.write() as tx:
        access.change_user(tx, gone.id, disabled=True)
    at = open_page("overview/page.py", actor=me)
    shown = words(at)
    assert "24 e-mails came back** · €221.50 + JP¥1,000" in shown
    assert "Nr22" not in shown
    assert not [one for one in at.button if one.key and one.key.startswith("take_") and "all" not in one.key]
    at.session_state["each_mail_bounced"] = True
    at.run()
    shown = words(at)
    assert "Nr22" in shown
    assert "and 4 more, shown once these are closed" in shown
    at.button(key="take_all_mail_bounced").click().run()
    assert not at.exception
    assert (to_do(desk, me).mine.total, to_do(desk, me).free.total) == (24, 0)
    assert "24 e-mails came back" in words(at)
    assert [row.action for row in audit_of(desk)].count("alarm.taken") == 24


def test_what_reconciliation_counts_and_its_alarms_are_one_card(open_page: Open, desk: Desk) -> None:
    finance, long_ago = person(desk, "finance"), clock.now() - timedelta(days=30)
    import_line(desk, file_order="NOT-OURS")
    for number in range(3):
        made = store_paid_order(desk, f"A-{number}", "10.00")
        with desk.store.write() as tx:
            orders.write_state(tx, made, {"captured_at": long_ago, "paid_at": long_ago})
            positions.refresh(tx, [made])
    sweep(desk)
    at = open_page("overview/page.py", actor=finance)
    assert "3 payments in no payout after 10 days** · €30.00" in words(at)
    assert words(at).count("payments in no payout") == 1
    assert "late in the payouts" not in words(at)


def test_payouts_are_finances(open_page: Open, desk: Desk) -> None:
    manager, finance = person(desk, "manager"), person(desk, "finance")
    waits = order(
        desk, manager, captured=1_5000, payment="captured", paid_at=clock.now(), references=("F-1",)
    )
    order(desk, manager, captured=2_0000, payment="captured", paid_at=clock.now(), references=("F-2",))
    assert overview(desk, manager).newest_file is None
    with pytest.raises(NotAllowed):
        groups(desk, manager)
    assert "Payouts" not in words(open_page("overview/page.py", "manager"))
    assert "No payout file has been imported" in words(open_page("overview/page.py", actor=finance))

    import_line(desk, reporting_data_1="F-2")
    import_line(desk, file_order="NOT-OURS", settlement_id="78")
    with desk.store.write() as tx:
        orders.change_order(tx, waits, captured_at=clock.now())
        positions.refresh(tx, [waits])
    at = open_page("overview/page.py", actor=finance)
    assert "1 collected payment is in no payout yet" in links(at)
    assert "€1.50" in words(at)
    assert "1 payout line is open" in words(at)
    assert "2 payouts announce no total" in words(at)
    assert "Nothing needs you" not in words(at)


def test_a_payout_that_differs_is_no_green_day(open_page: Open, desk: Desk) -> None:
    finance = person(desk, "finance")
    store_paid_order(desk, "A-1", "5556.67")
    import_lines(desk, line("A-1", "5556.67"), line("", "3786.17", operation="Settlement", transaction=""))
    shown = open_page("overview/page.py", actor=finance)
    assert "1 payout differs from what its file announces" in words(shown)
    assert "Nothing needs you" not in words(shown)
    sweep(desk)
    shown = words(open_page("overview/page.py", actor=finance))
    assert "Payout 77 differs from what its file announces, by €1,770.50." in shown
    assert "Nothing needs you" in words(open_page("overview/page.py", "manager"))  # who cannot see payouts

    number = payout_id(desk)
    with desk.store.read() as tx:
        row = rows.get(tx, number)
    assert row is not None
    payout_acceptances.accept(
        desk, finance, number, "claim", figures(row), "why", "k1", reference="C-1", day=clock.now().date()
    )
    sweep(desk)
    at = open_page("overview/page.py", actor=finance, language="fr")
    assert "Rien ne demande votre attention" in words(at)
    assert "1 reversement réclamé à HiPay" in links(at)


def test_a_link_that_ends_soon_is_to_do_for_who_may_send(open_page: Open, desk: Desk) -> None:
    me = person(desk, "manager")
    order(desk, me, expires_at=clock.now() + timedelta(hours=20))
    assert "Nothing needs you" not in words(open_page("overview/page.py", actor=me))
    assert "Nothing needs you" in words(open_page("overview/page.py", "finance"))


def test_a_right_on_other_accounts_shows_at_once_what_is_counted_for_those(
    open_page: Open, desk: Desk
) -> None:
    finance = person(desk, "finance")
    import_line(desk, reporting_data_1="F-2")
    assert "1 payout line is open" in words(open_page("overview/page.py", actor=finance))
    with desk.store.write() as tx:
        tx.execute(update(settlement_files).values(account="outlet"))  # the newest file is the same for both
        access.set_grants(
            tx, finance.id, "table", [Grant("finance", "outlet")], at=clock.now(), granted_by="test"
        )
    assert "1 payout line is open" not in words(open_page("overview/page.py", actor=finance))


def test_a_question_is_to_do_for_who_was_asked_and_answered_there(open_page: Open, desk: Desk) -> None:
    sender, finance = person(desk, "manager", name="Ada Lund"), person(desk, "finance")
    made = order(desk, sender, order_id="A-1", amount="10")
    import_line(desk, file_order="A-1")
    [line] = every_line_id(desk)
    questions.ask(desk, finance, Subject(line=line), sender.id, "was it *paid* in the shop?", "q1")
    at = open_page("overview/page.py", actor=sender)
    shown = words(at)
    assert "Question to Ada Lund" in shown
    assert "was it *paid* in the shop?" in shown
    assert "Sale · €10.00 · 20 Nov 2026 · A-1 · Payout 77" in shown
    assert "Nothing needs you" not in shown
    [asked] = questions.to_answer(desk, sender)
    assert asked.order == made
    at.button(key=f"answer_{asked.question.id}").click().run()
    next(one for one in at.text_area if one.key.startswith("answer_text_")).set_value("it was").run()
    next(one for one in at.button if one.key and one.key.startswith("go_")).click().run()
    assert not at.exception
    assert questions.to_answer(desk, sender) == ()
    assert "Nothing needs you" in words(at)
    assert "was it" not in words(open_page("overview/page.py", actor=finance))


def every_line_id(desk: Desk) -> list[int]:
    with desk.store.read() as tx:
        return [one.id for one in every_line(tx)]
