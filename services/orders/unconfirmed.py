"""Payments that notifications report and no read has shown: when an alarm opens, and what a person may decide.

A read normally confirms within seconds. Where HiPay's answers lack the transaction for a while, somebody may have stolen
the secret that signs notifications: an alarm opens, and the payment is never counted. While HiPay does not answer,
nothing is concluded.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from services import clock
from services.access import WORKER, Actor
from services.orders import event_data
from services.orders.record import alarm, record
from services.orders.transactions import Unconfirmed
from services.store import Connection
from services.store.alarm_kinds import AlarmKind
from services.store.orders import orders, steps

# From the first answer without the transaction to the one that opens the alarm.
PATIENCE = timedelta(minutes=15)


def unconfirmed_payments(tx: Connection, order_id: int) -> tuple[Unconfirmed, ...]:
    """What notifications report of the order's transactions beyond what reads have shown."""
    return event_data.transaction_log(orders.events_of(tx, order_id)).unconfirmed()


def answered(tx: Connection, order_id: int, pages: Iterable[int], shown: Iterable[str]) -> None:
    """HiPay was asked for these pages and showed these transactions of the order: record which of the reported ones it did
    not show, and open the alarm when it has not for a while."""
    asked, there, now = set(pages), set(shown), clock.now()
    events = orders.events_of(tx, order_id)
    page_of = {row.data["reference"]: row.page for row in events if row.kind in ("payment_told", "payment")}
    log = event_data.transaction_log(events)
    unconfirmed, counted = log.unconfirmed(), [one for one in log.unsourced() if one.transaction.under_way]
    for one in (*unconfirmed, *counted):
        reference = one.transaction.reference
        if reference in there or page_of[reference] not in asked:
            continue
        if (
            one.absent_at is None
        ):  # this event changes no state, so it is not folded in, however many there are
            orders.add_event(
                tx,
                order=order_id,
                page=page_of[reference],
                at=now,
                kind="payment_absent",
                actor_kind=WORKER.kind,
                actor_id=WORKER.id,
                data={"reference": reference},
            )
        elif now - one.absent_at >= PATIENCE:
            order = orders.order(tx, order_id)
            assert order is not None
            kind: AlarmKind = "payment_unshown" if one in counted else "payment_unconfirmed"
            alarm(
                tx,
                order,
                f"{kind}:{order_id}:{reference}:{one.absent_at.isoformat()}",
                kind,
                reference=reference,
                since=one.absent_at.isoformat(),
                **_amounts(one),
            )


def awaited(tx: Connection, order_id: int) -> bool:
    """Whether a reported payment, or one that is counted without a read, can still be shown by the next reads."""
    now, log = clock.now(), event_data.transaction_log(orders.events_of(tx, order_id))
    missed = [one for one in log.unsourced() if one.absent_at is not None]
    return any(
        one.absent_at is None or now - one.absent_at < PATIENCE for one in (*log.unconfirmed(), *missed)
    )


def dismiss(tx: Connection, order_id: int, account: str, alarm_reference: str | None, actor: Actor) -> None:
    """A person has closed the alarm: what was reported is no payment. A read that shows it still confirms it."""
    for one in unconfirmed_payments(tx, order_id):
        reference = one.transaction.reference
        if alarm_reference in (None, reference):
            record(tx, order_id, "payment_dismissed", actor, reference=reference, **_amounts(one))
    steps.schedule(tx, order_id, "read", account, clock.now())


def _amounts(one: Unconfirmed) -> dict[str, Any]:
    return {"authorised": one.transaction.authorised, "captured": one.transaction.captured}
