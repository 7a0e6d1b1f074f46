"""Withdrawn lines that a person took back into their payout, and when that was undone."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from services.store.in_list import among
from services.store.order_states import ActorKind
from services.store.people_names import with_undoer
from services.store.schema.settlement_files import withdrawn_acts

_act = withdrawn_acts.c


@dataclass(frozen=True, kw_only=True, slots=True)
class WithdrawnAct:
    """A line that a person took back. ``file``: that had withdrawn it. ``who`` and ``undoer``: names, "" where there is none.
    ``undone_at`` None: it counts."""

    id: int
    line: int
    file: int
    reason: str
    at: datetime
    actor_id: str
    who: str
    undone_at: datetime | None
    undone_by: str | None
    undoer: str
    undo_reason: str


def add(
    tx: Connection,
    lines: Iterable[int],
    file: int,
    *,
    reason: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    """These lines, which the file had withdrawn, are taken back."""
    same = {"file": file, "reason": reason, "at": at, "actor_kind": actor_kind, "actor_id": actor_id}
    tx.execute(insert(withdrawn_acts), [{"line": one, "undo_reason": "", **same} for one in lines])


def undo(tx: Connection, lines: Iterable[int], *, at: datetime, by: str, reason: str) -> None:
    """Undo the valid acts on these lines."""
    here = update(withdrawn_acts).where(among(tx, _act.line, lines), _act.undone_at.is_(None))
    tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason))


def of_file(tx: Connection, file: int, lines: Collection[int] | None = None) -> list[WithdrawnAct]:
    """The acts on lines that the file had withdrawn, or on some of them, oldest first."""
    names = ("id", "line", "file", "reason", "at", "actor_id", "undone_at", "undone_by", "undo_reason")
    query = with_undoer(select(*(_act[name] for name in names)).where(_act.file == file), withdrawn_acts)
    if lines is not None:
        query = query.where(among(tx, _act.line, lines))
    return [WithdrawnAct(**row._asdict()) for row in tx.execute(query.order_by(_act.id))]
