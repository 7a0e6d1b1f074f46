"""What a read of HiPay shows of the collections, refunds and releases that we asked for: done, or refused by the bank.

HiPay accepts a refund (124, 125) or a capture (117), and the bank may refuse it days later (165, 173). Our operation id
identifies the refused one, in the read's own list or in a notification that the read confirms; else the amounts do. Where
they leave it open, nothing is guessed: every operation that it may be becomes unknown again, and a person decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from itertools import combinations
from typing import Any, Literal

from services import clock
from services.access import HIPAY, WORKER
from services.desk import Desk
from services.hipay.observations import Observation, Operation
from services.hipay.statuses import Effect, status
from services.orders.record import (
    Outcome,
    alarm,
    operation_done,
    record,
    record_observation,
)
from services.store import Connection, alarms
from services.store.order_states import EventKind, OperationKind
from services.store.orders import maintenance_operations, orders
from services.store.orders.records import AskedOperation, StoredEvent

BANK_REFUSED, UNCLEAR = "operation_bank_refused", "operation_bank_unclear"  # an operation's failure
SEEN, REFUSED = "seen at HiPay", "bank_refused"  # how an alarm ended
# Of the operation statuses of HiPay's v3 description.
_FAILED = frozenset({"failure", "cancelled"})
_STANDS = frozenset({"completed", "remitted", "reconciled"})
_REFUSED: dict[Effect, OperationKind] = {Effect.CAPTURE_REFUSED: "capture", Effect.REFUND_REFUSED: "refund"}
_DONE: dict[Effect, OperationKind] = {
    Effect.CAPTURE_REQUESTED: "capture", Effect.CAPTURED: "capture",
    Effect.REFUND_REQUESTED: "refund", Effect.REFUNDED: "refund",
}  # fmt: skip
_MOST_CANDIDATES = 10  # more than that are not tried in every combination


def record_read(tx: Connection, desk: Desk, order_id: int, page_id: int, seen: Observation) -> Outcome:
    """Record what a read of HiPay shows of a transaction, fold it in, and settle our operations on it."""
    outcome = record_observation(tx, desk, order_id, page_id, seen, actor=WORKER)
    if outcome != "quarantined":
        _settle(tx, order_id, seen, new=outcome == "applied")
    return outcome


def _settle(tx: Connection, order_id: int, seen: Observation, *, new: bool) -> None:
    """``new``: the read says something else than the one before it."""
    known = [
        event
        for event in orders.events_of(tx, order_id)
        if event.kind in ("payment", "payment_told", "bank_refused", "bank_refused_unclear")
        and str(event.data["reference"]) == seen.reference
    ]
    reads = [event for event in known if event.kind == "payment" and "source" in event.data]
    if any(str(event.data.get("at") or "") > _at(seen) for event in reads):
        return  # a late answer, older than what was read since
    asked = [one for one in maintenance_operations.of_order(tx, order_id) if one.reference == seen.reference]
    named = False
    for one in asked:
        shown = _listed(one, seen) or _told(tx, one, seen, known)
        if shown == "refused" and one.state in ("unknown", "done"):
            _refuse(tx, one, seen)
            named = True
        elif shown == "done" and (
            one.state == "unknown" or (one.state == "refused" and _counts(tx, one, seen))
        ):
            operation_done(tx, order_id, one, HIPAY)
            _close(tx, one, SEEN)
    failed = [each for each in seen.operations if each.kind in _REFUSED.values() and each.status in _FAILED]
    ours = {one.operation_id for one in asked}
    for listed in failed:
        if listed.operation_id not in ours:
            _failed_unnamed(tx, order_id, seen, listed)
    kind = _REFUSED.get(status(seen.status).effect)
    explained = named or any(each.kind == kind for each in failed) or _explained(known, seen, kind)
    if new and kind and not explained:
        _by_totals(tx, order_id, seen, kind, [e for e in known if e.kind == "payment"][:-1])


def close_unclear(tx: Connection, order_id: int, *, by: str, reason: str) -> None:
    """Close the alarm that asks which operation the bank refused, once none is unclear."""
    if any(one.failure == UNCLEAR for one in maintenance_operations.unsettled(tx, order_id)):
        return
    for one in alarms.alarms_of(tx, order_id):
        if one.kind == "operation_refused_unclear" and one.detail["operations"]:
            alarms.close_alarms(tx, one.identity, at=clock.now(), by=by, reason=reason)


def _close(tx: Connection, asked: AskedOperation, reason: str) -> None:
    """End the steps and alarms of an operation whose outcome HiPay has shown."""
    for one in alarms.alarms_of(tx, asked.order):
        if one.detail.get("operation") == asked.id:
            alarms.close_alarms(tx, one.identity, at=clock.now(), by=HIPAY.id, reason=reason)
    close_unclear(tx, asked.order, by=HIPAY.id, reason=reason)


def _counts(tx: Connection, asked: AskedOperation, seen: Observation) -> bool:
    """Whether an operation that the bank had refused is in the total after all; one that a person, or HiPay, had called
    not done is done once it is listed."""
    return asked.failure != BANK_REFUSED or _covered(tx, asked, seen, counted=True)


def _covered(tx: Connection, asked: AskedOperation, seen: Observation, *, counted: bool) -> bool:
    """Whether the total holds every operation that stands, with or (``counted`` False) without this one."""
    total, every = _total(seen, asked.kind), maintenance_operations.of_order(tx, asked.order)
    others = [one for one in every if _is_done(one, seen, asked.kind) and one.id != asked.id]
    needed = sum(one.amount or 0 for one in ((asked, *others) if counted else others))
    return total is not None and total >= needed


def _total(seen: Observation, kind: OperationKind) -> int | None:
    return seen.captured if kind == "capture" else seen.refunded


def _listed(asked: AskedOperation, seen: Observation) -> Literal["done", "refused"] | None:
    """What the read's own list says of an operation of ours: its id, kind and amount must all be there."""
    its = [
        one
        for one in seen.operations
        if (one.operation_id, one.kind) == (asked.operation_id, asked.kind)
        and one.amount in (None, asked.amount)
    ]
    if its:
        return "refused" if all(one.status in _FAILED for one in its) else "done"
    given_up = asked.kind == "cancel" and status(seen.status).effect is Effect.CANCELLED
    return "done" if given_up and asked.state == "unknown" else None


