"""Records the events of an order, each once, and folds them into the order's state.

A read of HiPay is recorded as ``payment`` (``record_observation``). A notification is recorded as ``payment_told``
(``record_unconfirmed``), and its only consequence is a read. An observation that does not fit the order (amount, currency,
test flag, merchant, our mark) is quarantined with an alarm: it is never a payment.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

from services import clock
from services.access import HIPAY, Actor
from services.desk import Desk
from services.hipay.observations import Observation
from services.orders import event_data, states
from services.orders.misfits import first_misfit
from services.store import Connection, alarms
from services.store.alarm_kinds import AlarmKind
from services.store.order_states import EventKind
from services.store.orders import maintenance_operations, orders, sum_steps
from services.store.orders.records import AskedOperation, Order, Page, StoredEvent

Outcome = Literal["applied", "repeated", "quarantined"]


def record_observation(
    tx: Connection, desk: Desk, order_id: int, page_id: int, observation: Observation, *, actor: Actor
) -> Outcome:
    """Record what a read shows of the order's page and fold it in, in the caller's transaction."""
    order = orders.order(tx, order_id)
    page = next(page for page in orders.pages_of(tx, order_id) if page.id == page_id)
    assert order is not None
    known = orders.events_of(tx, order_id)
    misfit, event = _event(desk, order, page, observation, known, actor)
    if event:
        orders.add_event(tx, **event)
    if misfit:
        _quarantine(tx, order, observation, misfit)
        return "quarantined"
    if event is None:
        return "repeated"
    confirmed(tx, order_id, observation.reference, actor)
    _fold(tx, order, [*_events(known), _as_folded(event)])
    too_late(tx, order, page, observation.reference, observation.captured or observation.authorised)
    return "applied"


def record_unconfirmed(
    tx: Connection, desk: Desk, reported: Sequence[tuple[Page, Observation]]
) -> list[Outcome]:
    """Record what notifications report of these pages, each of another order, and fold it in, in the caller's transaction.
    The number of statements does not grow with the notifications."""
    ids = [page.order for page, _ in reported]
    found, known = orders.orders_of(tx, ids), orders.events_of_each(tx, ids)
    outcomes, events, folded = list[Outcome](), list[dict[str, Any]](), dict[int, dict[str, Any]]()
    for page, observation in reported:
        order, before = found[page.order], known[page.order]
        misfit, event = _event(desk, order, page, observation, before, HIPAY)
        if event:
            events.append(event)
        if misfit:
            _quarantine(tx, order, observation, misfit)
        elif event and (changed := _changed(tx, order, [*_events(before), _as_folded(event)])[1]):
            folded[order.id] = changed
        outcomes.append("quarantined" if misfit else "applied" if event else "repeated")
    orders.add_events(tx, events)
    for order_id, changed in folded.items():
        orders.write_state(tx, order_id, changed)
    return outcomes


def _event(
    desk: Desk,
    order: Order,
    page: Page,
    observation: Observation,
    known: Sequence[StoredEvent],
    actor: Actor,
) -> tuple[str | None, dict[str, Any] | None]:
    """The name of the first thing in the observation that does not fit the page; and the event to record, None where one of
    the order's events (``known``: all of them) records the same."""
    misfit, notified, now = first_misfit(desk, order, page, observation), actor == HIPAY, clock.now()
    data, log = event_data.facts(observation), event_data.transaction_log(known)
    if misfit:
        kind, data = "payment_quarantined", {**data, "misfit": misfit}
        identity: str | None = event_data.identity(order.id, data)
    elif notified:
        kind, identity = "payment_told", event_data.notification_identity(order.id, data, log)
    else:
        kind, data = "payment", {**data, "source": "read"}
        identity = event_data.read_identity(order.id, data, log)
    if identity is None or f"{kind}:{identity}" in {row.identity for row in known}:
        return misfit, None
    return misfit, {
        "identity": f"{kind}:{identity}",
        "order": order.id,
        "page": page.id,
        "kind": kind,
        # A notification's time may be forged, too.
        "at": now if kind == "payment_told" else observation.at or now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "data": data,
    }


def _quarantine(tx: Connection, order: Order, observation: Observation, misfit: str) -> None:
    alarm(
        tx,
        order,
        f"quarantined:{order.id}:{observation.reference}:{misfit}",  # one alarm for all later states of that payment
        "other_amount" if misfit in ("amount", "currency") else "quarantined",
        reference=observation.reference,
        misfit=misfit,
    )


def confirmed(tx: Connection, order_id: int, reference: str, actor: Actor) -> None:
    """Close the alarms about an unconfirmed payment that a read has confirmed."""
    for one in alarms.alarms_of(tx, order_id):
        if one.kind in ("payment_unconfirmed", "payment_unshown") and one.detail["reference"] == reference:
            alarms.close_alarms(tx, one.identity, at=clock.now(), by=actor.id, reason=alarms.RESOLVED)


