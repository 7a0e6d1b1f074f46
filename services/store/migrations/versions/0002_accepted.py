"""Since when an order is open, its transfers, and that a person accepts it as it stands."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ORDERS = sa.table(
    "orders", *(sa.column(name) for name in ("id", "captured", "paid_at", "captured_at", "last_captured_at"))
)
_EVENTS = sa.table("events", *(sa.column(name) for name in ("id", "order", "kind", "at", "data")))
_META = sa.table("meta", sa.column("name"))
_MATCHING = sa.table("account_matching", sa.column("rejoin"))
_AT_ONCE = 5_000


def upgrade() -> None:
    op.add_column("orders", sa.Column("captured_at", types.Utc(), nullable=True))
    op.add_column("orders", sa.Column("last_captured_at", types.Utc(), nullable=True))
    for name in ("first_transfer", "last_transfer"):
        op.add_column("order_positions", sa.Column(name, types.Text(), nullable=False, server_default=""))
    op.add_column("order_positions", sa.Column("accepted", types.BigInt, nullable=True))
    op.add_column(
        "order_positions", sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.drop_index("ix_order_positions_account_status_paid_at", "order_positions")
    for column in ("order", "paid_at"):
        op.create_index(
            f"ix_order_positions_account_open_{column}", "order_positions", ["account", "open", column]
        )
    op.add_column("line_decisions", sa.Column("came_to", types.Json(), nullable=True))
    op.create_table(
        "order_acceptances",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("figures", types.Json(), nullable=False),
        sa.Column("reason", types.Text(), nullable=False),
        sa.Column("form_key", types.Text(), nullable=False),
        sa.Column("at", types.Utc(), nullable=False),
        sa.Column("actor_kind", types.Text(), nullable=False),
        sa.Column("actor_id", types.Text(), nullable=False),
        sa.Column("undone_at", types.Utc(), nullable=True),
        sa.Column("undone_by", types.Text(), nullable=True),
        sa.Column("undo_reason", types.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name=op.f("fk_order_acceptances_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_acceptances")),
        sa.UniqueConstraint("form_key", name=op.f("uq_order_acceptances_form_key")),
    )
    op.create_index("ix_order_acceptances_order", "order_acceptances", ["order"])
    op.create_index(
        "uq_order_acceptances_order",
        "order_acceptances",
        ["order"],
        unique=True,
        sqlite_where=sa.text("undone_at IS NULL"),
        postgresql_where=sa.text("undone_at IS NULL"),
    )
    _say_when_collected()
    # What lines and orders come to is said otherwise now: the worker takes in every order, and joins every line, again.
    op.execute(_META.delete().where(_META.c.name == "reconciliation_cursor"))
    op.execute(_MATCHING.update().values(rejoin=0))


def _say_when_collected() -> None:
    """Of each order when money was first collected, and when the last of it was."""
    connection, change = op.get_bind(), _ORDERS.update().where(_ORDERS.c.id == sa.bindparam("this"))
    op.execute(
        _ORDERS.update()
        .where(_ORDERS.c.captured > 0)
        .values(captured_at=_ORDERS.c.paid_at, last_captured_at=_ORDERS.c.paid_at)
    )
    change = change.where(_ORDERS.c.captured > 0).values(
        captured_at=sa.bindparam("first"), last_captured_at=sa.bindparam("last")
    )
    moments = _moments(connection)
    while some := list(islice(moments, _AT_ONCE)):
        connection.execute(change, some)


def _moments(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    query = (
        sa.select(_EVENTS.c.order, _EVENTS.c.at, _EVENTS.c.data)
        .where(_EVENTS.c.kind == "payment", _EVENTS.c.order.is_not(None))
        .order_by(_EVENTS.c.order, _EVENTS.c.at, _EVENTS.c.id)
    )
    for order, events in groupby(connection.execute(query).all(), key=lambda row: row.order):
        seen: dict[str, int] = {}
        found = []
        for event in events:
            facts = json.loads(event.data)
            captured, reference = int(facts.get("captured") or 0), str(facts.get("reference"))
            if captured > seen.get(reference, 0):
                seen[reference] = captured
                found.append(event.at)
        if found:
            yield {"this": order, "first": min(found), "last": max(found)}
