"""A person undoes decisions about settlement lines. Undoing a decision renews the one that it replaced."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from services import clock
from services.access import Actor, Right, allowed_accounts, audit
from services.desk import Desk
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import AlreadyUndone, DecisionUnknown
from services.reconciliation.decisions.results import (
    DecisionResult,
    audit_subject,
    followers,
    require_accounts,
)
from services.reconciliation.matching import decided_lines
from services.reconciliation.matching.decided_lines import Progress
from services.store import Connection
from services.store.settlements import decisions
from services.store.settlements.decisions import Decision


def undo_decisions(
    desk: Desk, actor: Actor, decision_ids: Sequence[int], reason: str, *, progress: Progress | None = None
) -> DecisionResult:
    """Undo decisions; their lines are rejoined as if these had never been taken: by the former decisions, if there were any.

    Decisions that somebody has undone meanwhile are left and named. If all are, AlreadyUndone is raised, unless the same
    person undid them for the same reason (a repeated call). Raises DecisionUnknown, ReasonMissing, TextError, NotAllowed.
    """

    def these(tx: Connection) -> list[Decision]:
        found = decisions.by_ids(tx, decision_ids)
        if not decision_ids or len(found) < len(set(decision_ids)):
            raise DecisionUnknown
        return list(found.values())

    return _undo(desk, actor, these, reason, progress)


def undo_group(
    desk: Desk, actor: Actor, group: str, reason: str, *, progress: Progress | None = None
) -> DecisionResult:
    """Undo all that was decided at once and is still valid. Raises as ``undo_decisions``."""

    def all_of_it(tx: Connection) -> list[Decision]:
        found = decisions.group(tx, group)
        if not found:
            raise DecisionUnknown
        return [row for row in found if row.undone_at is None] or found

    return _undo(desk, actor, all_of_it, reason, progress)


def _undo(
    desk: Desk,
    actor: Actor,
    wanted: Callable[[Connection], list[Decision]],
    reason: str,
    progress: Progress | None,
) -> DecisionResult:
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        decisions.lock_decisions(tx)
        allowed_accounts(tx, actor, Right.RECONCILE)
        found = wanted(tx)
        before = decisions.outcomes_of_companions(tx, [row.line for row in found])
        # locked before they change, in one order everywhere
        lines = decisions.lines(tx, (row.line for row in found))
        require_accounts(tx, actor, lines)
        valid = [row for row in found if row.undone_at is None]
        gone = [row for row in found if row.undone_at is not None]
        others = [row for row in gone if (row.undone_by, row.undo_reason) != (actor.id, reason_text)]
        if not valid and others:
            raise AlreadyUndone(others[0].undoer, others[0].undone_at or clock.now())
        if valid:
            decisions.undo(tx, valid, at=clock.now(), by=actor.id, reason=reason_text)
            _renew_former(tx, actor, valid, {line.id for line in lines if line.current})
            ids = sorted(row.id for row in valid)
            audit.record(
                tx,
                actor,
                "line.undone",
                audit_subject([row.line for row in valid], valid[0].group),
                lines=len(ids),
                decisions=[ids[0], ids[-1]],
            )
    done = DecisionResult(
        found[0].group,
        tuple(row.line for row in valid),
        tuple((row.line, AlreadyUndone(row.undoer, row.undone_at or clock.now())) for row in others),
    )
    decided_lines.join_lines(desk, [row.line for row in found], progress)
    return replace(done, followers=followers(desk, before))


def _renew_former(tx: Connection, actor: Actor, undone: Sequence[Decision], there: set[int]) -> None:
    """Renew the decisions that these undone ones had replaced, on lines that are ``there``."""
    wanted = {row.before["decision"] for row in undone if row.line in there and row.before.get("decision")}
    now, by_group = clock.now(), dict[str, list[dict[str, Any]]]()
    for former in decisions.by_ids(tx, wanted).values():
        by_group.setdefault(former.group, []).append(
            {
                "line": former.line,
                "kind": former.kind,
                "shares": former.shares,
                "reason": former.reason,
                "at": now,
                "actor_kind": actor.kind,
                "actor_id": actor.id,
                "before": {**former.before, "again": former.id},
            }
        )
    for group, again in by_group.items():
        decisions.add(tx, group, again)
