"""Set-aside rows: rows of a payout file that could not be read. They block a payout's tie-out until a person has dealt with
them (corrected in another file, or irrelevant) and given the reason; once that is undone, they block it again.

SetAsideRefused
├── RowUnknown      the file has no such set-aside row, or the row contains no money
└── RowNotDealtWith
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from services import clock
from services.access import Actor, Right, audit
from services.access.payout_files import require_accounts
from services.desk import Desk
from services.payouts import work_out
from services.reconciliation.decisions.checks import check_reason
from services.reconciliation.decisions.errors import (
    AlreadyUndone,
    ConflictingDecision,
    DecisionRefused,
)
from services.settlements.sheet import SetAsideRow
from services.store import Connection
from services.store.payouts import versions
from services.store.settlements.files import set_aside_rows
from services.store.settlements.files.set_aside_rows import FileOfRows
from services.store.settlements.files.settlement_files import possible_accounts

REST = 0  # instead of a line: all rows beyond those that are stored
# Represents these in a list; its reason only makes it blocking, as they are.
REST_ROW = SetAsideRow(line=REST, reason="wrong_width", column="", cell="", text="")


class SetAsideRefused(DecisionRefused):
    code: ClassVar[str] = "aside"


class RowUnknown(SetAsideRefused):
    code = "aside_row_unknown"


class RowNotDealtWith(SetAsideRefused):
    code = "aside_not_dealt_with"


@dataclass(frozen=True, kw_only=True)
class Act:
    """What was done about a row. ``undone_at`` None: nobody has undone it."""

    id: int
    line: int
    reason: str
    at: datetime
    who: str
    undone_at: datetime | None
    undoer: str
    undo_reason: str


@dataclass(frozen=True)
class SetAsideRows:
    """The set-aside rows of a file. ``rows``: those that are stored, in the file's order. ``acts``: every act, by line, oldest
    first. ``rest``: how many more rows may contain money: they are dealt with as line REST."""

    rows: tuple[SetAsideRow, ...]
    acts: dict[int, tuple[Act, ...]]
    rest: int

    def dealt(self, line: int) -> Act | None:
        """The valid act for the row."""
        return next((act for act in self.acts.get(line, ()) if act.undone_at is None), None)


def of_file(desk: Desk, actor: Actor, file: int) -> SetAsideRows:
    """Raises RowUnknown where there is no such file, NotAllowed."""
    with desk.store.read() as tx:
        found = set_aside_rows.file(tx, file)
        require_accounts(tx, actor, Right.SEE_SETTLEMENTS, found)
        if found is None:
            raise RowUnknown
        done = set_aside_rows.acts(tx, file)
    acts: dict[int, tuple[Act, ...]] = {}
    for row in done:
        act = Act(
            id=row.id,
            line=row.line,
            reason=row.reason,
            at=row.at,
            who=row.who,
            undone_at=row.undone_at,
            undoer=row.undoer,
            undo_reason=row.undo_reason,
        )
        acts[row.line] = (*acts.get(row.line, ()), act)
    rest = found.aside_blocking - sum(row.blocking for row in found.aside)
    return SetAsideRows(found.aside, acts, rest)


def deal(desk: Desk, actor: Actor, file: int, lines: Sequence[int], reason: str) -> None:
    """Mark these rows as dealt with: they block no tie-out any more. A second call, by the same person for the same reason,
    does nothing.

    Raises RowUnknown, ConflictingDecision (somebody has dealt with one of them), ReasonMissing, TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        found = _lock_file(tx, actor, file)
        if found is None or found.state != "complete":
            raise RowUnknown
        closes = _closes(tx, found)
        valid = {act.line: act for act in set_aside_rows.acts(tx, file) if act.undone_at is None}
        if not lines or not set(lines) <= set(closes):
            raise RowUnknown
        others = [
            act
            for line, act in valid.items()
            if line in lines and (act.actor_id, act.reason) != (actor.id, reason_text)
        ]
        if others:
            raise ConflictingDecision(others[0].who, others[0].at)
        if new := sorted(set(lines) - set(valid)):
            left, now = Counter(found.aside_open), clock.now()
            for line in new:
                left.subtract(closes[line])
            set_aside_rows.add(
                tx,
                [
                    {
                        "file": file,
                        "line": line,
                        "closed": closes[line],
                        "reason": reason_text,
                        "at": now,
                        "undo_reason": "",
                        "actor_kind": actor.kind,
                        "actor_id": actor.id,
                    }
                    for line in new
                ],
            )
            _set_open(tx, found, {name: count for name, count in left.items() if count > 0})
            # a person's text may name somebody: the act stores it, the audit does not
            audit.record(tx, actor, "aside.dealt_with", f"settlement_file:{file}", rows=len(new), line=new[0])
    work_out.after_decision(desk.store)