def _told(
    tx: Connection, asked: AskedOperation, seen: Observation, known: Sequence[StoredEvent]
) -> Literal["done", "refused"] | None:
    """What a notification that names it says, where this read confirms it: the same status, the same totals, and these
    leave room for what it says. Whoever knows the passphrase may name any operation."""
    effect = status(seen.status).effect
    if asked.state == "refused" or asked.kind not in (_REFUSED.get(effect), _DONE.get(effect)):
        return None
    for event in known:
        data = event.data
        if (
            data.get("operation_id") == asked.operation_id
            and data.get("status") == seen.status
            and data.get("operation_amount") in (None, asked.amount)
            and all(data.get(name) in (None, getattr(seen, name)) for name in ("captured", "refunded"))
        ):
            done = effect not in _REFUSED
            if _covered(tx, asked, seen, counted=done):
                return "done" if done else "refused"
    return None


def _failed_unnamed(tx: Connection, order_id: int, seen: Observation, failed: Operation) -> None:
    """An operation that HiPay lists as failed under no id of ours: one of ours by its amount, or made elsewhere."""
    identity = f"bank_refused:{order_id}:{seen.reference}:{failed.arn or failed.at}"
    if orders.event_by_identity(tx, identity) is not None:
        return
    if failed.kind == "capture" and seen.authorised and (seen.captured or 0) >= seen.authorised:
        return  # tried again since, and all of it has come
    listed = {one.operation_id for one in seen.operations}
    same = [
        one
        for one in maintenance_operations.of_order(tx, order_id)
        if (one.reference, one.kind, one.amount) == (seen.reference, failed.kind, failed.amount)
        and failed.operation_id is None
        and one.operation_id not in listed
    ]
    alike = [
        one
        for one in seen.operations
        if replace(one, arn=None, at=None) == replace(failed, arn=None, at=None)
    ]
    if sum(1 for one in same if one.failure == BANK_REFUSED) >= len(alike):
        return  # known already, by the totals
    kind: OperationKind = "capture" if failed.kind == "capture" else "refund"
    may_be = [one for one in same if one.state == "done" and _before(one, seen)]
    if len(may_be) == 1:
        _refuse(tx, may_be[0], seen, identity)
    elif may_be or failed.amount is None:
        _unclear(tx, order_id, seen, kind, may_be, identity)
    else:
        _elsewhere(tx, order_id, seen, kind, failed.amount, identity)


def _by_totals(
    tx: Connection, order_id: int, seen: Observation, kind: OperationKind, reads: Sequence[StoredEvent]
) -> None:
    """Which operation a 165 or 173 is about, where no id tells: by what the transaction's total has lost since ``reads``.

    A total that has lost nothing never held the refused amount: then it is the one operation that is in no total.
    """
    identity = f"bank_refused:{order_id}:{seen.reference}:{seen.status}:{_at(seen)}"
    total, name = _total(seen, kind), "captured" if kind == "capture" else "refunded"
    totals = [int(event.data[name]) for event in reads if event.data.get(name) is not None]
    lost = totals[-1] - total if totals and total is not None else 0
    done = [one for one in maintenance_operations.of_order(tx, order_id) if _is_done(one, seen, kind)]
    asked = sum(one.amount or 0 for one in done)
    candidates = [one for one in done if _before(one, seen)]
    listed = {one.operation_id for one in seen.operations if one.status in _STANDS}
    # The list is believed unless the total contradicts it.
    candidates = [one for one in candidates if one.operation_id not in listed] or candidates
    if not candidates or (total is not None and asked <= total):
        # Ours may all stand: made elsewhere, or with the payment itself.
        missing = lost or (max(0, (seen.authorised or 0) - (total or 0)) if kind == "capture" else 0)
        if missing > 0:
            _elsewhere(tx, order_id, seen, kind, missing, identity)
        else:
            _unclear(tx, order_id, seen, kind, [], identity)
        return
    fitting = _fitting(candidates, lost if lost > 0 else asked - (total or 0)) if total is not None else []
    if len(fitting) == 1 and (lost > 0 or len(fitting[0]) == 1):
        for one in fitting[0]:
            _refuse(tx, one, seen)
    else:
        in_question = {one.id for some in fitting for one in some}
        may_be = [one for one in candidates if one.id in in_question] or candidates
        _unclear(tx, order_id, seen, kind, may_be, identity)


