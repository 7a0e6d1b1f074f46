"""When a line is corrected, the one in its place gets the decision that a person took on the former one.

The decision is carried over if it still means the same: currency and sign of the amount
must be the same; for a split also the amount. Otherwise the new line is open again, and its history shows that it was
reopened. The decision on the former line does not change.
"""

from collections.abc import Collection
from typing import Any

from services import clock
from services.access import WORKER
from services.store import Connection
from services.store.settlements import decisions
from services.store.settlements.decisions import Decision
from services.store.settlements.files import corrections
from services.store.settlements.files.corrections import CorrectedLine


def carry_over(tx: Connection, pairs: Collection[tuple[int, int]]) -> None:
    """Carry the decisions on lines over to those in their place, unless these have one; they are then due to be joined again.
    ``pairs``: ids before and after."""
    former = corrections.decided(tx, [before for before, _ in pairs])
    if not former:
        return
    found = {line.id: line for line in former}
    new = {
        line.id: line
        for line in corrections.undecided(tx, [after for before, after in pairs if before in found])
    }
    decided = decisions.by_ids(tx, {line.decision for line in former if line.decision is not None})
    for before, after in pairs:
        if before in found and after in new:
            old = found[before]
            assert old.decision is not None
            decision = decided[old.decision]
            decisions.add(tx, decision.group, [_carried(decision, old, new[after])])


def _carried(decision: Decision, old: CorrectedLine, new: CorrectedLine) -> dict[str, Any]:
    before = {
        "outcome": new.outcome,
        "reason": new.reason,
        "order": new.order,
        "decision": None,
        "carried": decision.id,
    }
    if not _means_the_same(decision.kind, old, new):
        return {
            "line": new.id,
            "kind": "reopened",
            "shares": [],
            "reason": decision.reason,
            "before": before,
            "at": clock.now(),
            "actor_kind": WORKER.kind,
            "actor_id": WORKER.id,
        }
    shares = decision.shares
    if decision.kind == "match":
        shares = [[shares[0][0], new.original_amount_units or 0]]
    return {
        "line": new.id,
        "kind": decision.kind,
        "shares": shares,
        "reason": decision.reason,
        "before": before,
        "at": decision.at,
        "actor_kind": decision.actor_kind,
        "actor_id": decision.actor_id,
    }


def _means_the_same(kind: str, old: CorrectedLine, new: CorrectedLine) -> bool:
    before, now = old.original_amount_units, new.original_amount_units
    if old.original_currency != new.original_currency:
        return False
    if before is not None and now is not None and (before < 0) != (now < 0):
        return False
    return kind != "split" or before == now
