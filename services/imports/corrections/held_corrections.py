"""Held corrections: a person takes or dismisses each, with a reason, and may undo that decision; then it waits again.

HeldRefused
├── CorrectionUnknown
├── CorrectionNotDecided   there is nothing to undo
├── CorrectionMoved        its lines have been changed by another file or correction since
└── ImportRuns             a file is being imported: what it changes is not known yet
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import ClassVar

from services import clock
from services.access import WORKER, Actor, Right, audit
from services.desk import Desk
from services.imports.corrections import carry_decisions
from services.imports.corrections.protected_lines import rejoin_restored
from services.imports.file_rights import require_file
from services.imports.issued_again.issues import compare, issue_lines
from services.payouts import work_out
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import (
    AlreadyUndone,
    ConflictingDecision,
    DecisionRefused,
)
from services.store import Connection
from services.store.payouts import versions
from services.store.settlements import decisions, positions
from services.store.settlements.files import held_corrections, payout_issues, settlement_files
from services.store.settlements.files.held_corrections import CorrectionKind as CorrectionKind
from services.store.settlements.files.held_corrections import StoredCorrection
from services.store.settlements.lines import joined_lines, replaced_lines, settlement_lines

_AT_ONCE = 100  # corrections in one transaction


class HeldRefused(DecisionRefused):
    code: ClassVar[str] = "held"


class CorrectionUnknown(HeldRefused):
    code = "held_unknown"


class CorrectionNotDecided(HeldRefused):
    code = "held_not_decided"


class CorrectionMoved(HeldRefused):
    code = "held_moved"


class ImportRuns(HeldRefused):
    code = "held_import_runs"


def decide(
    desk: Desk, actor: Actor, file: int, ids: Sequence[int], kind: CorrectionKind, reason: str
) -> None:
    """Take or dismiss these corrections of the file. A second call by the same person with the same reason does nothing.

    Many are decided in several transactions: after an interruption the rest still waits. Raises CorrectionUnknown,
    CorrectionMoved, ImportRuns, ConflictingDecision (somebody has decided one of them), ReasonMissing, TextError, NotAllowed.
    """
    why = check_reason(reason)
    if not ids:
        raise CorrectionUnknown
    for some in _parts(ids):
        with desk.store.write() as tx:
            found = _found(tx, actor, file, some)
            acts = {act.correction: act for act in held_corrections.acts(tx, some) if act.undone_at is None}
            others = [
                act for act in acts.values() if (act.actor_id, act.kind, act.reason) != (actor.id, kind, why)
            ]
            if others:
                raise ConflictingDecision(others[0].who or "", others[0].at)
            _decide(tx, actor, file, [row for row in found if row.id not in acts], kind, why)
    work_out.after_decision(desk.store)


def _decide(
    tx: Connection, actor: Actor, file: int, found: Sequence[StoredCorrection], kind: CorrectionKind, why: str
) -> None:
    if not found:
        return
    if kind == "taken":
        _take(tx, file, found)
    held_corrections.decide(
        tx,
        [row.id for row in found],
        kind=kind,
        reason=why,
        at=clock.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
    )
    _grow(tx, found)
    # a reason may name somebody: it is stored with the decision, not in the audit
    audit.record(tx, actor, f"correction.{kind}", f"settlement_file:{file}", **_named(found))


def undo(
    desk: Desk,
    actor: Actor,
    file: int,
    ids: Sequence[int],
    reason: str,
    *,
    acts: Collection[int] | None = None,
) -> None:
    """Undo the decisions on these corrections: they wait again, and the former lines of those that were taken are restored.
    ``acts``: the decisions that the person saw. Raises CorrectionNotDecided, AlreadyUndone, and as ``decide`` does."""
    why = check_reason(reason)
    for some in _parts(ids):
        with desk.store.write() as tx:
            found = _found(tx, actor, file, some)
            done = held_corrections.acts(tx, some)
            valid = {act.correction: act for act in done if act.undone_at is None}
            for act in valid.values():
                if acts is not None and act.id not in acts:
                    raise ConflictingDecision(act.who or "", act.at)
            if not valid:
                if not done:
                    raise CorrectionNotDecided
                last = done[-1]
                if last.undone_at and (last.undone_by, last.undo_reason) != (actor.id, why):
                    raise AlreadyUndone(last.undoer or "", last.undone_at)
                continue
            decided = [row for row in found if row.id in valid]
            _undo_taking(tx, file, [row for row in decided if valid[row.id].kind == "taken"])
            held_corrections.undo(tx, list(valid), at=clock.now(), by=actor.id, reason=why)
            _grow(tx, decided)
            audit.record(tx, actor, "correction.undone", f"settlement_file:{file}", **_named(decided))
    work_out.after_decision(desk.store)


def decide_redelivered(desk: Desk) -> None:
    """Decide the corrections of payouts whose file HiPay's API has delivered again, byte for byte. The worker calls it
    periodically."""
    with desk.store.read() as tx:
        waiting = held_corrections.delivered_again(tx)
        if not waiting or settlement_files.any_running(tx):
            return  # until the next call
    for file, same in sorted({(row.file, row.same) for row in waiting}):
        ids = [row.id for row in waiting if (row.file, row.same) == (file, same)]
        for some in _parts(ids):
            with desk.store.write() as tx:
                _lock(tx)
                left = {row.id for row in held_corrections.delivered_again(tx)}
                for one in held_corrections.get(tx, file, some):
                    if one.id in left:
                        _decide_redelivered(tx, file, one, same=same)
    work_out.after_decision(desk.store)


def _decide_redelivered(tx: Connection, file: int, one: StoredCorrection, *, same: bool) -> None:
    """HiPay named the correction's lines (``same``), or the former ones. A correction whose lines another file or correction
    has changed since waits."""
    with suppress(CorrectionMoved):
        if one.act is not None:
            if not same:
                _undo_taking(tx, file, [one])
            held_corrections.undo(tx, [one.id], at=clock.now(), by=WORKER.id, reason="")
            _grow(tx, [one])
            audit.record(tx, WORKER, "correction.undone", f"settlement_file:{file}", **_named([one]))
        if same or one.act is None:
            _decide(tx, WORKER, file, [one], "taken" if same else "dismissed", "")


def _found(tx: Connection, actor: Actor, file: int, ids: Sequence[int]) -> list[StoredCorrection]:
    require_file(tx, actor, Right.RECONCILE, file)
    _lock(tx)
    found = held_corrections.get(tx, file, ids)
    if len(found) != len(set(ids)):
        raise CorrectionUnknown
    return found


def _lock(tx: Connection) -> None:
    """Nobody else decides, and no import begins, before this transaction ends. Raises ImportRuns."""
    settlement_files.lock_settlements(tx)
    if settlement_files.any_running(tx):
        raise ImportRuns
    decisions.lock_decisions(tx)


def _take(tx: Connection, file: int, found: Sequence[StoredCorrection]) -> None:
    """Make the corrections' lines valid in the place of the lines that HiPay delivered, and withdraw those that the file no longer
    has. Raises CorrectionMoved."""
    before = _ids(found, "before")
    gone = sorted({one for row in found if not row.after for one in row.before})
    pairs = _pairs(tx, found)
    _swap_lines(tx, file, found, replaced=before, withdrawn=gone, restored=_ids(found, "after"), pairs=pairs)
    payout_issues.add_corrected(tx, file, pairs)


def _undo_taking(tx: Connection, file: int, found: Sequence[StoredCorrection]) -> None:
    """Undo ``_take``: the lines that HiPay delivered are valid again. Raises CorrectionMoved."""
    if found:
        before, after = _ids(found, "before"), _ids(found, "after")
        turned = [(new, old) for old, new in _pairs(tx, found)]
        _swap_lines(tx, file, found, replaced=after, withdrawn=(), restored=before, pairs=turned)


def _pairs(tx: Connection, found: Sequence[StoredCorrection]) -> list[tuple[int, int]]:
    """The lines before and after each correction, one by one."""
    frame = settlement_lines.compared(tx, [*_ids(found, "before"), *_ids(found, "after")])
    lines = {line.id: line._replace(mark="") for line in issue_lines(frame["id"].tolist(), frame)}
    sides = ([[lines[one] for one in ids] for ids in (row.before, row.after)] for row in found)
    return [pair for before, after in sides for pair in compare(before, after).corrected]


def _swap_lines(
    tx: Connection,
    file: int,
    found: Sequence[StoredCorrection],
    *,
    replaced: list[int],
    withdrawn: Collection[int],
    restored: list[int],
    pairs: Collection[tuple[int, int]],
) -> None:
    """Make the lines ``restored`` valid in the place of ``replaced``, of which some are only ``withdrawn``, and carry the decisions over
    in these pairs. Raises CorrectionMoved if another file or correction has changed one of the lines since."""
    lines = {line.id: line for line in held_corrections.lines(tx, [*replaced, *restored])}
    if not all(lines[one].current for one in replaced) or any(lines[one].current for one in restored):
        raise CorrectionMoved
    accounts = sorted({row.account for row in found})
    for account in accounts:
        positions.bump_version(tx, account)
    before = joined_lines.beside(tx, replaced)
    replaced_lines.withdraw(tx, withdrawn, file)
    replaced_lines.replace(tx, set(replaced) - set(withdrawn), file)
    replaced_lines.restore(tx, restored)
    carry_decisions.carry_over(tx, pairs)
    rejoin_restored(tx, accounts, replaced, [*restored, *before])


def _grow(tx: Connection, found: Sequence[StoredCorrection]) -> None:
    """The payouts of these corrections are worked out anew."""
    versions.grow_settlements(tx, {row.account for row in found}, {row.settlement_id for row in found})


def _ids(found: Sequence[StoredCorrection], name: str) -> list[int]:
    return sorted({one for row in found for one in getattr(row, name)})


def _named(found: Sequence[StoredCorrection]) -> dict[str, list[int]]:
    """The lines as the audit names them, by their ids."""
    return {"before": _ids(found, "before"), "after": _ids(found, "after")}


def _parts(ids: Sequence[int]) -> Iterator[list[int]]:
    wanted = sorted(set(ids))
    yield from (wanted[start : start + _AT_ONCE] for start in range(0, len(wanted), _AT_ONCE))
