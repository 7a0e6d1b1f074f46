"""What a person decides of the issues of a payout once they are imported: which is the newest, and which withdrawn lines count.

IssueRefused
├── IssueUnknown       the file has no issue of this payout besides others
├── IssueInexact       a former version imported the file, and did not store which lines it names
├── CorrectionsWait    corrections of the payout wait: they are decided first
├── WithdrawnMoved     a line is not withdrawn by the file, or no longer
└── ImportRuns         a file is being imported: what it changes is not known yet
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from services import clock
from services.access import Actor, Right, audit
from services.desk import Desk
from services.imports.corrections import carry_decisions
from services.imports.corrections.corrections import Cells, of_line
from services.imports.corrections.protected_lines import rejoin_restored
from services.imports.file_rights import require_file
from services.imports.issued_again import newest_issue
from services.imports.issued_again.issue_answers import Payout
from services.imports.issued_again.issue_preview import IssueEffect
from services.payouts import work_out
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import AlreadyUndone, DecisionRefused
from services.store import Connection
from services.store.payouts import versions
from services.store.remembered import remembered
from services.store.settlements import decisions, positions
from services.store.settlements.files import (
    corrections,
    held_corrections,
    payout_issues,
    settlement_files,
)
from services.store.settlements.files.payout_issues import IssueAct
from services.store.settlements.files.payout_issues import StoredIssue as StoredIssue
from services.store.settlements.lines import joined_lines, replaced_lines, withdrawn_acts
from services.store.settlements.lines.withdrawn_acts import WithdrawnAct

SHOWN = 200  # withdrawn lines of a file that are listed
_AUDITED = 100  # ids that the audit names


class IssueRefused(DecisionRefused):
    code: ClassVar[str] = "issue_refused"


class IssueUnknown(IssueRefused):
    code = "issue_unknown"


class IssueInexact(IssueRefused):
    code = "issue_inexact"


class CorrectionsWait(IssueRefused):
    code = "issue_corrections_wait"


class WithdrawnMoved(IssueRefused):
    code = "issue_withdrawn_moved"


class ImportRuns(IssueRefused):
    code = "held_import_runs"


@dataclass(frozen=True, kw_only=True)
class WithdrawnLine:
    """A line that the file's issue no longer has. ``acts``: what people decided of it, oldest first; ``back``: it counts again."""

    id: int
    account: str
    cells: Cells
    acts: tuple[WithdrawnAct, ...]
    back: bool


def withdrawn_of_file(desk: Desk, actor: Actor, file: int) -> tuple[WithdrawnLine, ...]:
    """The first SHOWN lines that the file withdrew, those that were taken back too. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        acts = withdrawn_acts.of_file(tx, file)
        back = {act.line for act in acts if act.undone_at is None}
        lines = {line.id: line for line in corrections.withdrawn_by(tx, file, SHOWN)}
        lines |= {line.id: line for line in corrections.of_ids(tx, back) if line.current}
        return tuple(
            WithdrawnLine(
                id=line.id,
                account=line.account,
                cells=of_line(line),
                acts=tuple(act for act in acts if act.line == line.id),
                back=line.id in back and line.current,
            )
            for _, line in sorted(lines.items())[:SHOWN]
        )


def take_back(desk: Desk, actor: Actor, file: int, lines: Sequence[int], reason: str) -> None:
    """Count these lines again, although the file's issue no longer has them. A second call by the same person with the same
    reason does nothing. Raises WithdrawnMoved, ImportRuns, ReasonMissing, TextError, NotAllowed."""
    why = check_reason(reason)
    with desk.store.write() as tx:
        require_file(tx, actor, Right.RECONCILE, file)
        _lock(tx)
        done = {act.line: act for act in withdrawn_acts.of_file(tx, file, lines) if act.undone_at is None}
        mine = {one for one, act in done.items() if (act.actor_id, act.reason) == (actor.id, why)}
        wanted = sorted(set(lines) - mine)
        if not wanted:
            return
        found = corrections.of_ids(tx, wanted)
        if len(found) != len(wanted) or any(line.withdrawn_by != file for line in found):
            raise WithdrawnMoved
        accounts = {line.account for line in found}
        _change(tx, accounts, restored=wanted)
        withdrawn_acts.add(
            tx, wanted, file, reason=why, at=clock.now(), actor_kind=actor.kind, actor_id=actor.id
        )
        audit.record(tx, actor, "withdrawal.undone", f"settlement_file:{file}", withdrawn=wanted[:_AUDITED])
    work_out.after_decision(desk.store)


def withdraw_again(desk: Desk, actor: Actor, file: int, lines: Sequence[int], reason: str) -> None:
    """Undo ``take_back``. Raises AlreadyUndone, and as that does."""
    why = check_reason(reason)
    with desk.store.write() as tx:
        require_file(tx, actor, Right.RECONCILE, file)
        _lock(tx)
        acts = withdrawn_acts.of_file(tx, file, lines)
        valid = [act.line for act in acts if act.undone_at is None]
        if not valid:
            if not acts:
                raise WithdrawnMoved
            last = acts[-1]
            if last.undone_at and (last.undone_by, last.undo_reason) != (actor.id, why):
                raise AlreadyUndone(last.undoer, last.undone_at)
            return
        found = corrections.of_ids(tx, valid)
        if not all(line.current for line in found):
            raise WithdrawnMoved
        _change(tx, {line.account for line in found}, withdrawn=valid, file=file)
        withdrawn_acts.undo(tx, valid, at=clock.now(), by=actor.id, reason=why)
        audit.record(tx, actor, "withdrawal.redone", f"settlement_file:{file}", withdrawn=valid[:_AUDITED])
    work_out.after_decision(desk.store)


def issues_of_file(desk: Desk, actor: Actor, file: int) -> tuple[StoredIssue, ...]:
    """The file's issues of payouts that other files have lines of, too. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        return tuple(payout_issues.of_file(tx, file))


