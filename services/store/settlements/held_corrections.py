"""Corrections of lines that HiPay's API delivered, brought by files of other origin: what waits, and what was decided."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, exists, func, insert, or_, select, update

from services.store.in_list import among
from services.store.locks import writes
from services.store.schema.fetching import hipay_settlements
from services.store.schema.orders import users
from services.store.schema.settlements import (
    held_acts,
    held_corrections,
    settlement_files,
    settlement_lines,
)
from services.store.settlements.stored_lines import StoredLine

_one, _act, _file, _line = held_corrections.c, held_acts.c, settlement_files.c, settlement_lines.c
_undoers = users.alias("undoers")


def _by_hipay() -> Any:
    """The condition on a file that HiPay's API delivered it, be it that its very bytes were there before."""
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
        for account in {row.account, *(ours for _, ours, _ in row.accounts if ours)}
        for settlement in row.settlements
    }


def lines(tx: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """What is needed of lines to hold, take or undo a correction, by id."""
    return list(tx.execute(_lines().where(among(tx, _line.id, ids)).order_by(_line.id)))


def own_lines(tx: Connection, file: int, keys: Collection[str]) -> list[Row[Any]]:
    """The same of the file's own lines with one of these keys."""
    query = _lines().where(_line.file == file, among(tx, _line.key, keys))
    return list(tx.execute(query.order_by(_line.id)))


def _lines() -> Any:
    return select(
        _line.id,
        _line.account,
        _line.key,
        _line.settlement_id,
        _line.settlement_currency,
        _line.settled_amount_units,
        _line.file,
        _line.line,
        _line.replaced_by,
    )


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(insert(held_corrections), list(rows))


def get(
    tx: Connection, file: int, ids: Iterable[int] | None = None, limit: int | None = None
) -> list[Row[Any]]:
    """The file's corrections, or those of them with these ids, that wait first, then by line; kept from others in a writing
    transaction."""
    query = select(held_corrections).where(_one.file == file)
    if ids is not None:
        query = query.where(among(tx, _one.id, ids))
    if writes(tx):
        query = query.with_for_update()
    return list(tx.execute(query.order_by(_one.act.is_not(None), _one.line).limit(limit)))


def of_ids(tx: Connection, ids: Iterable[int]) -> list[Row[Any]]:
    """These corrections of whatever files."""
    return list(tx.execute(select(held_corrections).where(among(tx, _one.id, ids)).order_by(_one.id)))


def count(tx: Connection, file: int) -> tuple[int, int]:
    """How many corrections of the file were held, and how many of them wait."""
    found = tx.execute(select(func.count(), func.count(_one.act)).where(_one.file == file)).one()
    return found[0], found[0] - found[1]


def of_line(tx: Connection, line: StoredLine) -> list[Row[Any]]:
    """The corrections held of lines with the line's key that wait, with ``file_name``."""
    query = select(held_corrections, _file.name.label("file_name")).join(
        settlement_files, _file.id == _one.file
    )
    here = (_one.account == line.account, _one.key == line.key, _one.act.is_(None))
    return list(tx.execute(query.where(*here).order_by(_one.id)))


def of_accounts(tx: Connection, accounts: Collection[str], settlements: Collection[str]) -> list[Row[Any]]:
    """All corrections held of these payouts, with the kind of the act that stands for each, None for none."""
    query = select(held_corrections, _act.kind).outerjoin(held_acts, _act.id == _one.act)
    here = (among(tx, _one.account, accounts), among(tx, _one.settlement_id, settlements))
    return list(tx.execute(query.where(*here).order_by(_one.id)))


def waiting(tx: Connection) -> list[Row[Any]]:
    """Every correction that waits, with ``file_name``, and the last act on any of its file and payout that was undone
    (``undone``, 0 for none)."""
    payout = (_one.file, _one.account, _one.settlement_id, _one.currency)
    last = select(*payout, func.max(_act.id).label("act")).join(held_acts, _act.correction == _one.id)
    undone = last.where(_act.undone_at.is_not(None)).group_by(*payout).subquery()
    query = select(
        held_corrections, _file.name.label("file_name"), func.coalesce(undone.c.act, 0).label("undone")
    )
    query = query.join(settlement_files, _file.id == _one.file).where(_one.act.is_(None))
    query = query.outerjoin(undone, and_(*(undone.c[one.name] == one for one in payout)))
    return list(tx.execute(query.order_by(_one.file, _one.line)))


def waiting_by_payout(tx: Connection) -> list[Row[Any]]:
    """account, settlement_id, file, file_name and ``waits``, how many corrections."""
    groups = (_one.account, _one.settlement_id, _one.file, _file.name)
    query = select(*groups[:3], _file.name.label("file_name"), func.count().label("waits"))
    query = query.join(settlement_files, _file.id == _one.file).where(_one.act.is_(None))
    return list(tx.execute(query.group_by(*groups).order_by(_one.file)))


def delivered_again(tx: Connection) -> list[Row[Any]]:
    """Corrections that are decided by a file which HiPay's API has delivered of their payout since, and that was there
    before: id, file, and ``same``, whether it is the one that brings the correction. Those that wait; that were dismissed, if
    it is; and taken, if it is not."""
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
    return list(tx.execute(query.order_by(_one.id)))


def acts(tx: Connection, corrections: Iterable[int]) -> list[Row[Any]]:
    """What was decided of these, oldest first, with the names of who did and who undid it."""
    query = (
        select(held_acts, users.c.name.label("who"), _undoers.c.name.label("undoer"))
        .outerjoin(users, and_(users.c.id == _act.actor_id, _act.actor_kind == "user"))
        .outerjoin(_undoers, _undoers.c.id == _act.undone_by)
        .where(among(tx, _act.correction, corrections))
    )
    return list(tx.execute(query.order_by(_act.id)))


def decide(tx: Connection, corrections: Collection[int], **values: Any) -> None:
    """An act for each, none of which has one that stands."""
    tx.execute(insert(held_acts), [{"correction": one, "undo_reason": "", **values} for one in corrections])
    newest = select(func.max(_act.id)).where(_act.correction == _one.id).scalar_subquery()
    tx.execute(update(held_corrections).where(among(tx, _one.id, corrections)).values(act=newest))


def undo(tx: Connection, corrections: Collection[int], *, at: datetime, by: str, reason: str) -> None:
    """The acts that stand for these stand no longer."""
    here = update(held_acts).where(among(tx, _act.correction, corrections), _act.undone_at.is_(None))
    tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason))
    tx.execute(update(held_corrections).where(among(tx, _one.id, corrections)).values(act=None))


def erase_words(tx: Connection, order_id: int) -> None:
    """Empty what people gave as reasons for corrections of the order's lines: it may name the customer."""
    theirs = set(tx.scalars(select(_line.id).where(or_(_line.order == order_id, _line.nearest == order_id))))
    if not theirs:
        return
    worded = exists().where(_act.correction == _one.id, or_(_act.reason != "", _act.undo_reason != ""))
    query = select(_one.id, _one.before, _one.after).where(worded)
    found = [row.id for row in tx.execute(query) if theirs & {*row.before, *row.after}]
    tx.execute(update(held_acts).where(among(tx, _act.correction, found)).values(reason="", undo_reason=""))