def _is_done(one: AskedOperation, seen: Observation, kind: OperationKind) -> bool:
    return (one.reference, one.kind, one.state) == (seen.reference, kind, "done")


def _before(one: AskedOperation, seen: Observation) -> bool:
    """Whether it was asked before HiPay dates what this read shows, in whole seconds: else it cannot be what was refused."""
    return seen.at is not None and bool(one.created_at.replace(microsecond=0) <= seen.at)


def _fitting(candidates: Sequence[AskedOperation], units: int) -> list[tuple[AskedOperation, ...]]:
    """Every choice of candidates whose amounts make ``units``."""
    if len(candidates) > _MOST_CANDIDATES:
        return []
    sizes = range(1, len(candidates) + 1)
    every = (some for size in sizes for some in combinations(candidates, size))
    return [some for some in every if sum(one.amount or 0 for one in some) == units]


def _explained(known: Sequence[StoredEvent], seen: Observation, kind: OperationKind | None) -> bool:
    """Whether this refusal was recorded before: a read may repeat it."""
    return any(
        event.kind.startswith("bank_refused")
        and (event.data["operation"], event.data["seen_at"]) == (kind, _at(seen))
        for event in known
    )


def _refuse(tx: Connection, asked: AskedOperation, seen: Observation, identity: str | None = None) -> None:
    maintenance_operations.change(
        tx, asked.id, state="refused", failure=BANK_REFUSED, failure_detail=_reason(seen)
    )
    _say(
        tx,
        asked.order,
        "bank_refused",
        seen,
        asked.kind,
        identity,
        amount=asked.amount,
        operation_row=asked.id,
    )
    _close(tx, asked, REFUSED)
    _alarm(
        tx,
        asked.order,
        f"bank_refused:{asked.id}:{_at(seen)}",
        f"{asked.kind}_refused",
        seen,
        operation=asked.id,
        units=asked.amount,
        currency=asked.currency,
    )


def _elsewhere(
    tx: Connection, order_id: int, seen: Observation, kind: OperationKind, units: int, identity: str
) -> None:
    """The bank refused an operation that was not asked for here, or that was part of the payment itself."""
    _say(tx, order_id, "bank_refused", seen, kind, identity, amount=units)
    _alarm(tx, order_id, identity, f"{kind}_refused", seen, units=units, currency=seen.currency)


def _unclear(
    tx: Connection,
    order_id: int,
    seen: Observation,
    kind: OperationKind,
    may_be: Sequence[AskedOperation],
    identity: str,
) -> None:
    for one in may_be:
        maintenance_operations.change(
            tx, one.id, state="unknown", failure=UNCLEAR, failure_detail=_reason(seen)
        )
    _say(tx, order_id, "bank_refused_unclear", seen, kind, identity)
    _alarm(
        tx,
        order_id,
        identity,
        "operation_refused_unclear",
        seen,
        operations=[one.id for one in may_be],
        ids=", ".join(one.operation_id for one in may_be),
    )


def _say(
    tx: Connection,
    order_id: int,
    event: EventKind,
    seen: Observation,
    kind: OperationKind,
    identity: str | None,
    **more: Any,
) -> None:
    record(
        tx,
        order_id,
        event,
        HIPAY,
        identity=identity,
        operation=kind,
        reference=seen.reference,
        seen_at=_at(seen),
        **_reason(seen),
        **more,
    )


def _alarm(tx: Connection, order_id: int, identity: str, kind: str, seen: Observation, **detail: Any) -> None:
    order = orders.order(tx, order_id)
    assert order is not None
    alarm(tx, order, identity, kind, reference=seen.reference, **detail)


def _reason(seen: Observation) -> dict[str, Any]:
    """The reason code, where the read is the refusal's own."""
    refused = status(seen.status).effect in _REFUSED
    return {"reason_code": seen.reason_code} if refused and seen.reason_code else {}


def _at(seen: Observation) -> str:
    return seen.at.astimezone(UTC).isoformat() if seen.at else ""
