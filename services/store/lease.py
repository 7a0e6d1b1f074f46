"""A row that is one worker's until a time: taken by lease, written under a fence.

The table has ``leased_until``; other workers skip a leased row until then. Where it has a ``fence``, each lease raises it, and
a result is written only under the fence of its lease: a worker that was thought dead and comes back cannot overwrite the
result of its successor. A lease of work that has no row of its own: ``services.store.meta``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, or_, select, update


class LeaseLost(Exception):
    """Another worker has leased the row since: this one's result is not written."""


@dataclass(frozen=True)
class Leased:
    """``row`` as it was before it was taken."""

    row: Row[Any]
    fence: int
    until: datetime


def free(table: Table, now: datetime | ColumnElement[Any]) -> ColumnElement[bool]:
    """The condition that no worker has leased the row."""
    return or_(table.c.leased_until.is_(None), table.c.leased_until <= now)


def take(
    tx: Connection,
    table: Table,
    where: ColumnElement[bool],
    order: Sequence[Any],
    *,
    now: datetime,
    lease: timedelta,
    skip_locked: bool = True,
    **values: Any,
) -> Leased | None:
    """Lease the first row of the table, in this order, that fits the condition; None where there is none.

    ``skip_locked``: a row that another transaction has locked is passed over. ``values``: what else changes with the lease.
    """
    return take_first(
        tx, table, first(table, where, order, skip_locked=skip_locked), now=now, lease=lease, **values
    )


def first(
    table: Table, where: ColumnElement[bool], order: Sequence[Any], *, skip_locked: bool = True
) -> Select[Any]:
    """The statement that finds and locks the row that ``take`` leases: for who asks the same again and again."""
    query = select(table).where(where).order_by(*order).limit(1)
    return query.with_for_update(skip_locked=skip_locked)


def take_first(
    tx: Connection,
    table: Table,
    found: Select[Any],
    parameters: Mapping[str, Any] | None = None,
    *,
    now: datetime,
    lease: timedelta,
    **values: Any,
) -> Leased | None:
    """Lease the row that the statement of ``first`` finds with these parameters; None where there is none."""
    row = tx.execute(found, parameters).first()
    if row is None:
        return None
    until, fence = now + lease, row.fence + 1
    here = update(table).where(table.c.id == row.id)
    tx.execute(here.values(leased_until=until, fence=fence, **values))
    return Leased(row, fence, until)


def lock(tx: Connection, table: Table, row_id: int, fence: int) -> None:
    """Lock the row for the rest of the transaction. Raises LeaseLost when its fence has moved on."""
    found = tx.scalar(select(table.c.fence).where(table.c.id == row_id).with_for_update())
    if found != fence:
        raise LeaseLost


def write(
    tx: Connection, table: Table, row_id: int, fence: int, *also: ColumnElement[bool], **values: Any
) -> bool:
    """Change the row; False, and nothing is written, when its fence has moved on or ``also`` is no longer true of it."""
    here = update(table).where(table.c.id == row_id, table.c.fence == fence, *also)
    return tx.execute(here.values(**values)).rowcount == 1
