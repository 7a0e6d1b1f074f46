"""When a file corrects a line, the new line gets the decision that a person took on the former one.

The decision is carried over if it still means the same: both lines have the same key, and currency and sign of the amount
must be the same; for a split also the amount. Otherwise the new line is open again, and its history shows that it was
reopened. The decision on the former line does not change.
"""

from collections.abc import Sequence
from typing import Any

from services import clock
from services.access import WORKER
from services.store import Connection
from services.store.settlements import corrections, decisions
from services.store.settlements.corrections import CorrectedLine, UndecidedLine
from services.store.settlements.decisions import Decision


def carry_over(tx: Connection, replaced: Sequence[int], file: int) -> None:
    """Carry the decisions on replaced lines over to the file's lines, which are then due to be joined again."""
    former = corrections.corrected(tx, replaced)
    if not former:
        return
    decided = decisions.by_ids(tx, {row.decision for row in former if row.decision is not None})
    for old, new in _pairs(former, corrections.undecided_like(tx, file, [row.id for row in former])):
        if old.decision is not None:
            decision = decided[old.decision]
            decisions.add(tx, decision.group, [_carried(decision, old, new)])


def _pairs(
    former: list[CorrectedLine], new: list[UndecidedLine]
) -> list[tuple[CorrectedLine, UndecidedLine]]:
    """Each former line with the one that replaces it: of several with one key first those of the same amount, then in order."""
    free: dict[tuple[str, str], list[UndecidedLine]] = {}
    for row in new:
        free.setdefault((row.account, row.key), []).append(row)
    found, left = [], []
    for old in former:
        theirs = free.get((old.account, old.key), [])
        same = next((one for one in theirs if one.original_amount_units == old.original_amount_units), None)
        if same is None:
            left.append(old)
        else:
            theirs.remove(same)
            found.append((old, same))
    for old in left:
        if candidates := free.get((old.account, old.key)):
            found.append((old, candidates.pop(0)))
    return found


def _carried(decision: Decision, old: CorrectedLine, new: UndecidedLine) -> dict[str, Any]:
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


def _means_the_same(kind: str, old: CorrectedLine, new: UndecidedLine) -> bool:
    before, now = old.original_amount_units, new.original_amount_units
    if old.original_currency != new.original_currency:
        return False
    if before is not None and now is not None and (before < 0) != (now < 0):
        return False
    return kind != "split" or before == now
