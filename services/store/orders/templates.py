"""Templates of recurring orders."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from services.store.locks import insert_new
from services.store.order_states import ActorKind
from services.store.orders.records import StoredTemplate, each_of, first_of
from services.store.schema.bulk import order_templates


def listed(tx: Connection, account: str) -> list[StoredTemplate]:
    query = select(order_templates).where(order_templates.c.account == account)
    return sorted(each_of(StoredTemplate, tx.execute(query)), key=lambda row: row.name.casefold())


def get(tx: Connection, template: int) -> StoredTemplate | None:
    return first_of(
        StoredTemplate, tx.execute(select(order_templates).where(order_templates.c.id == template))
    )


def by_name(tx: Connection, account: str, name: str) -> StoredTemplate | None:
    here = order_templates.c
    query = select(order_templates).where(here.account == account, here.name == name)
    return first_of(StoredTemplate, tx.execute(query))


def add(
    tx: Connection,
    *,
    account: str,
    name: str,
    data: Mapping[str, Any],
    created_at: datetime,
    actor_kind: ActorKind,
    actor_id: str,
) -> bool:
    """False when the account has a template of this name."""
    return insert_new(
        tx,
        order_templates,
        ("account", "name"),
        account=account,
        name=name,
        data=dict(data),
        created_at=created_at,
        actor_kind=actor_kind,
        actor_id=actor_id,
    )


def rename(tx: Connection, template: int, name: str) -> None:
    tx.execute(update(order_templates).where(order_templates.c.id == template).values(name=name))


def remove(tx: Connection, template: int) -> None:
    tx.execute(delete(order_templates).where(order_templates.c.id == template))
