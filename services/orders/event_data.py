"""What an event stores of an observation, and which observations repeat a fact."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from services.hipay.observations import Observation
from services.orders.transactions import AMOUNTS, Event, Heard, Transaction
from services.store.orders.records import StoredEvent


def heard(rows: Iterable[StoredEvent]) -> Heard:
    """What the order's recorded events say of its transactions."""
    return Heard(Event(row.kind, row.at, row.data) for row in rows)


def facts(seen: Observation) -> dict[str, Any]:
    """What an event stores: no name, no address, no card."""
    kept = asdict(seen)
    for name in ("mark", "operations"):
        kept.pop(name)
    kept["operation_ids"] = sorted({one.operation_id for one in seen.operations if one.operation_id})
    kept["at"] = seen.at.astimezone(UTC).isoformat() if isinstance(seen.at, datetime) else None
    return kept


def told_identity(order: int, data: dict[str, Any], known: Heard) -> str | None:
    """The identity of what a notification reports; None where the newest read shows as much already.

    A notification leaves out what a read gives as 0. The same total at another time is another fact; so is which operation
    it is about, where no read has named that one.
    """
    before = known.transaction(data["reference"])
    answered = before is not None and known.reads(before.reference) and not known.waits(before.reference)
    named = data["operation_id"]
    if (
        before is not None
        and answered
        and _adds_nothing(data, before)
        and named in (None, *before.operations)
    ):
        return None
    return identity(order, data) + (f":{named}" if named else "")


def read_identity(order: int, data: dict[str, Any], known: Heard) -> str | None:
    """The identity of what a read shows; None where it repeats the newest read, and no notification came since.

    What was there before may come again (A, B, A): HiPay's own time tells the two apart, or else their place.
    """
    reference = data["reference"]
    before, place = known.transaction(reference), known.reads(reference)
    if before is None or not place:
        return f"{identity(order, data)}:0"
    if _adds_nothing(data, before) and not known.waits(reference) and _names_no_new(data, before):
        return None
    late = bool(data["at"] and before.at and data["at"] < before.at)
    return f"{identity(order, data)}:{'' if late else place}"


def identity(order: int, data: dict[str, Any]) -> str:
    """The same facts of the same transaction at HiPay's same time."""
    told = [
        data["reference"],
        data["status"],
        *(data[name] or 0 for name in AMOUNTS),
        data["charged_back"],
        data["at"],
    ]
    return f"{order}:{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]}"


def _adds_nothing(data: dict[str, Any], known: Transaction) -> bool:
    amounts = all(data[name] in (None, getattr(known, name)) for name in (*AMOUNTS, "charged_back"))
    return amounts and data["status"] == known.status


def _names_no_new(data: dict[str, Any], known: Transaction) -> bool:
    return set(data["operation_ids"]) <= known.operations
