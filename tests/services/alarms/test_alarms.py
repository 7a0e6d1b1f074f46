"""To do: conditions found against the sandbox, whose each alarm is, who may close it, and that it ends by itself."""

import threading
from datetime import datetime, timedelta

import pytest

from services import clock, store
from services.access import WORKER, Actor, Grant, NotAllowed
from services.accounts import payout_limits
from services.accounts.errors import DaysOutOfRange
from services.accounts.pauses import pause, resume
from services.accounts.settlement_delay import save_days_to_settle
from services.alarms import AlarmClosed, ClosingReasonMissing, UnknownAlarm
from services.alarms.handling import Alarm, close, take, to_do
from services.alarms.kinds import RESOLVED
from services.alarms.sweep import sweep
from services.demo.drain import drain
from services.desk import Desk
from services.entrypoints import worker
from services.entrypoints.periodic import Round, Rounds
from services.orders import history
from services.store import StoreFull, access
from tests.support.accounts import audit_of
from tests.support.desk import person
from tests.support.orders import send_order
from tests.support.payouts import import_line
from tests.support.sandbox import RunningSandbox, wait_for

pytestmark = pytest.mark.desk(sandbox=True)


def pay(desk: Desk, sandbox: RunningSandbox, actor: Actor, order_id: int) -> None:
    pages = history.detail(desk, actor, order_id).pages
    sandbox.control("pay", {"orderids": [pages[-1].hipay_order_id], "outcome": "accept"})
    history.check_now(desk, actor, [order_id])
    drain(desk)


def alarm_of(desk: Desk, order_id: int | None, kind: str, identity: str) -> None:
    with desk.store.write() as tx:
        store.alarms.open_alarm(
            tx, identity=identity, account="demo", order=order_id, kind=kind, detail={}, opened_at=clock.now()
        )


def closed(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.store.read() as tx:
        found = store.alarms.closed_before(tx, range(1, 100))
    return [(row.kind, row.closed_by, row.closing_reason) for row in found]


def only(alarms: tuple[Alarm, ...]) -> Alarm:
    [one] = alarms
    return one


def test_a_refused_mail_is_its_senders_alarm_until_it_leaves(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "550 no such mailbox"})
    order_id = send_order(desk, manager)
    sweep(desk)
    sweep(desk)
    found = to_do(desk, manager)
    alarm = only(found.mine.alarms)
    assert (alarm.kind, alarm.order, alarm.holder, alarm.amount) == (
        "mail_failed",
        order_id,
        manager.id,
        1250_5000,
    )
    assert (found.mine.total, found.free.total, found.others.total) == (1, 0, 0)

    sandbox.control("settings", {"smtp_reply": None})
    history.retry(desk, manager, order_id)
    drain(desk)
    sweep(desk)
    assert to_do(desk, manager).mine.total == 0
    assert closed(desk) == [("mail_failed", "worker", RESOLVED)]
    assert audit_of(desk)[0].action == "alarm.resolved"


