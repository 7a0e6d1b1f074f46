"""The columns that people chose for tables, by account, kind of table and set of headings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, delete, select

from services.store.locks import put
from services.store.order_states import ActorKind
from services.store.schema.bulk import table_columns

TableKind = Literal["requests", "expected"]


def get(tx: Connection, account: str, kind: TableKind, headings: str) -> dict[str, str]:
    """Meaning → the heading that was chosen for it, "" for none; empty where nothing was chosen."""
    found: dict[str, str] | None = tx.scalar(
        select(table_columns.c.columns).where(*_here(account, kind, headings))
    )
    return found or {}


def all_of(tx: Connection, account: str, kind: TableKind) -> dict[str, dict[str, str]]:
    """What was chosen for each set of headings, as ``get`` gives it."""
    c = table_columns.c
    query = select(c.headings, c.columns).where(c.account == account, c.kind == kind)
    return {row.headings: row.columns for row in tx.execute(query)}


def save(
    tx: Connection,
    account: str,
    kind: TableKind,
    headings: str,
    columns: Mapping[str, str],
    *,
    at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> None:
    """Store what was chosen; the row goes where nothing is."""
    if not columns:
        tx.execute(delete(table_columns).where(*_here(account, kind, headings)))
        return
    key = {"account": account, "kind": kind, "headings": headings}
    put(tx, table_columns, key, columns=dict(columns), at=at, actor_kind=actor_kind, actor_id=actor_id)


def _here(account: str, kind: TableKind, headings: str) -> tuple[Any, ...]:
    c = table_columns.c
    return c.account == account, c.kind == kind, c.headings == headings