def make_newest(desk: Desk, actor: Actor, file: int, payout: Payout, reason: str) -> None:
    """The file's issue of the payout, with the other files that are parts of it, is the newest: what it does not name is corrected by it, or
    withdrawn if it is whole, and what it names counts again. Nothing if it is the newest already.

    Raises IssueUnknown, IssueInexact, CorrectionsWait, ImportRuns, ReasonMissing, TextError, NotAllowed.
    """
    why = check_reason(reason)
    account, settlement = payout
    with desk.store.write() as tx:
        require_file(tx, actor, Right.RECONCILE, file)
        _lock(tx)
        parts = _parts(tx, file, payout)
        if parts[0].newest:
            return
        if any((one.account, one.settlement_id) == payout for one in held_corrections.waiting_by_payout(tx)):
            raise CorrectionsWait
        changes = newest_issue.planned(tx, file, payout, parts).changes
        replaced_by = [pair.before for pair in changes.corrected]
        withdrawn, restored = changes.withdrawn, changes.restored
        _change(
            tx,
            [account],
            withdrawn=withdrawn,
            replaced=replaced_by,
            restored=restored,
            file=file,
            pairs=changes.corrected,
        )
        payout_issues.set_newest(tx, account, settlement, parts[0].issue)
        payout_issues.add_act(
            tx,
            file=file,
            account=account,
            settlement_id=settlement,
            reason=why,
            at=clock.now(),
            actor_kind=actor.kind,
            actor_id=actor.id,
        )
        audit.record(
            tx,
            actor,
            "issue.newest",
            f"settlement_file:{file}",
            replaced=replaced_by[:_AUDITED],
            withdrawn=withdrawn[:_AUDITED],
            restored=restored[:_AUDITED],
        )
    work_out.after_decision(desk.store)


def effect_of_newest(desk: Desk, actor: Actor, file: int, payout: Payout) -> IssueEffect:
    """What ``make_newest`` would do. Raises IssueUnknown, IssueInexact, NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        parts = _parts(tx, file, payout)
        key = ("newest issue", file, payout)
        return remembered(tx, key, lambda: newest_issue.effect(tx, file, payout, parts))


def _parts(tx: Connection, file: int, payout: Payout) -> list[StoredIssue]:
    """The parts of the file's issue of a payout. Raises IssueUnknown, IssueInexact."""
    rows = payout_issues.of_payout(tx, *payout)
    own = next((row for row in rows if row.file == file), None)
    if own is None:
        raise IssueUnknown
    parts = [row for row in rows if row.issue == own.issue]
    if not own.newest and not all(row.exact for row in parts):
        raise IssueInexact
    return parts


def acts_of_file(desk: Desk, actor: Actor, file: int) -> tuple[IssueAct, ...]:
    """What people said of the file's issues, oldest first. Raises NotAllowed."""
    with desk.store.read() as tx:
        require_file(tx, actor, Right.SEE_SETTLEMENTS, file)
        return tuple(payout_issues.acts(tx, file))


def _change(
    tx: Connection,
    accounts: Iterable[str],
    *,
    withdrawn: Sequence[int] = (),
    replaced: Sequence[int] = (),
    restored: Sequence[int] = (),
    file: int = 0,
    pairs: Collection[tuple[int, int]] = (),
) -> None:
    """Withdraw, replace and restore lines, and join again what they concern."""
    theirs = sorted(set(accounts))
    versions.lock(tx, theirs)
    for account in theirs:
        positions.bump_version(tx, account)
    gone = [*withdrawn, *replaced]
    beside = joined_lines.beside(tx, gone) if gone else []
    replaced_lines.withdraw(tx, withdrawn, file)
    replaced_lines.replace(tx, replaced, file)
    replaced_lines.restore(tx, restored)
    payout_issues.add_corrected(tx, file, pairs)
    carry_decisions.carry_over(tx, pairs)
    rejoin_restored(tx, theirs, gone, [*restored, *beside])


def _lock(tx: Connection) -> None:
    """Nobody else decides, and no import begins, before this transaction ends. Raises ImportRuns."""
    settlement_files.lock_settlements(tx)
    if settlement_files.any_running(tx):
        raise ImportRuns
    decisions.lock_decisions(tx)