def test_what_a_person_closed_stays_closed_until_it_happens_again(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_reply": "550 no such mailbox"})
    order_id = send_order(desk, manager)
    sweep(desk)
    close(desk, manager, only(to_do(desk, manager).mine.alarms).id, "link sent by text message")
    sweep(desk)
    assert to_do(desk, manager).mine.total == 0
    history.retry(desk, manager, order_id)
    drain(desk)
    sweep(desk)
    again = only(to_do(desk, manager).mine.alarms)
    assert [one.reason for one in again.before] == ["link sent by text message"]
    assert again.before[0].closer == manager.name


def test_a_mail_whose_fate_is_unknown_is_an_alarm(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    sandbox.control("settings", {"smtp_drop": "after_data"})
    send_order(desk, manager)
    for _ in range(3):
        sandbox.control("clock", {"advance_seconds": 300})
        drain(desk)
    sweep(desk)
    assert only(to_do(desk, manager).mine.alarms).kind == "mail_uncertain"


def test_a_pause_is_the_administrators_and_ends_with_it(desk: Desk, manager: Actor) -> None:
    admin = person(desk, "admin")
    with desk.store.write() as tx:
        pause(tx, "demo", "mail", "smtp_auth_refused")
    sweep(desk)
    alarm = only(to_do(desk, admin).free.alarms)
    assert (alarm.kind, alarm.order, alarm.detail["reason"]) == ("sending_paused", None, "smtp_auth_refused")
    assert to_do(desk, manager).free.total == 0
    resume(desk, admin, "demo")
    sweep(desk)
    assert to_do(desk, admin).free.total == 0


def test_taking_and_closing_need_the_owners_role(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    order_id = send_order(desk, manager)
    alarm_of(desk, order_id, "paid_twice", "paid_twice:1")
    alarm_of(desk, None, "notification_failed", "notification:1")
    finance, admin, other = (
        person(desk, "finance"),
        person(desk, "admin"),
        person(desk, "manager", name="Ada"),
    )
    assert only(to_do(desk, manager).mine.alarms).kind == "paid_twice"
    seen = only(to_do(desk, other).others.alarms)
    assert (seen.holder_name, seen.may_handle) == (manager.name, True)
    assert only(to_do(desk, admin).others.alarms).may_handle is False
    technical = only(to_do(desk, admin).free.alarms)
    assert technical.kind == "notification_failed"

    with pytest.raises(NotAllowed):
        close(desk, admin, seen.id, "x")
    with pytest.raises(NotAllowed):
        take(desk, manager, technical.id)
    with pytest.raises(NotAllowed):
        to_do(desk, person(desk))
    take(desk, finance, seen.id)
    assert only(to_do(desk, finance).mine.alarms).id == seen.id
    assert to_do(desk, manager).mine.total == 0
    with pytest.raises(ClosingReasonMissing):
        close(desk, finance, seen.id, "  ")
    close(desk, finance, seen.id, "second payment refunded")
    with pytest.raises(AlarmClosed):
        close(desk, manager, seen.id, "too late")
    with pytest.raises(UnknownAlarm):
        close(desk, manager, 999, "nothing there")
    actions = [(row.action, row.actor_id) for row in audit_of(desk)[:2]]
    assert actions == [("alarm.closed", finance.id), ("alarm.taken", finance.id)]
    assert "refunded" not in str([row.detail for row in audit_of(desk)])


def test_without_its_sender_an_alarm_is_everybodys(desk: Desk, manager: Actor) -> None:
    from services.access.users import set_disabled

    order_id = send_order(desk, manager)
    alarm_of(desk, order_id, "quarantined", "quarantined:1")
    other = person(desk, "manager", name="Ada")
    assert to_do(desk, other).free.total == 0
    set_disabled(desk, person(desk, "admin"), manager.id, True)
    assert only(to_do(desk, other).free.alarms).holder == ""
    assert only(to_do(desk, person(desk, "finance")).free.alarms).order == order_id


def test_who_has_lost_the_role_has_no_alarm(desk: Desk, manager: Actor) -> None:
    taken, sent = send_order(desk, manager), send_order(desk, manager)
    other = person(desk, "manager", name="Ada")
    alarm_of(desk, taken, "quarantined", "quarantined:1")
    take(desk, other, only(to_do(desk, manager).mine.alarms).id)
    alarm_of(desk, sent, "mail_bounced", "mail_bounced:1")
    alarm_of(desk, sent, "paid_twice", "paid_twice:1")
    give_roles(desk, other, "admin")
    assert [alarm.kind for alarm in to_do(desk, manager).mine.alarms] == [
        "paid_twice",
        "mail_bounced",
        "quarantined",
    ]
    give_roles(desk, manager, "finance")  # who looks after money, and no more after what is sent
    mine = to_do(desk, manager)
    assert [alarm.kind for alarm in mine.mine.alarms] == ["paid_twice", "quarantined"]
    assert mine.others.total == 0
    assert [alarm.kind for alarm in to_do(desk, person(desk, "manager")).free.alarms] == ["mail_bounced"]


def give_roles(desk: Desk, who: Actor, *roles: str) -> None:
    with desk.store.write() as tx:
        access.set_grants(tx, who.id, "table", map(Grant, roles), at=clock.now(), granted_by="test")


def test_a_payment_that_is_late_in_the_payouts_is_finances_until_a_line_names_it(
    desk: Desk, manager: Actor, sandbox: RunningSandbox
) -> None:
    order_id = send_order(desk, manager, order_id="LATE-1", references=("F-1",))
    by_reference = send_order(desk, manager, references=("F-2",))
    pay(desk, sandbox, manager, order_id)
    pay(desk, sandbox, manager, by_reference)
    finance, admin = person(desk, "finance"), person(desk, "admin")
    sandbox.control("clock", {"advance_seconds": timedelta(days=6).total_seconds()})
    sweep(desk)
    assert to_do(desk, finance).free.total == 0  # no payout of this account is imported here

    whole = {"original_amount": "1250.50", "settled_amount": "1250.50"}
    import_line(desk, file_order="ANOTHER", reporting_data_1="F-2", **whole)
    import_line(desk, file_order="LATE-1", transaction_id="1")  # a part of it, and no more
    payout_limits.save(desk, admin, "demo", 90, 5)  # nothing of the payout itself is asked here
    save_days_to_settle(desk, admin, "demo", 5)
    sweep(desk)
    late = only(to_do(desk, finance).free.alarms)
    assert (late.kind, late.order, late.order_id) == ("not_settled", order_id, "LATE-1")
    assert to_do(desk, manager).mine.total == 0
    save_days_to_settle(desk, admin, "demo", 7)
    sweep(desk)
    assert to_do(desk, finance).free.total == 0

    save_days_to_settle(desk, admin, "demo", 5)
    import_line(
        desk, file_order="LATE-1", transaction_id="2", original_amount="1240.50", settled_amount="1240.50"
    )
    sweep(desk)
    assert to_do(desk, finance).free.total == 0
    assert closed(desk) == [("not_settled", "worker", RESOLVED)]
    with pytest.raises(DaysOutOfRange):
        save_days_to_settle(desk, admin, "demo", 0)
    with pytest.raises(NotAllowed):
        save_days_to_settle(desk, finance, "demo", 8)


def test_two_sweeps_at_once_raise_one_alarm(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    sandbox.control("settings", {"smtp_reply": "550 no"})
    send_order(desk, manager)
    both = [threading.Thread(target=sweep, args=(desk,)) for _ in range(4)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert to_do(desk, manager).mine.total == 1


def test_a_round_runs_once_among_workers_and_again_when_its_time_has_come(
    desk: Desk, sandbox: RunningSandbox
) -> None:
    ran: list[str] = []
    rounds = (Round("counted", timedelta(minutes=2), lambda _desk: ran.append("x")),)
    first, second = Rounds(rounds), Rounds(rounds)
    for each in (first, second, first):
        each.run_due(desk)
    assert len(ran) == 1
    sandbox.control("clock", {"advance_seconds": 121})
    for each in (second, first):
        each.run_due(desk)
    assert len(ran) == 2
    sandbox.control("clock", {"reset": True})  # back to before: it is not stuck until then
    first.run_due(desk)
    assert len(ran) == 3


def test_a_broken_round_is_logged_and_stops_nothing(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    ran: list[str] = []

    def broken(_desk: Desk) -> None:
        raise ValueError("a fault of ours")

    gap = timedelta(minutes=1)
    Rounds((Round("broken", gap, broken), Round("next", gap, lambda _desk: ran.append("x")))).run_due(desk)
    assert ran == ["x"]
    assert "the round broken failed" in caplog.text


def test_a_daily_round_that_failed_comes_again_in_minutes_and_less_and_less_often(
    desk: Desk, sandbox: RunningSandbox
) -> None:
    tried: list[datetime] = []
    broken = [True]

    def run(_desk: Desk) -> None:
        tried.append(clock.now())
        if broken[0]:
            raise ValueError("a fault of ours")

    daily = (Round("daily", timedelta(hours=24), run),)
    mine, others = Rounds(daily), Rounds(daily)
    mine.run_due(desk)
    for minutes in (1, 2, 4, 8):
        count = len(tried)
        sandbox.control("clock", {"advance_seconds": 60 * minutes - 20})
        for one in (mine, others):
            one.run_due(desk)
        assert len(tried) == count
        sandbox.control("clock", {"advance_seconds": 21})
        for one in (mine, others):
            one.run_due(desk)
        assert len(tried) == count + 1
    broken[0] = False
    sandbox.control("clock", {"advance_seconds": 60 * 16})
    mine.run_due(desk)
    assert len(tried) == 6
    for hours, count in ((23, 6), (2, 7)):
        sandbox.control("clock", {"advance_seconds": 3600 * hours})
        for one in (mine, others):
            one.run_due(desk)
        assert len(tried) == count


@pytest.mark.parametrize("ends", [KeyboardInterrupt, StoreFull], ids=["killed", "no room"])
def test_a_daily_round_whose_process_died_is_begun_by_another_within_the_hour(
    desk: Desk, sandbox: RunningSandbox, ends: type[BaseException]
) -> None:
    ran: list[str] = []

    def dies(_desk: Desk) -> None:
        raise StoreFull("INSERT", None, Exception()) if ends is StoreFull else ends

    with pytest.raises(ends):
        Rounds((Round("daily", timedelta(hours=24), dies),)).run_due(desk)
    other = Rounds((Round("daily", timedelta(hours=24), lambda _: ran.append("x")),))
    other.run_due(desk)
    assert not ran
    sandbox.control("clock", {"advance_seconds": 15 * 60 + 1})
    other.run_due(desk)
    assert ran == ["x"]


def test_the_running_worker_sweeps(desk: Desk, manager: Actor, sandbox: RunningSandbox) -> None:
    with desk.store.write() as tx:
        pause(tx, "demo", "gateway", "hipay_not_authorised", WORKER)
    running = worker.start(desk)
    try:
        admin = person(desk, "admin")
        wait_for(lambda: to_do(desk, admin).free.total == 1, "the alarm")
    finally:
        running.stop()
