"""Corrections of lines that HiPay's API delivered, brought by files of other origin: what waits, and what was decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Text, and_, cast, exists, func, insert, or_, select, update

from services.store.in_list import among
from services.store.locks import writes
from services.store.order_states import ActorKind
from services.store.schema.fetching import hipay_settlements
from services.store.schema.payout_lines import payout_lines
from services.store.schema.people import users
from services.store.schema.settlement_files import held_acts, held_corrections, settlement_files
from services.store.settlements.files.settlement_files import possible_accounts
from services.store.settlements.lines.line_columns import cell_of
from services.store.settlements.lines.stored_lines import StoredLine

_one, _act, _file, _line = held_corrections.c, held_acts.c, settlement_files.c, payout_lines.c
_undoers = users.alias("undoers")

CorrectionKind = Literal["taken", "dismissed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredCorrection:
    """A row of ``held_corrections``; its columns are described in the schema. Units of 1/10000."""

    id: int
    file: int
    account: str
    key: str
    settlement_id: str
    currency: str
    line: int
    before: Sequence[int]
    after: Sequence[int]
    before_units: int | None
    after_units: int | None
    at: datetime
    act: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionWithDecision(StoredCorrection):
    """``kind``: the valid decision on it, None for none."""

    kind: CorrectionKind | None


@dataclass(frozen=True, kw_only=True, slots=True)
class UndecidedCorrection(StoredCorrection):
    file_name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingCorrection(UndecidedCorrection):
    """``undone``: the last decision that was undone of its file and payout, 0 for none."""

    undone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class WaitingPayout:
    """A payout of which ``waits`` corrections of one file wait."""

    account: str
    settlement_id: str
    file: int
    file_name: str
    waits: int


@dataclass(frozen=True, slots=True)
class RedeliveredCorrection:
    """``same``: the file that HiPay delivered again is the one that brings the correction."""

    id: int
    file: int
    same: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class CorrectionAct:
    """A row of ``held_acts``: what was decided of a correction. ``who`` and ``undoer``: names, None for the worker."""

    id: int
    correction: int
    kind: CorrectionKind
    reason: str
    at: datetime
    actor_kind: ActorKind
    actor_id: str
    undone_at: datetime | None
    undone_by: str | None
    undo_reason: str
    who: str | None
    undoer: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineVersion:
    """A stored line of a correction: the former one, or the one that would take its place."""

    id: int
    account: str
    key: str
    settlement_id: str
    settlement_currency: str
    settled_amount_units: int | None
    file: int
    line: int
    kind: str
    replaced_by: int | None
    withdrawn_by: int | None

    @property
    def current(self) -> bool:
        """Whether no other line has replaced it, and nothing has withdrawn it."""
        return self.replaced_by is None and self.withdrawn_by is None


def _by_hipay() -> Any:
    """The condition that HiPay's API delivered the file, even if the same bytes were stored before."""
    return or_(_file.source == "hipay", exists().where(hipay_settlements.c.file == _file.id))


def is_by_hipay(tx: Connection, file: int) -> bool:
    return tx.scalar(select(_file.id).where(_file.id == file, _by_hipay())) is not None


def delivered(tx: Connection) -> set[tuple[str, str]]:
    """(account, payout) of all that complete files of HiPay's API name."""
    query = select(_file.account, _file.accounts, _file.settlements).where(
        _file.state == "complete", _by_hipay()
    )
    return {
        (account, settlement)
        for row in tx.execute(query)
        for account in possible_accounts(row.account, row.accounts)
        for settlement in row.settlements
    }


def lines(tx: Connection, ids: Iterable[int]) -> list[LineVersion]:
    """These lines, by id."""
    columns = (cell_of(tx, name).label(name) for name in LineVersion.__dataclass_fields__)
    query = select(*columns).where(among(tx, _line.id, ids))
    return [LineVersion(**row._mapping) for row in tx.execute(query.order_by(_line.id))]


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(insert(held_corrections), list(rows))


def get(
    tx: Connection, file: int, ids: Iterable[int] | None = None, limit: int | None = None
) -> list[StoredCorrection]:
    """The file's corrections, or those of them with these ids: those that wait first, then by line. A writing transaction
    locks them."""
    query = select(held_corrections).where(_one.file == file)
    if ids is not None:
        query = query.where(among(tx, _one.id, ids))
    if writes(tx):
        query = query.with_for_update()
    query = query.order_by(_one.act.is_not(None), _one.line).limit(limit)
    return [StoredCorrection(**row._mapping) for row in tx.execute(query)]


def of_ids(tx: Connection, ids: Iterable[int]) -> list[StoredCorrection]:
    """These corrections of any file."""
    query = select(held_corrections).where(among(tx, _one.id, ids)).order_by(_one.id)
    return [StoredCorrection(**row._mapping) for row in tx.execute(query)]


def count(tx: Connection, file: int) -> tuple[int, int]:
    """How many corrections of the file are held, and how many of them wait."""
    found = tx.execute(select(func.count(), func.count(_one.act)).where(_one.file == file)).one()
    return found[0], found[0] - found[1]


