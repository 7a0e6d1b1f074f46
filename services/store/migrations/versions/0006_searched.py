"""What orders are searched by is made anew: letters as people type them, hyphens, apostrophes, telephone numbers."""

import sqlalchemy as sa
from alembic import op

from services.store.orders.searching import FACTS, searched

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ORDERS = sa.table("orders", *(sa.column(name) for name in ("id", "search", *FACTS)))
_AT_ONCE = 5_000


def upgrade() -> None:
    """At once, not little by little: an erasure by name must not miss an order that was not reached yet."""
    connection, order, last = op.get_bind(), _ORDERS.c, 0
    change = sa.update(_ORDERS).where(order.id == sa.bindparam("this")).values(search=sa.bindparam("made"))
    while some := connection.execute(
        sa.select(_ORDERS).where(order.id > last).order_by(order.id).limit(_AT_ONCE)
    ).all():
        made = [(row.id, row.search, searched(row._asdict())) for row in some]
        if changed := [{"this": this, "made": new} for this, old, new in made if new != old]:
            connection.execute(change, changed)
        last = some[-1].id


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
