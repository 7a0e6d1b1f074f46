"""Rows that payout files set aside, and what people did about them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, insert, select, update

from services.store.in_list import among
from services.store.schema.orders import users
from services.store.schema.settlements import aside_acts, settlement_files

_act, _file = aside_acts.c, settlement_files.c
_undoers = users.alias("undoers")


def lock_file(tx: Connection, file: int) -> Row[Any] | None:
    """The file, kept from others who deal with its rows until the transaction ends."""
    return tx.execute(select(settlement_files).where(_file.id == file).with_for_update()).first()


def file(tx: Connection, file_id: int) -> Any:
    """The rows that a file has set aside: account, aside, aside_blocking."""
    query = select(_file.id, _file.account, _file.aside, _file.aside_blocking).where(_file.id == file_id)
    found: Any = tx.execute(query).first()
    return found


def acts(tx: Connection, file: int) -> list[Row[Any]]:
    """What was done about the file's rows, oldest first, with the names of who did and who undid it."""
    query = (
        select(aside_acts, users.c.name.label("who"), _undoers.c.name.label("undoer"))
        .outerjoin(users, and_(users.c.id == _act.actor_id, _act.actor_kind == "user"))
        .outerjoin(_undoers, _undoers.c.id == _act.undone_by)
        .where(_act.file == file)
    )
    return list(tx.execute(query.order_by(_act.id)))


def add(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    tx.execute(insert(aside_acts), list(rows))


def undo(tx: Connection, ids: Iterable[int], *, at: datetime, by: str, reason: str) -> None:
    here = update(aside_acts).where(among(tx, _act.id, ids))
    tx.execute(here.values(undone_at=at, undone_by=by, undo_reason=reason))


def set_open(tx: Connection, file: int, left: Mapping[str, int]) -> None:
    """How many rows of the file still stand in the way, by the payout that they name."""
    tx.execute(update(settlement_files).where(_file.id == file).values(aside_open=dict(left)))


def open_files(tx: Connection) -> list[Row[Any]]:
    """Complete files with rows that nobody has dealt with: name, account, accounts, aside_open, settlements."""
    query = select(_file.id, _file.name, _file.account, _file.accounts, _file.aside_open, _file.settlements)
    waiting = (_file.state == "complete") & (_file.aside_open != {})
    return list(tx.execute(query.where(waiting).order_by(_file.id)))
