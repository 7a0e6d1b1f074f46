"""The statements of bank accounts: what each covers, its balances, and whether it rolls."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, select

from services.store.in_list import among
from services.store.locks import insert_new
from services.store.schema.bank import bank_statements

_statement = bank_statements.c


@dataclass(frozen=True, kw_only=True, slots=True)
class NewStatement:
    """The columns are described in ``services.store.schema.bank``. Units of 1/10000, days as YYYYMMDD."""

    file: int
    bank_account: int
    digest: str
    format: str
    name: str
    sequence: str
    copy: str
    first_day: int
    last_day: int
    opening_units: int | None
    closing_units: int | None
    booked_units: int
    booked: int
    not_booked: int
    rolls: bool
    information: bool
    findings: list[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredStatement(NewStatement):
    id: int


_NAMES = tuple(one.name for one in fields(NewStatement))


def add(tx: Connection, new: NewStatement) -> tuple[int, bool]:
    """Write a statement; its id, and whether it is new: what says the same is one statement."""
    values = {name: getattr(new, name) for name in _NAMES}
    written = insert_new(tx, bank_statements, ("bank_account", "digest"), **values)
    here = (_statement.bank_account == new.bank_account, _statement.digest == new.digest)
    return int(tx.execute(select(_statement.id).where(*here)).scalar_one()), written


def of(tx: Connection, bank_accounts: Collection[int]) -> list[StoredStatement]:
    """The statements of these accounts, by their days."""
    query = select(*(_statement[name] for name in (*_NAMES, "id")))
    query = query.where(among(tx, _statement.bank_account, bank_accounts))
    ordered = query.order_by(_statement.first_day, _statement.last_day, _statement.id)
    return [StoredStatement(**row._asdict()) for row in tx.execute(ordered)]


def any_stored(tx: Connection) -> bool:
    return tx.execute(select(_statement.id).limit(1)).first() is not None