def undo(
    desk: Desk,
    actor: Actor,
    file: int,
    lines: Sequence[int],
    reason: str,
    *,
    acts: Collection[int] | None = None,
) -> None:
    """These rows block the tie-out again. ``acts``: those that the person saw.

    Raises RowNotDealtWith, AlreadyUndone, ConflictingDecision (a row has been dealt with anew since), ReasonMissing,
    TextError, NotAllowed.
    """
    reason_text = check_reason(reason)
    with desk.store.write() as tx:
        found = _lock_file(tx, actor, file)
        done = [act for act in set_aside_rows.acts(tx, file) if act.line in lines]
        valid = [act for act in done if act.undone_at is None]
        for act in valid:
            if acts is not None and act.id not in acts:
                raise ConflictingDecision(act.who, act.at)
        if not valid:
            if not done:
                raise RowNotDealtWith
            last = done[-1]
            if (last.undone_by, last.undo_reason) != (actor.id, reason_text):
                assert last.undone_at is not None  # no act of these rows is valid
                raise AlreadyUndone(last.undoer, last.undone_at)
            return
        assert found is not None
        left = Counter(found.aside_open)
        for act in valid:
            left.update(act.closed)
        set_aside_rows.undo(tx, [act.id for act in valid], at=clock.now(), by=actor.id, reason=reason_text)
        _set_open(tx, found, left)
        audit.record(
            tx, actor, "aside.undone", f"settlement_file:{file}", rows=len(valid), line=valid[0].line
        )
    work_out.after_decision(desk.store)


def _lock_file(tx: Connection, actor: Actor, file: int) -> FileOfRows | None:
    """The file, which nobody else changes before this transaction ends. Raises NotAllowed."""
    found = set_aside_rows.file(tx, file, lock=True)
    require_accounts(tx, actor, Right.RECONCILE, found)
    return found


def _set_open(tx: Connection, found: FileOfRows, left: Mapping[str, int]) -> None:
    """The rows of the file that are left, by the payout that they name; the payouts that they may belong to are worked out anew."""
    set_aside_rows.set_open(tx, found.id, left)
    accounts = possible_accounts(found.account, found.accounts)
    versions.grow_settlements(tx, accounts, {*found.settlements, *found.aside_open, *left})


def _closes(tx: Connection, found: FileOfRows) -> dict[int, dict[str, int]]:
    """By line, what each row of the file that may contain money takes out of its ``aside_open`` when it is dealt with."""
    blocking = [row for row in found.aside if row.blocking]
    closes = {row.line: {row.settlement_id: 1} for row in blocking}
    beyond = Counter(found.aside_open)
    dealt_with = {act.line for act in set_aside_rows.acts(tx, found.id) if act.undone_at is None}
    beyond.subtract(Counter(row.settlement_id for row in blocking if row.line not in dealt_with))
    if found.aside_blocking > len(blocking):
        closes[REST] = {name: count for name, count in beyond.items() if count > 0}
    return closes
