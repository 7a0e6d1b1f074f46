"""A line's columns that lie in other tables, as expressions of a query that reads ``payout_lines``."""

from typing import Any

from sqlalchemy import JSON as SqlJson
from sqlalchemy import ColumnElement, Connection, Integer, cast, func, literal_column, select
from sqlalchemy import Text as Plain

from services.store.schema.payout_lines import (
    COMMON_TEXTS,
    GROUP,
    LINE_TEXTS,
    common_texts,
    line_groups,
    line_reasons,
    payout_lines,
)
from services.store.schema.payouts import payouts

LINE = payout_lines.c


def of_group(name: str, line: Any = LINE) -> ColumnElement[Any]:
    """A column of the line's group: account, outcome, operation_code, kind, settlement_currency or bucket."""
    return _of(line, line_groups.c[name], line_groups.c.id == line.group)


def account_of(line: Any = LINE) -> ColumnElement[str]:
    """The key of our account."""
    return of_group("account", line)


def settlement_of(line: Any = LINE) -> ColumnElement[str]:
    return _of(line, payouts.c.settlement_id, payouts.c.id == line.payout)


def reason_of(line: Any = LINE) -> ColumnElement[Any]:
    """Why the line has its outcome: outcomes.Reason."""
    return _of(line, line_reasons.c.reason, line_reasons.c.id == line.reason)


def _of(line: Any, column: ColumnElement[Any], its: ColumnElement[bool]) -> ColumnElement[Any]:
    """The column of the one row that is the line's. Said of which table: left to SQLAlchemy, a subquery within a subquery would
    read all lines."""
    return select(column).where(its).correlate(line.id.table).scalar_subquery()


def groups_with(*conditions: ColumnElement[bool]) -> Any:
    """The numbers of the groups for which all conditions on ``line_groups`` hold."""
    return select(line_groups.c.id).where(*conditions)


def is_of_account(account: str) -> ColumnElement[bool]:
    """The condition that a line is the account's; it leads to no index, since an account may have nearly all lines."""
    return func.coalesce(LINE.group, 0).in_(groups_with(line_groups.c.account == account))


def cell_of(tx: Connection, name: str) -> ColumnElement[Any]:
    """A cell of the line by its name in ``StoredLine``, wherever it is stored; not a date, reason or keys."""
    if name in GROUP:
        return of_group(name)
    if name == "settlement_id":
        return settlement_of()
    if name in LINE_TEXTS:
        return _nth(tx, LINE.texts, LINE_TEXTS.index(name))
    if name in COMMON_TEXTS:
        shared = _nth(tx, common_texts.c.texts, COMMON_TEXTS.index(name))
        return _of(LINE, shared, common_texts.c.id == LINE.common)
    return LINE[name]


def _nth(tx: Connection, texts: ColumnElement[Any], place: int) -> ColumnElement[str]:
    """A text of a JSON list, "" beyond its end."""
    if tx.dialect.name == "postgresql":
        found: Any = cast(texts, SqlJson).op("->>")(cast(literal_column(str(place)), Integer))
    else:
        found = func.json_extract(texts, f"$[{place}]")
    return func.coalesce(cast(found, Plain), "")
