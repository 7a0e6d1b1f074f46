"""What an event stores of an observation, and which observations repeat what is recorded already."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from services.hipay.observations import Observation
from services.orders.transactions import AMOUNTS, Event, Transaction, TransactionLog
from services.store.orders.records import StoredEvent


def transaction_log(rows: Iterable[StoredEvent]) -> TransactionLog:
    """The order's transactions, from its recorded events."""
    return TransactionLog(Event(row.kind, row.at, row.data) for row in rows)


def facts(seen: Observation) -> dict[str, Any]:
    """What an event stores of the observation: no name, no address, no card."""
    data = asdict(seen)
    for name in ("mark", "operations"):
        data.pop(name)
    data["operation_ids"] = sorted({one.operation_id for one in seen.operations if one.operation_id})
    data["at"] = seen.at.astimezone(UTC).isoformat() if isinstance(seen.at, datetime) else None
    return data


def notification_identity(order: int, data: dict[str, Any], known: TransactionLog) -> str | None:
    """The identity of what a notification reports; None where the newest read shows all of it already.

    A notification omits what a read gives as 0. The same total at another time is another fact; so is an operation that
    no read has named.
    """
    before = known.transaction(data["reference"])
    answered = (
        before is not None and known.read_count(before.reference) and not known.awaits_read(before.reference)
    )
    named = data["operation_id"]
    if (
        before is not None
        and answered
        and _adds_nothing(data, before)
        and named in (None, *before.operations)
    ):
        return None
    return identity(order, data) + (f":{named}" if named else "")


def read_identity(order: int, data: dict[str, Any], known: TransactionLog) -> str | None:
    """The identity of what a read shows; None where it repeats the newest read, and no notification came since.

    A former state may come again (A, B, A): HiPay's own time distinguishes the two, or else their place.
    """
    reference = data["reference"]
    before, place = known.transaction(reference), known.read_count(reference)
    if before is None or not place:
        return f"{identity(order, data)}:0"
    if _adds_nothing(data, before) and not known.awaits_read(reference) and _names_no_new(data, before):
        return None
    late = bool(data["at"] and before.at and data["at"] < before.at)
    return f"{identity(order, data)}:{'' if late else place}"


def identity(order: int, data: dict[str, Any]) -> str:
    """A digest of the transaction's facts and of HiPay's time."""
    values = [
        data["reference"],
        data["status"],
        *(data[name] or 0 for name in AMOUNTS),
        data["charged_back"],
        data["at"],
    ]
    return f"{order}:{hashlib.sha256(json.dumps(values).encode()).hexdigest()[:32]}"


def _adds_nothing(data: dict[str, Any], known: Transaction) -> bool:
    amounts = all(data[name] in (None, getattr(known, name)) for name in (*AMOUNTS, "charged_back"))
    return amounts and data["status"] == known.status


def _names_no_new(data: dict[str, Any], known: Transaction) -> bool:
    return set(data["operation_ids"]) <= known.operations
