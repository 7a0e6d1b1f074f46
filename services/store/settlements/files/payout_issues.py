"""What each file says of a payout that other files have lines of, too: the lines that it names, and whether it is the newest."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, insert, select, update

from services.store.in_list import among
from services.store.locks import put
from services.store.order_states import ActorKind
from services.store.people_names import with_who
from services.store.schema.payout_lines import line_totals
from services.store.schema.settlement_files import (
    corrected_lines,
    issue_acts,
    payout_issues,
    settlement_files,
)

_issue, _file, _total = payout_issues.c, settlement_files.c, line_totals.c
Ids = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredIssue:
    """A row of ``payout_issues``, whose columns the schema describes."""

    file: int
    account: str
    settlement_id: str
    issue: int
    known: Sequence[Sequence[int]]
    exact: bool
    whole: bool
    newest: bool

    def names(self, ids: Ids, files: Ids) -> NDArray[np.bool_]:
        """Which of these lines the file names. ``files``: whose lines they are."""
        found: NDArray[np.bool_] = files == self.file
        if self.known:
            first, last = np.array(self.known, np.int64).T
            place = np.searchsorted(first, ids, side="right") - 1
            found |= (place >= 0) & (ids <= last[np.maximum(place, 0)])
        return found


@dataclass(frozen=True, slots=True)
class OtherFile:
    """A file with valid lines of a payout. ``known_lines``: how many lines of others it names."""

    id: int
    known_lines: int


def ranges(ids: Iterable[int]) -> list[list[int]]:
    """The ids as [first, last] of what follows each other, ascending."""
    every = np.unique(np.fromiter(ids, np.int64))
    if not len(every):
        return []
    ends = np.flatnonzero(np.diff(every) != 1)
    first, last = every[np.append(0, ends + 1)], every[np.append(ends, len(every) - 1)]
    return [[int(one), int(other)] for one, other in zip(first, last, strict=True)]


def of_payout(tx: Connection, account: str, settlement: str) -> list[StoredIssue]:
    """The issues of a payout by file; none while only one file has lines of it."""
    query = select(payout_issues).where(_issue.account == account, _issue.settlement_id == settlement)
    return [StoredIssue(**row._mapping) for row in tx.execute(query.order_by(_issue.file))]


def of_file(tx: Connection, file: int) -> list[StoredIssue]:
    """The file's issues, by payout."""
    query = select(payout_issues).where(_issue.file == file)
    return [
        StoredIssue(**row._mapping)
        for row in tx.execute(query.order_by(_issue.account, _issue.settlement_id))
    ]


def other_files(tx: Connection, account: str, settlement: str, other_than: int) -> list[OtherFile]:
    """The other files with valid lines of the payout, by id."""
    query = (
        select(_file.id, _file.known_lines)
        .join(line_totals, _total.file == _file.id)
        .where(_total.account == account, _total.settlement_id == settlement, _file.id != other_than)
        .distinct()
    )
    return [OtherFile(*row) for row in tx.execute(query.order_by(_file.id))]


def write(tx: Connection, rows: Iterable[StoredIssue]) -> None:
    """Write these issues, in place of those of the same file and payout."""
    for row in rows:
        cells: dict[str, Any] = {name: getattr(row, name) for name in StoredIssue.__dataclass_fields__}
        key = {name: cells.pop(name) for name in ("file", "account", "settlement_id")}
        put(tx, payout_issues, key, **cells)


def set_newest(tx: Connection, account: str, settlement: str, issue: int | None) -> None:
    """The files of this issue are the newest one of the payout, and no others; None: none is."""
    here = update(payout_issues).where(_issue.account == account, _issue.settlement_id == settlement)
    tx.execute(here.values(newest=False))
    if issue is not None:
        tx.execute(here.where(_issue.issue == issue).values(newest=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueAct:
    """What a person said of an imported file: its issue of the payout is the newest one."""

    file: int
    settlement_id: str
    reason: str
    at: datetime
    who: str


def add_act(
    tx: Connection,
    *,
    file: int,
    account: str,
    settlement_id: str,
    reason: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    cells = {"file": file, "account": account, "settlement_id": settlement_id, "reason": reason, "at": at}
    tx.execute(insert(issue_acts).values(**cells, actor_kind=actor_kind, actor_id=actor_id))


def acts(tx: Connection, file: int) -> list[IssueAct]:
    """What people said of the file's issues, oldest first."""
    act = issue_acts.c
    query = select(act.file, act.settlement_id, act.reason, act.at).where(act.file == file)
    query = with_who(query, issue_acts)
    return [IssueAct(**row._asdict()) for row in tx.execute(query.order_by(act.id))]


def add_corrected(tx: Connection, file: int, pairs: Collection[tuple[int, int]]) -> None:
    """Store which line is in the place of which, by their ids before and after."""
    line = corrected_lines.c
    there = select(line.before, line.after).where(among(tx, line.before, [before for before, _ in pairs]))
    known = {(row.before, row.after) for row in tx.execute(there)} if pairs else set()
    rows = [
        {"before": before, "after": after, "file": file}
        for before, after in sorted(set(pairs))
        if (before, after) not in known
    ]
    if rows:
        tx.execute(insert(corrected_lines), rows)


def corrected_by(tx: Connection, file: int, limit: int) -> list[tuple[int, int]]:
    """The first pairs of lines, before and after, of the file's corrections."""
    line = corrected_lines.c
    query = select(line.before, line.after).where(line.file == file)
    return [(row.before, row.after) for row in tx.execute(query.order_by(line.before).limit(limit))]


def formers(tx: Connection, line_id: int, most: int = 20) -> list[int]:
    """The lines that this one corrected, and those that they had corrected, the latest first; not itself."""
    line = corrected_lines.c
    found, asked = list[int](), [line_id]
    while asked and len(found) < most:
        query = select(line.before).where(among(tx, line.after, asked)).order_by(line.before.desc())
        asked = [one for one in tx.scalars(query) if one not in (*found, line_id)]
        found += asked
    return found[:most]
