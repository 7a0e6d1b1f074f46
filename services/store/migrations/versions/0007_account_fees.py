"""Monthly and setup fees are the account's own: where one stands open, the account's lines are joined again."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_totals = sa.table("line_totals", *(sa.column(name) for name in ("account", "operation_code", "outcome")))
_matching = sa.table("account_matching", sa.column("account"), sa.column("rejoin"))


def upgrade() -> None:
    open_fees = sa.select(_totals.c.account).where(
        _totals.c.operation_code.in_(("monthly_fee", "setup_fee")),
        _totals.c.outcome.in_(("unmatched", "suggested")),
    )
    from_the_start = sa.case((_matching.c.rejoin == 0, -1), else_=0)  # begun anew where it goes on already
    op.execute(sa.update(_matching).where(_matching.c.account.in_(open_fees)).values(rejoin=from_the_start))


def downgrade() -> None:
    raise RuntimeError("the store only goes forward: restore a backup to go back")
