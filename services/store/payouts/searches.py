"""Searches for what the difference of a payout may be: each reads by an index, and no more rows than it is told."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, type_coerce
from sqlalchemy import Text as Plain

from services.store.in_list import among
from services.store.schema.payout_lines import (
    LINE_AMOUNTS,
    LINE_DAYS,
    line_groups,
    line_reasons,
    line_totals,
    payout_lines,
)
from services.store.schema.payouts import counted_twice
from services.store.schema.settlement_files import settlement_files
from services.store.settlements.lines import line_codes
from services.store.settlements.lines.line_columns import groups_with, is_of_account
from services.store.settlements.lines.line_days import day_number
from services.store.settlements.lines.line_totals import TWICE
from services.store.settlements.lines.settlement_lines import is_valid

_LINE, _GROUP, _TOTAL = payout_lines.c, line_groups.c, line_totals.c
_NO_MONEY = ("control", TWICE)  # kinds of sums that are no part of what a payout's lines add up to
_SCANNED = 20_000  # rows of one amount that a search goes through, whatever payout or order they belong to


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line that may explain a difference. ``units``: settled, 1/10000, None where it is not there; ``day``: YYYYMMDD.

    ``file``: that has it, or of a withdrawn line, the one that no longer has it; ``payout``: the number of its payout.
    ``cells``: all its cells but the ids that HiPay gives each operation; two lines with equal ones are twins.
    """

    id: int
    code: str  # of services.settlements.settlement_operations, "" for one that is not known
    kind: str
    units: int | None
    day: int = 0
    transaction: str = ""
    file: int = 0
    payout: int = 0
    order: int = 0  # that it is matched to, 0 for none
    cells: tuple[object, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutParts:
    """What the stored sums know of a payout in one currency. ``number``: by which its lines name it.

    ``lines``: without its total lines; ``files``: that have lines of it, the newest first; ``announced_in``: those that have
    its total line; ``foreign``: those that have another payout's total line, and not its own; ``days``: the first and the
    last of its lines, YYYYMMDD, 0 where they have none.
    """

    number: int
    lines: int
    files: tuple[int, ...]
    announced_in: frozenset[int]
    foreign: frozenset[int]
    days: tuple[int, int]


def parts(tx: Connection, account: str, settlement: str, currency: str) -> PayoutParts | None:
    """None for a payout of which there are no lines."""
    key = (account, settlement, currency)
    number = line_codes.known(tx, "payout", [key]).get(key)
    if number is None:
        return None
    query = (
        select(
            _TOTAL.file,
            _TOTAL.kind,
            func.sum(_TOTAL.lines),
            func.min(func.nullif(_TOTAL.first_date, "")),
            func.max(_TOTAL.last_date),
        )
        .join(settlement_files, settlement_files.c.id == _TOTAL.file)
        .where(
            _TOTAL.account == account,
            _TOTAL.settlement_id == settlement,
            _TOTAL.settlement_currency == currency,
            settlement_files.c.state == "complete",
        )
        .group_by(_TOTAL.file, _TOTAL.kind)
    )
    rows = tx.execute(query).all()
    announced_in = frozenset(row.file for row in rows if row.kind == "control")
    others = {row.file for row in rows} - announced_in
    announcing = select(_TOTAL.file).where(
        _TOTAL.file.in_(sorted(others)), _TOTAL.kind == "control", _TOTAL.settlement_id != settlement
    )
    return PayoutParts(
        number=number,
        lines=sum(int(row[2]) for row in rows if row.kind not in _NO_MONEY),
        files=tuple(sorted({*others, *announced_in}, reverse=True)),
        announced_in=announced_in,
        foreign=frozenset(tx.scalars(announcing)) if others else frozenset(),
        days=(
            min((day_number(row[3]) for row in rows if row[3]), default=0),
            max((day_number(row[4]) for row in rows), default=0),
        ),
    )


def every_line(tx: Connection, payout: int, limit: int) -> list[Line]:
    """The lines of a payout that make its sum, at most so many, by id."""
    return _lines(tx, _money().where(_LINE.payout == payout, is_valid()).limit(limit))


def lines_of_amounts(
    tx: Connection,
    payout: int,
    key: tuple[str, str],
    amounts: Collection[int | None],
    files: Iterable[int],
    limit: int,
    *,
    of_payout: bool = True,
) -> list[Line]:
    """The lines of these files with one of these settled amounts, None for those without one: those of the payout, or, with
    ``of_payout`` False, those of others. ``key``: account and settlement currency."""
    account, currency = key
    groups = groups_with(
        _GROUP.account == account, _GROUP.settlement_currency == currency, _GROUP.kind != "control"
    )
    number = func.coalesce(_LINE.payout, 0)  # the amount leads, not the payout
    same = number == payout if of_payout else number != payout
    found: list[Line] = []
    for first, last in _ranges(tx, files):
        for amount in sorted(set(amounts), key=lambda units: (units is None, units)):
            here = and_(
                _LINE.group.in_(groups),
                _LINE.settled_amount_units.is_(None)
                if amount is None
                else _LINE.settled_amount_units == amount,
                _LINE.id.between(first, last),
            )
            some = select(_LINE.id).where(here).limit(_SCANNED).subquery()
            query = _money().where(_LINE.id.in_(select(some.c.id)), same, is_valid())
            found += _lines(tx, query.limit(limit))
    return sorted(found, key=lambda line: line.id)[:limit]


def lines_of_transactions(
    tx: Connection, payout: int, account: str, transactions: Iterable[str], limit: int, *, of_payout: bool
) -> list[Line]:
    """The account's lines of these transactions: those of the payout, or those of others."""
    wanted = sorted(set(transactions) - {""})
    if not wanted:
        return []
    number = func.coalesce(_LINE.payout, 0)  # the transaction leads, not the payout
    query = _money().where(
        among(tx, _LINE.transaction_id, wanted),
        _LINE.transaction_id != "",
        number == payout if of_payout else number != payout,
        is_of_account(account),
        is_valid(),
    )
    return _lines(tx, query.limit(limit))


def lines_of_orders(tx: Connection, payout: int, order_ids: Collection[int], limit: int) -> list[Line]:
    """The payout's lines that are matched to these orders."""
    if not order_ids:
        return []
    theirs = (among(tx, _LINE.order, order_ids), _LINE.order.is_not(None))
    query = _money().where(*theirs, func.coalesce(_LINE.payout, 0) == payout, is_valid())
    return _lines(tx, query.limit(limit))


def transactions_twice(tx: Connection, payout: int, limit: int) -> list[str]:
    """Transactions of which the payout has lines that are counted twice."""
    query = select(counted_twice.c.transaction_id).where(counted_twice.c.payout == payout)
    return list(tx.scalars(query.order_by(counted_twice.c.transaction_id).limit(limit)))


def withdrawn_lines(tx: Connection, payout: int, limit: int) -> list[Line]:
    """The payout's lines that an issue or a person withdrew; ``file``: that issue's."""
    gone = and_(_LINE.withdrawn_by.is_not(None), func.coalesce(_LINE.payout, 0) == payout)
    return _lines(tx, _money(_LINE.withdrawn_by).where(gone).limit(limit))


@dataclass(frozen=True, slots=True)
class WithdrawnSum:
    """What a file's issue of a payout no longer has: how many lines, and their units of 1/10000 (of those that have an amount)."""

    file: int
    file_name: str
    lines: int
    units: int


def withdrawn_sums(tx: Connection, payout: int) -> list[WithdrawnSum]:
    """The payout's lines that are withdrawn, by file, without total lines."""
    file = settlement_files.c
    query = (
        select(file.id, file.name, func.count(), func.sum(func.coalesce(_LINE.settled_amount_units, 0)))
        .select_from(payout_lines)
        .join(settlement_files, file.id == _LINE.withdrawn_by)
        .join(line_groups, _GROUP.id == _LINE.group)
        .where(
            _LINE.withdrawn_by.is_not(None),
            func.coalesce(_LINE.payout, 0) == payout,
            _GROUP.kind != "control",
        )
        .group_by(file.id, file.name)
    )
    return [WithdrawnSum(row[0], row[1], row[2], int(row[3])) for row in tx.execute(query.order_by(file.id))]


def _money(file: ColumnElement[Any] = _LINE.file) -> Select[Any]:
    """A query of lines that are no totals, and of which nobody said that they are counted twice."""
    return (
        select(
            _LINE.id,
            _GROUP.operation_code,
            _GROUP.kind,
            _LINE.settled_amount_units,
            _LINE.date_day,
            _LINE.transaction_id,
            file.label("its_file"),
            _LINE.payout,
            _LINE.order,
            _LINE.common,
            *(_LINE[name] for name in LINE_AMOUNTS[:-1]),
            *(_LINE[f"{name}_day"] for name in LINE_DAYS[1:]),
            type_coerce(_LINE.texts, Plain).label("own_texts"),
        )
        .select_from(payout_lines)
        .join(line_groups, _GROUP.id == _LINE.group)
        .join(line_reasons, line_reasons.c.id == _LINE.reason)
        .where(_GROUP.kind != "control", line_reasons.c.reason != "twice_by_hand")
    )


def _lines(tx: Connection, query: Select[Any]) -> list[Line]:
    found = [
        Line(
            id=row[0],
            code=row[1],
            kind=row[2],
            units=row[3],
            day=row[4],
            transaction=row[5],
            file=row[6],
            payout=row[7],
            order=row[8] or 0,
            cells=(row[4], *row[9:]),
        )
        for row in tx.execute(query)
    ]
    return sorted(found, key=lambda line: line.id)


def _ranges(tx: Connection, files: Iterable[int]) -> Sequence[tuple[int, int]]:
    """The ids of these files' own lines, from the first to the last."""
    file = settlement_files.c
    query = select(file.first_line_id, file.last_line_id).where(
        file.id.in_(list(files)), file.first_line_id.is_not(None), file.last_line_id.is_not(None)
    )
    return [(row[0], row[1]) for row in tx.execute(query)]
