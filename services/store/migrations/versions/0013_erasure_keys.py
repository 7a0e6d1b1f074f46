"""A customer's data is found by keys: rows of lists, bodies of notifications and decisions that are stored get theirs."""

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from services.store.schema import types
from services.text.address_tokens import address_tokens
from services.text.folding import name_key

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_AT_ONCE = 1_000
_KEYS = ("email", "order_id", "name_key")
_ROWS = sa.table("batch_rows", *map(sa.column, ("batch", "number", "data", *_KEYS)))
_NOTIFICATIONS = sa.table("notifications", sa.column("id"), sa.column("body", sa.LargeBinary()))
_ADDRESSES = sa.table("notification_addresses", *map(sa.column, ("digest", "notification")))
_DECISIONS = sa.table("line_decisions", *map(sa.column, ("id", "shares", "before")))
_NAMED = sa.table("decision_orders", *map(sa.column, ("order", "decision")))


def upgrade() -> None:
    """At once, not little by little: an erasure must not miss a row that was not reached yet."""
    for name in _KEYS:
        op.add_column("batch_rows", sa.Column(name, types.Text(), nullable=False, server_default=""))
    _key_rows(op.get_bind())
    for name in _KEYS:
        some = sa.text(f"{name} <> ''")
        op.create_index(
            f"ix_batch_rows_{name}", "batch_rows", [name], sqlite_where=some, postgresql_where=some
        )
    op.create_table(
        "notification_addresses",
        sa.Column("digest", types.Text(), nullable=False),
        sa.Column("notification", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(
            ["notification"], ["notifications.id"], name="fk_notification_addresses_notification"
        ),
        sa.PrimaryKeyConstraint("digest", "notification", name="pk_notification_addresses"),
    )
    op.create_index("ix_notification_addresses_notification", "notification_addresses", ["notification"])
    _key_notifications(op.get_bind())
    op.create_table(
        "decision_orders",
        sa.Column("order", types.BigInt, nullable=False),
        sa.Column("decision", types.BigInt, nullable=False),
        sa.ForeignKeyConstraint(["order"], ["orders.id"], name="fk_decision_orders_order"),
        sa.ForeignKeyConstraint(["decision"], ["line_decisions.id"], name="fk_decision_orders_decision"),
        sa.PrimaryKeyConstraint("order", "decision", name="pk_decision_orders"),
    )
    _key_decisions(op.get_bind())


def _key_rows(tx: sa.Connection) -> None:
    row, last = _ROWS.c, (0, 0)
    change = (
        sa.update(_ROWS)
        .where(row.batch == sa.bindparam("of"), row.number == sa.bindparam("at"))
        .values(**{name: sa.bindparam(f"the_{name}") for name in _KEYS})
    )
    after = sa.select(row.batch, row.number, row.data).order_by(row.batch, row.number).limit(_AT_ONCE)
    while some := tx.execute(after.where(sa.tuple_(row.batch, row.number) > sa.tuple_(*last))).all():
        if made := [
            {"of": one.batch, "at": one.number, **_keys(json.loads(one.data))}
            for one in some
            if one.data != "{}"
        ]:
            tx.execute(change, made)
        last = (some[-1].batch, some[-1].number)


def _keys(data: dict[str, Any]) -> dict[str, str]:
    return {
        "the_email": types.storable(str(data.get("email") or "").strip().lower()),
        "the_order_id": types.storable(str(data.get("order_id") or "")),
        "the_name_key": types.storable(
            name_key(str(data.get("first_name") or ""), str(data.get("last_name") or ""))
        ),
    }


def _key_notifications(tx: sa.Connection) -> None:
    here, last = _NOTIFICATIONS.c, 0
    after = sa.select(here.id, here.body).order_by(here.id).limit(_AT_ONCE)
    while some := tx.execute(after.where(here.id > last)).all():
        if made := [
            {"digest": hashlib.sha256(address.encode()).hexdigest(), "notification": one.id}
            for one in some
            for address in sorted(address_tokens(one.body))
        ]:
            tx.execute(sa.insert(_ADDRESSES), made)
        last = some[-1].id


def _key_decisions(tx: sa.Connection) -> None:
    decision, last = _DECISIONS.c, 0
    after = sa.select(decision.id, decision.shares, decision.before).order_by(decision.id).limit(_AT_ONCE)
    while some := tx.execute(after.where(decision.id > last)).all():
        made = []
        for one in some:
            orders = {order for order, _ in json.loads(one.shares) or ()}
            former = json.loads(one.before).get("order")
            orders |= {former} if former is not None else set()
            made += [{"order": order, "decision": one.id} for order in sorted(orders)]
        if made:
            tx.execute(sa.insert(_NAMED), made)
        last = some[-1].id


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
