"""What a read of HiPay shows of the captures, refunds and cancellations that we asked for: done, or refused by the bank.

HiPay accepts a refund (124, 125) or a capture (117), and the bank may refuse it days later (165, 173). Our operation id
identifies the refused one, in the read's own list or in a notification that the read confirms; else the amounts do. Where
they leave it open, nothing is guessed: every operation that it may be becomes unknown again, and a person decides.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Literal

from services.access import HIPAY, WORKER
from services.desk import Desk
from services.hipay.observations import Observation, Operation
from services.hipay.statuses import Effect, status
from services.orders.bank_refusals import (
    BANK_REFUSED,
    REFUSALS,
    SEEN,
    close,
    refuse,
    refuse_elsewhere,
    seen_at,
    set_unclear,
)
from services.orders.record import Outcome, operation_done, record_observation
from services.store import Connection
from services.store.order_states import OperationKind
from services.store.orders import maintenance_operations, orders
from services.store.orders.records import AskedOperation, StoredEvent

# Of the operation statuses of HiPay's v3 description.
_FAILED = frozenset({"failure", "cancelled"})
_SUCCEEDED = frozenset({"completed", "remitted", "reconciled"})
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
    """``new``: the read differs from the one before it."""
    known = [
        event
        for event in orders.events_of(tx, order_id)
        if event.kind in ("payment", "payment_told", "bank_refused", "bank_refused_unclear")
        and str(event.data["reference"]) == seen.reference
    ]
    reads = [event for event in known if event.kind == "payment" and "source" in event.data]
    if any(str(event.data.get("at") or "") > seen_at(seen) for event in reads):
        return  # a late answer, older than a later read
    asked = [one for one in maintenance_operations.of_order(tx, order_id) if one.reference == seen.reference]
    named = False
    for one in asked:
        shown = _listed(one, seen) or _notified(tx, one, seen, known)
        if shown == "refused" and one.state in ("unknown", "done"):
            refuse(tx, one, seen)
            named = True
        elif shown == "done" and (
            one.state == "unknown" or (one.state == "refused" and _counts(tx, one, seen))
        ):
            operation_done(tx, order_id, one, HIPAY)
            close(tx, one, SEEN)
    failed = [each for each in seen.operations if each.kind in REFUSALS.values() and each.status in _FAILED]
    ours = {one.operation_id for one in asked}
    for listed in failed:
        if listed.operation_id not in ours:
            _failed_unnamed(tx, order_id, seen, listed)
    kind = REFUSALS.get(status(seen.status).effect)
    explained = named or any(each.kind == kind for each in failed) or _explained(known, seen, kind)
    if new and kind and not explained:
        _by_totals(tx, order_id, seen, kind, [e for e in known if e.kind == "payment"][:-1])


def _counts(tx: Connection, asked: AskedOperation, seen: Observation) -> bool:
    """Whether a refused operation that HiPay now lists is done: one that the bank had refused only if the total includes it
    after all; one that a person or HiPay had called not done, in any case."""
    return asked.failure != BANK_REFUSED or _covered(tx, asked, seen, counted=True)


def _covered(tx: Connection, asked: AskedOperation, seen: Observation, *, counted: bool) -> bool:
    """Whether the total includes every done operation, with or (``counted`` False) without this one."""
    total, every = _total(seen, asked.kind), maintenance_operations.of_order(tx, asked.order)
    others = [one for one in every if _is_done(one, seen, asked.kind) and one.id != asked.id]
    needed = sum(one.amount or 0 for one in ((asked, *others) if counted else others))
    return total is not None and total >= needed


def _total(seen: Observation, kind: OperationKind) -> int | None:
    return seen.captured if kind == "capture" else seen.refunded


def _listed(asked: AskedOperation, seen: Observation) -> Literal["done", "refused"] | None:
    """The outcome of our operation by the read's own list, which must have its id, kind and amount."""
    its = [
        one
        for one in seen.operations
        if (one.operation_id, one.kind) == (asked.operation_id, asked.kind)
        and one.amount in (None, asked.amount)
    ]
    if its:
        return "refused" if all(one.status in _FAILED for one in its) else "done"
    cancelled = asked.kind == "cancel" and status(seen.status).effect is Effect.CANCELLED
    return "done" if cancelled and asked.state == "unknown" else None


