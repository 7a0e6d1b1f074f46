"""Which transactions are counted twice: whatever was captured less, and no dispute, fee or refund that is right."""

from io import BytesIO

import pytest

from services import clock
from services.access import Actor
from services.desk import Desk
from services.imports import background, files
from services.reconciliation.decisions import decide
from services.reconciliation.decisions.decide import Shown
from services.store.orders import orders
from tests.support.orders import store_paid_order
from tests.support.payouts import Failed
from tests.support.worked_payouts import FULL, bring, row, states_of, stored_line

pytestmark = pytest.mark.store


def captured(desk: Desk, units: int, refunded: int = 0) -> None:
    order = store_paid_order(desk, "A-1", f"{units / 10_000:.2f}")
    with desk.store.write() as tx:
        orders.add_event(
            tx, identity="1", order=order, page=None, at=clock.now(), kind="payment", actor_kind="hipay", actor_id="hipay",
            data={"reference": "T1", "status": 118, "currency": "EUR", "authorised": units, "captured": units, "refunded": refunded},
        )  # fmt: skip


def of(operation: str, amount: str, reference: str = "", payout: str = "77") -> str:
    return row(operation, amount, "A-1", transaction="T1", reference=reference, payout=payout)


def other_lines(desk: Desk, actor: Actor, *lines: str) -> None:
    """A file of which a person says that its lines are others than those that are stored."""
    raw = "\r\n".join((FULL, *lines, "")).encode()
    files.receive(desk, actor, "demo", "part.csv", BytesIO(raw), others=True)
    background.work_off(desk)


def test_any_excess_of_sales_over_what_was_captured_counts(desk: Desk, finance: Actor) -> None:
    captured(desk, 100_0000)
    for number in ("77", "78"):
        lines = (of("Sale", "60.00", payout=number), row("Settlement", "60.00", payout=number))
        bring(desk, finance, *lines, name=f"{number}.csv")
    assert states_of(desk) == {"77": "counted_twice", "78": "counted_twice"}


def test_what_was_captured_is_known_by_the_transaction_whatever_was_decided(
    desk: Desk, finance: Actor
) -> None:
    captured(desk, 50_0000)
    for number in ("77", "78"):
        lines = (of("Sale", "50.00", payout=number), row("Settlement", "50.00", payout=number))
        bring(desk, finance, *lines, name=f"{number}.csv")
    assert states_of(desk) == {"77": "counted_twice", "78": "counted_twice"}
    shown = [Shown(line=stored_line(desk, number, "sale")) for number in ("77", "78")]
    decide.exclude(desk, finance, shown, "Test", "k1")
    assert states_of(desk) == {"77": "counted_twice", "78": "counted_twice"}


def test_refunds_in_parts_that_hipay_shows_are_right(desk: Desk, finance: Actor) -> None:
    captured(desk, 50_0000, refunded=20_0000)
    bring(desk, finance, of("Sale", "50.00"), of("Refund", "-10.00"), row("Settlement", "30.00"))
    other_lines(desk, finance, of("Refund", "-10.00", "R2"))
    assert states_of(desk) == {"77": "tied"}


def test_a_chargeback_after_one_that_was_won_is_another(desk: Desk, finance: Actor) -> None:
    captured(desk, 50_0000)
    bring(
        desk, finance, of("Sale", "50.00"), of("Chargeback", "-50.00"), of("Chargeback refund", "50.00"),
        row("Settlement", "0.00"),
    )  # fmt: skip
    other_lines(desk, finance, of("Chargeback", "-50.00", "C2"))
    assert states_of(desk) == {"77": "tied"}
    other_lines(desk, finance, of("Chargeback", "-50.00", "C3"))  # nobody won the second
    assert states_of(desk) == {"77": "counted_twice"}


def test_a_chargeback_has_a_fee_of_its_own(desk: Desk, finance: Actor) -> None:
    captured(desk, 50_0000)
    bring(desk, finance, of("Sale", "50.00"), of("Fixed fee", "-0.10"), row("Settlement", "49.80"))
    dispute = (of("Chargeback", "-50.00", "C"), of("Chargeback refund", "50.00", "C"))
    other_lines(desk, finance, *dispute, of("Fixed fee", "-0.10", "C"))
    assert states_of(desk) == {"77": "tied"}


def test_refunds_in_parts_of_one_issue_are_right_where_hipay_shows_nothing(
    desk: Desk, finance: Actor
) -> None:
    bring(desk, finance, of("Sale", "50.00"), of("Refund", "-10.00"), of("Fixed fee", "-0.10"))
    parts = (of("Refund", "-10.00", "R2"), of("Fixed fee", "-0.10", "R2"), row("Settlement", "29.80"))
    other_lines(desk, finance, *parts)
    assert states_of(desk) == {"77": "tied"}


def test_a_payout_that_comes_again_under_its_id_without_zeros_is_asked_about_and_counted_twice(
    desk: Desk, finance: Actor
) -> None:
    lines = [
        [of("Sale", "50.00", payout=one), row("Settlement", "50.00", payout=one)] for one in ("077", "77")
    ]
    bring(desk, finance, *lines[0])
    with pytest.raises(Failed, match="import_payouts_stored"):
        bring(desk, finance, *lines[1])
    assert states_of(desk) == {"077": "tied"}
    other_lines(desk, finance, *lines[1], row("Sale", "0.00", "B", transaction="T2"))
    assert states_of(desk) == {"077": "counted_twice", "77": "counted_twice"}
