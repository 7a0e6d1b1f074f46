"""Working off stored notifications: what each does to its order."""

import random
import string
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from services import clock
from services.access import WORKER
from services.desk import Desk
from services.hipay.notifications import parse
from services.orders import notifications, record
from services.store import schema
from services.store.orders import orders, steps
from tests.support.public import body, order_row, order_with_page

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=["beside screens", "apart"], autouse=True)
def _apart(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One notification in a transaction, or many, come to the same."""
    work_off = partial(notifications.work_off, apart=request.param == "apart")
    monkeypatch.setattr(notifications, "work_off", work_off)


def receive(desk: Desk, *bodies: bytes) -> None:
    for raw in bodies:
        notifications.receive(desk, "demo", raw, FORM)


def states(desk: Desk) -> list[str]:
    with desk.store.read() as tx:
        return list(
            tx.scalars(select(schema.orders.notifications.c.state).order_by(schema.orders.notifications.c.id))
        )


def only(desk: Desk) -> Any:
    with desk.store.read() as tx:
        return tx.execute(select(schema.orders.notifications)).one()


def alarms(desk: Desk) -> list[Any]:
    with desk.store.read() as tx:
        return list(tx.execute(select(schema.alarms.alarms).order_by(schema.alarms.alarms.c.id)))


def read_is_due(desk: Desk, row: int) -> bool:
    with desk.store.read() as tx:
        due_at = steps.steps_of(tx, row).get("read")
    return due_at is not None and due_at <= clock.now()


def shows(desk: Desk, row: int, *, total: int | None = None, **changes: str | int) -> str:
    """A read of the order shows what this notification says."""
    seen = replace(parse(body(**changes), FORM).observation(), charged_back=total)
    with desk.store.write() as tx:
        page = orders.pages_of(tx, row)[0]
        return record.record_observation(tx, desk, row, page.id, seen, actor=WORKER)


def recorded(desk: Desk, row: int) -> list[tuple[str, str]]:
    with desk.store.read() as tx:
        return [(event.kind, str(event.data.get("source", ""))) for event in orders.events_of(tx, row)]


def test_a_notified_capture_is_unconfirmed_until_a_read_shows_it(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    receive(desk, body())
    assert notifications.work_off(desk) == 1
    order = order_row(desk, row)
    assert (order.payment, order.captured, order.authorised) == ("unconfirmed", 0, 0)
    assert (order.paid_at, order.captured_at) == (None, None)
    assert shows(desk, row) == "applied"
    order = order_row(desk, row)
    assert (order.payment, order.captured) == ("captured", 15_0000)
    assert recorded(desk, row) == [("payment_told", ""), ("payment", "read")]
    assert states(desk) == ["applied"]
    assert only(desk).order == row
    assert read_is_due(desk, row)
    assert notifications.work_off(desk) == 0


def test_a_replay_a_year_later_has_no_effect(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    receive(desk, body())
    notifications.work_off(desk)
    shows(desk, row)
    with desk.store.read() as tx:
        before = len(orders.events_of(tx, row))
    clock.use(lambda: timedelta(days=365))
    try:
        receive(desk, body())
        assert notifications.work_off(desk) == 0
        # Sent again with another order of its fields: another body, the same facts.
        receive(desk, body() + b"&device_id=")
        assert notifications.work_off(desk) == 1
    finally:
        clock.use(None)
    assert states(desk) == ["applied", "repeated"]
    with desk.store.read() as tx:
        assert len(orders.events_of(tx, row)) == before
    assert order_row(desk, row).captured == 15_0000


def test_two_notified_refunds_of_one_status_are_both_recorded_and_counted_once_a_read_shows_them(
    desk: Desk,
) -> None:
    row, _ = order_with_page(desk)
    shows(desk, row)
    receive(desk, *(body(status=126, refunded_amount=total) for total in ("5.00", "8.00")))
    notifications.work_off(desk)
    assert states(desk) == ["applied"] * 2
    assert order_row(desk, row).refunded == 0
    for total, units in (("5.00", 5_0000), ("8.00", 8_0000)):
        shows(desk, row, status=126, refunded_amount=total)
        assert order_row(desk, row).refunded == units


@pytest.mark.parametrize("order_of", [(118, 116, 114), (116, 118, 114), (114, 116, 118)])
def test_captured_stays_captured_in_any_order(desk: Desk, order_of: tuple[int, ...]) -> None:
    row, _ = order_with_page(desk)
    when = {116: "09:00:00", 118: "09:00:02", 114: "09:00:01"}
    for status in order_of:
        amounts = {} if status == 118 else {"captured_amount": "0.00"}
        shows(desk, row, status=status, date_updated=f"2026-03-05T{when[status]}+0000", **amounts)
    assert order_row(desk, row).payment == "captured"


def test_a_read_that_repeats_the_last_writes_nothing_and_a_former_state_that_returns_is_written(
    desk: Desk,
) -> None:
    row, _ = order_with_page(desk)
    refunded = {"status": 125, "refunded_amount": "15.00", "date_updated": ""}
    captured = {"date_updated": ""}
    assert [shows(desk, row, **captured) for _ in range(3)] == ["applied", "repeated", "repeated"]
    assert [shows(desk, row, **refunded) for _ in range(2)] == ["applied", "repeated"]
    assert order_row(desk, row).refunded == 15_0000
    assert shows(desk, row, **captured) == "applied"
    assert len(recorded(desk, row)) == 3
    assert (order_row(desk, row).payment, order_row(desk, row).refunded) == ("captured", 0)


def test_a_late_answer_is_written_once_and_moves_nothing(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    shows(desk, row, status=125, refunded_amount="15.00", date_updated="2026-03-05T12:00:00+0000")
    late = {"date_updated": "2026-03-05T11:00:00+0000"}
    assert [shows(desk, row, **late) for _ in range(2)] == ["applied", "repeated"]
    assert order_row(desk, row).refunded == 15_0000


def test_a_notification_of_what_a_read_has_shown_writes_nothing(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    shows(desk, row)
    receive(desk, body(), body() + b"&again=1")
    notifications.work_off(desk)
    assert states(desk) == ["repeated"] * 2
    assert recorded(desk, row) == [("payment", "read")]


def test_a_forgery_about_a_confirmed_payment_is_answered_by_the_next_read(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    shows(desk, row)
    receive(
        desk, body(status=125, refunded_amount="15.00"), body(status=129), body(transaction_reference="other")
    )
    notifications.work_off(desk)
    order = order_row(desk, row)
    assert (order.payment, order.refunded, order.charged_back) == ("captured", 0, 0)
    assert alarms(desk) == []
    assert shows(desk, row) == "applied"  # it says the same, and that is an answer
    assert shows(desk, row) == "repeated"
    assert order_row(desk, row).payment == "captured"


@pytest.mark.parametrize(
    ("changes", "misfit"),
    [
        ({"order[amount]": "1500.00"}, "amount"),
        ({"order[currency]": "USD", "currency": "USD"}, "currency"),
        ({"mid": "00009999999"}, "account"),
        ({"test": "false"}, "test"),
        ({"custom_data[eterminal_order]": "another-mark"}, "mark"),
    ],
)
def test_what_does_not_fit_is_quarantined_with_one_alarm(
    desk: Desk, changes: dict[str, str], misfit: str
) -> None:
    row, _ = order_with_page(desk)
    receive(desk, body(**changes), body(**changes) + b"&again=1")
    notifications.work_off(desk)
    assert states(desk) == ["quarantined"] * 2
    assert order_row(desk, row).payment == "unpaid"
    [alarm] = alarms(desk)
    kind = "other_amount" if misfit in ("amount", "currency") else "quarantined"
    assert (alarm.order, alarm.kind, alarm.detail["misfit"]) == (row, kind, misfit)


def test_all_that_becomes_of_a_misfit_payment_is_one_alarm(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    wrong = {"order[amount]": "1500.00"}
    receive(desk, *(body(status=status, **wrong) for status in (116, 118, 126)))
    receive(
        desk, body(status=126, refunded_amount="8.00", **wrong), body(transaction_reference="other", **wrong)
    )
    notifications.work_off(desk)
    assert states(desk) == ["quarantined"] * 5
    assert [alarm.detail["reference"] for alarm in alarms(desk)] == ["800417743755", "other"]
    assert order_row(desk, row).payment == "unpaid"


@pytest.mark.parametrize("status", [166, 118])
def test_a_won_dispute_is_over_whether_a_notification_or_a_read_came_first(desk: Desk, status: int) -> None:
    """A form of the read without a total leaves it; the read that names one ends it, whatever status it carries."""
    row, _ = order_with_page(desk)
    day = {n: f"2026-03-{5 + n:02}T12:00:00+0000" for n in range(4)}
    shows(desk, row, date_updated=day[0])
    shows(desk, row, status=131, captured_amount="15.00", date_updated=day[1])
    receive(desk, body(status=166, captured_amount="15.00", date_updated=day[2]))
    notifications.work_off(desk)
    assert order_row(desk, row).payment == "charged_back"  # nobody has said how much is left of it
    shows(desk, row, total=0, status=status, captured_amount="15.00", date_updated=day[2])
    assert (order_row(desk, row).payment, order_row(desk, row).charged_back) == ("captured", 0)


def test_a_notification_of_an_unknown_order_is_stored_as_unmatched(desk: Desk) -> None:
    receive(desk, body("NOT-OURS"))
    assert notifications.work_off(desk) == 1
    assert (only(desk).state, only(desk).detail["status"]) == ("unmatched", 118)
    assert alarms(desk) == []


def test_an_order_of_another_account_does_not_match(desk: Desk) -> None:
    row, _ = order_with_page(desk, account="other", page_account="other")
    receive(desk, body())
    notifications.work_off(desk)
    assert states(desk) == ["unmatched"]
    assert order_row(desk, row).payment == "unpaid"


def test_an_unknown_status_changes_nothing(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    before = order_row(desk, row)
    receive(desk, body(status=199))
    notifications.work_off(desk)
    assert (only(desk).state, only(desk).detail["status"]) == ("ignored", 199)
    assert order_row(desk, row) == before


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"a=1",
        b"<notification/>",
        b"order%5Bid%5D=A-1&status=118",
        body(authorized_amount="a lot"),
    ],
)
def test_an_unreadable_notification_is_marked_and_delays_no_other(desk: Desk, raw: bytes) -> None:
    row, _ = order_with_page(desk)
    receive(desk, raw, body())
    assert notifications.work_off(desk) == 2
    assert states(desk) == ["unreadable", "applied"]
    assert order_row(desk, row).payment == "unconfirmed"


def test_a_fault_of_ours_opens_an_alarm_and_delays_no_other_notification(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = order_with_page(desk)
    order_with_page(desk, "A-2")
    whole = record.record_unconfirmed

    def faulty(tx: Any, desk: Desk, told: Any) -> Any:
        if row in [page.order for page, _ in told]:
            orders.write_state(tx, row, {"payment": "half-written"})
            raise ValueError("secret text")
        return whole(tx, desk, told)

    monkeypatch.setattr(notifications, "record_unconfirmed", faulty)
    receive(desk, body("A-2", transaction_reference="1"), body("A-1"), body("A-2", transaction_reference="2"))
    assert notifications.work_off(desk) == 3
    assert states(desk) == ["applied", "failed", "applied"]
    assert order_row(desk, row).payment == "unpaid"
    [alarm] = alarms(desk)
    assert (alarm.kind, alarm.detail["error"]) == ("notification_failed", "ValueError")


def test_a_text_too_long_for_an_index_delays_no_other_notification(desk: Desk) -> None:
    row, _ = order_with_page(desk)
    long = "".join(random.choices(string.ascii_letters, k=6_000))  # what is packed well would fit
    receive(desk, body(test="false", transaction_reference=long), body())
    assert notifications.work_off(desk) == 2
    assert states(desk) == ["quarantined" if desk.store.sqlite else "failed", "applied"]
    assert len(alarms(desk)) == 1
    assert order_row(desk, row).payment == "unconfirmed"


def test_killed_in_between_it_stays_stored(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    row, _ = order_with_page(desk)
    receive(desk, body())

    class Killed(BaseException):
        pass

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(notifications, "request_reads", killed)
        with pytest.raises(Killed):
            notifications.work_off(desk)
    assert states(desk) == ["received"]
    assert order_row(desk, row).payment == "unpaid"
    assert notifications.work_off(desk) == 1
    assert order_row(desk, row).payment == "unconfirmed"


def test_several_workers_take_each_notification_once(desk: Desk) -> None:
    for number in range(12):
        order_with_page(desk, f"A-{number}")
    receive(desk, *(body(f"A-{number}") for number in range(12)))
    together = threading.Barrier(4)

    def work() -> int:
        together.wait(60)
        return notifications.work_off(desk)

    with ThreadPoolExecutor(4) as pool:
        taken = sum(one.result() for one in [pool.submit(work) for _ in range(4)])
    assert taken == 12
    assert states(desk) == ["applied"] * 12
