"""An amount that is not there is not 0: payouts and orders of lines that were stored without one are not proved any more."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ORDER_KINDS = ("sale", "refund", "chargeback", "chargeback_refund")
_SURE = ("wrong_currency", "paid_twice", "settled_not_paid", "amount_missing")  # whatever the amount is
_GROUP = (
    "file",
    "account",
    "settlement_id",
    "settlement_currency",
    "kind",
    "operation_code",
    "operation",
    "outcome",
)
_line = sa.table(
    "settlement_lines",
    *map(
        sa.column,
        (
            "id",
            *_GROUP,
            "reason",
            "order",
            "replaced_by",
            "original_amount_units",
            "tax_amount_units",
            "settled_amount_units",
        ),
    ),
).c
_totals = sa.table("line_totals", *map(sa.column, (*_GROUP, "missing")))
_files = sa.table("settlement_files", *map(sa.column, ("id", "state", "follow_up", "tries")))
_shares = sa.table("line_shares", *map(sa.column, ("line", "order")))
_positions = sa.table("order_positions", *map(sa.column, ("order", "status", "accepted", "open")))


def upgrade() -> None:
    op.add_column("line_totals", sa.Column("missing", sa.Integer(), nullable=False, server_default="0"))
    tx = op.get_bind()
    _count(tx)
    _reopen(tx)
    _take_up(tx)


def _count(tx: sa.Connection) -> None:
    """Of how many lines of each kept sum the amount is not there."""
    kind = sa.case((_line.reason == "twice_by_hand", "twice"), else_=_line.kind)
    words = sa.case((_line.operation_code == "", _line.operation), else_="")
    parts = [{"kind": kind, "operation": words}.get(name, _line[name]).label(name) for name in _GROUP]
    bare = (
        sa.select(*parts).where(_line.settled_amount_units.is_(None), _line.replaced_by.is_(None)).subquery()
    )
    query = sa.select(*bare.c, sa.func.count().label("bare")).group_by(*bare.c)
    rows = [{f"of_{name}": value for name, value in row._mapping.items()} for row in tx.execute(query)]
    if rows:
        same = (_totals.c[name] == sa.bindparam(f"of_{name}") for name in _GROUP)
        tx.execute(sa.update(_totals).where(*same).values(missing=sa.bindparam("of_bare")), rows)


def _reopen(tx: sa.Connection) -> None:
    """Orders of such lines are looked at again from now on; their figures follow with their file."""
    bare = sa.and_(
        _line.kind.in_(_ORDER_KINDS),
        _line.replaced_by.is_(None),
        sa.or_(_line.original_amount_units.is_(None), _line.settled_amount_units.is_(None)),
    )
    own = sa.select(_line.order).where(bare, _line.order.is_not(None))
    split = sa.select(_shares.c.order).where(_shares.c.line.in_(sa.select(_line.id).where(bare)))
    position = _positions.c
    theirs = sa.or_(position.order.in_(own), position.order.in_(split))
    tx.execute(
        sa.update(_positions)
        .where(theirs, position.status.not_in(_SURE))
        .values(status="amount_missing", accepted=None, open=sa.true())
    )


def _take_up(tx: sa.Connection) -> None:
    """The worker computes anew where the orders of each such file stand: it goes on where it is broken off."""
    concerns = sa.or_(
        _line.settled_amount_units.is_(None),
        sa.and_(_line.kind.in_(_ORDER_KINDS), _line.original_amount_units.is_(None)),
        sa.and_(
            _line.kind == "fee", _line.tax_amount_units.is_(None)
        ),  # a tax that is not known was shown as none
    )
    file = _files.c
    tx.execute(
        sa.update(_files)
        .where(
            file.state == "complete",
            file.follow_up.is_(None),
            file.id.in_(sa.select(_line.file).where(concerns)),
        )
        .values(follow_up=0, tries=0)
    )


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
