"""Payments that HiPay has told of and that no read has shown: when a person must look, and what they may decide.

HiPay confirms within seconds. Where its answers lack the transaction for a while, somebody may have got hold of the secret
that signs notifications: an alarm says so, and nothing is ever counted. While HiPay does not answer, nothing is known.
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
from services.store.orders import orders, steps

PATIENCE = timedelta(
    minutes=15
)  # from the first answer without the transaction to the one that raises the alarm


def unconfirmed_payments(tx: Connection, order_id: int) -> tuple[Unconfirmed, ...]:
    """What HiPay tells of the order's transactions beyond what its reads have shown."""
    return event_data.heard(orders.events_of(tx, order_id)).unconfirmed()


def answered(tx: Connection, order_id: int, pages: Iterable[int], shown: Iterable[str]) -> None:
    """HiPay was asked for these pages and showed these transactions of the order: remember which of those that it has told
    of it did not show, and raise the alarm when it has not for a while."""
    asked, there, now = set(pages), set(shown), clock.now()
    events = orders.events_of(tx, order_id)
    page_of = {row.data["reference"]: row.page for row in events if row.kind in ("payment_told", "payment")}
    heard = event_data.heard(events)
    unconfirmed, counted = heard.unconfirmed(), [one for one in heard.unread() if one.transaction.under_way]
    for one in (*unconfirmed, *counted):
        reference = one.transaction.reference
        if reference in there or page_of[reference] not in asked:
            continue
        if one.absent_at is None:  # it changes no state: nothing is folded anew, however many were told of
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
            kind = "payment_unshown" if one in counted else "payment_unconfirmed"
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
    """Whether HiPay still has to show a payment that it has told of, or that is counted, and has not been found not to."""
    now, heard = clock.now(), event_data.heard(orders.events_of(tx, order_id))
    missed = [one for one in heard.unread() if one.absent_at is not None]
    return any(
        one.absent_at is None or now - one.absent_at < PATIENCE for one in (*heard.unconfirmed(), *missed)
    )


def dismiss(tx: Connection, order_id: int, account: str, alarm_reference: str | None, actor: Actor) -> None:
    """A person has closed the alarm: what was told of is no payment. A read that shows it still confirms it."""
    for one in unconfirmed_payments(tx, order_id):
        reference = one.transaction.reference
        if alarm_reference in (None, reference):
            record(tx, order_id, "payment_dismissed", actor, reference=reference, **_amounts(one))
    steps.schedule(tx, order_id, "read", account, clock.now())


def _amounts(one: Unconfirmed) -> dict[str, Any]:
    return {"authorised": one.transaction.authorised, "captured": one.transaction.captured}