def of_line(tx: Connection, line: StoredLine) -> list[UndecidedCorrection]:
    """The corrections that wait of the line, or that it is part of."""
    query = select(held_corrections, _file.name.label("file_name")).join(
        settlement_files, _file.id == _one.file
    )
    here = (_one.account == line.account, _one.settlement_id == line.settlement_id, _one.act.is_(None))
    named = [or_(*(cast(ids, Text).like(f"%{line.id}%") for ids in (_one.before, _one.after)))]
    found = [
        UndecidedCorrection(**row._mapping)
        for row in tx.execute(query.where(*here, *named).order_by(_one.id))
    ]
    return [one for one in found if line.id in (*one.before, *one.after)]


def of_accounts(
    tx: Connection, accounts: Collection[str], settlements: Collection[str]
) -> list[CorrectionWithDecision]:
    """All corrections held of these payouts."""
    query = select(held_corrections, _act.kind).outerjoin(held_acts, _act.id == _one.act)
    here = (among(tx, _one.account, accounts), among(tx, _one.settlement_id, settlements))
    query = query.where(*here).order_by(_one.id)
    return [CorrectionWithDecision(**row._mapping) for row in tx.execute(query)]


def waiting(tx: Connection) -> list[WaitingCorrection]:
    """Every correction that waits."""
    payout = (_one.file, _one.account, _one.settlement_id, _one.currency)
    last = select(*payout, func.max(_act.id).label("act")).join(held_acts, _act.correction == _one.id)
    undone = last.where(_act.undone_at.is_not(None)).group_by(*payout).subquery()
    query = select(
        held_corrections, _file.name.label("file_name"), func.coalesce(undone.c.act, 0).label("undone")
    )
    query = query.join(settlement_files, _file.id == _one.file).where(_one.act.is_(None))
    query = query.outerjoin(undone, and_(*(undone.c[one.name] == one for one in payout)))
    return [WaitingCorrection(**row._mapping) for row in tx.execute(query.order_by(_one.file, _one.line))]


def waiting_by_payout(tx: Connection) -> list[WaitingPayout]:
    """The payouts of which corrections wait, by file."""
    groups = (_one.account, _one.settlement_id, _one.file, _file.name)
    query = select(*groups[:3], _file.name.label("file_name"), func.count().label("waits"))
    query = query.join(settlement_files, _file.id == _one.file).where(_one.act.is_(None))
    query = query.group_by(*groups).order_by(_one.file)
    return [WaitingPayout(**row._mapping) for row in tx.execute(query)]


def delivered_again(tx: Connection) -> list[RedeliveredCorrection]:
    """Corrections that a known file decides, because HiPay's API has delivered it again since for their payout.

    Those that wait; those that were dismissed, if the file is the one that brings the correction; those that were taken, if
    it is another."""
    s, every = hipay_settlements.c, held_acts.alias().c
    last = func.coalesce(every.undone_at, every.at)
    decided_since = exists().where(every.correction == _one.id, last >= s.fetched_at)
    query = (
        select(_one.id, _one.file, (s.file == _one.file).label("same"))
        .join(hipay_settlements, and_(s.account == _one.account, s.settlement_id == _one.settlement_id))
        .join(settlement_files, _file.id == s.file)
        .outerjoin(held_acts, _act.id == _one.act)
        .where(
            _file.state == "complete",
            s.fetched_at > _one.at,
            ~decided_since,
            or_(
                and_(s.file == _one.file, or_(_one.act.is_(None), _act.kind == "dismissed")),
                and_(
                    _file.finished_at < _one.at,
                    s.file != _one.file,
                    or_(_one.act.is_(None), _act.kind == "taken"),
                ),
            ),
        )
    )
    return [
        RedeliveredCorrection(row.id, row.file, bool(row.same)) for row in tx.execute(query.order_by(_one.id))
    ]


def acts(tx: Connection, corrections: Iterable[int]) -> list[CorrectionAct]:
    """What was decided of these corrections, oldest first."""
    query = (
        select(held_acts, users.c.name.label("who"), _undoers.c.name.label("undoer"))
        .outerjoin(users, and_(users.c.id == _act.actor_id, _act.actor_kind == "user"))
        .outerjoin(_undoers, _undoers.c.id == _act.undone_by)
        .where(among(tx, _act.correction, corrections))
    )
    return [CorrectionAct(**row._mapping) for row in tx.execute(query.order_by(_act.id))]


def decide(
    tx: Connection,
    corrections: Collection[int],
    *,
    kind: CorrectionKind,
    reason: str,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    """Decide each of these corrections, none of which has a valid decision."""
    same = {"kind": kind, "reason": reason, "at": at, "actor_kind": actor_kind, "actor_id": actor_id}
    tx.execute(insert(held_acts), [{"correction": one, "undo_reason": "", **same} for one in corrections])
    newest = select(func.max(_act.id)).where(_act.correction == _one.id).scalar_subquery()
    tx.execute(update(held_corrections).where(among(tx, _one.id, corrections)).values(act=newest))


def undo(tx: Connection, corrections: Collection[int], *, at: datetime, by: str, reason: str) -> None:
    """Undo the valid decisions on these corrections."""
    here = update(held_acts).where(among(tx, _act.correction, corrections), _act.undone_at.is_(None))
    tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason))
    tx.execute(update(held_corrections).where(among(tx, _one.id, corrections)).values(act=None))
