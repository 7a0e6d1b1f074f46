"""What was told of payments before counts as confirmed; what is open or was paid lately is read once, in its turn."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from services.store.schema import types

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ORDERS = sa.table(
    "orders",
    *(sa.column(name) for name in ("id", "account", "channel", "payment")),
    *(sa.column(name, types.Utc()) for name in ("expires_at", "created_at", "paid_at")),
)
_STEPS = sa.table(
    "steps",
    *(sa.column(name) for name in ("order", "kind", "account", "tries", "fence")),
    *(sa.column(name, types.Utc()) for name in ("due_at", "first_due_at")),
)
_UNPAID = ("unpaid", "refused", "cancelled")
_STILL_TOLD = timedelta(hours=1)  # so long after its end HiPay may tell of a payment begun in time
_WATCHED = timedelta(days=90)  # so long a paid order is read once a day
_APART = timedelta(milliseconds=200)  # HiPay answers everybody's reads, too
_AT_ONCE = 5_000


def upgrade() -> None:
    """An account that the settings no longer name has its steps wait, as all of its steps do: nobody is asked."""
    tx, now, o = op.get_bind(), datetime.now(UTC), _ORDERS.c
    open_ = sa.and_(o.payment.in_(_UNPAID), o.expires_at > now - _STILL_TOLD)
    paid = sa.and_(o.payment.notin_(_UNPAID), sa.func.coalesce(o.paid_at, o.created_at) > now - _WATCHED)
    read = sa.exists().where(_STEPS.c.order == o.id, _STEPS.c.kind == "read")
    wanted = (
        sa.select(o.id, o.account).where(o.channel != "imported", sa.or_(open_, paid), ~read).order_by(o.id)
    )
    for some in _some(list(tx.execute(wanted))):
        steps = [
            {
                "order": order,
                "kind": "read",
                "account": account,
                "tries": 0,
                "fence": 0,
                "due_at": due,
                "first_due_at": due,
            }
            for order, account, due in ((row.id, row.account, now + place * _APART) for place, row in some)
        ]
        tx.execute(sa.insert(_STEPS), steps)


def _some(rows: list[sa.Row[tuple[int, str]]]) -> Iterator[list[tuple[int, sa.Row[tuple[int, str]]]]]:
    placed = list(enumerate(rows))
    return (placed[start : start + _AT_ONCE] for start in range(0, len(placed), _AT_ONCE))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