def _notified(
    tx: Connection, asked: AskedOperation, seen: Observation, known: Sequence[StoredEvent]
) -> Literal["done", "refused"] | None:
    """The outcome of our operation by a notification that names it, where this read confirms the notification: the same
    status, the same totals, and totals that fit the outcome. Whoever knows the passphrase can name any operation."""
    effect = status(seen.status).effect
    if asked.state == "refused" or asked.kind not in (REFUSALS.get(effect), _DONE.get(effect)):
        return None
    for event in known:
        data = event.data
        if (
            data.get("operation_id") == asked.operation_id
            and data.get("status") == seen.status
            and data.get("operation_amount") in (None, asked.amount)
            and all(data.get(name) in (None, getattr(seen, name)) for name in ("captured", "refunded"))
        ):
            done = effect not in REFUSALS
            if _covered(tx, asked, seen, counted=done):
                return "done" if done else "refused"
    return None


def _failed_unnamed(tx: Connection, order_id: int, seen: Observation, failed: Operation) -> None:
    """An operation that HiPay lists as failed under no id of ours: one of ours by its amount, or made elsewhere."""
    identity = f"bank_refused:{order_id}:{seen.reference}:{failed.arn or failed.at}"
    if orders.event_by_identity(tx, identity) is not None:
        return
    if failed.kind == "capture" and seen.authorised and (seen.captured or 0) >= seen.authorised:
        return  # tried again since, and all of it is captured
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
        return  # recorded already, by the totals
    kind: OperationKind = "capture" if failed.kind == "capture" else "refund"
    may_be = [one for one in same if one.state == "done" and _before(one, seen)]
    if len(may_be) == 1:
        refuse(tx, may_be[0], seen, identity)
    elif may_be or failed.amount is None:
        set_unclear(tx, order_id, seen, kind, may_be, identity)
    else:
        refuse_elsewhere(tx, order_id, seen, kind, failed.amount, identity)


def _by_totals(
    tx: Connection, order_id: int, seen: Observation, kind: OperationKind, reads: Sequence[StoredEvent]
) -> None:
    """Which operation a 165 or 173 is about, where no id says so: by what the transaction's total has lost since ``reads``.

    A total that has lost nothing never included the refused amount: then it is the one operation that is in no total.
    """
    identity = f"bank_refused:{order_id}:{seen.reference}:{seen.status}:{seen_at(seen)}"
    total, name = _total(seen, kind), "captured" if kind == "capture" else "refunded"
    totals = [int(event.data[name]) for event in reads if event.data.get(name) is not None]
    lost = totals[-1] - total if totals and total is not None else 0
    done = [one for one in maintenance_operations.of_order(tx, order_id) if _is_done(one, seen, kind)]
    asked = sum(one.amount or 0 for one in done)
    candidates = [one for one in done if _before(one, seen)]
    listed = {one.operation_id for one in seen.operations if one.status in _SUCCEEDED}
    # The list is believed unless the total contradicts it.
    candidates = [one for one in candidates if one.operation_id not in listed] or candidates
    if not candidates or (total is not None and asked <= total):
        # All of ours may be valid: the refused one was made elsewhere, or with the payment itself.
        missing = lost or (max(0, (seen.authorised or 0) - (total or 0)) if kind == "capture" else 0)
        if missing > 0:
            refuse_elsewhere(tx, order_id, seen, kind, missing, identity)
        else:
            set_unclear(tx, order_id, seen, kind, [], identity)
        return
    fitting = _fitting(candidates, lost if lost > 0 else asked - (total or 0)) if total is not None else []
    if len(fitting) == 1 and (lost > 0 or len(fitting[0]) == 1):
        for one in fitting[0]:
            refuse(tx, one, seen)
    else:
        in_question = {one.id for some in fitting for one in some}
        may_be = [one for one in candidates if one.id in in_question] or candidates
        set_unclear(tx, order_id, seen, kind, may_be, identity)


def _is_done(one: AskedOperation, seen: Observation, kind: OperationKind) -> bool:
    return (one.reference, one.kind, one.state) == (seen.reference, kind, "done")


def _before(one: AskedOperation, seen: Observation) -> bool:
    """Whether it was asked before HiPay's time of this read, in whole seconds: a later one cannot be what was refused."""
    return seen.at is not None and bool(one.created_at.replace(microsecond=0) <= seen.at)


def _fitting(candidates: Sequence[AskedOperation], units: int) -> list[tuple[AskedOperation, ...]]:
    """Every combination of candidates whose amounts add up to ``units``."""
    if len(candidates) > _MOST_CANDIDATES:
        return []
    sizes = range(1, len(candidates) + 1)
    every = (some for size in sizes for some in combinations(candidates, size))
    return [some for some in every if sum(one.amount or 0 for one in some) == units]


def _explained(known: Sequence[StoredEvent], seen: Observation, kind: OperationKind | None) -> bool:
    """Whether this refusal was recorded before: a read may repeat it."""
    return any(
        event.kind.startswith("bank_refused")
        and (event.data["operation"], event.data["seen_at"]) == (kind, seen_at(seen))
        for event in known
    )
