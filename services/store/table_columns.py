"""What persons said of the columns of tables, by account, kind of table and set of headings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from services.store.locks import put
from services.store.schema.bulk import table_columns


def get(tx: Connection, account: str, kind: str, headings: str) -> dict[str, str]:
    """What is meant → its heading, "" for none; empty where nothing was said."""
    found: dict[str, str] | None = tx.scalar(
        select(table_columns.c.columns).where(*_here(account, kind, headings))
    )
    return found or {}


def all_of(tx: Connection, account: str, kind: str) -> dict[str, dict[str, str]]:
    """What was said of each set of headings, as ``get`` gives it."""
    c = table_columns.c
    query = select(c.headings, c.columns).where(c.account == account, c.kind == kind)
    return {row.headings: row.columns for row in tx.execute(query)}


def save(
    tx: Connection,
    account: str,
    kind: str,
    headings: str,
    columns: Mapping[str, str],
    *,
    at: datetime,
    actor_kind: str,
    actor_id: str,
) -> None:
    """Nothing said is nothing kept."""
    if not columns:
        tx.execute(delete(table_columns).where(*_here(account, kind, headings)))
        return
    key = {"account": account, "kind": kind, "headings": headings}
    put(tx, table_columns, key, columns=dict(columns), at=at, actor_kind=actor_kind, actor_id=actor_id)


def _here(account: str, kind: str, headings: str) -> tuple[Any, ...]:
    c = table_columns.c
    return c.account == account, c.kind == kind, c.headings == headings
