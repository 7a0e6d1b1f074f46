"""Sums over payment requests by hour, which triggers keep; and the reason of a refused payment.

Triggers, so that no program writes a request past its sums: not one of an earlier version either, that still runs beside. They append
to ``order_sum_changes``, where writers never wait for each other; a round of the worker adds that up into ``order_sums``. The requests
that are there already are counted in steps (``order_sum_fill``: up to which id they are, and up to which they are to be); until
then the triggers pass over them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

# measure → its reason, its time, its amount, and which requests count; services.store.orders.order_sums counts the same
_MEASURES = (
    ("asked", "0", "created_at", "amount", "{row}.amount > 0"),
    ("paid", "0", "paid_at", "captured", "{row}.captured > 0 AND {row}.paid_at IS NOT NULL"),
    ("refused", "{row}.refusal", "created_at", "amount", "{row}.payment = 'refused'"),
    (
        "awaiting", "0", "expires_at", "amount",
        "{row}.payment IN ('unpaid', 'refused', 'cancelled') AND {row}.delivery <> 'failed' "
        "AND {row}.availability NOT IN ('cancelled', 'failed', 'taken')",
    ),
)  # fmt: skip
_MEASURED = (
    "account", "currency", "channel", "amount", "created_at", "expires_at", "delivery", "availability", "payment", "captured",
    "paid_at", "refusal",
)  # fmt: skip
_UNCOUNTED = 'EXISTS (SELECT 1 FROM order_sum_fill AS f WHERE NEW.id > f."after" AND NEW.id <= f.until)'


def upgrade() -> None:
    tx = op.get_bind()
    op.add_column("orders", sa.Column("refusal", sa.Integer(), nullable=False, server_default="0"))
    key = sa.PrimaryKeyConstraint(
        "hour", "measure", "account", "currency", "reason", name=op.f("pk_order_sums")
    )
    op.create_table("order_sums", *_sums(), key)
    op.create_table(
        "order_sum_changes",
        sa.Column("id", types.BigInt, autoincrement=True, nullable=False),
        *_sums(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_sum_changes")),
    )
    op.create_table(
        "order_sum_fill",
        sa.Column("until", types.BigInt, autoincrement=False, nullable=False),
        sa.Column("after", types.BigInt, nullable=False),
        sa.PrimaryKeyConstraint("until", name=op.f("pk_order_sum_fill")),
    )
    for statement in _sqlite() if tx.dialect.name == "sqlite" else _postgresql():
        tx.exec_driver_sql(statement)
    # After the triggers: PostgreSQL has let nobody write a request since they were made.
    tx.exec_driver_sql(
        'INSERT INTO order_sum_fill (until, "after") SELECT max(id), 0 FROM orders HAVING count(*) > 0'
    )


def _sums() -> list[sa.Column[Any]]:
    return [
        *(sa.Column(name, types.Text, nullable=False) for name in ("hour", "measure", "account", "currency")),
        sa.Column("reason", sa.Integer(), nullable=False),
        *(sa.Column(name, types.BigInt, nullable=False) for name in ("units", "orders")),
    ]


def _sqlite() -> list[str]:
    hour = "substr({at}, 1, 13)"
    created, changed = _changes(hour, "IS NOT")
    moved = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in _MEASURED)
    return [
        f"CREATE TRIGGER orders_summed_new AFTER INSERT ON orders WHEN NEW.channel <> 'imported' BEGIN {created}; END",
        f"CREATE TRIGGER orders_summed AFTER UPDATE OF {', '.join(_MEASURED)} ON orders "
        f"WHEN ({moved}) AND NOT {_UNCOUNTED} BEGIN {changed}; END",
    ]


def _postgresql() -> list[str]:
    created, changed = _changes("to_char({at}, 'YYYY-MM-DD HH24')", "IS DISTINCT FROM")
    moved = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _MEASURED)

    def function(name: str, body: str) -> str:
        return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"

    return [
        function("orders_summed_new", f"{created};"),
        "CREATE TRIGGER orders_summed_new AFTER INSERT ON orders FOR EACH ROW "
        "WHEN (NEW.channel <> 'imported') EXECUTE FUNCTION orders_summed_new()",
        function("orders_summed", f"IF NOT {_UNCOUNTED} THEN {changed}; END IF;"),
        f"CREATE TRIGGER orders_summed AFTER UPDATE ON orders FOR EACH ROW WHEN ({moved}) EXECUTE FUNCTION orders_summed()",
    ]


def _changes(hour: str, differs: str) -> tuple[str, str]:
    """The statements that append what a new request adds, and what a changed one takes off and adds."""
    insert = "INSERT INTO order_sum_changes (hour, measure, account, currency, reason, units, orders) "
    new, changed = list[str](), list[str]()
    for measure, reason, at, units, counts in _MEASURES:

        def part(row: str, sign: str, *conditions: str, of: tuple[str, ...]) -> str:
            measure, reason, at, units, counts = of
            when = " AND ".join((f"{row}.channel <> 'imported'", f"({counts.format(row=row)})", *conditions))
            return (
                f"SELECT {hour.format(at=f'{row}.{at}')}, '{measure}', {row}.account, {row}.currency, "
                f"{reason.format(row=row)}, {sign}{row}.{units}, {sign}1 WHERE {when}"
            )

        of = (measure, reason, at, units, counts)
        alike = ("account", "currency", "channel", at, units, *(("refusal",) if reason != "0" else ()))
        other = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in alike)
        flag = f"({counts.format(row='NEW')}) {differs} ({counts.format(row='OLD')})"
        new.append(part("NEW", "", of=of))
        changed += [
            part(row, sign, f"({other} OR {flag})", of=of) for row, sign in (("OLD", "-"), ("NEW", ""))
        ]
    return insert + " UNION ALL ".join(new), insert + " UNION ALL ".join(changed)


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
