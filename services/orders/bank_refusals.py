"""Records that the bank refused an operation that HiPay had accepted, or that nobody knows which one it refused.

Each writes the operations' state, an event and an alarm. ``bank_answers`` decides which operation it is.
"""

from collections.abc import Sequence
from datetime import UTC
from typing import Any

from services import clock
from services.access import HIPAY
from services.hipay.observations import Observation
from services.hipay.statuses import Effect, status
from services.orders.record import alarm, record
from services.store import Connection, alarms
from services.store.alarm_kinds import AlarmKind
from services.store.order_states import EventKind, OperationKind
from services.store.orders import maintenance_operations, orders
from services.store.orders.records import AskedOperation

BANK_REFUSED, UNCLEAR = "operation_bank_refused", "operation_bank_unclear"  # an operation's failure
SEEN, REFUSED = "seen at HiPay", "bank_refused"  # how an alarm ended
REFUSALS: dict[Effect, OperationKind] = {Effect.CAPTURE_REFUSED: "capture", Effect.REFUND_REFUSED: "refund"}


_ALARMS: dict[OperationKind, AlarmKind] = {
    "capture": "capture_refused",
    "refund": "refund_refused",
    "cancel": "cancel_refused",
}


def refuse(tx: Connection, asked: AskedOperation, seen: Observation, identity: str | None = None) -> None:
    """The bank refused this operation of ours. ``identity``: of the event, where only one may be recorded."""
    maintenance_operations.change(
        tx, asked.id, state="refused", failure=BANK_REFUSED, failure_detail=_reason(seen)
    )
    _record(
        tx,
        asked.order,
        "bank_refused",
        seen,
        asked.kind,
        identity,
        amount=asked.amount,
        operation_row=asked.id,
    )
    close(tx, asked, REFUSED)
    _open_alarm(
        tx,
        asked.order,
        f"bank_refused:{asked.id}:{seen_at(seen)}",
        _ALARMS[asked.kind],
        seen,
        operation=asked.id,
        units=asked.amount,
        currency=asked.currency,
    )


def refuse_elsewhere(
    tx: Connection, order_id: int, seen: Observation, kind: OperationKind, units: int, identity: str
) -> None:
    """The bank refused an operation that was not asked for here, or that was part of the payment itself."""
    _record(tx, order_id, "bank_refused", seen, kind, identity, amount=units)
    _open_alarm(tx, order_id, identity, _ALARMS[kind], seen, units=units, currency=seen.currency)


def set_unclear(
    tx: Connection,
    order_id: int,
    seen: Observation,
    kind: OperationKind,
    may_be: Sequence[AskedOperation],
    identity: str,
) -> None:
    """The bank refused one of these operations, and nobody knows which: each becomes unknown. ``may_be`` is empty where none
    of ours fits."""
    for one in may_be:
        maintenance_operations.change(
            tx, one.id, state="unknown", failure=UNCLEAR, failure_detail=_reason(seen)
        )
    _record(tx, order_id, "bank_refused_unclear", seen, kind, identity)
    _open_alarm(
        tx,
        order_id,
        identity,
        "operation_refused_unclear",
        seen,
        operations=[one.id for one in may_be],
        ids=", ".join(one.operation_id for one in may_be),
    )


def close(tx: Connection, asked: AskedOperation, reason: str) -> None:
    """Close the alarms of an operation whose outcome HiPay has shown."""
    for one in alarms.alarms_of(tx, asked.order):
        if one.detail.get("operation") == asked.id:
            alarms.close_alarms(tx, one.identity, at=clock.now(), by=HIPAY.id, reason=reason)
    close_unclear(tx, asked.order, by=HIPAY.id, reason=reason)


def close_unclear(tx: Connection, order_id: int, *, by: str, reason: str) -> None:
    """Close the alarm that asks which operation the bank refused, once none is unclear."""
    if any(one.failure == UNCLEAR for one in maintenance_operations.unsettled(tx, order_id)):
        return
    for one in alarms.alarms_of(tx, order_id):
        if one.kind == "operation_refused_unclear" and one.detail["operations"]:
            alarms.close_alarms(tx, one.identity, at=clock.now(), by=by, reason=reason)


def seen_at(seen: Observation) -> str:
    """HiPay's time of the observation in UTC; "" where it names none."""
    return seen.at.astimezone(UTC).isoformat() if seen.at else ""


def _record(
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
        seen_at=seen_at(seen),
        **_reason(seen),
        **more,
    )


def _open_alarm(
    tx: Connection, order_id: int, identity: str, kind: AlarmKind, seen: Observation, **detail: Any
) -> None:
    order = orders.order(tx, order_id)
    assert order is not None
    alarm(tx, order, identity, kind, reference=seen.reference, **detail)


def _reason(seen: Observation) -> dict[str, Any]:
    """The reason code, where the observation itself is the refusal."""
    refused = status(seen.status).effect in REFUSALS
    return {"reason_code": seen.reason_code} if refused and seen.reason_code else {}