def record(
    tx: Connection,
    order_id: int,
    kind: EventKind,
    actor: Actor,
    *,
    page: int | None = None,
    identity: str | None = None,
    **data: Any,
) -> states.State:
    """Record an event and fold it in; an event with an ``identity`` is recorded once.

    Mail servers quote addresses and names in their answers, and people name customers: these are removed.
    """
    order = orders.order(tx, order_id)
    assert order is not None
    orders.add_event(
        tx,
        identity=identity,
        order=order_id,
        page=page,
        at=clock.now(),
        kind=kind,
        actor_kind=actor.kind,
        actor_id=actor.id,
        data=_nameless(data, order),
    )
    return _fold(tx, order, _events(orders.events_of(tx, order_id)))


def form_identity(form_key: str) -> str:
    """The identity of the event that a window's button records, once per form."""
    return f"press:{form_key}"


def _events(found: Iterable[StoredEvent]) -> list[states.Event]:
    return [states.Event(row.kind, row.at, row.data) for row in found]


def _as_folded(event: dict[str, Any]) -> states.Event:
    return states.Event(event["kind"], event["at"], event["data"])


def _fold(tx: Connection, order: Order, events: Sequence[states.Event]) -> states.State:
    """``order`` as this transaction has locked it; ``events``: all of its events, oldest first."""
    state, changed = _changed(tx, order, events)
    if changed:
        orders.write_state(tx, order.id, changed)
    return state


def _changed(
    tx: Connection, order: Order, events: Sequence[states.Event]
) -> tuple[states.State, dict[str, Any]]:
    """The state after these events, and the columns of the order that it changes."""
    state = states.fold(order.channel, order.amount, events)
    paid = [
        e.at for e in events if e.kind == "payment" and (e.data.get("captured") or e.data.get("authorised"))
    ]
    sent = [e.at for e in events if e.kind == "mail_sent"]
    collected = _collected(events) if state.captured else []
    values: dict[str, Any] = {
        "delivery": state.delivery,
        "availability": state.availability,
        "payment": state.payment,
        "authorised": state.authorised,
        "captured": state.captured,
        "refunded": state.refunded,
        "charged_back": state.charged_back,
        "refusal": sum_steps.refusal(event.data for event in events if event.kind == "payment")
        if state.payment == "refused"
        else 0,
        "sent_at": max(sent, default=None),
        "paid_at": min(paid, default=None) if state.authorised or state.captured else None,
        "captured_at": min(collected, default=None),
        "last_captured_at": max(collected, default=None),
    }
    if state.paid_twice:
        references = [one.reference for one in state.transactions if one.captured or one.authorised]
        alarm(tx, order, f"paid_twice:{order.id}:{len(references)}", "paid_twice", references=references)
    return state, {name: value for name, value in values.items() if getattr(order, name) != value}


def _collected(events: Sequence[states.Event]) -> list[datetime]:
    """When money was collected: for each transaction, when each greater amount was first confirmed."""
    seen: dict[str, int] = {}
    found = []
    for event in sorted(events, key=lambda one: one.at):
        if event.kind != "payment" or event.data.get("captured") is None:
            continue
        captured, reference = int(event.data["captured"]), str(event.data["reference"])
        if captured > seen.get(reference, 0):
            found.append(event.at)
        if captured > seen.get(reference, 0) or "source" in event.data:
            seen[reference] = captured
    return found


def too_late(tx: Connection, order: Order, page: Page, reference: str, units: int | None) -> None:
    """Open an alarm for a payment on a page that was cancelled or corrected before: it counts, and a person must look at it."""
    if page.state not in ("withdrawn", "superseded") or not units:
        return
    known = {"reference": reference, "amount": page.amount}
    if order.availability == "cancelled":
        alarm(tx, order, f"paid_after_cancel:{page.id}:{reference}", "paid_after_cancel", **known)
        return
    kind: AlarmKind = "former_amount" if page.amount != order.amount else "former_facts"
    alarm(tx, order, f"{kind}:{page.id}:{reference}", kind, **known)


def operation_done(tx: Connection, order_id: int, asked: AskedOperation, actor: Actor) -> None:
    """A capture, refund or cancellation that we asked for is done."""
    maintenance_operations.change(
        tx, asked.id, state="done", done_at=clock.now(), failure="", failure_detail={}
    )
    record(tx, order_id, "operation_done", actor, operation=asked.kind, amount=asked.amount)


def alarm(tx: Connection, order: Order, identity: str, kind: AlarmKind, **detail: Any) -> None:
    """Open an alarm for the order, once per identity."""
    alarms.open_alarm(
        tx,
        identity=identity,
        account=order.account,
        order=order.id,
        kind=kind,
        detail=detail,
        opened_at=clock.now(),
    )


def _nameless(data: dict[str, Any], order: Order) -> dict[str, Any]:
    return {
        name: _nameless(item, order)
        if isinstance(item, dict)
        else inert(item, order)
        if name in ("answer", "why") and isinstance(item, str)
        else item
        for name, item in data.items()
    }


def inert(answer: str, order: Order, *addresses: str) -> str:
    """A server's answer without the customer's name and without any part of an address. Events are never changed, so these
    could not be erased with the customer."""
    if order.erased_at is not None:
        return ""
    known = [address for address in (order.email, order.copy_to, *addresses) if address]
    names = [*(address.partition("@")[0] for address in known), order.first_name, order.last_name]
    for name in sorted(filter(None, names), key=len, reverse=True):
        # The rest of an address is masked when the event is stored.
        answer = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "…", answer, flags=re.IGNORECASE)
    return answer
